// Package sim is the virtual board: a keypad, a hook switch, lamps and a
// panel without hardware. Fingers are method calls; what the lamps and the
// panel show can be read back. It starts no goroutine.
package sim

import (
	"errors"
	"image"
	"image/draw"
	"sync"
	"time"

	"phoned/hal"
)

// ErrClosed: the driver was closed.
var ErrClosed = errors.New("the virtual board is closed")

// buffer is how many movements may wait for their reader; a finger that is
// faster than that is ignored, as a keypad's controller would.
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
	select {
	case k.events <- hal.KeyEvent{Key: key, Down: down, At: k.now()}:
		k.down[key] = down
	default:
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
	select {
	case h.events <- hal.HookEvent{OffHook: offHook, At: h.now()}:
		h.offHook = offHook
	default:
	}
	return nil
}

// Lamps remembers what each lamp shows. Safe for concurrent use.
type Lamps struct {
	mu    sync.Mutex
	state map[hal.LampID]hal.LampState
}

// Set implements hal.Lamps.
func (l *Lamps) Set(id hal.LampID, s hal.LampState) error {
	l.mu.Lock()
	defer l.mu.Unlock()
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

// Close implements hal.Lamps.
func (l *Lamps) Close() error { return nil }

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
	r = r.Intersect(p.img.Rect)
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
func (p *Panel) Close() error { p.mu.Lock(); defer p.mu.Unlock(); p.closed = true; return nil }

// Picture returns a copy of what the panel shows, and its brightness.
func (p *Panel) Picture() (*image.RGBA, int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := image.NewRGBA(p.img.Rect)
	copy(c.Pix, p.img.Pix)
	return c, p.brightness
}
