package handsfree

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"phoned/media/audio"
	"phoned/media/mediatest"
	"phoned/media/mediatest/sentence"
	"phoned/media/process"
)

// echoing gives back the loudspeaker after 40 ms and a tail, with some noise of
// its own.
func echoing(far []int16, noise float64) []int16 {
	const (
		delay = audio.Rate * 40 / 1000
		taps  = 100
		apart = 96 // samples: the tail lasts 200 ms
	)
	rnd := rand.New(rand.NewPCG(1, 2))
	var h [taps]float64
	for i := range h {
		h[i] = 0.5 * (2*rnd.Float64() - 1) * math.Exp(-6.9*float64(i)/taps)
	}
	out := make([]int16, len(far))
	for i := range out {
		s := noise * (2*rnd.Float64() - 1)
		for k, g := range h {
			if at := i - delay - k*apart; at >= 0 {
				s += g * float64(far[at])
			}
		}
		out[i] = int16(max(-32768, min(32767, s)))
	}
	return out
}

func run(t *testing.T, p process.Processor, mic, far []int16) []int16 {
	t.Helper()
	p.SetDelay(audio.Rate * 40 / 1000)
	out := append([]int16(nil), mic...)
	for i := 0; i+audio.FrameLen <= len(out); i += audio.FrameLen {
		p.Process(out[i:i+audio.FrameLen], far[i:i+audio.FrameLen])
	}
	return out
}

func said(times int) []int16 {
	var s []int16
	for range times {
		s = append(s, sentence.GraphSamples()...)
	}
	return s
}

func made(t *testing.T, k Kind) process.Processor {
	t.Helper()
	p, err := New(k)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

func TestFullCancelsEcho(t *testing.T) {
	if Engine == "none" {
		t.Skip("built without")
	}
	far := said(3)
	mic := echoing(far, 2)
	out := run(t, made(t, Full), mic, far)
	last := len(far) * 2 / 3
	erle := mediatest.RMS(mic[last:]) - mediatest.RMS(out[last:])
	t.Logf("%s: ERLE %.1f dB", Engine, erle)
	want := 40.0
	if Engine == "speexdsp" {
		want = 25
	}
	if erle < want {
		t.Errorf("the echo is only %.1f dB quieter", erle)
	}
}

// With nobody at the far end our voice passes.
func TestVoicePasses(t *testing.T) {
	for _, k := range []Kind{Full, Noise, Off} {
		near := said(2)
		out := run(t, made(t, k), near, make([]int16, len(near)))
		half := len(near) / 2
		corr := mediatest.EnvelopeCorrelation(near[half:], out[half:])
		gain := mediatest.RMS(out[half:]) - mediatest.RMS(near[half:])
		t.Logf("%s: envelope %.3f, %+.1f dB", k, corr, gain)
		if corr < 0.85 || math.Abs(gain) > 9 {
			t.Errorf("%s: envelope %.3f, %+.1f dB", k, corr, gain)
		}
	}
}

// The noise of the room must not come and go with the far end's words: where
// echo was taken out, comfort noise fills the hole.
func TestComfortNoise(t *testing.T) {
	if Engine != "speexdsp and webrtc-audio-processing" {
		t.Skip("only with webrtc-audio-processing")
	}
	far := said(3)
	far = append(far, make([]int16, 2*audio.Rate)...)
	out := run(t, made(t, Full), echoing(far, 300), far)
	end := len(far) - 2*audio.Rate
	during := mediatest.RMS(out[end-4*audio.Rate : end-audio.Rate])
	after := mediatest.RMS(out[len(out)-audio.Rate:])
	t.Logf("noise under the far end's speech %.1f dBFS, in its pause %.1f dBFS", during, after)
	if math.Abs(during-after) > 9 {
		t.Errorf("the noise changes by %.1f dB with the far end's speech", during-after)
	}
}

func TestNoiseIsSuppressed(t *testing.T) {
	if Engine == "none" {
		t.Skip("built without")
	}
	quiet := make([]int16, 5*audio.Rate)
	mic := echoing(quiet, 300)
	out := run(t, made(t, Noise), mic, quiet)
	if d := mediatest.RMS(mic[4*audio.Rate:]) - mediatest.RMS(out[4*audio.Rate:]); d < 6 {
		t.Errorf("noise is %.1f dB quieter", d)
	}
}

func TestUnknownKind(t *testing.T) {
	if _, err := New("loud"); !errors.Is(err, ErrUnknownKind) {
		t.Error(err)
	}
	if err := Kind("").Check(); err != nil {
		t.Error(err)
	}
}

func TestDoesNotAllocate(t *testing.T) {
	p := made(t, Full)
	mic, far := make([]int16, audio.FrameLen), make([]int16, audio.FrameLen)
	if n := testing.AllocsPerRun(100, func() { p.Process(mic, far) }); n != 0 {
		t.Errorf("%v allocations a frame", n)
	}
}

func BenchmarkFull(b *testing.B) {
	p, err := New(Full)
	if err != nil {
		b.Fatal(err)
	}
	defer p.Close()
	far := said(1)
	mic := echoing(far, 2)
	at := 0
	for b.Loop() {
		p.Process(mic[at:at+audio.FrameLen], far[at:at+audio.FrameLen])
		if at += audio.FrameLen; at+audio.FrameLen > len(far) {
			at = 0
		}
	}
}
