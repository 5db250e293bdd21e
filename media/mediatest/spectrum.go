package mediatest

import (
	"math"

	"phoned/media/audio"
)

// The envelope is taken at 16 kHz in 20 bands, each an equal step in pitch,
// every 20 ms.
const (
	envRate   = 16000
	envBands  = 20
	envFrame  = envRate * 20 / 1000
	envLow    = 100.0
	envHigh   = 7000.0
	envFloor  = 50.0 // dB under the loudest cell: everything below is alike
	envMaxLag = 150  // frames: three seconds
)

// EnvelopeCorrelation says how alike the spectra of sent and got run over time
// (both at audio.Rate), 0 to 1: the correlation of the log energies of 20 bands
// in frames of 20 ms, at the best delay up to three seconds. It is for codecs
// that keep the sound but not the waveform, such as Opus: 0.95 and more there;
// other speech stays below 0.6, silence gives 0.
func EnvelopeCorrelation(sent, got []int16) float64 {
	return EnvelopeCorrelationAt(sent, got, audio.Rate)
}

// EnvelopeCorrelationAt is EnvelopeCorrelation at another rate.
func EnvelopeCorrelationAt(sent, got []int16, rate int) float64 {
	x := envelope(floats(sent, rate, envRate), 0)
	y := floats(got, rate, envRate)
	best := 0.0
	// Four offsets within a frame: a delay need not be whole frames.
	for part := range 4 {
		e := envelope(y, part*envFrame/4)
		for lag := 0; lag <= min(envMaxLag, len(e)); lag++ {
			best = max(best, pearson(x, e[lag:]))
		}
	}
	return best
}

type bands [envBands]float64

// envelope is the log energy of the bands in each frame, from a sample on.
func envelope(s []float64, from int) []bands {
	n := powerOfTwo(2 * envFrame)
	a := make([]complex128, n)
	var out []bands
	peak := 0.0
	for at := from; at+2*envFrame <= len(s); at += envFrame {
		clear(a)
		for i := range 2 * envFrame {
			w := 0.5 - 0.5*math.Cos(2*math.Pi*(float64(i)+0.5)/(2*envFrame))
			a[i] = complex(s[at+i]*w, 0)
		}
		fft(a, false)
		var b bands
		for i := 1; i < n/2; i++ {
			f := float64(i) * envRate / float64(n)
			if f < envLow || f >= envHigh {
				continue
			}
			k := int(envBands * math.Log(f/envLow) / math.Log(envHigh/envLow))
			b[k] += real(a[i])*real(a[i]) + imag(a[i])*imag(a[i])
		}
		for _, v := range b {
			peak = max(peak, v)
		}
		out = append(out, b)
	}
	floor := 10*math.Log10(peak+1) - envFloor
	for i := range out {
		for k, v := range out[i] {
			out[i][k] = max(floor, 10*math.Log10(v+1))
		}
	}
	if peak < 1e6 { // nothing but rounding
		return nil
	}
	return out
}

// pearson correlates all cells of x with those of y; y may be shorter, what is
// missing counts as nothing.
func pearson(x, y []bands) float64 {
	if len(x) == 0 || len(y) < len(x)*3/4 {
		return 0
	}
	n := min(len(x), len(y))
	var mx, my float64
	for i := range n {
		for k := range envBands {
			mx += x[i][k]
			my += y[i][k]
		}
	}
	cells := float64(n * envBands)
	mx, my = mx/cells, my/cells
	var xy, xx, yy float64
	for i := range n {
		for k := range envBands {
			a, b := x[i][k]-mx, y[i][k]-my
			xy += a * b
			xx += a * a
			yy += b * b
		}
	}
	if xx == 0 || yy == 0 {
		return 0
	}
	return xy / math.Sqrt(xx*yy) * float64(n) / float64(len(x))
}
