package speex

import (
	"math"
	"math/rand/v2"
	"testing"

	"phoned/media/audio"
	"phoned/media/mediatest"
	"phoned/media/mediatest/sentence"
	"phoned/media/process"
)

var _ process.Processor = (*Processor)(nil)

// room is the way from the loudspeaker to the microphone: a delay, and a tail
// that dies away by 60 dB in rt60 seconds.
func room(far []int16, delay int, rt60 float64) []int16 {
	rnd := rand.New(rand.NewPCG(5, 6))
	n := int(rt60 * audio.Rate)
	h := make([]float64, n)
	e := 0.0
	for i := 0; i < n; i += 96 {
		h[i] = (2*rnd.Float64() - 1) * math.Exp(-6.9*float64(i)/float64(n))
		if i == 0 {
			h[i] = 1
		}
		e += h[i] * h[i]
	}
	out := make([]int16, len(far))
	for i := range out {
		s := 0.0
		for k := 0; k < n && i-delay-k >= 0; k += 96 {
			s += h[k] * float64(far[i-delay-k])
		}
		out[i] = int16(max(-32768, min(32767, s*0.5/math.Sqrt(e)+2*rnd.Float64())))
	}
	return out
}

func run(p process.Processor, mic, far []int16) []int16 {
	out := append([]int16(nil), mic...)
	for i := 0; i+audio.FrameLen <= len(out); i += audio.FrameLen {
		p.Process(out[i:i+audio.FrameLen], far[i:i+audio.FrameLen])
	}
	return out
}

func speech(times int) []int16 {
	var s []int16
	for range times {
		s = append(s, sentence.GraphSamples()...)
	}
	return s
}

// ERLE (ITU-T G.168's word): how much quieter the echo has become.
func TestCancelsEcho(t *testing.T) {
	far := speech(3)
	for _, c := range []struct {
		delay int // ms
		told  bool
	}{{20, false}, {60, false}, {250, true}} {
		mic := room(far, c.delay*audio.Rate/1000, 0.1)
		p, err := New(Config{})
		if err != nil {
			t.Fatal(err)
		}
		if c.told {
			p.SetDelay(c.delay * audio.Rate / 1000)
		}
		out := run(p, mic, far)
		p.Close()
		third := len(far) / 3
		for i, name := range []string{"first", "second", "last"} {
			erle := mediatest.RMS(mic[i*third:(i+1)*third]) - mediatest.RMS(out[i*third:(i+1)*third])
			t.Logf("delay %d ms: %s third: %.1f dB", c.delay, name, erle)
			if i == 2 && erle < 20 {
				t.Errorf("delay %d ms: the echo is only %.1f dB quieter", c.delay, erle)
			}
		}
	}
}

// With nobody at the far end our voice must pass.
func TestPassesOurVoice(t *testing.T) {
	near := speech(2)
	for _, cfg := range []Config{{}, {NoiseSuppression: 15}, {NoiseSuppression: 15, GainControl: true}} {
		p, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		out := run(p, near, make([]int16, len(near)))
		p.Close()
		half := len(near) / 2
		corr := mediatest.EnvelopeCorrelation(near[half:], out[half:])
		gain := mediatest.RMS(out[half:]) - mediatest.RMS(near[half:])
		t.Logf("%+v: envelope %.3f, %+.1f dB", cfg, corr, gain)
		if corr < 0.85 || math.Abs(gain) > 9 { // gain control brings this loud sentence down
			t.Errorf("%+v: envelope %.3f, %+.1f dB", cfg, corr, gain)
		}
	}
}

func TestSuppressesNoise(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 8))
	noise := make([]int16, 5*audio.Rate)
	for i := range noise {
		noise[i] = int16(rnd.IntN(1000) - 500)
	}
	p, err := New(Config{NoiseSuppression: 20})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	out := run(p, noise, make([]int16, len(noise)))
	if d := mediatest.RMS(noise[4*audio.Rate:]) - mediatest.RMS(out[4*audio.Rate:]); d < 15 {
		t.Errorf("noise is %.1f dB quieter", d)
	}
}

func TestRefusesNonsense(t *testing.T) {
	for _, c := range []Config{{Tail: 1}, {NoiseSuppression: -1}, {NoiseSuppression: 99}} {
		if _, err := New(c); err == nil {
			t.Errorf("%+v was accepted", c)
		}
	}
	p, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	p.SetDelay(1 << 30)
	p.SetDelay(-5)
	p.Close()
	p.Close()
}

func TestDoesNotAllocate(t *testing.T) {
	p, err := New(Config{NoiseSuppression: 15, GainControl: true})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	mic, far := make([]int16, audio.FrameLen), make([]int16, audio.FrameLen)
	if n := testing.AllocsPerRun(100, func() { p.Process(mic, far) }); n != 0 {
		t.Errorf("%v allocations a frame", n)
	}
}

func BenchmarkProcess(b *testing.B) {
	p, err := New(Config{NoiseSuppression: 15, GainControl: true})
	if err != nil {
		b.Fatal(err)
	}
	defer p.Close()
	far := speech(1)
	mic := room(far, 960, 0.1)
	b.Run("200ms", func(b *testing.B) {
		at := 0
		for b.Loop() {
			p.Process(mic[at:at+audio.FrameLen], far[at:at+audio.FrameLen])
			if at += audio.FrameLen; at+audio.FrameLen > len(far) {
				at = 0
			}
		}
	})
}
