package media_test

import (
	"io"
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"phoned/media"
	"phoned/media/audio"
	"phoned/media/audio/wav"
	"phoned/media/device"
	"phoned/media/mediatest"
	"phoned/media/mediatest/sentence"
)

// recorder keeps what it is given.
type recorder struct {
	mu      sync.Mutex
	samples []int16
}

func (r *recorder) WriteFrame(src []int16) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.samples = append(r.samples, src...)
}

func (r *recorder) take() []int16 {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.samples
	r.samples = nil
	return s
}

// speakingPort says the sentence and records what it hears.
type speakingPort struct {
	*sentence.Speaker
	recorder
}

func newEngine(t *testing.T, cfg media.EngineConfig) *media.Engine {
	t.Helper()
	e, err := media.NewEngine(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

func connect(t *testing.T, e *media.Engine, path media.Path, p media.Port) {
	t.Helper()
	e.AddPort(p)
	if err := e.Apply(media.Plan{Path: path, Mic: p, Listen: []media.Port{p}}); err != nil {
		t.Fatal(err)
	}
}

// The far end says a sentence, the loop card gives it back to the microphone:
// what comes back is the sentence, one device period later and no sample
// different.
func TestEngineRoundTripOnTheLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEngine(t, media.EngineConfig{Devices: device.NewLoop()})
		p := &speakingPort{Speaker: sentence.NewSpeaker(false)}
		connect(t, e, media.PathHandset, p)
		time.Sleep(8 * time.Second)
		corr, delay := mediatest.Correlate(sentence.GraphSamples(), p.take())
		t.Logf("round trip %v, correlation %.4f", delay, corr)
		if corr < 0.999 {
			t.Errorf("correlation %.4f", corr)
		}
		if delay != 10*time.Millisecond {
			t.Errorf("round trip %v, want one period of 10 ms", delay)
		}
	})
}

// ppmCard is two cards in one: a loudspeaker on the true clock, and a
// microphone whose clock is off.
type ppmDriver struct {
	speaker *device.Card
	mic     *ppmMic
}

func (d ppmDriver) List() ([]device.Info, error) { return nil, nil }
func (d ppmDriver) Open(dir device.Direction, id string) (device.Device, error) {
	if dir == device.Playback {
		return d.speaker.Open(dir, id)
	}
	return d.mic, nil
}

// ppmMic is a microphone with a period of its own.
type ppmMic struct {
	period time.Duration
	source audio.Source
	stop   chan struct{}
	ended  sync.WaitGroup
}

func (m *ppmMic) Start(f device.Callback) error {
	stop := make(chan struct{})
	m.stop = stop
	m.ended.Go(func() {
		frame := make([]int16, audio.FrameLen)
		for next := time.Now(); ; {
			next = next.Add(m.period)
			select {
			case <-time.After(time.Until(next)):
			case <-stop:
				return
			}
			m.source.ReadFrame(frame)
			f(frame)
		}
	})
	return nil
}

func (m *ppmMic) Stop() error {
	if m.stop != nil {
		close(m.stop)
		m.stop = nil
	}
	m.ended.Wait()
	return nil
}
func (m *ppmMic) Close() error           { return m.Stop() }
func (m *ppmMic) Latency() time.Duration { return 0 }
func (m *ppmMic) Lost() <-chan struct{}  { return nil }
func (m *ppmMic) Stats() device.Stats    { return device.Stats{} }

// sineSource is an endless sine.
type sineSource struct{ phase float64 }

func (s *sineSource) ReadFrame(dst []int16) bool {
	for i := range dst {
		dst[i] = int16(10000 * math.Sin(s.phase))
		s.phase += 2 * math.Pi * 400 / audio.Rate
	}
	return true
}

