// Command aecbench measures what echo cancelling does to the echo and to us:
// ERLE (ITU-T G.168: how much quieter the echo has become) at three times of a
// call, with a linear and a distorting loudspeaker, and how much of our voice
// is left when both talk. The room is made up: a delay of 60 ms, then noise
// that dies away by 60 dB in 0.25 s, as loud as the far end itself; 0.25 s is a
// furnished office.
//
//	aecbench far.wav near.wav [report.txt]
package main

import (
	"flag"
	"fmt"
	"math"
	"os"
	"strings"
	"time"

	"phoned/media/audio"
	"phoned/media/audio/wav"
	"phoned/media/process"
	"phoned/media/process/apm"
	"phoned/media/process/handsfree"
	"phoned/media/process/speex"
)

func main() {
	only := flag.String("only", "", "measure only engines whose name has this in it")
	dump := flag.String("dump", "", "write what each engine makes of double talk to WAV files that begin so")
	flag.Parse()
	if flag.NArg() != 2 {
		fmt.Fprintln(os.Stderr, "usage: aecbench far.wav near.wav")
		os.Exit(2)
	}
	far, err := read(flag.Arg(0))
	if err == nil {
		var near []int16
		if near, err = read(flag.Arg(1)); err == nil {
			err = bench(far, near, *only, *dump)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "aecbench:", err)
		os.Exit(1)
	}
}

// read gives 25 s at 16 kHz, over and over if the file is shorter.
func read(name string) ([]int16, error) {
	s, rate, err := wav.ReadFile(name)
	if err != nil {
		return nil, err
	}
	if rate != roomRate {
		s = audio.NewResampler(rate, roomRate).Append(nil, s)
	}
	for len(s) > 0 && len(s) < seconds*roomRate {
		s = append(s, s...)
	}
	if len(s) == 0 {
		return nil, fmt.Errorf("%s is empty", name)
	}
	return s[:seconds*roomRate], nil
}

// engine is one way to clean a microphone.
type engine struct {
	name string
	make func() (process.Processor, error)
}

func chain(steps ...func() (process.Processor, error)) func() (process.Processor, error) {
	return func() (process.Processor, error) {
		var c process.Chain
		for _, f := range steps {
			p, err := f()
			if err != nil {
				return nil, err
			}
			c = append(c, p)
		}
		return c, nil
	}
}

func speexdsp(c speex.Config) func() (process.Processor, error) {
	return func() (process.Processor, error) { return speex.New(c) }
}

func webrtc(c apm.Config) func() (process.Processor, error) {
	return func() (process.Processor, error) { return apm.New(c) }
}

func engines() []engine {
	linear := speexdsp(speex.Config{Linear: true, Tail: 256 * time.Millisecond})
	out := []engine{
		{"as built: " + handsfree.Engine, func() (process.Processor, error) { return handsfree.New(handsfree.Full) }},
		{"as built, soft", func() (process.Processor, error) { return handsfree.New(handsfree.Soft) }},
		{"as built, hard", func() (process.Processor, error) { return handsfree.New(handsfree.Hard) }},
		{"speexdsp linear", linear},
		{"speexdsp + preprocess", speexdsp(speex.Config{Tail: 256 * time.Millisecond, NoiseSuppression: 12})},
	}
	for _, level := range []struct {
		name string
		echo apm.Suppression
	}{{"gentle", apm.Gentle}, {"moderate", apm.Moderate}, {"hard", apm.Hard}} {
		a := apm.Config{Echo: level.echo, ExtendedFilter: true, HighPass: true}
		out = append(out, engine{"apm " + level.name, webrtc(a)})
		ns := a
		ns.Noise = 2
		agnostic := ns
		agnostic.DelayAgnostic = true
		out = append(out,
			engine{"apm " + level.name + " ns", webrtc(ns)},
			engine{"apm " + level.name + " ns agnostic", webrtc(agnostic)},
			engine{"speexdsp linear, apm " + level.name, chain(linear, webrtc(a))},
			engine{"speexdsp linear, apm " + level.name + " ns", chain(linear, webrtc(ns))},
		)
	}
	return out
}

