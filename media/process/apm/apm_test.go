package apm

import (
	"errors"
	"testing"

	"phoned/media/audio"
	"phoned/media/mediatest"
	"phoned/media/mediatest/sentence"
	"phoned/media/process"
)

var _ process.Processor = (*Processor)(nil)

func newProcessor(t *testing.T, cfg Config) *Processor {
	t.Helper()
	p, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

// What the microphone hears is the loudspeaker, 30 ms later and 6 dB quieter.
func TestCancelsEcho(t *testing.T) {
	const delay = audio.Rate * 30 / 1000
	far := append(sentence.GraphSamples(), sentence.GraphSamples()...)
	mic := make([]int16, len(far))
	for i := delay; i < len(mic); i++ {
		mic[i] = far[i-delay] / 2
	}
	for _, cfg := range []Config{
		{Echo: Gentle, ExtendedFilter: true}, {Echo: Moderate, ExtendedFilter: true, Noise: 2}, {Echo: Hard, DelayAgnostic: true},
	} {
		p := newProcessor(t, cfg)
		p.SetDelay(delay)
		out := append([]int16(nil), mic...)
		for i := 0; i+audio.FrameLen <= len(out); i += audio.FrameLen {
			p.Process(out[i:i+audio.FrameLen], far[i:i+audio.FrameLen])
		}
		half := len(out) / 2
		erle := mediatest.RMS(mic[half:]) - mediatest.RMS(out[half:])
		t.Logf("%+v: %.1f dB", cfg, erle)
		if erle < 25 || p.Errors() != 0 {
			t.Errorf("%+v: the echo is %.1f dB quieter, %d errors", cfg, erle, p.Errors())
		}
	}
}

func TestRefusesNonsense(t *testing.T) {
	for _, c := range []Config{{Echo: 4}, {Echo: -1}, {Noise: 5}, {Noise: -1}, {Target: 32}, {Target: -1}} {
		if _, err := New(c); !errors.Is(err, ErrRefused) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	p := newProcessor(t, Config{Echo: Moderate})
	p.SetDelay(1 << 30)
	p.SetDelay(-5)
	p.Process(nil, nil)
	frame := make([]int16, audio.FrameLen)
	p.Process(frame, frame[:10])
	p.Close()
	p.Process(frame, frame)
	p.Close()
}

func TestDoesNotAllocate(t *testing.T) {
	p := newProcessor(t, Config{Echo: Moderate, Noise: 2, Target: 9, HighPass: true})
	mic, far := make([]int16, audio.FrameLen), make([]int16, audio.FrameLen)
	if n := testing.AllocsPerRun(100, func() { p.Process(mic, far) }); n != 0 {
		t.Errorf("%v allocations a frame", n)
	}
}
