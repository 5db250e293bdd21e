// Package devicetest is the conformance suite that every device.Driver passes.
// It starts no goroutine of its own.
package devicetest

import (
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"phoned/media/audio"
	"phoned/media/device"
)

// patience is how long the suite waits for a device to do anything at all.
const patience = 30 * time.Second

// Run puts the devices that open gives through the contract of device.Device,
// both directions. open must give a new device each time, or one that was
// closed and opened again. It may run inside a synctest bubble.
func Run(t *testing.T, open func(device.Direction) (device.Device, error)) {
	for _, dir := range []device.Direction{device.Playback, device.Capture} {
		s := suite{dir, open}
		for _, c := range []struct {
			name string
			f    func(*testing.T)
		}{
			{"moves whole frames", s.moves},
			{"starts once", s.startsOnce},
			{"is silent after stop", s.stops},
			{"starts again", s.restarts},
			{"closes for good", s.closes},
			{"leaves no goroutine", s.leaks},
		} {
			// No sub-tests: a synctest bubble has none.
			t.Log(dir, c.name)
			c.f(t)
		}
	}
}

type suite struct {
	dir  device.Direction
	open func(device.Direction) (device.Device, error)
}

func (s suite) device(t *testing.T) device.Device {
	t.Helper()
	d, err := s.open(s.dir)
	if err != nil {
		t.Fatalf("open %v: %v", s.dir, err)
	}
	return d
}

// counter is a callback that watches its caller.
type counter struct {
	calls  atomic.Int64
	inside atomic.Int32
	wrong  atomic.Int64 // frames of a wrong length, or two at a time
	tick   chan struct{}
}

func newCounter() *counter { return &counter{tick: make(chan struct{}, 1)} }

func (c *counter) frame(f []int16) {
	if c.inside.Add(1) != 1 || len(f) != audio.FrameLen {
		c.wrong.Add(1)
	}
	c.calls.Add(1)
	c.inside.Add(-1)
	select {
	case c.tick <- struct{}{}:
	default:
	}
}

// wait returns when n more frames have come.
func (c *counter) wait(t *testing.T, n int64) {
	t.Helper()
	late := time.NewTimer(patience)
	defer late.Stop()
	for want := c.calls.Load() + n; c.calls.Load() < want; {
		select {
		case <-c.tick:
		case <-late.C:
			t.Fatalf("only %d frames in %v", c.calls.Load(), patience)
		}
	}
}

func (s suite) moves(t *testing.T) {
	d := s.device(t)
	defer d.Close()
	c := newCounter()
	if err := d.Start(c.frame); err != nil {
		t.Fatalf("start: %v", err)
	}
	c.wait(t, 30)
	if n := c.wrong.Load(); n != 0 {
		t.Errorf("%d frames of a wrong length or two at a time", n)
	}
	if l := d.Latency(); l < 0 || l > time.Second {
		t.Errorf("latency %v", l)
	}
	if n := d.Stats().Frames; n < 30 {
		t.Errorf("stats count %d frames of 30", n)
	}
	select {
	case <-d.Lost():
		t.Error("a device that works says it is lost")
	default:
	}
}

func (s suite) startsOnce(t *testing.T) {
	d := s.device(t)
	defer d.Close()
	c := newCounter()
	if err := d.Start(c.frame); err != nil {
		t.Fatalf("start: %v", err)
	}
	if err := d.Start(c.frame); !errors.Is(err, device.ErrStarted) {
		t.Errorf("second start: %v, want ErrStarted", err)
	}
	c.wait(t, 5)
}

func (s suite) stops(t *testing.T) {
	d := s.device(t)
	defer d.Close()
	c := newCounter()
	if err := d.Start(c.frame); err != nil {
		t.Fatalf("start: %v", err)
	}
	c.wait(t, 5)
	if err := d.Stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
	n := c.calls.Load()
	// A while, measured by another card.
	other, clock := device.NewNull(), newCounter()
	defer other.Close()
	if err := other.Speaker().Start(clock.frame); err != nil {
		t.Fatal(err)
	}
	clock.wait(t, 20)
	if after := c.calls.Load(); after != n {
		t.Errorf("%d frames after Stop had returned", after-n)
	}
	if err := d.Stop(); err != nil {
		t.Errorf("stop of a stopped device: %v", err)
	}
}

func (s suite) restarts(t *testing.T) {
	d := s.device(t)
	defer d.Close()
	for range 3 {
		c := newCounter()
		if err := d.Start(c.frame); err != nil {
			t.Fatalf("start: %v", err)
		}
		c.wait(t, 5)
		if err := d.Stop(); err != nil {
			t.Fatalf("stop: %v", err)
		}
	}
}

func (s suite) closes(t *testing.T) {
	d := s.device(t)
	c := newCounter()
	if err := d.Start(c.frame); err != nil {
		t.Fatalf("start: %v", err)
	}
	c.wait(t, 5)
	for range 2 {
		if err := d.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
	if err := d.Start(c.frame); !errors.Is(err, device.ErrClosed) {
		t.Errorf("start after close: %v, want ErrClosed", err)
	}
	if err := d.Stop(); err != nil {
		t.Errorf("stop after close: %v", err)
	}
}

func (s suite) leaks(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 3 {
		d := s.device(t)
		c := newCounter()
		if err := d.Start(c.frame); err != nil {
			t.Fatalf("start: %v", err)
		}
		c.wait(t, 3)
		d.Close()
	}
	// A goroutine that has said that it is done may still be counted for a while.
	after := runtime.NumGoroutine()
	for deadline := time.Now().Add(5 * time.Second); after > before && time.Now().Before(deadline); after = runtime.NumGoroutine() {
		time.Sleep(time.Millisecond)
	}
	if after > before {
		t.Errorf("%d goroutines before, %d after", before, after)
	}
}
