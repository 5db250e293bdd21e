package level

import (
	"math"
	"testing"

	"phoned/media/audio"
	"phoned/media/mediatest/sentence"
	"phoned/media/process"
)

var _ process.Processor = (*Processor)(nil)

// voice is speech, so many dB louder than the sentence is, times over.
func voice(db float64, times int) []int16 {
	var out []int16
	for range times {
		for _, v := range sentence.GraphSamples() {
			out = append(out, int16(max(-32768, min(32767, float64(v)*math.Pow(10, db/20)))))
		}
	}
	return out
}

func run(p *Processor, mic, far []int16) []int16 {
	out := append([]int16(nil), mic...)
	for i := 0; i+audio.FrameLen <= len(out); i += audio.FrameLen {
		p.Process(out[i:i+audio.FrameLen], far[i:i+audio.FrameLen])
	}
	return out
}

// A quiet and a loud talker come out closer together than they went in; nobody is
// driven to the limit.
func TestTalkersComeToALevel(t *testing.T) {
	levels := map[float64]float64{}
	for _, db := range []float64{-18, 0, 10} {
		mic := voice(db, 4)
		out := run(New(), mic, make([]int16, len(mic)))
		last := len(mic) * 3 / 4
		levels[db] = power(out[last:])
		t.Logf("%+.0f dB: %.1f dBFS in, %.1f dBFS out", db, power(mic[last:]), levels[db])
		for _, v := range out {
			if v > 29300 || v < -29300 {
				t.Fatalf("%+.0f dB: a sample of %d", db, v)
			}
		}
	}
	if d := levels[10] - levels[-18]; d > 12 {
		t.Errorf("28 dB between talkers are still %.1f", d)
	}
}

// A quiet talker is brought up; then the far end speaks and its residual echo is
// not: neither by the gain that he has, nor by more. He, while both speak, is.
func TestResidualEchoIsNotRaised(t *testing.T) {
	p := New()
	quiet := voice(-18, 4)
	run(p, quiet, make([]int16, len(quiet)))
	has := p.Gain()
	if has < 6 {
		t.Fatalf("a quiet talker has a gain of %.1f dB", has)
	}
	far := voice(0, 2)
	echo := voice(-45, 2)
	out := run(p, echo, far)
	if d := power(out[audio.Rate:]) - power(echo[audio.Rate:]); d > 0.5 {
		t.Errorf("residual echo comes out %.1f dB louder", d)
	}
	again := voice(-18, 1)
	out = run(p, again, far[:len(again)])
	if d := power(out) - power(again); d < has-3 {
		t.Errorf("the talker has %.1f dB while both speak, %.1f alone", d, has)
	}
	if p.Gain() > has+0.01 {
		t.Errorf("the gain rose to %.1f dB while the far end spoke", p.Gain())
	}
}

// The noise of an empty room is left where it is.
func TestNoiseIsNotRaised(t *testing.T) {
	p := New()
	mic := make([]int16, 20*audio.Rate)
	seed := uint32(1)
	for i := range mic {
		seed = seed*1664525 + 1013904223
		mic[i] = int16(seed>>24) - 128
	}
	run(p, mic, make([]int16, len(mic)))
	if math.Abs(p.Gain()) > 1 {
		t.Errorf("the gain on noise is %.1f dB", p.Gain())
	}
}

func TestDoesNotAllocate(t *testing.T) {
	p := New()
	mic, far := make([]int16, audio.FrameLen), make([]int16, audio.FrameLen)
	if n := testing.AllocsPerRun(100, func() { p.Process(mic, far) }); n != 0 {
		t.Errorf("%v allocations a frame", n)
	}
}
