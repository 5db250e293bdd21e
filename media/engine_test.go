package media

import (
	"errors"
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"phoned/internal/health"
	"phoned/media/audio"
	"phoned/media/device"
)

// fakePort says a tone and keeps what it hears.
type fakePort struct {
	freq  float64
	phase float64

	mu    sync.Mutex
	heard []int16
	reads int
}

func (p *fakePort) ReadFrame(dst []int16) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reads++
	if p.freq == 0 {
		clear(dst)
		return false
	}
	for i := range dst {
		dst[i] = int16(6000 * math.Sin(p.phase))
		p.phase += 2 * math.Pi * p.freq / audio.Rate
	}
	return true
}

func (p *fakePort) WriteFrame(src []int16) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.heard = append(p.heard, src...)
}

// take gives what was heard since the last take.
func (p *fakePort) take() []int16 {
	p.mu.Lock()
	defer p.mu.Unlock()
	h := p.heard
	p.heard = nil
	return h
}

func abs(v int16) int16 { return max(v, -v) }

// amp is the amplitude of freq in s.
func amp(s []int16, freq float64) float64 {
	var re, im float64
	for i, v := range s {
		a := 2 * math.Pi * freq * float64(i) / audio.Rate
		re += float64(v) * math.Cos(a)
		im += float64(v) * math.Sin(a)
	}
	if len(s) == 0 {
		return 0
	}
	return 2 * math.Hypot(re, im) / float64(len(s))
}

// toneMic is a microphone that hears a tone.
type toneMic struct{ p fakePort }

func newToneMic(freq float64) *toneMic        { return &toneMic{fakePort{freq: freq}} }
func (m *toneMic) ReadFrame(dst []int16) bool { return m.p.ReadFrame(dst) }
func startEngine(t *testing.T, cfg EngineConfig) *Engine {
	t.Helper()
	e, err := NewEngine(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

func apply(t *testing.T, e *Engine, p Plan) {
	t.Helper()
	if err := e.Apply(p); err != nil {
		t.Fatal(err)
	}
}

func TestEngineConnectsCallAndCard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ear := &fakePort{}
		e := startEngine(t, EngineConfig{Devices: device.NewCard("card", newToneMic(1000), ear)})
		call := &fakePort{freq: 700}
		e.AddPort(call)
		apply(t, e, Plan{Path: PathHandset, Mic: call, Listen: []Port{call}})
		time.Sleep(500 * time.Millisecond)
		call.take()
		ear.take()
		time.Sleep(time.Second)
		if a := amp(call.take(), 1000); math.Abs(a-6000) > 100 {
			t.Errorf("the far end hears our 1000 Hz with amplitude %.0f", a)
		}
		if a := amp(ear.take(), 700); math.Abs(a-6000) > 100 {
			t.Errorf("we hear their 700 Hz with amplitude %.0f", a)
		}
		if s := e.Stats(); s.Microphone == nil || s.Microphone.Joint.Underruns != 0 || s.Microphone.Joint.Inserted+s.Microphone.Joint.Dropped != 0 {
			t.Errorf("on one clock nothing may be corrected: %+v", s.Microphone)
		}
	})
}

func TestEngineMutesWithTheNextFrame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startEngine(t, EngineConfig{Devices: device.NewCard("card", newToneMic(1000), nil)})
		call := &fakePort{}
		e.AddPort(call)
		p := Plan{Path: PathHandset, Mic: call, Listen: []Port{call}}
		apply(t, e, p)
		time.Sleep(505 * time.Millisecond)
		p.Muted = true
		apply(t, e, p)
		call.take()
		time.Sleep(200 * time.Millisecond)
		got := call.take()
		if len(got) != 20*audio.FrameLen {
			t.Errorf("%d samples in 200 ms of mute: frames must go on", len(got))
		}
		for i, v := range got {
			if i >= audio.RampLen && v != 0 {
				t.Fatal("a muted microphone is heard")
			}
			if i > 0 && abs(v-got[i-1]) > abs(got[0])/audio.RampLen+1 {
				t.Fatal("muting clicks, or some of the room goes out after it")
			}
		}
		if e.Levels().Microphone < 0.5 {
			t.Error("the meter must show that the muted user speaks")
		}
	})
}

