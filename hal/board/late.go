package board

import (
	"context"
	"errors"
	"image"
	"image/draw"
	"sync"

	"phoned/hal"
	"phoned/hal/lamp"
)

// Parts of a board that may come late, go and come back; for the phone they are there
// from the start.

// eventsKept is how many events a part keeps for a phone that is busy.
const eventsKept = 64

// ErrClosed: the part was closed.
var ErrClosed = errors.New("the part is closed")

// errGone is the cause where the driver itself knows none.
var errGone = errors.New("the device is gone")

// lateKeypad implements hal.Keypad.
type lateKeypad struct {
	part
	events chan hal.KeyEvent
}

func newLateKeypad(s *site, m Missing, open func() (hal.Keypad, error)) *lateKeypad {
	k := &lateKeypad{events: make(chan hal.KeyEvent, eventsKept)}
	k.part = begin(s, m, open, k.use, func() { close(k.events) })
	return k
}

// Events implements hal.Keypad.
func (k *lateKeypad) Events() <-chan hal.KeyEvent { return k.events }

// Err implements hal.Keypad; what is lost is waited for, so nothing is final.
func (k *lateKeypad) Err() error { return nil }

// Close implements hal.Keypad.
func (k *lateKeypad) Close() error { return k.close() }

// use passes on what a keypad tells until it ends. Keys that are down then are let go.
func (k *lateKeypad) use(ctx context.Context, from hal.Keypad) error {
	stop := context.AfterFunc(ctx, func() { _ = from.Close() })
	defer stop()
	pass := func(e hal.KeyEvent) {
		select {
		case k.events <- e:
		case <-ctx.Done():
		}
	}
	down := map[hal.Key]hal.KeyEvent{}
	for e := range from.Events() {
		if e.Down {
			down[e.Key] = e
		} else {
			delete(down, e.Key)
		}
		pass(e)
	}
	for _, e := range down {
		e.Down = false
		pass(e)
	}
	err := from.Err()
	return errors.Join(err, from.Close(), onlyIf(err == nil, errGone))
}

func onlyIf(ok bool, err error) error {
	if ok {
		return err
	}
	return nil
}

// openHook is a hook switch, and what is closed when its line is of no use any more.
type openedHook struct {
	hal.Hook
	lost <-chan struct{}
}

// lateHook implements hal.Hook. Its first event comes when the switch is there.
type lateHook struct {
	part
	events chan hal.HookEvent
	told   bool // with place: what was passed on last
	place  bool
}

func newLateHook(s *site, m Missing, open func() (openedHook, error)) *lateHook {
	h := &lateHook{events: make(chan hal.HookEvent, eventsKept)}
	h.part = begin(s, m, open, h.use, func() { close(h.events) })
	return h
}

// Events implements hal.Hook.
func (h *lateHook) Events() <-chan hal.HookEvent { return h.events }

// Err implements hal.Hook; what is lost is waited for, so nothing is final.
func (h *lateHook) Err() error { return nil }

// Close implements hal.Hook.
func (h *lateHook) Close() error { return h.close() }

func (h *lateHook) use(ctx context.Context, from openedHook) error {
	for {
		select {
		case e, ok := <-from.Events():
			if !ok {
				return errors.Join(errGone, from.Close())
			}
			if h.told && h.place == e.OffHook {
				continue // the switch is back, the handset where it was
			}
			h.told, h.place = true, e.OffHook
			select {
			case h.events <- e:
			case <-ctx.Done():
			}
		case <-from.lost:
			return errors.Join(errGone, from.Close())
		case <-ctx.Done():
			return from.Close()
		}
	}
}

// latePanel implements hal.Panel: it keeps the picture for a display that is not there.
type latePanel struct {
	part
	mu      sync.Mutex
	picture *image.RGBA
	drawn   bool
	percent int // of the back-light; negative: nobody has set it
	closed  bool
	now     hal.Panel // nil: it is not there
	failed  chan error
}

// newLatePanel: open's tell is for what the driver has to say of the display itself.
func newLatePanel(s *site, size image.Point, m Missing, open func(tell func(Missing)) (hal.Panel, error)) *latePanel {
	p := &latePanel{picture: image.NewRGBA(image.Rectangle{Max: size}), percent: -1, failed: make(chan error, 1)}
	var word *afterwards
	p.part = begin(s, m, func() (hal.Panel, error) {
		word = &afterwards{tell: s.tell}
		return open(word.say)
	}, func(ctx context.Context, now hal.Panel) error {
		word.begin()
		return p.use(ctx, now)
	}, func() {})
	return p
}

