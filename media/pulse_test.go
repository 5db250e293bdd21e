package media

import (
	"context"
	"sync"
	"testing"

	"phoned/media/device"
)

// stuckPort is a call whose voice never comes back from being asked.
type stuckPort struct {
	fakePort
	asked func()
	until chan struct{}
}

func (p *stuckPort) ReadFrame([]int16) bool { p.asked(); <-p.until; return false }

// stuckDriver opens no device and does not say so either.
type stuckDriver struct {
	device.Driver
	asked func()
	until chan struct{}
}

func (d stuckDriver) Open(direction device.Direction, id string) (device.Device, error) {
	d.asked()
	<-d.until
	return d.Driver.Open(direction, id)
}

// The watchdog's question is answered by an engine at work, and not by one whose
// clock or control goroutine hangs. On real time: who waits for a mutex does not
// let a bubble's time pass.
func TestEngineResponds(t *testing.T) {
	start := func(t *testing.T, d device.Driver, port Port) *Engine {
		t.Helper()
		e, err := NewEngine(EngineConfig{Devices: d})
		if err != nil {
			t.Fatal(err)
		}
		if port != nil {
			e.AddPort(port)
			apply(t, e, Plan{Path: PathSpeaker, Mic: port, Listen: []Port{port}})
		}
		return e
	}
	for name, port := range map[string]Port{"idle": nil, "in a call": &fakePort{freq: 500}} {
		t.Run(name, func(t *testing.T) {
			e := start(t, device.NewNull(), port)
			if !e.Responds(t.Context()) {
				t.Error("an engine at work does not respond")
			}
			e.Close()
			if !e.Responds(t.Context()) {
				t.Error("a closed engine is no reason to restart")
			}
		})
	}
	hangs := func(t *testing.T, made func(asked func(), until chan struct{}) *Engine) {
		t.Helper()
		until, entered := make(chan struct{}), make(chan struct{})
		e := made(sync.OnceFunc(func() { close(entered) }), until)
		<-entered
		ctx, cancel := context.WithTimeout(t.Context(), 3*pulseStep)
		defer cancel()
		if e.Responds(ctx) {
			t.Error("it hangs, and responds")
		}
		close(until)
		e.Close()
	}
	t.Run("the clock hangs in a port", func(t *testing.T) {
		hangs(t, func(asked func(), until chan struct{}) *Engine {
			return start(t, device.NewNull(), &stuckPort{asked: asked, until: until})
		})
	})
	t.Run("opening a device hangs", func(t *testing.T) {
		hangs(t, func(asked func(), until chan struct{}) *Engine {
			return start(t, stuckDriver{device.NewNull(), asked, until}, &fakePort{freq: 500})
		})
	})
}
