package stream

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// buzz is n samples of a voiced sound at 8 kHz, hiss of a room's noise.
func buzz(n int) []int16 {
	pcm := make([]int16, n)
	for i := range pcm {
		pcm[i] = int16(8000 * math.Sin(2*math.Pi*200*float64(i)/8000))
	}
	return pcm
}

func hiss(n int) []int16 {
	r := rand.New(rand.NewPCG(1, 2))
	pcm := make([]int16, n)
	for i := range pcm {
		pcm[i] = int16(r.NormFloat64() * 150)
	}
	return pcm
}

// Delay that is no longer needed is taken out of the pauses; out of speech only if
// there is none for two seconds, or if it is a great deal.
func TestDelayGoesInThePauses(t *testing.T) {
	s := New(Config{})
	defer s.Close()
	s.rate = 8000
	shorter := func(pcm []int16, excess time.Duration) bool {
		n := len(pcm)
		s.rest = 0
		s.rescale(&pcm, excess)
		return len(pcm) < n
	}
	for range 50 {
		if shorter(buzz(160), 60*time.Millisecond) {
			t.Fatal("speech was shortened")
		}
	}
	if !shorter(hiss(160), 60*time.Millisecond) {
		t.Error("a pause was not")
	}
	if shorter(hiss(160), 5*time.Millisecond) {
		t.Error("a pause was shortened by less than a frame")
	}
	n := 0
	for ; n < 200 && !shorter(buzz(160), 60*time.Millisecond); n++ {
	}
	if n < 90 || n > 110 {
		t.Errorf("speech without pauses was shortened after %d packets", n)
	}
	shorter(buzz(160), 0)
	if !shorter(buzz(160), 400*time.Millisecond) {
		t.Error("speech that is 400 ms late was not shortened")
	}
}

// A steady room is a pause whatever its level; somebody who speaks softly is none.
func TestPauses(t *testing.T) {
	var p pauses
	speech, soft := meanSquare(buzz(160)), meanSquare(buzz(160))/20
	room := meanSquare(hiss(160))
	for range 20 {
		for range 10 {
			if p.is(speech) || p.is(soft) {
				t.Fatal("speech was taken for a pause")
			}
		}
		for range 5 {
			if !p.is(room) {
				t.Fatal("a pause was taken for speech")
			}
		}
	}
}

// What only waits is held longer than what is lost, never leaps, and ends.
func TestConcealmentOfWhatMayCome(t *testing.T) {
	levels := func(waits func(ms int) bool) (out []float64) {
		var c concealer
		c.init()
		c.reset(8000)
		c.feed(buzz(480))
		for ms := 0; ms < 250; ms += 5 {
			out = append(out, math.Sqrt(meanSquare(c.conceal(nil, 40, waits(ms)))))
		}
		return out
	}
	lost, late := levels(func(int) bool { return false }), levels(func(int) bool { return true })
	turned := levels(func(ms int) bool { return ms >= 40 })
	for name, l := range map[string][]float64{"lost": lost, "late": late, "first lost, then late": turned} {
		for i := 1; i < len(l); i++ {
			if l[i] > 1.02*l[i-1] {
				t.Errorf("%s: the level rises from %.0f to %.0f at %d ms", name, l[i-1], l[i], 5*i)
			}
		}
		if l[len(l)-1] > 0 {
			t.Errorf("%s: after 250 ms it still sounds", name)
		}
	}
	if full := lost[0]; lost[80/5] > 0 || late[80/5] < full/3 {
		t.Errorf("after 80 ms: lost %.0f, late %.0f of %.0f", lost[80/5], late[80/5], full)
	}
	for i := range 4 {
		if lost[i] != late[i] {
			t.Error("a single loss, which looks like a late packet at first, sounds otherwise")
		}
	}
}