// Two clocks that differ by 300 ppm (three times what sound cards do) must not be
// heard: no gaps, no clicks, a steady delay.
func TestEngineAbsorbsDrift(t *testing.T) {
	for name, period := range map[string]time.Duration{
		"microphone fast": 10*time.Millisecond - 3*time.Microsecond,
		"microphone slow": 10*time.Millisecond + 3*time.Microsecond,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				speaker := device.NewNull()
				e := newEngine(t, media.EngineConfig{Devices: ppmDriver{speaker, &ppmMic{period: period, source: &sineSource{}}}})
				p := &speakingPort{Speaker: sentence.NewSpeaker(true)}
				connect(t, e, media.PathHandset, p)
				time.Sleep(time.Minute) // the joint learns its reserve
				p.take()
				before := e.Stats().Microphone.Joint
				time.Sleep(time.Minute)
				got := p.take()
				after := e.Stats().Microphone.Joint
				t.Logf("before %+v, after %+v", before, after)
				if after.Underruns != before.Underruns || after.Overruns != before.Overruns {
					t.Error("a gap was heard")
				}
				if moved := after.Dropped + after.Inserted - before.Dropped - before.Inserted; moved < 500 || moved > 1300 {
					t.Errorf("%d samples corrected in a minute at 300 ppm, want about 860", moved)
				}
				if after.Level > 3*audio.FrameLen {
					t.Errorf("%d samples wait", after.Level)
				}
				// A sine of 400 Hz never changes by more than this a sample.
				if j := biggestStep(got); j > 10000*2*math.Pi*400/audio.Rate*1.1 {
					t.Errorf("a step of %.0f is a click", j)
				}
			})
		})
	}
}

func biggestStep(s []int16) float64 {
	m := 0.0
	for i := 1; i < len(s); i++ {
		m = max(m, math.Abs(float64(s[i])-float64(s[i-1])))
	}
	return m
}

// Changing the path in a call: the new loudspeaker sounds before the old one is
// closed, neither clicks, and the call never misses a frame.
func TestEngineSwapsPathsWithoutAClick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ears [2]recorder
		cards := device.Mux{Named: map[string]device.Driver{
			"a": device.NewCard("a", &sineSource{}, &ears[0]),
			"b": device.NewCard("b", &sineSource{}, &ears[1]),
		}}
		e := newEngine(t, media.EngineConfig{Devices: cards, Paths: map[media.Path]media.Endpoint{
			media.PathHandset: {Speaker: "a", Microphone: "a"},
			media.PathSpeaker: {Speaker: "b", Microphone: "b"},
		}})
		p := &struct {
			sineSource
			recorder
		}{}
		connect(t, e, media.PathHandset, p)
		time.Sleep(500 * time.Millisecond)
		p.take()
		for range 4 {
			for _, path := range []media.Path{media.PathSpeaker, media.PathHandset} {
				if err := e.Apply(media.Plan{Path: path, Mic: p, Listen: []media.Port{p}}); err != nil {
					t.Fatal(err)
				}
				time.Sleep(333 * time.Millisecond)
			}
		}
		limit := 10000 * 2 * math.Pi * 400 / audio.Rate * 1.5
		for i := range ears {
			s := ears[i].take()
			if j := biggestStep(s); j > limit {
				t.Errorf("loudspeaker %d: a step of %.0f is a click", i, j)
			}
			if mediatest.RMS(s) < -30 {
				t.Errorf("loudspeaker %d was hardly heard", i)
			}
		}
		s := p.take()
		if j := biggestStep(s); j > limit {
			t.Errorf("the far end hears a step of %.0f", j)
		}
		if want := int(8 * 333 * time.Millisecond / audio.FrameTime); len(s)/audio.FrameLen < want-3 || len(s)/audio.FrameLen > want+8 {
			t.Errorf("the call got %d frames, want about %d", len(s)/audio.FrameLen, want)
		}
		time.Sleep(2 * time.Second)
		if s := e.Stats(); len(s.Speakers) != 1 || s.Speakers[0].ID != "a" {
			t.Errorf("open loudspeakers: %+v", s.Speakers)
		}
	})
}

func TestEngineGroupListening(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ears [2]recorder
		cards := device.Mux{Named: map[string]device.Driver{
			"a": device.NewCard("a", &sineSource{}, &ears[0]), "b": device.NewCard("b", nil, &ears[1]),
		}}
		e := newEngine(t, media.EngineConfig{Devices: cards, Paths: map[media.Path]media.Endpoint{
			media.PathHandset: {Speaker: "a", Microphone: "a"}, media.PathSpeaker: {Speaker: "b", Microphone: "b"},
		}})
		p := &speakingPort{Speaker: sentence.NewSpeaker(false)}
		connect(t, e, media.PathGroup, p)
		time.Sleep(8 * time.Second)
		for i := range ears {
			corr, _ := mediatest.Correlate(sentence.GraphSamples(), ears[i].take())
			t.Logf("loudspeaker %d: correlation %.4f, %+v", i, corr, e.Stats().Speakers[i].Joint)
			if corr < 0.95 { // the joint may stretch a little
				t.Errorf("loudspeaker %d: correlation %.3f", i, corr)
			}
		}
		if mediatest.RMS(p.take()) < -20 {
			t.Error("the handset's microphone is not heard")
		}
	})
}

