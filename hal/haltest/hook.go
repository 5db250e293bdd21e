package haltest

import (
	"testing"
	"time"

	"phoned/hal"
)

// HookRig is a hook switch with a hand on the handset. It starts on hook.
type HookRig struct {
	hal.Hook
	Move   func(offHook bool)
	Bounce func(offHook bool) // nil where nothing bounces
}

// Hook is the conformance suite of hal.Hook.
func Hook(t *testing.T, v Time, open func(*testing.T) HookRig) {
	v.part(t, "the state at start comes first, then each movement", func(t *testing.T) {
		r := open(t)
		r.want(t, false)
		for range 5 {
			r.Move(true)
			r.want(t, true)
			r.Move(false)
			r.want(t, false)
		}
		r.end(t)
	})
	v.part(t, "a bouncing cradle is one movement", func(t *testing.T) {
		r := open(t)
		r.want(t, false)
		if r.Bounce != nil {
			r.Bounce(true)
			r.want(t, true)
			r.Bounce(false)
			r.want(t, false)
		}
		r.end(t)
	})
	v.part(t, "a slow reader sees the last place", func(t *testing.T) {
		r := open(t)
		for i := range 41 {
			r.Move(i%2 == 0)
		}
		offHook := false
		for end := time.Now().Add(patience); ; {
			if time.Now().After(end) {
				t.Fatal("the last place never came")
			}
			select {
			case e := <-r.Events():
				offHook = e.OffHook
				continue
			case <-time.After(300 * time.Millisecond):
			}
			if offHook {
				break
			}
		}
		r.end(t)
	})
	v.part(t, "closed at once", func(t *testing.T) { open(t).end(t) })
}

func (r HookRig) want(t *testing.T, offHook bool) {
	t.Helper()
	e := next(t, "hook", r.Events())
	if e.OffHook != offHook {
		t.Fatalf("off hook %v came, want %v", e.OffHook, offHook)
	}
	if e.At.IsZero() {
		t.Error("the event has no time")
	}
}

func (r HookRig) end(t *testing.T) {
	t.Helper()
	closing(t, r)
	closed(t, r.Events())
	if err := r.Err(); err != nil {
		t.Errorf("Err after Close: %v", err)
	}
}
