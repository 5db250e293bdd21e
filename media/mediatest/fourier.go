package mediatest

import (
	"math"
	"math/bits"
	"math/cmplx"
)

// fft transforms a in place (decimation in time); len(a) is a power of two.
func fft(a []complex128, inverse bool) {
	n := len(a)
	shift := 64 - bits.Len(uint(n-1))
	for i := range a {
		if j := int(bits.Reverse64(uint64(i)) >> shift); i < j {
			a[i], a[j] = a[j], a[i]
		}
	}
	sign := -1.0
	if inverse {
		sign = 1
	}
	for size := 2; size <= n; size <<= 1 {
		half := size / 2
		turn := make([]complex128, half)
		for k := range turn {
			turn[k] = cmplx.Rect(1, sign*2*math.Pi*float64(k)/float64(size))
		}
		for at := 0; at < n; at += size {
			for k, w := range turn {
				u, v := a[at+k], a[at+k+half]*w
				a[at+k], a[at+k+half] = u+v, u-v
			}
		}
	}
}

// powerOfTwo is the next one that is n or more, at least 2.
func powerOfTwo(n int) int {
	p := 2
	for p < n {
		p <<= 1
	}
	return p
}

// crossCorrelation gives sum(x[i]·y[i+lag]) for lags 0 to maxLag.
func crossCorrelation(x, y []float64, maxLag int) []float64 {
	n := powerOfTwo(len(x) + max(len(y), maxLag+1))
	a, b := make([]complex128, n), make([]complex128, n)
	for i, v := range x {
		a[i] = complex(v, 0)
	}
	for i, v := range y {
		b[i] = complex(v, 0)
	}
	fft(a, false)
	fft(b, false)
	for i := range a {
		a[i] = cmplx.Conj(a[i]) * b[i]
	}
	fft(a, true)
	out := make([]float64, maxLag+1)
	for i := range out {
		out[i] = real(a[i]) / float64(n)
	}
	return out
}
