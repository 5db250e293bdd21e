package audio

import (
	"math"
	"math/cmplx"
	"testing"
)

// What makes a melody a ringtone of a product, in numbers: it can be heard on a
// small loudspeaker, all are about equally loud, it is made of struck bodies with
// overtones and not of beeps, and it is no louder than a phone is.
func TestRingtonesAreFitForAPhone(t *testing.T) {
	for _, m := range melodies {
		s := RenderMelody(m.name)
		band, loud, partials := ringFigures(s)
		t.Logf("%-9s %3.0f %% between 500 Hz and 5 kHz, loudest 0.4 s %.1f dBFS there, %d partials", m.name, band*100, loud, partials)
		if band < 0.8 {
			t.Errorf("%s: only %.0f %% of the power is where a small loudspeaker is good", m.name, band*100)
		}
		if loud < -14 || loud > -9 {
			t.Errorf("%s: its loudest 0.4 s have %.1f dBFS", m.name, loud)
		}
		if partials < 3 {
			t.Errorf("%s: %d partials are a beep", m.name, partials)
		}
	}
}

// ringFigures gives the share of the power between 500 Hz and 5 kHz, the level of
// the loudest 0.4 s in that band, and how many peaks of the spectrum stand out
// there within 40 dB of the highest.
func ringFigures(s []int16) (band, loud float64, partials int) {
	const n = 1 << 14 // 0.34 s
	in, all := 0.0, 0.0
	best := make([]float64, n/2)
	bestPower := 0.0
	for at := 0; at+n <= len(s); at += n / 2 {
		spectrum := powers(s[at : at+n])
		here := 0.0
		for k, p := range spectrum {
			all += p
			if f := float64(k) * Rate / n; f >= 500 && f <= 5000 {
				in += p
				here += p
			}
		}
		if here > bestPower {
			bestPower, best = here, spectrum
		}
	}
	top := 0.0
	for _, p := range best {
		top = max(top, p)
	}
	const low, high, apart = 400 * n / Rate, 8000 * n / Rate, 60 * n / Rate
	for k := low; k < high; k++ {
		peak := best[k] > top*1e-4
		for d := -apart; peak && d <= apart; d++ {
			peak = best[k+d] <= best[k]
		}
		if peak {
			partials++
		}
	}
	return in / all, 10 * math.Log10(bestPower), partials
}

// powers is the power spectrum of a Hann window, in units of full scale: the sum
// over all is the mean square.
func powers(s []int16) []float64 {
	n := len(s)
	x := make([]complex128, n)
	for i, v := range s {
		x[i] = complex(float64(v)/32768*(0.5-0.5*math.Cos(2*math.Pi*float64(i)/float64(n))), 0)
	}
	radix2(x)
	out := make([]float64, n/2)
	for k := range out {
		a := cmplx.Abs(x[k])
		out[k] = 2 * a * a / float64(n) / float64(n) / 0.375
	}
	return out
}

func radix2(x []complex128) {
	n := len(x)
	if n == 1 {
		return
	}
	even, odd := make([]complex128, n/2), make([]complex128, n/2)
	for i := range n / 2 {
		even[i], odd[i] = x[2*i], x[2*i+1]
	}
	radix2(even)
	radix2(odd)
	for k := range n / 2 {
		w := cmplx.Rect(1, -2*math.Pi*float64(k)/float64(n)) * odd[k]
		x[k], x[k+n/2] = even[k]+w, even[k]-w
	}
}
