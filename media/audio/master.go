package audio

import "math"

// Mastering of melodies: all are about equally loud, whatever they are made of.
const (
	loudTime = Rate * 2 / 5 // what is judged at once
	loudHop  = Rate / 10
	ceiling  = -1.0       // dBFS, of peaks
	holdLen  = Rate / 200 // the limiter looks so far ahead and back
	endLen   = Rate / 50  // the end fades, so that the loop does not click
)

// master brings the loudest 0.4 s to level (dBFS, RMS), takes down the peaks that
// are above the ceiling then, and rounds.
func master(x []float64, level float64) []int16 {
	loudest := 1e-9
	for at := 0; at < len(x); at += loudHop {
		sum := 0.0
		for _, v := range x[at:min(len(x), at+loudTime)] {
			sum += v * v
		}
		loudest = max(loudest, math.Sqrt(sum/loudTime))
	}
	scale := math.Pow(10, level/20) / loudest
	for i := range x {
		x[i] *= scale * min(1, float64(len(x)-1-i)/endLen)
	}
	limitPeaks(x, math.Pow(10, ceiling/20))
	out := make([]int16, len(x))
	for i, v := range x {
		out[i] = int16(math.Round(32767 * max(-1, min(1, v))))
	}
	return out
}

// limitPeaks turns the gain down around every peak and up again, 5 ms each way:
// the mean of what the neighbours within reach allow at most, which is never more
// than the peak itself allows.
func limitPeaks(x []float64, most float64) {
	n := len(x)
	least := make([]float64, n)
	for i := range least {
		least[i] = 1
	}
	over := false
	for i, v := range x {
		if a := math.Abs(v); a > most {
			over = true
			for k := max(0, i-holdLen); k <= min(n-1, i+holdLen); k++ {
				least[k] = min(least[k], most/a)
			}
		}
	}
	if !over {
		return
	}
	sum := 0.0
	at := func(i int) float64 { return least[max(0, min(n-1, i))] }
	for i := -holdLen; i <= holdLen; i++ {
		sum += at(i)
	}
	for i := range x {
		x[i] *= sum / (2*holdLen + 1)
		sum += at(i+holdLen+1) - at(i-holdLen)
	}
}
