package media_test

import (
	"runtime"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"phoned/media"
	"phoned/media/device"
)

// A call that is over leaves nothing of itself in the engine, however many there
// were: at most the last ones, whose ends may still fade, are pointed to.
func TestEngineForgetsPorts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEngine(t, media.EngineConfig{Devices: device.NewLoop()})
		var all []weak.Pointer[person]
		for range 50 {
			a, b := &person{hz: 440, loud: 6000}, &person{hz: 700, loud: 6000}
			e.AddPort(a)
			e.AddPort(b)
			confer(t, e, false, a, b)
			time.Sleep(50 * time.Millisecond)
			all = append(all, weak.Make(a), weak.Make(b))
			e.RemovePort(a)
			e.RemovePort(b)
			if err := e.Apply(media.Plan{}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(50 * time.Millisecond)
		}
		runtime.GC()
		runtime.GC()
		kept := 0
		for _, p := range all {
			if p.Value() != nil {
				kept++
			}
		}
		if kept > 2 {
			t.Errorf("%d of %d ports that were removed are still pointed to", kept, len(all))
		}
	})
}