func TestEngineConference(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startEngine(t, EngineConfig{Devices: device.NewCard("card", newToneMic(1000), nil)})
		a, b, other := &fakePort{freq: 500}, &fakePort{freq: 700}, &fakePort{freq: 900}
		for _, p := range []*fakePort{a, b, other} {
			e.AddPort(p)
		}
		apply(t, e, Plan{Path: PathHandset, Listen: []Port{a, b}, Conference: true})
		time.Sleep(500 * time.Millisecond)
		for _, p := range []*fakePort{a, b, other} {
			p.take()
		}
		time.Sleep(time.Second)
		for _, c := range []struct {
			name string
			port *fakePort
			want map[float64]float64
		}{
			{"a", a, map[float64]float64{500: 0, 700: 6000, 900: 0, 1000: 6000}},
			{"b", b, map[float64]float64{500: 6000, 700: 0, 900: 0, 1000: 6000}},
			{"the held call", other, map[float64]float64{500: 0, 700: 0, 900: 0, 1000: 0}},
		} {
			got := c.port.take()
			for f, want := range c.want {
				if x := amp(got, f); math.Abs(x-want) > 100 {
					t.Errorf("%s hears %v Hz with amplitude %.0f, want %.0f", c.name, f, x, want)
				}
			}
		}
	})
}

// Tones are local: they sound on the path, 10 dB lower under speech, and no
// port ever hears them.
func TestEngineTonesStayLocal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ear := &fakePort{}
		e := startEngine(t, EngineConfig{Devices: device.NewCard("card", nil, ear)})
		call := &fakePort{}
		e.AddPort(call)
		apply(t, e, Plan{Path: PathHandset, Tone: audio.ToneDial})
		time.Sleep(500 * time.Millisecond)
		ear.take()
		time.Sleep(time.Second)
		alone := amp(ear.take(), 440)
		if alone < 1000 {
			t.Fatalf("dial tone has amplitude %.0f", alone)
		}
		apply(t, e, Plan{Path: PathHandset, Mic: call, Listen: []Port{call}, Tone: audio.ToneDial})
		time.Sleep(500 * time.Millisecond)
		ear.take()
		time.Sleep(time.Second)
		if d := 20 * math.Log10(amp(ear.take(), 440)/alone); math.Abs(d+10) > 0.5 {
			t.Errorf("under speech the tone is %+.1f dB, want -10", d)
		}
		e.PlayDigit('5')
		time.Sleep(time.Second)
		for _, v := range call.take() {
			if v != 0 {
				t.Fatal("the far end hears our tones")
			}
		}
		if a := amp(ear.take()[:audio.Rate/20], 770); a < 200 {
			t.Errorf("no echo of the digit: %.0f", a)
		}
	})
}

func TestEngineRings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ear := &fakePort{}
		e := startEngine(t, EngineConfig{Devices: device.NewCard("card", nil, ear)})
		apply(t, e, Plan{Ring: Ring{On: true}})
		time.Sleep(3 * time.Second)
		loud := energy(ear.take())
		if loud < 1e9 {
			t.Fatalf("the ringer's energy is %g", loud)
		}
		apply(t, e, Plan{Ring: Ring{On: true, Soft: true}})
		time.Sleep(5 * time.Second)
		apply(t, e, Plan{})
		time.Sleep(50 * time.Millisecond)
		ear.take()
		time.Sleep(3 * time.Second)
		if x := energy(ear.take()); x != 0 {
			t.Errorf("it rings on with energy %g", x)
		}
		e.Beep(audio.ToneConfirm)
		time.Sleep(3 * time.Second)
		if x := energy(ear.take()); x == 0 {
			t.Error("no beep on the ringer")
		}
		if s := e.Stats(); len(s.Speakers) != 0 {
			t.Errorf("the ringer stays open: %+v", s.Speakers)
		}
	})
}

