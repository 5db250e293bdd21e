package phone_test

import (
	"sync"
	"testing"
	"time"

	"phoned/internal/app"
	"phoned/media"
	"phoned/media/audio"
	"phoned/media/device"
	"phoned/media/device/malgodev"
	"phoned/media/device/pulsetest"
	"phoned/media/mediatest"
	"phoned/media/mediatest/sentence"
	"phoned/phone"
)

// The whole phone with real ALSA devices: what a handset's two are on a board are
// two null sinks of a private PulseAudio here. Without PulseAudio these tests are
// skipped, and fail where CI=true.

// alsaPhone is a phone on such devices, and a driver for the person at it.
func alsaPhone(t *testing.T) (*world, *malgodev.Driver, *pulsetest.Server) {
	t.Helper()
	server := pulsetest.Start(t)
	cards := func() *malgodev.Driver {
		d, err := malgodev.New(malgodev.Config{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		})
		return d
	}
	mine := cards()
	person := cards()
	w := ready(t, setup{sound: func(o *app.Options) {
		o.Devices = mine
		o.Paths = map[media.Path]media.Endpoint{media.PathHandset: {Speaker: pulsetest.Earpiece, Microphone: pulsetest.Microphone}}
	}})
	return w, person, server
}

// person speaks into the microphone and hears what the earpiece plays.
type person struct {
	mu    sync.Mutex
	voice *sentence.Speaker
	said  []int16
	heard []int16
}

func (p *person) say(frame []int16) {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(frame)
	p.voice.ReadFrame(frame)
	p.said = append(p.said, frame...)
}

func (p *person) hear(frame []int16) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.heard = append(p.heard, frame...)
}

// last gives what was heard in the last five seconds, and what was said in the
// first three of them.
func (p *person) last() (said, heard []int16) {
	p.mu.Lock()
	defer p.mu.Unlock()
	const long, short = 5 * audio.Rate, 3 * audio.Rate
	if len(p.said) < long || len(p.heard) < long {
		return nil, nil
	}
	from := len(p.said) - long
	return append([]int16(nil), p.said[from:from+short]...), append([]int16(nil), p.heard[len(p.heard)-long:]...)
}

func run(t *testing.T, d *malgodev.Driver, dir device.Direction, id string, f device.Callback) {
	t.Helper()
	dev, err := d.Open(dir, id)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dev.Close() })
	if err := dev.Start(f); err != nil {
		t.Fatal(err)
	}
}

// What is said into the microphone comes back from the exchange's echo out of the
// earpiece: through ALSA, the engine, the coder, SRTP, and all the way back. The
// delay is reported, not asserted: it is the machine's.
func TestCallThroughALSA(t *testing.T) {
	w, d, _ := alsaPhone(t)
	w.dial("9196")
	w.active()
	p := &person{voice: sentence.NewSpeaker(true)}
	run(t, d, device.Capture, pulsetest.EarpieceMonitor, p.hear)
	run(t, d, device.Playback, pulsetest.MicrophoneFeed, p.say)
	best := 0.0
	look := time.NewTicker(time.Second)
	defer look.Stop()
	ctx, cancel := w.waiting()
	defer cancel()
	for best < 0.8 {
		select {
		case <-look.C:
		case <-ctx.Done():
			t.Fatalf("what comes back is like what was said by %.2f only", best)
		}
		if said, heard := p.last(); said != nil {
			best = max(best, mediatest.EnvelopeCorrelation(said, heard))
		}
	}
	said, heard := p.last()
	_, delay := mediatest.Correlate(said, heard)
	s := w.Engine.Stats()
	t.Logf("envelope %.2f, there and back %v; %d ticks, %d slow, xruns %d", best, delay, s.Ticks, s.SlowTicks, s.Xruns)
	if s.Microphone == nil || len(s.Speakers) != 1 || s.Speakers[0].ID != pulsetest.Earpiece {
		t.Errorf("other devices were used: %+v", s)
	}
	w.hangUp()
	w.gone()
}

// The sound server dies in a call: its devices say so politely, the phone names
// what is missing, and the call goes on until somebody hangs up.
func TestCallOutlivesItsSoundServer(t *testing.T) {
	w, _, server := alsaPhone(t)
	m := w.mark()
	w.dial("9197")
	w.active()
	eventually(t, "sound flows", func() bool { s := w.Engine.Stats(); return s.Ticks > 50 && s.Microphone != nil })
	server.Kill()
	eventually(t, "the loss is noticed", func() bool { return w.Engine.Stats().DevicesLost >= 2 })
	eventually(t, "it is told", func() bool {
		for _, p := range w.Health.List() {
			if p.Code == "audio.device" && p.Subject == "handset speaker" {
				return true
			}
		}
		return false
	})
	before := w.Phone.MediaStats()
	eventually(t, "media go on", func() bool {
		now := w.Phone.MediaStats()
		return len(now) == 1 && len(before) == 1 && now[0].PacketsRecv > before[0].PacketsRecv+20 && now[0].PacketsSent > before[0].PacketsSent+20
	})
	if v := w.Phone.View(); len(v.Calls) != 1 || v.Calls[0].State != phone.Active {
		t.Errorf("the call did not go on: %+v", v.Calls)
	}
	w.hangUp()
	w.labEvent(m, "bye", nil)
	w.gone()
}

// eventually asks every 20 ms: neither device nor engine tells of itself.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); !is(); <-tick.C {
		if time.Now().After(end) {
			t.Fatal("never: " + what)
		}
	}
}
