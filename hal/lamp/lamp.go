// Package lamp lights LEDs on GPIO lines in the patterns of the specification
// (C0.2).
//
// Lamps runs one goroutine while any lamp blinks.
package lamp

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"periph.io/x/conn/v3/gpio"

	"phoned/hal"
	"phoned/internal/clock"
)

// ErrPattern: there is no such pattern; the lamp stays as it is.
var ErrPattern = errors.New("no pattern")

// Pin is the line of one LED.
type Pin struct {
	Out       gpio.PinOut
	ActiveLow bool
	// Colour is told where a lamp has several LEDs.
	Colour hal.Colour
}

// phase is a stretch of a pattern.
type phase struct {
	on    bool
	lasts time.Duration
}

const ms = time.Millisecond

var patterns = map[hal.Pattern][]phase{
	hal.FastFlash:   {{true, 200 * ms}, {false, 200 * ms}},
	hal.SlowFlash:   {{true, 500 * ms}, {false, 500 * ms}},
	hal.SlowPulse:   {{true, 1000 * ms}, {false, 1000 * ms}},
	hal.DoubleBlink: {{true, 150 * ms}, {false, 150 * ms}, {true, 150 * ms}, {false, 1550 * ms}},
}

// Lamps implements hal.Lamps; it is safe for concurrent use.
type Lamps struct {
	clock  clock.Clock
	mu     sync.Mutex
	lamps  map[hal.LampID]*led
	closed bool
}

type led struct {
	pins  []Pin
	state hal.LampState
	timer clock.Timer
	gen   int
}

// New takes over the pins and makes every LED dark; c nil is the real clock. A
// lamp with a red and a green LED shines amber with both; with one LED it shines
// whatever colour it is asked for.
func New(pins map[hal.LampID][]Pin, c clock.Clock) *Lamps {
	if c == nil {
		c = clock.Real{}
	}
	l := &Lamps{clock: c, lamps: map[hal.LampID]*led{}}
	for id, p := range pins {
		l.lamps[id] = &led{pins: p, state: hal.LampState{Pattern: hal.Dark}}
		_ = l.lamps[id].light(false)
	}
	return l
}

// Set implements hal.Lamps. A pattern starts anew, so lamps set together blink
// together.
func (l *Lamps) Set(id hal.LampID, s hal.LampState) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	d := l.lamps[id]
	if d == nil || l.closed || d.state == s {
		return nil
	}
	phases := patterns[s.Pattern]
	if phases == nil && s.Pattern != hal.Solid && s.Pattern != hal.Dark {
		return fmt.Errorf("lamp %s: %w %q", id, ErrPattern, s.Pattern)
	}
	d.state = s
	d.gen++
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
	var err error
	if phases != nil {
		err = l.stepLocked(d, phases, 0)
	} else {
		err = d.light(s.Pattern == hal.Solid)
	}
	if err != nil {
		d.state = hal.LampState{} // unknown: the next Set tries again
	}
	return err
}

func (l *Lamps) stepLocked(d *led, phases []phase, i int) error {
	gen := d.gen
	d.timer = l.clock.AfterFunc(phases[i].lasts, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if gen == d.gen && !l.closed {
			_ = l.stepLocked(d, phases, (i+1)%len(phases))
		}
	})
	return d.light(phases[i].on)
}

// light lights the LEDs of the lamp's colour, and no others.
func (d *led) light(on bool) error {
	var errs []error
	for i, p := range d.pins {
		errs = append(errs, p.Out.Out(gpio.Level((on && d.shines(i)) != p.ActiveLow)))
	}
	return errors.Join(errs...)
}

// shines says whether an LED takes part in the lamp's colour; in a colour that
// none has, and in none, it is the first.
func (d *led) shines(i int) bool {
	want := []hal.Colour{d.state.Colour}
	has := func(c hal.Colour) bool {
		return slices.ContainsFunc(d.pins, func(p Pin) bool { return p.Colour == c && c != hal.NoColour })
	}
	if d.state.Colour == hal.Amber && !has(hal.Amber) {
		want = []hal.Colour{hal.Red, hal.Green}
	}
	if !slices.ContainsFunc(want, has) {
		return i == 0
	}
	return slices.Contains(want, d.pins[i].Colour)
}

// Close implements hal.Lamps: every LED goes dark.
func (l *Lamps) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	l.closed = true
	var errs []error
	for _, d := range l.lamps {
		if d.timer != nil {
			d.timer.Stop()
		}
		errs = append(errs, d.light(false))
	}
	return errors.Join(errs...)
}
