package media_test

import (
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/rtp"

	"phoned/media"
	"phoned/media/audio"
	"phoned/media/codec/g722"
	"phoned/media/device"
	"phoned/media/mediatest"
	"phoned/media/stream"
)

// person is a port that says a sine of its own and records what it hears.
type person struct {
	hz    float64
	loud  float64
	phase float64
	recorder
}

func (p *person) ReadFrame(dst []int16) bool {
	for i := range dst {
		dst[i] = int16(p.loud * math.Sin(p.phase))
		p.phase += 2 * math.Pi * p.hz / audio.Rate
	}
	return true
}

// level is the amplitude of hz in s, in samples.
func level(s []int16, hz float64) float64 {
	re, im := 0.0, 0.0
	for i, v := range s {
		sin, cos := math.Sincos(2 * math.Pi * hz * float64(i) / audio.Rate)
		re, im = re+float64(v)*cos, im+float64(v)*sin
	}
	return 2 * math.Hypot(re, im) / float64(max(1, len(s)))
}

// steepest is the largest step that sines of these frequencies can make.
func steepest(loud float64, hz ...float64) float64 {
	sum := 0.0
	for _, f := range hz {
		sum += loud * 2 * math.Pi * f / audio.Rate
	}
	return sum
}

func confer(t *testing.T, e *media.Engine, muted bool, legs ...media.Port) {
	t.Helper()
	if err := e.Apply(media.Plan{Path: media.PathHandset, Listen: legs, Conference: true, Muted: muted}); err != nil {
		t.Fatal(err)
	}
}

// Three talk: each hears the other two and never itself, up to the top of what
// a wideband telephone carries.
func TestConferenceIsMixMinusAndWideband(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		us, ear := &person{hz: 440, loud: 6000}, &recorder{}
		a, b, held := &person{hz: 700, loud: 6000}, &person{hz: 7000, loud: 6000}, &person{hz: 900, loud: 6000}
		e := newEngine(t, media.EngineConfig{Devices: device.NewCard("card", us, ear)})
		for _, p := range []media.Port{a, b, held} {
			e.AddPort(p)
		}
		confer(t, e, false, a, b)
		time.Sleep(300 * time.Millisecond)
		for _, r := range []*recorder{&a.recorder, &b.recorder, &held.recorder, ear} {
			r.take()
		}
		time.Sleep(time.Second)
		for _, c := range []struct {
			name string
			got  []int16
			want map[float64]float64
		}{
			{"a", a.take(), map[float64]float64{440: 6000, 700: 0, 7000: 6000, 900: 0}},
			{"b", b.take(), map[float64]float64{440: 6000, 700: 6000, 7000: 0, 900: 0}},
			{"we", ear.take(), map[float64]float64{440: 0, 700: 6000, 7000: 6000, 900: 0}},
			{"the held call", held.take(), map[float64]float64{440: 0, 700: 0, 7000: 0, 900: 0}},
		} {
			for hz, want := range c.want {
				if got := level(c.got, hz); math.Abs(got-want) > 60 {
					t.Errorf("%s: %.0f Hz at %.0f, want %.0f", c.name, hz, got, want)
				}
			}
		}
	})
}

// A leg joins, is removed in the middle of a word, and the two that stay hear
// neither; muting ourselves leaves the legs connected.
func TestConferenceLegsComeAndGoWithoutAClick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		us, ear := &person{hz: 440, loud: 6000}, &recorder{}
		a, b := &person{hz: 300, loud: 6000}, &person{hz: 500, loud: 6000}
		e := newEngine(t, media.EngineConfig{Devices: device.NewCard("card", us, ear)})
		e.AddPort(a)
		if err := e.Apply(media.Plan{Path: media.PathHandset, Mic: a, Listen: []media.Port{a}}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(300 * time.Millisecond)
		a.take()
		ear.take()
		for i := range 6 {
			e.AddPort(b)
			confer(t, e, i == 3, a, b)
			time.Sleep(207 * time.Millisecond)
			if i%2 == 1 {
				e.RemovePort(b)
			}
			if err := e.Apply(media.Plan{Path: media.PathHandset, Mic: a, Listen: []media.Port{a}}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(103 * time.Millisecond)
		}
		// A sample that breaks off is ramped down in 5 ms: that is its step.
		ramp := 6000.0 / audio.RampLen
		if got, most := biggestStep(a.take()), steepest(6000, 440, 500)+2*ramp; got > most {
			t.Errorf("who stays hears a step of %.0f, want at most %.0f", got, most)
		}
		if got, most := biggestStep(ear.take()), steepest(6000, 300, 500)+2*ramp; got > most {
			t.Errorf("we hear a step of %.0f, want at most %.0f", got, most)
		}
		b.take()
		e.AddPort(b)
		confer(t, e, true, a, b)
		time.Sleep(100 * time.Millisecond)
		a.take()
		time.Sleep(time.Second)
		got := a.take()
		if ours, theirs := level(got, 440), level(got, 500); ours > 60 || math.Abs(theirs-6000) > 60 {
			t.Errorf("muted: a hears us at %.0f and b at %.0f", ours, theirs)
		}
	})
}