// losingDriver gives devices that can be pulled out.
type losingDriver struct {
	*device.Card
	mu   sync.Mutex
	gone bool
	lost []chan struct{}
}

type losingDevice struct {
	device.Device
	lost chan struct{}
}

func (d losingDevice) Lost() <-chan struct{} { return d.lost }

func (d *losingDriver) Open(dir device.Direction, id string) (device.Device, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.gone {
		return nil, device.ErrNotFound
	}
	dev, err := d.Card.Open(dir, id)
	l := make(chan struct{})
	d.lost = append(d.lost, l)
	return losingDevice{dev, l}, err
}

func (d *losingDriver) pull(out bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.gone = out; out {
		for _, l := range d.lost {
			close(l)
		}
		d.lost = nil
	}
}

// The headset is pulled out in the middle of a call and plugged in again.
func TestEngineSurvivesUnplugging(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ear := &recorder{}
		d := &losingDriver{Card: device.NewCard("usb", &sineSource{}, ear)}
		e := newEngine(t, media.EngineConfig{Devices: d})
		p := &struct {
			sineSource
			recorder
		}{}
		connect(t, e, media.PathHeadset, p)
		time.Sleep(time.Second)
		d.pull(true)
		time.Sleep(100 * time.Millisecond)
		p.take()
		time.Sleep(time.Second)
		if s := p.take(); len(s) < 95*audio.FrameLen || mediatest.RMS(s) > -100 {
			t.Errorf("without its headset the call gets %d samples at %.0f dBFS", len(s), mediatest.RMS(s))
		}
		d.pull(false)
		e.DevicesChanged()
		time.Sleep(200 * time.Millisecond)
		p.take()
		ear.take()
		time.Sleep(time.Second)
		if mediatest.RMS(p.take()) < -20 || mediatest.RMS(ear.take()) < -20 {
			t.Error("the headset is not used after it came back")
		}
		if n := e.Stats().DevicesLost; n != 2 {
			t.Errorf("%d devices lost, want 2", n)
		}
	})
}

func TestEngineTaps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEngine(t, media.EngineConfig{Devices: device.NewLoop()})
		p := &speakingPort{Speaker: sentence.NewSpeaker(false)}
		var rec recorder
		stop, err := e.Tap(media.TapSpeaker, &rec)
		if err != nil {
			t.Fatal(err)
		}
		file := &seekBuffer{}
		w := wav.NewWriter(file, audio.Rate)
		stopFile, err := e.Tap(media.TapSend, w)
		if err != nil {
			t.Fatal(err)
		}
		connect(t, e, media.PathHandset, p)
		time.Sleep(7 * time.Second)
		for _, f := range []func() error{stop, stopFile, w.Close} {
			if err := f(); err != nil {
				t.Error(err)
			}
		}
		if corr, _ := mediatest.Correlate(sentence.GraphSamples(), rec.take()); corr < 0.999 {
			t.Errorf("tap of the loudspeaker: correlation %.3f", corr)
		}
		sent, _, err := wav.Decode(file.reader())
		if err != nil {
			t.Fatal(err)
		}
		if corr, _ := mediatest.Correlate(sentence.GraphSamples(), sent); corr < 0.999 {
			t.Errorf("tap of what is sent: correlation %.3f", corr)
		}
		if _, err := e.Tap(media.TapPoint(9), &rec); err == nil {
			t.Error("a tap on nothing was accepted")
		}
	})
}

// seekBuffer is a file in memory.
type seekBuffer struct {
	b  []byte
	at int
}

func (s *seekBuffer) Write(p []byte) (int, error) {
	if need := s.at + len(p); need > len(s.b) {
		s.b = append(s.b, make([]byte, need-len(s.b))...)
	}
	s.at += copy(s.b[s.at:], p)
	return len(p), nil
}

func (s *seekBuffer) Seek(offset int64, _ int) (int64, error) { s.at = int(offset); return offset, nil }

func (s *seekBuffer) reader() io.Reader { return &sliceReader{s.b} }

type sliceReader struct{ b []byte }

func (r *sliceReader) Read(p []byte) (int, error) {
	if len(r.b) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.b)
	r.b = r.b[n:]
	return n, nil
}
