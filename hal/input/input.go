// Package input drives keys that the kernel has as an input device: gpio_keys
// of the device tree, USB keypads, media buttons (evdev, linux/input.h).
//
// The kernel debounces. The device is taken for the phone alone (EVIOCGRAB), so
// that its keys don't reach a console. One that goes lets its keys go and is
// waited for.
//
// A Keypad runs one goroutine until Close, and one more while a device is open.
package input

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"phoned/hal"
	"phoned/internal/clock"
)

const (
	buffer      = 64
	reopenAfter = 2 * time.Second
)

// Types and codes of linux/input-event-codes.h.
const (
	evSyn      = 0
	evKey      = 1
	synDropped = 3
)

// Event is one event of a device.
type Event struct {
	Type, Code uint16
	Value      int32 // of a key: 0 up, 1 down, 2 repeated by the kernel
}

// Source is an open device.
type Source interface {
	// Next blocks for an event. Close unblocks it.
	Next() (Event, error)
	// Held lists the codes of the keys that are down.
	Held() ([]uint16, error)
	Close() error
}

// Config of a Keypad.
type Config struct {
	// Device is a path such as /dev/input/by-id/…, or Name a part of the
	// device's name.
	Device, Name string
	Keys         map[uint16]hal.Key // by the kernel's code
	Reopen       time.Duration      // 0: 2 s
	Clock        clock.Clock        // nil: the real one
	Open         func() (Source, error)
	// Up and Lost are told, on the driver's goroutine, when the device comes
	// and, once, when it goes or isn't there at the start.
	Up   func()
	Lost func(error)
}

// Keypad is a running driver; it implements hal.Keypad.
type Keypad struct {
	cfg    Config
	events chan hal.KeyEvent
	stop   chan struct{}
	once   sync.Once
	done   chan struct{}
	down   map[uint16]bool
}

// New starts the driver. A device that is not there yet is waited for.
func New(cfg Config) (*Keypad, error) {
	if cfg.Device == "" && cfg.Name == "" && cfg.Open == nil {
		return nil, errors.New("input: neither a device nor a name is given")
	}
	if cfg.Reopen == 0 {
		cfg.Reopen = reopenAfter
	}
	if cfg.Clock == nil {
		cfg.Clock = clock.Real{}
	}
	if cfg.Open == nil {
		cfg.Open = func() (Source, error) { return open(cfg.Device, cfg.Name) }
	}
	k := &Keypad{cfg: cfg, events: make(chan hal.KeyEvent, buffer), stop: make(chan struct{}), done: make(chan struct{}), down: map[uint16]bool{}}
	go k.run()
	return k, nil
}

// Events implements hal.Keypad.
func (k *Keypad) Events() <-chan hal.KeyEvent { return k.events }

// Err implements hal.Keypad; a lost device is waited for, so nothing is final.
func (k *Keypad) Err() error { return nil }

// Close implements hal.Keypad.
func (k *Keypad) Close() error {
	k.once.Do(func() { close(k.stop) })
	<-k.done
	return nil
}

func (k *Keypad) run() {
	defer close(k.done)
	defer close(k.events)
	lost := false
	for {
		s, err := k.cfg.Open()
		if err == nil {
			lost = false
			err = k.use(s)
		}
		select {
		case <-k.stop:
			return
		default:
		}
		k.sync(nil) // the keys of a device that went are up
		if !lost && k.cfg.Lost != nil {
			k.cfg.Lost(fmt.Errorf("input: %w", err))
		}
		lost = true
		over := make(chan struct{})
		t := k.cfg.Clock.AfterFunc(k.cfg.Reopen, func() { close(over) })
		select {
		case <-over:
		case <-k.stop:
			t.Stop()
			return
		}
	}
}

// use reads a device until it goes or Close.
func (k *Keypad) use(s Source) error {
	closed, used := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(closed)
		select {
		case <-k.stop:
		case <-used:
		}
		_ = s.Close()
	}()
	defer func() { close(used); <-closed }()
	if held, err := s.Held(); err == nil {
		k.sync(held)
	}
	if k.cfg.Up != nil {
		k.cfg.Up()
	}
	dropped := false
	for {
		e, err := s.Next()
		switch {
		case err != nil:
			return err
		case e.Type == evSyn && e.Code == synDropped:
			dropped = true // the kernel's queue ran over: ask for the state
		case e.Type == evSyn && dropped:
			dropped = false
			held, err := s.Held()
			if err != nil {
				return err
			}
			k.sync(held)
		case e.Type == evKey && !dropped && e.Value != 2:
			k.move(e.Code, e.Value == 1)
		}
	}
}

// sync makes held the keys that are down.
func (k *Keypad) sync(held []uint16) {
	for _, c := range slices.Sorted(maps.Keys(k.down)) {
		if !slices.Contains(held, c) {
			k.move(c, false)
		}
	}
	for _, c := range held {
		k.move(c, true)
	}
}

func (k *Keypad) move(code uint16, down bool) {
	key, known := k.cfg.Keys[code]
	if !known || k.down[code] == down {
		return
	}
	if down {
		k.down[code] = true
	} else {
		delete(k.down, code)
	}
	select {
	case k.events <- hal.KeyEvent{Key: key, Down: down, At: k.cfg.Clock.Now()}:
	case <-k.stop:
	}
}
