package mediatest

import (
	"math"
	"slices"
	"time"

	"phoned/media/audio"
)

// Correlation is done on what a narrow-band call carries, sampled twice as
// often as it need be so that delays of part of a sample do not matter.
const (
	corrBand   = 8000
	corrRate   = 2 * corrBand
	corrWindow = corrRate * 240 / 1000
	corrHop    = corrRate * 120 / 1000
	corrSlack  = corrRate * 60 / 1000 // how far a window may be from the whole
	corrActive = 30.0                 // dB under the loudest window: not looked at
)

// Correlate looks for sent in got, both at audio.Rate, and says how alike they
// are (0 to 1) and how much later got's is. It correlates windows of 240 ms,
// each at its own best delay within 60 ms of the whole's, so that a jitter
// buffer may breathe, and averages over those with speech in them. Where got
// is silent the window counts as 0. A G.711 call gives 0.95 and more; what
// never came gives 0. Codecs that do not keep the waveform need
// EnvelopeCorrelation.
func Correlate(sent, got []int16) (corr float64, delay time.Duration) {
	return CorrelateAt(sent, got, audio.Rate)
}

// CorrelateAt is Correlate at another rate (8, 16, 24 or 48 kHz).
func CorrelateAt(sent, got []int16, rate int) (corr float64, delay time.Duration) {
	x, y := narrow(sent, rate), narrow(got, rate)
	lag := wholeLag(x, y)
	// A margin in front of y lets windows look back.
	y = append(make([]float64, corrSlack), y...)
	loudest := 0.0
	for at := 0; at+corrWindow <= len(x); at += corrHop {
		loudest = max(loudest, energy(x[at:at+corrWindow]))
	}
	if loudest == 0 {
		return 0, 0
	}
	floor := loudest * math.Pow(10, -corrActive/10)
	sum, weight := 0.0, 0.0
	for at := 0; at+corrWindow <= len(x); at += corrHop {
		w := x[at : at+corrWindow]
		if energy(w) < floor {
			continue
		}
		from := min(len(y), at+lag)
		to := min(len(y), from+2*corrSlack+corrWindow)
		sum += windowCorrelation(w, y[from:to])
		weight++
	}
	return min(1, sum/weight), time.Duration(lag) * time.Second / corrRate
}

// wholeLag is the delay at which y as a whole is most like x; of several that
// are about as good (a sentence said twice) the first.
func wholeLag(x, y []float64) int {
	if len(y) == 0 {
		return 0
	}
	c := crossCorrelation(x, y, len(y)-1)
	best := slices.Max(c)
	if best <= 0 {
		return 0
	}
	first := slices.IndexFunc(c, func(v float64) bool { return v >= 0.9*best })
	for i := first; i < min(len(c), first+corrSlack); i++ {
		if c[i] > c[first] {
			first = i
		}
	}
	return first
}

// windowCorrelation is the best normalised correlation of w with a stretch of
// y, 0 if y is silent there.
func windowCorrelation(w, y []float64) float64 {
	if len(y) < len(w) {
		return 0
	}
	c := crossCorrelation(w, y, len(y)-len(w))
	ew, ey := energy(w), energy(y[:len(w)])
	best := 0.0
	for lag, v := range c {
		// 2 is a whisper of noise: below it there is nothing.
		if ey > 2*float64(len(w)) && v > 0 {
			best = max(best, summit(c, lag)/math.Sqrt(ew*ey))
		}
		if lag+len(w) < len(y) {
			ey += y[lag+len(w)]*y[lag+len(w)] - y[lag]*y[lag]
		}
	}
	return best
}

// summit is the height of the parabola through a point and its neighbours, if
// the point is a peak.
func summit(c []float64, i int) float64 {
	if i == 0 || i == len(c)-1 || c[i] < c[i-1] || c[i] < c[i+1] {
		return c[i]
	}
	bend := c[i-1] - 2*c[i] + c[i+1]
	if bend == 0 {
		return c[i]
	}
	slope := (c[i+1] - c[i-1]) / 2
	return c[i] - slope*slope/(2*bend)
}

// narrow takes s down to the narrow band and up again.
func narrow(s []int16, from int) []float64 {
	return floats(audio.NewResampler(from, corrBand).Append(nil, s), corrBand, corrRate)
}

func energy(x []float64) float64 {
	e := 0.0
	for _, v := range x {
		e += v * v
	}
	return e
}

// floats converts s from one rate to another.
func floats(s []int16, from, to int) []float64 {
	s = audio.NewResampler(from, to).Append(nil, s)
	out := make([]float64, len(s))
	for i, v := range s {
		out[i] = float64(v)
	}
	return out
}
