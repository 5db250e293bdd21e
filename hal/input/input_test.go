package input

import (
	"errors"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"phoned/hal"
	"phoned/hal/haltest"
)

// board is an input device that comes and goes.
type board struct {
	mu     sync.Mutex
	there  bool
	held   map[uint16]bool
	events chan Event
	gone   chan struct{}
}

func newBoard() *board {
	return &board{there: true, held: map[uint16]bool{}, events: make(chan Event, 256), gone: make(chan struct{})}
}

func (b *board) open() (Source, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.there {
		return nil, ErrNoDevice
	}
	return &opened{b: b, gone: b.gone, closed: make(chan struct{})}, nil
}

func (b *board) move(code uint16, down bool) {
	b.mu.Lock()
	b.held[code] = down
	b.mu.Unlock()
	v := int32(0)
	if down {
		v = 1
	}
	b.events <- Event{evKey, code, v}
	b.events <- Event{Type: evSyn}
}

type opened struct {
	b      *board
	gone   chan struct{}
	closed chan struct{}
}

func (o *opened) Next() (Event, error) {
	select {
	case e := <-o.b.events:
		return e, nil
	case <-o.gone:
		return Event{}, io.EOF
	case <-o.closed:
		return Event{}, errors.New("closed")
	}
}

func (o *opened) Held() (codes []uint16, err error) {
	o.b.mu.Lock()
	defer o.b.mu.Unlock()
	for c, down := range o.b.held {
		if down {
			codes = append(codes, c)
		}
	}
	return codes, nil
}
func (o *opened) Close() error { close(o.closed); return nil }

var keys = map[uint16]hal.Key{79: "1", 80: "2", 96: "ok"}

func start(t *testing.T, b *board) (*Keypad, chan struct{}, chan error) {
	t.Helper()
	up, lost := make(chan struct{}, 9), make(chan error, 9)
	k, err := New(Config{Keys: keys, Open: b.open, Up: func() { up <- struct{}{} }, Lost: func(err error) { lost <- err }})
	if err != nil {
		t.Fatal(err)
	}
	return k, up, lost
}

func TestConformance(t *testing.T) {
	haltest.Keypad(t, haltest.Virtual, func(t *testing.T) haltest.KeypadRig {
		b := newBoard()
		k, up, _ := start(t, b)
		<-up
		code := map[hal.Key]uint16{"1": 79, "2": 80, "ok": 96}
		return haltest.KeypadRig{Keypad: k, Keys: []hal.Key{"1", "2", "ok"}, Move: func(k hal.Key, down bool) { b.move(code[k], down) }}
	})
}

func want(t *testing.T, k *Keypad, key hal.Key, down bool) {
	t.Helper()
	if e := <-k.Events(); e.Key != key || e.Down != down {
		t.Fatalf("%s %v came, want %s %v", e.Key, e.Down, key, down)
	}
}

// The kernel's repeats and unknown keys are no events; what was lost when its
// queue ran over is asked for.
func TestRepeatsAndOverrun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBoard()
		k, up, _ := start(t, b)
		<-up
		b.move(79, true)
		want(t, k, "1", true)
		for range 20 {
			b.events <- Event{evKey, 79, 2}
		}
		b.move(30, true) // not of this phone
		b.mu.Lock()
		b.held = map[uint16]bool{80: true}
		b.mu.Unlock()
		b.events <- Event{Type: evSyn, Code: synDropped}
		b.events <- Event{evKey, 79, 1} // stale
		b.events <- Event{Type: evSyn}
		want(t, k, "1", false)
		want(t, k, "2", true)
		_ = k.Close()
	})
}

func TestHotPlug(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBoard()
		k, up, lost := start(t, b)
		<-up
		b.move(79, true)
		want(t, k, "1", true)
		b.mu.Lock()
		b.there = false
		close(b.gone)
		b.held, b.gone = map[uint16]bool{96: true}, make(chan struct{})
		b.mu.Unlock()
		want(t, k, "1", false)
		<-lost
		time.Sleep(time.Minute)
		if len(lost) > 0 {
			t.Error("the loss was told more than once")
		}
		b.mu.Lock()
		b.there = true
		b.mu.Unlock()
		<-up
		want(t, k, "ok", true) // held while it was plugged in
		_ = k.Close()
	})
}

func TestCode(t *testing.T) {
	for name, want := range map[string]uint16{"KEY_KP1": 79, "KEY_NUMERIC_POUND": 523, "250": 250} {
		if c, err := Code(name); err != nil || c != want {
			t.Errorf("%s: %d, %v", name, c, err)
		}
	}
	for _, name := range []string{"", "KEY_COFFEE", "0", "-1", "70000"} {
		if _, err := Code(name); err == nil {
			t.Errorf("%q was taken", name)
		}
	}
}

func TestOpenNothing(t *testing.T) {
	if _, err := open("", "no device is called that"); !errors.Is(err, ErrNoDevice) {
		t.Errorf("%v", err)
	}
	if _, err := New(Config{}); err == nil {
		t.Error("a driver without a device was started")
	}
}
