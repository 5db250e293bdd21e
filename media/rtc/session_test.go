package rtc

import (
	"math"
	"testing"
	"time"

	"phoned/media"
	"phoned/media/audio"
)

// goertzel is the amplitude of one frequency in pcm.
func goertzel(pcm []int16, freq float64) float64 {
	c := 2 * math.Cos(2*math.Pi*freq/audio.Rate)
	var a, b float64
	for _, v := range pcm {
		a, b = float64(v)+c*a-b, a
	}
	return 2 * math.Sqrt(max(a*a+b*b-c*a*b, 0)) / float64(len(pcm))
}

func loop(t *testing.T, c Config) media.Session {
	t.Helper()
	c.LoopbackOnly, c.IPv4Only = true, true
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestTwoSessionsTalk(t *testing.T) {
	for _, codec := range []string{"opus", "PCMA", "PCMU", "G722"} {
		t.Run(codec, func(t *testing.T) {
			a, b := loop(t, Config{Codecs: []string{codec}}), loop(t, Config{})
			offer, err := a.Offer(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			answer, err := b.Answer(t.Context(), offer)
			if err != nil {
				t.Fatal(err)
			}
			if err := a.Apply(t.Context(), answer); err != nil {
				t.Fatal(err)
			}
			in, out := make([]int16, audio.FrameLen), make([]int16, audio.FrameLen)
			heard := 0
			var win []int16
			tick := time.NewTicker(10 * time.Millisecond)
			defer tick.Stop()
			for i := 0; heard < 50; i++ {
				<-tick.C
				if i > 1500 {
					t.Fatalf("not heard; a %+v b %+v", a.Stats(), b.Stats())
				}
				for k := range in {
					in[k] = int16(8000 * math.Sin(2*math.Pi*1000*float64(i*audio.FrameLen+k)/audio.Rate))
				}
				a.Port().WriteFrame(in)
				b.Port().ReadFrame(out)
				if win = append(win, out...); len(win) >= 4800 {
					if goertzel(win, 1000) > 4000 {
						heard++
					}
					win = win[:0]
				}
				if heard >= 5 {
					break
				}
			}
			t.Logf("%s\n%s", offer, answer)
			t.Logf("a %+v", a.Stats())
			t.Logf("b %+v", b.Stats())
		})
	}
}
