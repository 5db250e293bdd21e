package main

import (
	"math"
	"math/bits"
	"math/cmplx"
	"slices"
)

// fourier transforms a in place; its length is a power of two. The inverse is
// scaled.
func fourier(a []complex128, inverse bool) {
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
	turn := make([]complex128, n/2)
	for k := range turn {
		turn[k] = cmplx.Rect(1, sign*2*math.Pi*float64(k)/float64(n))
	}
	for size := 2; size <= n; size <<= 1 {
		half, step := size/2, n/size
		for at := 0; at < n; at += size {
			for k := range half {
				u, v := a[at+k], a[at+k+half]*turn[k*step]
				a[at+k], a[at+k+half] = u+v, u-v
			}
		}
	}
	if inverse {
		for i := range a {
			a[i] /= complex(float64(n), 0)
		}
	}
}

// lagOf finds where y is most like the window x: the lag in samples, at most
// len(y)-len(x), the normalised correlation there and the gain from x to y.
func lagOf(x, y []float64) (lag int, corr, gain float64) {
	most := len(y) - len(x)
	n := 1 << bits.Len(uint(len(y)+len(x)))
	a, b := make([]complex128, n), make([]complex128, n)
	for i, v := range x {
		a[i] = complex(v, 0)
	}
	for i, v := range y {
		b[i] = complex(v, 0)
	}
	fourier(a, false)
	fourier(b, false)
	for i := range a {
		a[i] = b[i] * cmplx.Conj(a[i])
	}
	fourier(a, true)
	ex, ey := energy(x), energy(y[:len(x)])
	for l := 0; l <= most && ex > 0; l++ {
		if ey > 1 {
			if c := real(a[l]) / math.Sqrt(ex*ey); c > corr {
				lag, corr, gain = l, c, real(a[l])/ex
			}
		}
		if l < most {
			ey += y[l+len(x)]*y[l+len(x)] - y[l]*y[l]
		}
	}
	return lag, corr, gain
}

func energy(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v * v
	}
	return sum
}

func rms(x []float64) float64 { return math.Sqrt(energy(x) / float64(len(x))) }

// narrow gives every factor-th sample of s after a low-pass at 0.9 of the new
// band's edge (windowed sinc, no delay).
func narrow(s []int16, factor int) []float64 {
	out := make([]float64, len(s)/factor)
	if factor == 1 {
		for i := range out {
			out[i] = float64(s[i])
		}
		return out
	}
	const half = 48
	var h [2*half + 1]float64
	sum := 0.0
	for i := range h {
		t := float64(i - half)
		h[i] = 0.9 / float64(factor)
		if t != 0 {
			h[i] = math.Sin(math.Pi*0.9/float64(factor)*t) / (math.Pi * t)
		}
		h[i] *= 0.54 + 0.46*math.Cos(math.Pi*t/half)
		sum += h[i]
	}
	for i := range out {
		at, v := i*factor, 0.0
		for k := max(-half, -at); k <= half && at+k < len(s); k++ {
			v += float64(s[at+k]) * h[k+half]
		}
		out[i] = v / sum
	}
	return out
}

const (
	bandFrame = 256 // samples at 8 kHz
	bandCount = 20
)

// bandLevels are the levels in dB of 20 bands of 156 Hz from 94 Hz on, of a
// frame of bandFrame samples.
func bandLevels(x []float64) (out [bandCount]float64) {
	var a [bandFrame]complex128
	for i, v := range x[:bandFrame] {
		a[i] = complex(v*(0.5-0.5*math.Cos(2*math.Pi*float64(i)/(bandFrame-1))), 0)
	}
	fourier(a[:], false)
	for b := range out {
		e := 1e3 // what is softer than this is nothing
		for _, c := range a[3+5*b : 8+5*b] {
			e += real(c)*real(c) + imag(c)*imag(c)
		}
		out[b] = 10 * math.Log10(e)
	}
	return out
}

// distance is the log-spectral distance of two frames in dB.
func distance(a, b [bandCount]float64) float64 {
	sum := 0.0
	for i := range a {
		sum += (a[i] - b[i]) * (a[i] - b[i])
	}
	return math.Sqrt(sum / bandCount)
}

// quantile interpolates; of nothing it is 0.
func quantile(v []float64, q float64) float64 {
	if len(v) == 0 {
		return 0
	}
	s := slices.Clone(v)
	slices.Sort(s)
	at := q * float64(len(s)-1)
	i := int(at)
	if i+1 == len(s) {
		return s[i]
	}
	return s[i] + (at-float64(i))*(s[i+1]-s[i])
}

func median(v []float64) float64 { return quantile(v, 0.5) }