// afterwards keeps what is said of a part while it is opened until it is told that the
// part is there.
type afterwards struct {
	tell  func(Missing)
	mu    sync.Mutex
	begun bool
	held  []Missing
}

func (a *afterwards) say(m Missing) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.begun {
		a.held = append(a.held, m)
		return
	}
	a.tell(m)
}

func (a *afterwards) begin() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.begun = true
	for _, m := range a.held {
		a.tell(m)
	}
}

// Bounds implements hal.Panel.
func (p *latePanel) Bounds() image.Rectangle { return p.picture.Rect }

// Draw implements hal.Panel. A display that does not take a picture is looked for anew
// and told; it gets the picture when it is there.
func (p *latePanel) Draw(img *image.RGBA, r image.Rectangle) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return ErrClosed
	}
	r = r.Intersect(p.picture.Rect).Intersect(img.Rect)
	draw.Draw(p.picture, r, img, r.Min, draw.Src)
	p.drawn = true
	return p.onLocked(func(now hal.Panel) error { return now.Draw(img, r) })
}

// Backlight implements hal.Panel.
func (p *latePanel) Backlight(percent int) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return ErrClosed
	}
	p.percent = percent
	return p.onLocked(func(now hal.Panel) error { return now.Backlight(percent) })
}

// onLocked does something with a display that is there. One that fails is no error
// of its user's.
func (p *latePanel) onLocked(do func(hal.Panel) error) error {
	if p.now == nil {
		return nil
	}
	if err := do(p.now); err != nil {
		p.now = nil
		p.failed <- err // there is room: it fails once a time that it is there
	}
	return nil
}

func (p *latePanel) use(ctx context.Context, now hal.Panel) error {
	p.mu.Lock()
	p.now = now
	if p.drawn {
		_ = p.onLocked(func(now hal.Panel) error { return now.Draw(p.picture, p.picture.Rect) })
	}
	if p.percent >= 0 {
		_ = p.onLocked(func(now hal.Panel) error { return now.Backlight(p.percent) })
	}
	p.mu.Unlock()
	var err error
	select {
	case err = <-p.failed:
	case <-ctx.Done():
	}
	p.mu.Lock()
	p.now = nil
	p.mu.Unlock()
	if err == nil {
		return now.Close()
	}
	_ = now.Close() // it could not take a picture: nor this
	return err
}

// Close implements hal.Panel: the display goes dark.
func (p *latePanel) Close() error {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	return p.close()
}

// lateLamps implements hal.Lamps: each lamp is a part of its own.
type lateLamps map[hal.LampID]*lateLamp

type lateLamp struct {
	part
	id     hal.LampID
	mu     sync.Mutex
	state  hal.LampState
	now    hal.Lamps // nil: it is not there
	failed chan error
}

func newLateLamp(s *site, id hal.LampID, m Missing, open func() (hal.Lamps, error)) *lateLamp {
	l := &lateLamp{id: id, state: hal.LampState{Pattern: hal.Dark}, failed: make(chan error, 1)}
	l.part = begin(s, m, open, l.use, func() {})
	return l
}

// Set implements hal.Lamps. A lamp that fails is looked for anew and told; it is set
// when it is there.
func (l lateLamps) Set(id hal.LampID, s hal.LampState) error {
	if one := l[id]; one != nil {
		return one.set(s)
	}
	return nil
}

// Close implements hal.Lamps.
func (l lateLamps) Close() error {
	for _, one := range l {
		_ = one.close() // it has no error
	}
	return nil
}

func (l *lateLamp) set(s hal.LampState) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.now == nil {
		l.state = s
		return nil
	}
	err := l.now.Set(l.id, s)
	if errors.Is(err, lamp.ErrPattern) {
		return err
	}
	l.state = s
	if err != nil {
		l.now = nil
		l.failed <- err // there is room: it fails once a time that it is there
	}
	return nil
}

func (l *lateLamp) use(ctx context.Context, now hal.Lamps) error {
	l.mu.Lock()
	l.now = now
	state := l.state
	l.mu.Unlock()
	_ = l.set(state) // told below
	var err error
	select {
	case err = <-l.failed:
	case <-ctx.Done():
	}
	l.mu.Lock()
	l.now = nil
	l.mu.Unlock()
	return errors.Join(err, now.Close())
}
