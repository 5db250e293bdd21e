package audio

import (
	"math"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestRingKeepsOrderBetweenThreads(t *testing.T) {
	r := NewRing(1000)
	const total = 50000
	var wg sync.WaitGroup
	wg.Go(func() {
		buf := make([]int16, 331)
		for n := 0; n < total; {
			k := min(len(buf), total-n)
			for i := range k {
				buf[i] = int16(n + i)
			}
			n += r.Write(buf[:k])
		}
	})
	buf := make([]int16, 457)
	for n := 0; n < total; {
		k := r.Read(buf)
		for i := range k {
			if buf[i] != int16(n+i) {
				t.Fatalf("sample %d is %d", n+i, buf[i])
			}
		}
		n += k
	}
	wg.Wait()
	if r.Len() != 0 || r.Cap() != 1024 {
		t.Errorf("%d of %d samples are left", r.Len(), r.Cap())
	}
	r.Write(make([]int16, 2000))
	if r.Len() != 1024 || r.Skip(1000) != 1000 || r.Skip(1000) != 24 {
		t.Error("a full ring is not full")
	}
}

func TestElasticIsExactOnOneClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := NewElastic()
		in, out := make([]int16, FrameLen), make([]int16, FrameLen)
		n := int16(0)
		for round := range 2000 {
			for i := range in {
				in[i] = n
				n++
			}
			e.Write(in)
			if !e.Read(out) {
				t.Fatal("nothing came")
			}
			if round > 0 && !slices.Equal(in, out) {
				t.Fatalf("round %d: samples were changed", round)
			}
			time.Sleep(FrameTime)
		}
		if s := e.Stats(); s != (ElasticStats{}) {
			t.Errorf("%+v", s)
		}
	})
}

// A writer with jitter of up to 8 ms: the reader starves at first, then no more.
func TestElasticLearnsTheJitter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := NewElastic()
		quit := make(chan struct{})
		go func() {
			in := make([]int16, FrameLen)
			start := time.Now()
			for n := 1; ; n++ {
				late := time.Duration(n*7919%8) * time.Millisecond
				if n < 100 {
					late = 0 // calm at first: the reader begins with no reserve
				}
				select {
				case <-time.After(time.Until(start.Add(time.Duration(n)*FrameTime + late))):
					e.Write(in)
				case <-quit:
					return
				}
			}
		}()
		out := make([]int16, FrameLen)
		time.Sleep(time.Millisecond)
		var early uint64
		for n := range 6000 {
			if e.Read(out); n == 500 {
				early = e.Stats().Underruns
			}
			time.Sleep(FrameTime)
		}
		close(quit)
		s := e.Stats()
		t.Logf("%d underruns in 5 s, then %+v", early, s)
		if early == 0 {
			t.Error("the jitter was not felt: this tests nothing")
		}
		if s.Underruns != early {
			t.Errorf("%d underruns after it had learned", s.Underruns-early)
		}
		if s.Level > 3*FrameLen {
			t.Errorf("%d samples of delay for 8 ms of jitter", s.Level)
		}
	})
}

func TestElasticOverrun(t *testing.T) {
	e := NewElastic()
	in, out := make([]int16, FrameLen), make([]int16, FrameLen)
	e.Write(in)
	e.Read(out)
	for range 40 {
		e.Write(in)
	}
	e.Read(out)
	if s := e.Stats(); s.Overruns == 0 || s.Level > 2*FrameLen {
		t.Errorf("what piled up was not thrown away: %+v", s)
	}
	e.Reset()
	if e.Read(out) {
		t.Error("sound after a reset")
	}
}

// step is the biggest change from sample to sample.
func step(s []int16) int {
	m := 0
	for i := 1; i < len(s); i++ {
		m = max(m, abs(int(s[i])-int(s[i-1])))
	}
	return m
}

func constant(v int16) []int16 { return slices.Repeat([]int16{v}, FrameLen) }

func TestGainGlides(t *testing.T) {
	g := NewGain(1)
	var all []int16
	for _, target := range []float32{1, 0.5, 0, 0, 1, 2} {
		g.Set(target)
		f := constant(10000)
		g.Apply(f)
		all = append(all, f...)
		if want := int16(10000 * target); f[FrameLen-1] != want {
			t.Errorf("after a frame at %v: %d, want %d", target, f[FrameLen-1], want)
		}
	}
	if s := step(all); s > 10000/RampLen+1 {
		t.Errorf("a step of %d is a click", s)
	}
	if g.Set(0); g.Silent() {
		t.Error("silent before it glided")
	}
	f := constant(30000)
	g.Apply(f)
	if slices.Max(f) != 32767 {
		t.Error("twice 30000 does not saturate")
	}
}

