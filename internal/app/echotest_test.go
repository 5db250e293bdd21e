package app

import (
	"math"
	"math/rand/v2"
	"testing"

	"phoned/manage"
	"phoned/media/audio"
)

// syllables is a sound that rises and falls as speech does.
func syllables(seconds float64, seed uint64) []int16 {
	r := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // a sound
	out := make([]int16, int(seconds*audio.Rate))
	for i := 0; i < len(out); {
		loud, n := r.Float64(), int((0.05+0.2*r.Float64())*audio.Rate)
		for j := i; j < min(i+n, len(out)); j++ {
			out[j] = int16(loud * loud * 9000 * math.Sin(float64(j)/20))
		}
		i += n
	}
	return out
}

func TestJudgeEcho(t *testing.T) {
	said := syllables(5, 7)
	later := func(ms int, gain float64) []int16 {
		out := make([]int16, len(said))
		for i := range out {
			out[i] = int16(rand.IntN(5) - 2) //nolint:gosec // the line's noise
			if j := i - ms*audio.Rate/1000; j >= 0 {
				out[i] += int16(gain * float64(said[j]))
			}
		}
		return out
	}
	for name, c := range map[string]struct {
		said, heard []int16
		ok          bool
		delay       int
	}{
		"an echo":                 {said, later(140, 1), true, 140},
		"a quiet one, late":       {said, later(1200, 0.2), true, 1200},
		"silence":                 {said, make([]int16, len(said)), false, 0},
		"somebody else":           {said, syllables(5, 99), false, 0},
		"nobody speaks":           {make([]int16, len(said)), make([]int16, len(said)), false, 0},
		"what comes is no answer": {make([]int16, len(said)), later(100, 1), false, 0},
		"nothing at all":          {nil, nil, false, 0},
	} {
		var out manage.EchoResult
		judgeEcho(&out, c.said, c.heard)
		if out.Heard != c.ok || out.Delay < c.delay-20 || out.Delay > c.delay+20 {
			t.Errorf("%s: %+v", name, out)
		}
	}
}
