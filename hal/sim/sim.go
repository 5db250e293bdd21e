// Package sim is the virtual board: a keypad, a hook switch, lamps and a
// panel without hardware. Fingers are method calls; what the lamps and the
// panel show can be read back. It starts no goroutine.
package sim

import (
	"errors"
	"fmt"
	"image"
	"image/draw"
	"sync"
	"time"

	"phoned/hal"
)

// ErrClosed: the driver was closed.
var ErrClosed = errors.New("the virtual board is closed")

// buffer is how many movements may wait for their reader. A key that goes down
// when there is no room for its way up, too, is ignored, as a keypad's
// controller would: no key is ever left down.
const buffer = 256

// Keypad is a keypad pressed by method calls. Safe for concurrent use.
type Keypad struct {
	now    func() time.Time
	mu     sync.Mutex
	events chan hal.KeyEvent
	down   map[hal.Key]bool
	closed bool
}

// NewKeypad makes a keypad; now stamps its events (time.Now outside tests).
func NewKeypad(now func() time.Time) *Keypad {
	return &Keypad{now: now, events: make(chan hal.KeyEvent, buffer), down: map[hal.Key]bool{}}
}

// Events implements hal.Keypad.
func (k *Keypad) Events() <-chan hal.KeyEvent { return k.events }

// Err implements hal.Keypad.
func (k *Keypad) Err() error { return nil }

// Close implements hal.Keypad.
func (k *Keypad) Close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.closed {
		k.closed = true
		close(k.events)
	}
	return nil
}

// Move puts a key down or up; moving it where it is already does nothing.
func (k *Keypad) Move(key hal.Key, down bool) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		return ErrClosed
	}
	if k.down[key] == down {
		return nil
	}
	if down && len(k.events)+len(k.down)+2 > cap(k.events) {
		return nil
	}
	k.events <- hal.KeyEvent{Key: key, Down: down, At: k.now()}
	if down {
		k.down[key] = true
	} else {
		delete(k.down, key)
	}
	return nil
}

// Press puts each key down and up again.
func (k *Keypad) Press(keys ...hal.Key) error {
	for _, key := range keys {
		if err := errors.Join(k.Move(key, true), k.Move(key, false)); err != nil {
			return err
		}
	}
	return nil
}

// Hook is a hook switch moved by method calls. Safe for concurrent use.
type Hook struct {
	now     func() time.Time
	mu      sync.Mutex
	events  chan hal.HookEvent
	offHook bool
	closed  bool
}

// NewHook makes a hook switch in the given position.
func NewHook(now func() time.Time, offHook bool) *Hook {
	h := &Hook{now: now, events: make(chan hal.HookEvent, buffer), offHook: offHook}
	h.events <- hal.HookEvent{OffHook: offHook, At: now()}
	return h
}

// Events implements hal.Hook.
func (h *Hook) Events() <-chan hal.HookEvent { return h.events }

// Err implements hal.Hook.
func (h *Hook) Err() error { return nil }

// Close implements hal.Hook.
func (h *Hook) Close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.closed {
		h.closed = true
		close(h.events)
	}
	return nil
}

// Lift takes the handset off its cradle, HangUp puts it back.
func (h *Hook) Lift() error   { return h.move(true) }
func (h *Hook) HangUp() error { return h.move(false) }

func (h *Hook) move(offHook bool) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return ErrClosed
	}
	if h.offHook == offHook {
		return nil
	}
	for len(h.events) == cap(h.events) { // a movement and its opposite are forgotten
		for range 2 {
			select {
			case <-h.events:
			default:
			}
		}
	}
	h.events <- hal.HookEvent{OffHook: offHook, At: h.now()}
	h.offHook = offHook
	return nil
}

// Lamps remembers what each lamp shows. Safe for concurrent use.
type Lamps struct {
	mu     sync.Mutex
	state  map[hal.LampID]hal.LampState
	closed bool
}

// ErrPattern: a lamp was to shine in a pattern that does not exist.
var ErrPattern = errors.New("no such lamp pattern")

// Set implements hal.Lamps.
func (l *Lamps) Set(id hal.LampID, s hal.LampState) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch s.Pattern {
	case hal.Dark, hal.Solid, hal.FastFlash, hal.SlowFlash, hal.SlowPulse, hal.DoubleBlink:
	default:
		return fmt.Errorf("lamp %s: %w: %q", id, ErrPattern, s.Pattern)
	}
	if l.closed {
		return nil
	}
	if l.state == nil {
		l.state = map[hal.LampID]hal.LampState{}
	}
	l.state[id] = s
	return nil
}

// State tells what a lamp shows; one that was never set is dark.
func (l *Lamps) State(id hal.LampID) hal.LampState {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s, ok := l.state[id]; ok {
		return s
	}
	return hal.LampState{Pattern: hal.Dark}
}

// Close implements hal.Lamps: all go dark.
func (l *Lamps) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed, l.state = true, nil
	return nil
}

// Panel is a display that can be looked at. Safe for concurrent use.
type Panel struct {
	mu         sync.Mutex
	img        *image.RGBA
	brightness int
	closed     bool
}

// NewPanel makes a dark panel of the given size.
func NewPanel(width, height int) *Panel {
	return &Panel{img: image.NewRGBA(image.Rect(0, 0, width, height))}
}

// Bounds implements hal.Panel.
func (p *Panel) Bounds() image.Rectangle { return p.img.Rect }

// Draw implements hal.Panel.
func (p *Panel) Draw(img *image.RGBA, r image.Rectangle) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return ErrClosed
	}
	r = r.Intersect(p.img.Rect).Intersect(img.Rect)
	draw.Draw(p.img, r, img, r.Min, draw.Src)
	return nil
}

// Backlight implements hal.Panel.
func (p *Panel) Backlight(percent int) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return ErrClosed
	}
	p.brightness = max(0, min(100, percent))
	return nil
}

// Close implements hal.Panel.
func (p *Panel) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed, p.brightness = true, 0
	return nil
}

// Picture returns a copy of what the panel shows, and its brightness.
func (p *Panel) Picture() (*image.RGBA, int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := image.NewRGBA(p.img.Rect)
	copy(c.Pix, p.img.Pix)
	return c, p.brightness
}