func bench(far, near []int16, only, dump string) error {
	fmt.Printf("%-46s %-20s %-20s %-18s %s\n", "engine", "ERLE linear", "ERLE distorting", "double talk", "cpu")
	fmt.Printf("%-46s %-20s %-20s %-18s %s\n", "", "1-4/5-10/15-24 s", "1-4/5-10/15-24 s", "corr / level", "µs a frame")
	up := func(s []int16) []int16 { return audio.NewResampler(roomRate, audio.Rate).Append(nil, s) }
	echo, harsh := room(far, false), room(far, true)
	both := add(echo, near)
	far48, echo48, harsh48, both48 := up(far), up(echo), up(harsh), up(both)
	for _, e := range engines() {
		if !strings.Contains(e.name, only) {
			continue
		}
		a, took, err := run(e, echo48, far48)
		if err != nil {
			return fmt.Errorf("%s: %w", e.name, err)
		}
		b, _, err := run(e, harsh48, far48)
		if err != nil {
			return fmt.Errorf("%s: %w", e.name, err)
		}
		c, _, err := run(e, both48, far48)
		if err != nil {
			return fmt.Errorf("%s: %w", e.name, err)
		}
		corr, level := nearness(near, c)
		fmt.Printf("%-46s %-20s %-20s %.2f / %+.1f dB     %d\n", e.name, erle(echo, a), erle(harsh, b), corr, level, took.Microseconds())
		if dump != "" {
			if err := wav.WriteFile(dump+strings.ReplaceAll(e.name, " ", "-")+".wav", c, roomRate); err != nil {
				return err
			}
		}
	}
	return nil
}

// run gives what an engine makes of mic, at the room's rate, and the time that
// a frame took.
func run(e engine, mic, far []int16) ([]int16, time.Duration, error) {
	p, err := e.make()
	if err != nil {
		return nil, 0, err
	}
	defer p.Close()
	p.SetDelay(delay * audio.Rate / roomRate)
	out := append([]int16(nil), mic...)
	start, frames := time.Now(), 0
	for i := 0; i+audio.FrameLen <= len(out); i += audio.FrameLen {
		p.Process(out[i:i+audio.FrameLen], far[i:i+audio.FrameLen])
		frames++
	}
	took := time.Since(start) / time.Duration(frames)
	return audio.NewResampler(audio.Rate, roomRate).Append(nil, out), took, nil
}

const (
	roomRate = 16000
	seconds  = 25
	delay    = roomRate * 60 / 1000
	tail     = roomRate / 5
	decay    = 0.25 // seconds to fall by 60 dB
)

// room is the way from the loudspeaker to the microphone; one that distorts
// bends the sound like a small loudspeaker at its limit.
func room(far []int16, distorts bool) []int16 {
	rnd := noise(12345)
	h := make([]float64, tail)
	power := 0.0
	for i := range h {
		h[i] = 1
		if i > 0 {
			h[i] = 2 * rnd()
		}
		h[i] *= math.Exp(-6.9 * float64(i) / (decay * roomRate))
		power += h[i] * h[i]
	}
	x := make([]float64, len(far))
	for i, v := range far {
		x[i] = float64(v)
		if distorts {
			x[i] = math.Tanh(x[i]/32768*2) / 2 * 32768
		}
	}
	out := make([]int16, len(far))
	for i := range out {
		sum := 0.0
		for k := 0; k < tail && i-delay-k >= 0; k++ {
			sum += h[k] * x[i-delay-k]
		}
		out[i] = sample(sum/math.Sqrt(power) + 6*rnd())
	}
	return out
}

// noise is the same for everybody who measures: -0.5 to 0.5.
func noise(seed uint32) func() float64 {
	return func() float64 {
		seed = seed*1664525 + 1013904223
		return float64(seed>>8)/16777216 - 0.5
	}
}

func sample(v float64) int16 { return int16(max(-32768, min(32767, v))) }

func add(a, b []int16) []int16 {
	out := make([]int16, len(a))
	for i := range a {
		out[i] = sample(float64(a[i]) + float64(b[i]))
	}
	return out
}

// erle is in dB, over three stretches of the call.
func erle(echo, out []int16) string {
	words := []string{}
	for _, w := range [][2]int{{1, 4}, {5, 10}, {15, 24}} {
		m, o := 0.0, 0.0
		for i := w[0] * roomRate; i < w[1]*roomRate && i < len(out); i++ {
			m += float64(echo[i]) * float64(echo[i])
			o += float64(out[i]) * float64(out[i])
		}
		words = append(words, fmt.Sprintf("%.1f", 10*math.Log10(m/(o+1))))
	}
	return strings.Join(words, " / ")
}

// nearness is how alike our voice and what is left of it are, and how much
// quieter it has become where it alone could be measured: by its share of out.
func nearness(near, out []int16) (corr, level float64) {
	const from = 5 * roomRate
	nn := 0.0
	for _, v := range near[from : len(near)-2000] {
		nn += float64(v) * float64(v)
	}
	best := 0.0
	for lag := -400; lag < 1200; lag++ {
		xy, yy := 0.0, 0.0
		for i := from; i < len(near)-2000 && i+lag < len(out); i++ {
			x, y := float64(near[i]), float64(out[i+lag])
			xy, yy = xy+x*y, yy+y*y
		}
		if c := xy / math.Sqrt(nn*yy+1); c > corr {
			corr, best = c, yy
		}
	}
	return corr, 10 * math.Log10(best/nn)
}
