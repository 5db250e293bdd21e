package haltest

import (
	"testing"

	"phoned/hal"
)

// KeypadRig is a keypad with a finger on it.
type KeypadRig struct {
	hal.Keypad
	Keys []hal.Key // at least two, which can't be mistaken when held together
	Move func(key hal.Key, down bool)
	// Bounce moves a key with contacts that open and close on the way; nil
	// where there are none.
	Bounce func(key hal.Key, down bool)
	// Fail breaks the hardware for good; nil where it can't break, or where a
	// device that went is waited for.
	Fail func()
}

// Keypad is the conformance suite of hal.Keypad.
func Keypad(t *testing.T, v Time, open func(*testing.T) KeypadRig) {
	v.part(t, "every key goes down and up once", func(t *testing.T) {
		r := open(t)
		for _, k := range r.Keys {
			r.Move(k, true)
			r.want(t, k, true)
			r.Move(k, false)
			r.want(t, k, false)
		}
		if r.Err() != nil {
			t.Errorf("Err while it runs: %v", r.Err())
		}
		r.end(t)
	})
	v.part(t, "two keys held together", func(t *testing.T) {
		r := open(t)
		a, b := r.Keys[0], r.Keys[len(r.Keys)-1]
		r.Move(a, true)
		r.want(t, a, true)
		r.Move(b, true)
		r.want(t, b, true)
		r.Move(a, false)
		r.want(t, a, false)
		r.Move(b, false)
		r.want(t, b, false)
		r.end(t)
	})
	v.part(t, "a bouncing contact is one movement", func(t *testing.T) {
		r := open(t)
		if r.Bounce != nil {
			for _, k := range r.Keys[:2] {
				r.Bounce(k, true)
				r.want(t, k, true)
				r.Bounce(k, false)
				r.want(t, k, false)
			}
		}
		r.end(t)
	})
	v.part(t, "closed while nothing happens", func(t *testing.T) { open(t).end(t) })
	v.part(t, "closed while a key is down", func(t *testing.T) {
		r := open(t)
		r.Move(r.Keys[0], true)
		r.want(t, r.Keys[0], true)
		r.end(t)
		r.Move(r.Keys[0], false)
	})
	v.part(t, "closed while nobody reads", func(t *testing.T) {
		r := open(t)
		for i := range 40 {
			r.Move(r.Keys[i%2], true)
			r.Move(r.Keys[i%2], false)
		}
		r.end(t)
	})
	v.part(t, "broken hardware ends it with a reason", func(t *testing.T) {
		r := open(t)
		if r.Fail == nil {
			r.end(t)
			return
		}
		r.Fail()
		closed(t, r.Events())
		if r.Err() == nil {
			t.Error("Events is closed and Err is nil")
		}
		within(t, "Close", func() { _ = r.Close() })
	})
}

func (r KeypadRig) want(t *testing.T, key hal.Key, down bool) {
	t.Helper()
	e := next(t, string(key), r.Events())
	if e.Key != key || e.Down != down {
		t.Fatalf("key %q down=%v came, want %q down=%v", e.Key, e.Down, key, down)
	}
	if e.At.IsZero() {
		t.Errorf("key %q has no time", e.Key)
	}
}

func (r KeypadRig) end(t *testing.T) {
	t.Helper()
	closing(t, r)
	closed(t, r.Events())
	if err := r.Err(); err != nil {
		t.Errorf("Err after Close: %v", err)
	}
}