func TestMixerJoinsAndLeavesSoftly(t *testing.T) {
	var m Mixer
	var a, b Input
	var all []int16
	out := make([]int16, FrameLen)
	frame := func(f func()) {
		m.Clear()
		f()
		m.Mix(out)
		all = append(all, out...)
	}
	a.Set(1)
	for i := range 8 {
		frame(func() {
			m.Add(&a, constant(8000))
			switch {
			case i >= 2 && i < 5:
				b.Set(0.5)
				m.Add(&b, constant(8000))
			case i == 5:
				m.Break(&b) // it vanished
			}
		})
	}
	a.Set(0)
	frame(func() { m.Add(&a, constant(8000)) })
	frame(func() { m.Add(&a, constant(8000)) })
	if all[3*FrameLen] < 8000 || all[4*FrameLen] != 12000 || all[7*FrameLen] != 8000 || all[len(all)-1] != 0 {
		t.Errorf("the mix is wrong: %d %d %d %d", all[3*FrameLen], all[4*FrameLen], all[7*FrameLen], all[len(all)-1])
	}
	if s := step(all); s > 8000/RampLen+1 {
		t.Errorf("a step of %d is a click", s)
	}
	if !a.Silent() || !b.Silent() {
		t.Error("an input that left is not silent")
	}
	one, two := UnityInput(), UnityInput()
	frame(func() { m.Add(&one, constant(30000)); m.Add(&two, constant(30000)) })
	if out[0] != 32767 {
		t.Errorf("30000 + 30000 = %d", out[0])
	}
}

func TestLimiter(t *testing.T) {
	l := Limiter{Ceiling: 8000}
	for _, amp := range []float64{2000, 30000, 30000, 2000} {
		f := sine(FrameLen, 1000, amp, Rate)
		l.Apply(f)
		if m := max(abs(int(slices.Max(f))), abs(int(slices.Min(f)))); m > 8000 {
			t.Errorf("a peak of %d at amplitude %v", m, amp)
		}
	}
	for range 30 {
		l.Apply(sine(FrameLen, 1000, 2000, Rate))
	}
	f := sine(FrameLen, 1000, 2000, Rate)
	l.Apply(f)
	if m := slices.Max(f); m < 1990 {
		t.Errorf("0.3 s after the shock a quiet tone has amplitude %d", m)
	}
	free := Limiter{}
	f = sine(FrameLen, 1000, 30000, Rate)
	free.Apply(f)
	if slices.Max(f) < 29990 {
		t.Error("no ceiling limits")
	}
	// The wave is scaled, not clipped: after the attack there are no harmonics.
	l = Limiter{Ceiling: 8000}
	var all []int16
	for range 20 {
		f := sine(FrameLen, 1000, 30000, Rate)
		l.Apply(f)
		all = append(all, f...)
	}
	all = all[FrameLen:]
	if at, total := tonePower(all, 1000, Rate); db((total-at)/at) > -60 {
		t.Errorf("distortion of %.1f dB", db((total-at)/at))
	}
}

func TestMeter(t *testing.T) {
	var m Meter
	if m.DB() != -120 || m.Level() != 0 {
		t.Errorf("a new meter shows %v dB", m.DB())
	}
	m.Frame(sine(FrameLen, 1000, 32767, Rate))
	if d := m.DB(); math.Abs(d+3) > 0.1 || m.Level() != 1 || m.Peak() < 32700 {
		t.Errorf("a full sine shows %.1f dB, peak %d", d, m.Peak())
	}
	for range 30 {
		m.Frame(make([]int16, FrameLen))
	}
	if d := m.DB(); d > -14 || d < -17 {
		t.Errorf("300 ms later it shows %.1f dB, want about -15", d)
	}
	m.Silence()
	if m.DB() != -120 || m.Peak() != 0 {
		t.Error("silence is not silent")
	}
}

func TestLoopPlayer(t *testing.T) {
	sound := make([]int16, 700)
	for i := range sound {
		sound[i] = int16(i)
	}
	var p LoopPlayer
	f := make([]int16, FrameLen)
	if p.ReadFrame(f) {
		t.Error("a new player plays")
	}
	p.Play(sound)
	var got []int16
	for range 10 {
		p.ReadFrame(f)
		got = append(got, f...)
	}
	if !slices.Equal(got, slices.Repeat(sound, 7)[:len(got)]) {
		t.Error("it does not go round")
	}
	p.Play(nil)
	if !p.ReadFrame(f) || p.ReadFrame(f) {
		t.Error("it does not fade in one frame")
	}
}