// Many melodies come and go; the phone's own stays ready.
func TestEngineKeepsMelodies(t *testing.T) {
	var c melodyCache
	c.prepare("marimba")
	for _, m := range append(audio.Melodies(), audio.Melodies()...) {
		c.get(m.Name)
		for name, ok := c.take(); ok; name, ok = c.take() {
			c.put(name, make([]int16, 1))
		}
		if c.get(m.Name) == nil || c.get("marimba") == nil || len(c.sounds) > maxMelodies {
			t.Fatalf("%s: %d melodies in the cache", m.Name, len(c.sounds))
		}
	}
}

func energy(s []int16) float64 {
	x := 0.0
	for _, v := range s {
		x += float64(v) * float64(v)
	}
	return x
}

func TestEngineRemovePort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startEngine(t, EngineConfig{Devices: device.NewNull()})
		call := &fakePort{freq: 500}
		e.AddPort(call)
		e.AddPort(call)
		apply(t, e, Plan{Path: PathSpeaker, Mic: call, Listen: []Port{call}})
		time.Sleep(time.Second)
		e.RemovePort(call)
		n := call.reads
		if n < 90 || n > 101 {
			t.Errorf("the port was read %d times in a second", n)
		}
		time.Sleep(time.Second)
		if call.reads != n {
			t.Error("a removed port is still read")
		}
		if err := e.Apply(Plan{Mic: call}); !errors.Is(err, ErrUnknownPort) {
			t.Errorf("a plan with a removed port: %v", err)
		}
		e.Close()
		if err := e.Apply(Plan{}); !errors.Is(err, ErrEngineClosed) {
			t.Errorf("apply after close: %v", err)
		}
	})
}

// A held call with no path still has its time: its port is pulled by a silent
// clock.
func TestEngineKeepsTimeWithoutAPath(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startEngine(t, EngineConfig{Devices: device.NewNull()})
		call := &fakePort{freq: 500}
		e.AddPort(call)
		time.Sleep(time.Second)
		if len(call.take()) < 99*audio.FrameLen {
			t.Error("a port without a path is not pulled")
		}
	})
}

// brokenDriver has no devices until it is mended.
type brokenDriver struct {
	mu   sync.Mutex
	card *device.Card
	err  error
}

func (d *brokenDriver) List() ([]device.Info, error) { return nil, nil }

func (d *brokenDriver) Open(dir device.Direction, id string) (device.Device, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err != nil {
		return nil, d.err
	}
	return d.card.Open(dir, id)
}

func TestEngineLivesWithoutADevice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ear := &fakePort{}
		d := &brokenDriver{card: device.NewCard("card", newToneMic(1000), ear), err: device.ErrNotFound}
		reg := health.NewRegistry(time.Now)
		e := startEngine(t, EngineConfig{Devices: d, Problems: reg})
		call := &fakePort{freq: 700}
		e.AddPort(call)
		apply(t, e, Plan{Path: PathHandset, Mic: call, Listen: []Port{call}})
		time.Sleep(time.Second)
		if got := len(call.take()); got < 95*audio.FrameLen {
			t.Errorf("without a sound card the call gets %d samples a second", got)
		}
		if l := reg.List(); len(l) != 2 || l[0].Code != problemCode {
			t.Errorf("problems: %+v", l)
		}
		d.mu.Lock()
		d.err = nil
		d.mu.Unlock()
		time.Sleep(2500 * time.Millisecond)
		if l := reg.List(); len(l) != 0 {
			t.Errorf("problems after the repair: %+v", l)
		}
		call.take()
		time.Sleep(time.Second)
		if a := amp(call.take(), 1000); a < 5900 {
			t.Errorf("after the repair the microphone has amplitude %.0f", a)
		}
	})
}
