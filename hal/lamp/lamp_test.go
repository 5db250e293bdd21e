package lamp

import (
	"errors"
	"testing"
	"time"

	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/gpio/gpiotest"

	"phoned/hal"
	"phoned/hal/haltest"
	"phoned/internal/clock"
)

func TestPatterns(t *testing.T) {
	for _, c := range []struct {
		pattern hal.Pattern
		want    string // each 50 ms
	}{
		{hal.Dark, "...................."},
		{hal.Solid, "####################"},
		{hal.FastFlash, "####....####....####"},
		{hal.SlowFlash, "##########.........."},
		{hal.DoubleBlink, "###...###..........."},
	} {
		for _, low := range []bool{false, true} {
			pin := &gpiotest.Pin{N: "LED"}
			fake := clock.NewFake(time.Time{})
			l := New(map[hal.LampID][]Pin{"strip": {{Out: pin, ActiveLow: low}}}, fake)
			if err := l.Set("strip", hal.LampState{Pattern: c.pattern}); err != nil {
				t.Fatal(err)
			}
			got := ""
			for range 20 {
				if bool(pin.L) != low {
					got += "#"
				} else {
					got += "."
				}
				fake.Advance(50 * time.Millisecond)
			}
			if got != c.want {
				t.Errorf("%s, active low %v: %s, want %s", c.pattern, low, got, c.want)
			}
			if err := l.Close(); err != nil || bool(pin.L) != low {
				t.Errorf("%s: lit after Close (%v)", c.pattern, err)
			}
		}
	}
}

func TestConformance(t *testing.T) {
	haltest.Lamps(t, haltest.Virtual, func(*testing.T) haltest.LampsRig {
		c := haltest.NewCircuit()
		a, b := c.Pin("LED_A"), c.Pin("LED_B")
		return haltest.LampsRig{
			Lamps: New(map[hal.LampID][]Pin{"strip": {{Out: a}}, "mute": {{Out: b, ActiveLow: true}}}, nil),
			IDs:   []hal.LampID{"strip", "mute"},
			Lit: func(id hal.LampID) bool {
				if id == "strip" {
					return bool(a.Level())
				}
				return !bool(b.Level())
			},
		}
	})
}

// A line that fails once is tried again by the next Set.
func TestFailureIsNotRemembered(t *testing.T) {
	c := haltest.NewCircuit()
	p := c.Pin("LED")
	l := New(map[hal.LampID][]Pin{"strip": {{Out: p}}}, nil)
	on := hal.LampState{Pattern: hal.Solid}
	c.Fail(errors.New("busy"))
	if err := l.Set("strip", on); err == nil {
		t.Fatal("the failure was not told")
	}
	c.Fail(nil)
	if err := l.Set("strip", on); err != nil || !bool(p.Level()) {
		t.Errorf("lit %v, %v", p.Level(), err)
	}
}

func TestOldPatternDoesNotReturn(t *testing.T) {
	pin := &gpiotest.Pin{N: "LED"}
	fake := clock.NewFake(time.Time{})
	l := New(map[hal.LampID][]Pin{"mute": {{Out: pin}}}, fake)
	_ = l.Set("mute", hal.LampState{Pattern: hal.FastFlash})
	fake.Advance(150 * time.Millisecond)
	_ = l.Set("mute", hal.LampState{Pattern: hal.Dark})
	for range 10 {
		fake.Advance(100 * time.Millisecond)
		if pin.L != gpio.Low {
			t.Fatal("a stopped pattern lit the lamp again")
		}
	}
	if err := l.Set("nobody", hal.LampState{Pattern: hal.Solid}); err != nil {
		t.Errorf("an unknown lamp: %v", err)
	}
	if err := l.Set("mute", hal.LampState{Pattern: "disco"}); err == nil {
		t.Error("an unknown pattern was accepted")
	}
}

// Two LEDs make three colours; a change of colour leaves none of the old one,
// also in the dark part of a pattern.
func TestColours(t *testing.T) {
	c := haltest.NewCircuit()
	green, red := c.Pin("GREEN"), c.Pin("RED")
	l := New(map[hal.LampID][]Pin{"strip": {{Out: green, Colour: hal.Green}, {Out: red, ActiveLow: true, Colour: hal.Red}}}, clock.NewFake(time.Time{}))
	for _, s := range []struct {
		pattern    hal.Pattern
		colour     hal.Colour
		green, red bool
	}{
		{hal.Solid, hal.Green, true, false}, {hal.Solid, hal.Red, false, true}, {hal.Solid, hal.Amber, true, true},
		{hal.FastFlash, hal.Red, false, true}, {hal.Dark, hal.Red, false, false}, {hal.Solid, hal.NoColour, true, false}, {hal.Dark, hal.NoColour, false, false},
	} {
		if err := l.Set("strip", hal.LampState{Pattern: s.pattern, Colour: s.colour}); err != nil {
			t.Fatal(err)
		}
		if g, r := bool(green.Level()), !bool(red.Level()); g != s.green || r != s.red {
			t.Errorf("%s %s: green %v, red %v", s.pattern, s.colour, g, r)
		}
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}
