package sim_test

import (
	"image"
	"testing"
	"time"

	"phoned/hal"
	"phoned/hal/haltest"
	"phoned/hal/sim"
)

func TestKeypad(t *testing.T) {
	haltest.Keypad(t, haltest.Virtual, func(*testing.T) haltest.KeypadRig {
		k := sim.NewKeypad(time.Now)
		return haltest.KeypadRig{Keypad: k, Keys: []hal.Key{"1", "sk1", "#"}, Move: func(key hal.Key, down bool) { _ = k.Move(key, down) }}
	})
}

func TestHook(t *testing.T) {
	haltest.Hook(t, haltest.Virtual, func(*testing.T) haltest.HookRig {
		h := sim.NewHook(time.Now, false)
		return haltest.HookRig{Hook: h, Move: func(off bool) {
			if off {
				_ = h.Lift()
			} else {
				_ = h.HangUp()
			}
		}}
	})
}

func TestLamps(t *testing.T) {
	haltest.Lamps(t, haltest.Virtual, func(*testing.T) haltest.LampsRig {
		return haltest.LampsRig{Lamps: new(sim.Lamps), IDs: []hal.LampID{"message", "k1"}}
	})
}

func TestPanel(t *testing.T) {
	haltest.Panel(t, haltest.Virtual, func(*testing.T) haltest.PanelRig {
		p := sim.NewPanel(320, 240)
		return haltest.PanelRig{Panel: p, Seen: func() *image.RGBA { img, _ := p.Picture(); return img },
			Dark: func() bool { _, light := p.Picture(); return light == 0 }}
	})
}

// A finger faster than the reader loses whole presses, never the end of one.
func TestNoKeyIsLeftDown(t *testing.T) {
	k := sim.NewKeypad(time.Now)
	for range 1000 {
		_ = k.Move("1", true)
		_ = k.Move("2", true)
		_ = k.Move("2", false)
		_ = k.Move("1", false)
	}
	_ = k.Close()
	down := map[hal.Key]bool{}
	for e := range k.Events() {
		if down[e.Key] == e.Down {
			t.Fatalf("key %s moves to where it is", e.Key)
		}
		down[e.Key] = e.Down
	}
	if down["1"] || down["2"] {
		t.Errorf("left down: %v", down)
	}
}

// A reader that was away learns where the handset is.
func TestHookTellsTheLastPlace(t *testing.T) {
	h := sim.NewHook(time.Now, false)
	for range 1000 {
		_ = h.Lift()
		_ = h.HangUp()
	}
	_ = h.Lift()
	_ = h.Close()
	var last hal.HookEvent
	for e := range h.Events() {
		last = e
	}
	if !last.OffHook {
		t.Error("the last event says on hook")
	}
}