// Everybody shouts: the sums are brought down, not cut off.
func TestConferenceLimitsInsteadOfClipping(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ear := &recorder{}
		a, b := &person{hz: 310, loud: 30000}, &person{hz: 470, loud: 30000}
		c := &person{hz: 770, loud: 100}
		e := newEngine(t, media.EngineConfig{Devices: device.NewCard("card", nil, ear)})
		for _, p := range []media.Port{a, b, c} {
			e.AddPort(p)
		}
		confer(t, e, false, a, b, c)
		time.Sleep(500 * time.Millisecond)
		c.take()
		ear.take()
		time.Sleep(time.Second)
		for name, got := range map[string][]int16{"a leg": c.take(), "we": ear.take()} {
			// What clipping would add: the third-order products of the two.
			spur := max(level(got, 2*310-470), level(got, 2*470-310), level(got, 3*310))
			main := level(got, 310)
			t.Logf("%s: fundamental %.0f, worst product %.0f (%.1f dB)", name, main, spur, 20*math.Log10(spur/main))
			if main < 9000 {
				t.Errorf("%s hears too little: %.0f", name, main)
			}
			if spur > main*0.02 {
				t.Errorf("%s hears distortion of %.1f dB", name, 20*math.Log10(spur/main))
			}
		}
	})
}

// A recording of the conversation has everybody in it, once.
func TestConferenceIsRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		us := &person{hz: 440, loud: 6000}
		a, b := &person{hz: 700, loud: 6000}, &person{hz: 1500, loud: 6000}
		e := newEngine(t, media.EngineConfig{Devices: device.NewCard("card", us, nil)})
		e.AddPort(a)
		e.AddPort(b)
		confer(t, e, false, a, b)
		time.Sleep(300 * time.Millisecond)
		var rec recorder
		stop, err := e.Tap(media.TapConversation, &rec)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		got := rec.take()
		for _, hz := range []float64{440, 700, 1500} {
			if l := level(got, hz); math.Abs(l-6000) > 120 {
				t.Errorf("%.0f Hz at %.0f in the recording", hz, l)
			}
		}
	})
}

// party is a far end with a clock of its own behind a Stream: it says a sine in
// G.722 packets every 20 ms of its own time, and keeps what it is sent.
type party struct {
	*stream.Stream
	mu   sync.Mutex
	dec  *g722.Decoder
	sent []int16
}

func (p *party) WriteRTP(_ *rtp.Header, payload []byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var err error
	p.sent, err = p.dec.Decode(p.sent, payload)
	return err
}

func (p *party) talk(hz float64, ppm int, stop <-chan struct{}) {
	enc := g722.NewEncoder()
	period := 20*time.Millisecond + 20*time.Duration(ppm)*time.Nanosecond
	phase, h := 0.0, rtp.Header{Version: 2, PayloadType: 9, SSRC: 7}
	pcm := make([]int16, 320)
	for next := time.Now(); ; {
		for i := range pcm {
			pcm[i] = int16(6000 * math.Sin(phase))
			phase += 2 * math.Pi * hz / 16000
		}
		payload, err := enc.Encode(nil, pcm)
		if err != nil {
			panic(err)
		}
		b, err := (&rtp.Packet{Header: h, Payload: payload}).Marshal()
		if err != nil {
			panic(err)
		}
		p.Receive(b)
		h.SequenceNumber++
		h.Timestamp += 160
		next = next.Add(period)
		select {
		case <-time.After(time.Until(next)):
		case <-stop:
			return
		}
	}
}

// Two far ends whose clocks differ from ours, one fast and one slow, for a
// minute: both are heard by each other all the time.
func TestConferenceLegsKeepTheirOwnClocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEngine(t, media.EngineConfig{Devices: device.NewCard("card", nil, nil)})
		stop := make(chan struct{})
		var talking sync.WaitGroup
		parties := [2]*party{}
		for i := range parties {
			p := &party{Stream: stream.New(stream.Config{}), dec: g722.NewDecoder()}
			f := stream.Format{Name: "G722", Type: 9, ClockRate: 8000}
			if err := p.SetFormats(stream.Formats{Send: f, Recv: []stream.Format{f}}); err != nil {
				t.Fatal(err)
			}
			p.SetWriter(p)
			p.SetGates(stream.GateOpen, true)
			e.AddPort(p)
			parties[i] = p
			talking.Go(func() { p.talk([]float64{400, 1100}[i], []int{300, -300}[i], stop) })
		}
		confer(t, e, false, parties[0], parties[1])
		time.Sleep(time.Minute)
		for i, p := range parties {
			p.mu.Lock()
			sent := p.sent[len(p.sent)-40*16000:]
			p.mu.Unlock()
			// What i hears is the other's tone, never gone for 100 ms.
			for at := 0; at+1600 <= len(sent); at += 1600 {
				if db := mediatest.RMS(sent[at : at+1600]); db < -20 {
					t.Errorf("party %d: the other is at %.0f dBFS at %d ms", i, db, at/16)
					break
				}
			}
			if s := p.Stats(); s.Late > 0 || s.Delay > 120*time.Millisecond {
				t.Errorf("party %d: %d late, delay %v", i, s.Late, s.Delay)
			}
			t.Logf("party %d: delay %v, concealed %d", i, p.Stats().Delay, p.Stats().Concealed)
		}
		close(stop)
		talking.Wait()
		for _, p := range parties {
			e.RemovePort(p)
			p.Close()
		}
	})
}
