package phone_test

import (
	"math"

	"phoned/media/mediatest"
)

// shareOf is how much of the power of s is near a frequency, 0 to 1.
func shareOf(s []int16, rate int, hz float64) float64 {
	var total, re, im, window float64
	for i, v := range s {
		w := 0.5 - 0.5*math.Cos(2*math.Pi*float64(i)/float64(len(s)))
		x := w * float64(v)
		sin, cos := math.Sincos(2 * math.Pi * hz * float64(i) / float64(rate))
		re, im = re+x*cos, im+x*sin
		total += float64(v) * float64(v)
		window += w
	}
	if total == 0 || window == 0 {
		return 0
	}
	amplitude := 2 * math.Hypot(re, im) / window
	return amplitude * amplitude / 2 * float64(len(s)) / total
}

const (
	heardShare  = 0.05  // of a tone among two or three
	silentShare = 0.003 // of a tone that nobody should hear
)

func hearsAll(s []int16, rate int, tones []float64) bool {
	if rate == 0 || len(s) < rate/5 || mediatest.RMS(s) < -45 {
		return false
	}
	for _, hz := range tones {
		if shareOf(s, rate, hz) < heardShare {
			return false
		}
	}
	return true
}

// hearsTones waits until all tones at once come out of the loudspeaker.
func (w *world) hearsTones(tones ...float64) {
	w.t.Helper()
	ctx, cancel := w.waiting()
	defer cancel()
	for ctx.Err() == nil {
		if _, heard, err := w.bench.listen(ctx, 0.3); err == nil && hearsAll(heard, 48000, tones) {
			return
		}
	}
	w.t.Fatalf("the tones %v were not heard together", tones)
}

// legSound is the last 300 ms of what the exchange hears of us in a dialog.
func (w *world) legSound(dialog string) ([]int16, int) {
	pcm, rate := w.lab.Engine.Heard(dialog)
	if rate == 0 || len(pcm) < rate*3/10 {
		return nil, rate
	}
	return tail(pcm, rate*3/10), rate
}

// legHears waits until the far end of a dialog hears all these tones.
func (w *world) legHears(dialog string, tones ...float64) {
	w.t.Helper()
	ctx, cancel := w.waiting()
	defer cancel()
	var shares []float64
	err := w.bench.until(ctx, func() bool {
		s, rate := w.legSound(dialog)
		if hearsAll(s, rate, tones) {
			return true
		}
		shares = shares[:0]
		for _, hz := range tones {
			shares = append(shares, shareOf(s, rate, hz))
		}
		return false
	})
	if err != nil {
		w.t.Fatalf("the far end should hear %v, their shares are %.3f", tones, shares)
	}
}

// legHearsNot waits until a tone is gone from what the far end hears, which is
// not silence.
func (w *world) legHearsNot(dialog string, hz float64) {
	w.t.Helper()
	ctx, cancel := w.waiting()
	defer cancel()
	share := 1.0
	err := w.bench.until(ctx, func() bool {
		s, rate := w.legSound(dialog)
		if len(s) == 0 || mediatest.RMS(s) < -45 {
			return false
		}
		share = shareOf(s, rate, hz)
		return share < silentShare
	})
	if err != nil {
		w.t.Fatalf("the far end still hears %.0f Hz: its share is %.4f", hz, share)
	}
}
