package haltest

import (
	"sync"
	"testing"
	"time"

	"phoned/hal"
)

// LampsRig is a set of lamps and an eye.
type LampsRig struct {
	hal.Lamps
	IDs []hal.LampID // at least one
	// Lit looks at a lamp; nil where only the state can be seen.
	Lit func(hal.LampID) bool
}

// Lamps is the conformance suite of hal.Lamps.
func Lamps(t *testing.T, v Time, open func(*testing.T) LampsRig) {
	v.part(t, "on, off, dark after Close", func(t *testing.T) {
		r := open(t)
		for _, id := range r.IDs {
			r.look(t, id, false, "at the start")
			for _, on := range []bool{true, false, true} {
				p := map[bool]hal.Pattern{true: hal.Solid, false: hal.Dark}[on]
				if err := r.Set(id, hal.LampState{Pattern: p}); err != nil {
					t.Fatal(err)
				}
				r.look(t, id, on, "set to "+string(p))
			}
		}
		closing(t, r)
		for _, id := range r.IDs {
			r.look(t, id, false, "after Close")
		}
		if err := r.Set(r.IDs[0], hal.LampState{Pattern: hal.Solid}); err != nil {
			t.Errorf("Set after Close: %v", err)
		}
		r.look(t, r.IDs[0], false, "set after Close")
	})
	v.part(t, "a blinking lamp is lit and dark in turn", func(t *testing.T) {
		r := open(t)
		for _, p := range []hal.Pattern{hal.FastFlash, hal.SlowFlash, hal.SlowPulse, hal.DoubleBlink} {
			if err := r.Set(r.IDs[0], hal.LampState{Pattern: p}); err != nil {
				t.Fatal(err)
			}
			if r.Lit == nil {
				continue
			}
			for _, want := range []bool{true, false, true} {
				for end := time.Now().Add(patience); r.Lit(r.IDs[0]) != want; time.Sleep(10 * time.Millisecond) {
					if time.Now().After(end) {
						t.Fatalf("%s: never lit=%v", p, want)
					}
				}
			}
		}
		closing(t, r)
	})
	v.part(t, "what is not known", func(t *testing.T) {
		r := open(t)
		if err := r.Set("no such lamp", hal.LampState{Pattern: hal.Solid}); err != nil {
			t.Errorf("an unknown lamp: %v", err)
		}
		if err := r.Set(r.IDs[0], hal.LampState{Pattern: hal.Solid}); err != nil {
			t.Fatal(err)
		}
		if err := r.Set(r.IDs[0], hal.LampState{Pattern: "disco"}); err == nil {
			t.Error("an unknown pattern was taken")
		}
		r.look(t, r.IDs[0], true, "after a pattern that was refused")
		closing(t, r)
	})
	v.part(t, "from many goroutines", func(t *testing.T) {
		r := open(t)
		var wg sync.WaitGroup
		for _, p := range []hal.Pattern{hal.Solid, hal.FastFlash, hal.SlowFlash, hal.Dark} {
			wg.Go(func() {
				for i := range 50 {
					if err := r.Set(r.IDs[i%len(r.IDs)], hal.LampState{Pattern: p}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		closing(t, r)
	})
}

func (r LampsRig) look(t *testing.T, id hal.LampID, want bool, when string) {
	t.Helper()
	if r.Lit != nil && r.Lit(id) != want {
		t.Errorf("lamp %s %s: lit=%v", id, when, !want)
	}
}
