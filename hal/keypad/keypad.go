// Package keypad drives a key matrix: rows that are pulled low one at a time,
// columns with pull-ups that are read. It debounces, recognises ghosts and
// sleeps while no key is down.
//
// A Keypad runs one goroutine. It touches hardware only through Wires; NewPins
// makes Wires of GPIO pins.
package keypad

import (
	"errors"
	"fmt"
	"math/bits"
	"sync"
	"time"

	"phoned/hal"
)

const (
	// Debounce is how long a contact must rest in its new position (C0.1).
	Debounce = 30 * time.Millisecond
	scanTime = 5 * time.Millisecond  // while a contact moves
	heldScan = 10 * time.Millisecond // while keys are held
	idleWait = time.Second
	// A key that has been down for stuckAfter without another moving is held
	// by a cup, not a finger: the keys are looked at less often.
	stuckAfter = 20 * time.Second
	slowScan   = 40 * time.Millisecond
	buffer     = 64
)

// Wires is the matrix as its driver sees it. One goroutine uses it.
type Wires interface {
	// Rest pulls all rows low, so that any key moves a column.
	Rest() error
	// Scan pulls one row low, leaves the others floating, and returns the
	// columns that follow, bit 0 the first.
	Scan(row int) (columns uint32, err error)
	// Wait returns when a column has moved, after d, or when stop is closed.
	Wait(stop <-chan struct{}, d time.Duration) error
	Close() error
}

// Layout names the keys, row by row; "" is a place without a key.
type Layout [][]hal.Key

// Validate reports what is wrong with a layout, naming the place.
func (l Layout) Validate() error {
	if len(l) == 0 || len(l) > 32 {
		return fmt.Errorf("the matrix has %d rows, 1 to 32 are possible", len(l))
	}
	seen := map[hal.Key]string{}
	for r, row := range l {
		if len(row) == 0 || len(row) != len(l[0]) || len(row) > 32 {
			return fmt.Errorf("row %d has %d keys, the first row %d", r+1, len(row), len(l[0]))
		}
		for c, key := range row {
			if key == "" {
				continue
			}
			here := fmt.Sprintf("row %d, column %d", r+1, c+1)
			if there, twice := seen[key]; twice {
				return fmt.Errorf("key %q is at %s and at %s", key, there, here)
			}
			seen[key] = here
		}
	}
	return nil
}

// Keypad is a running driver; it implements hal.Keypad.
type Keypad struct {
	layout Layout
	wires  Wires
	now    func() time.Time
	events chan hal.KeyEvent
	stop   chan struct{}
	once   sync.Once
	done   chan struct{}

	mu  sync.Mutex
	err error
	// ghosts counts scans that were not unique.
	ghosts uint64
}

// New starts the driver; now is time.Now outside tests.
func New(layout Layout, wires Wires, now func() time.Time) (*Keypad, error) {
	if err := layout.Validate(); err != nil {
		return nil, fmt.Errorf("keypad: %w", err)
	}
	k := &Keypad{
		layout: layout, wires: wires, now: now,
		events: make(chan hal.KeyEvent, buffer), stop: make(chan struct{}), done: make(chan struct{}),
	}
	go k.run()
	return k, nil
}

// Events implements hal.Keypad.
func (k *Keypad) Events() <-chan hal.KeyEvent { return k.events }

// Err implements hal.Keypad.
func (k *Keypad) Err() error { k.mu.Lock(); defer k.mu.Unlock(); return k.err }

// Ghosts counts scans in which three closed contacts made a fourth look
// closed; their new keys were ignored.
func (k *Keypad) Ghosts() uint64 { k.mu.Lock(); defer k.mu.Unlock(); return k.ghosts }

// Close implements hal.Keypad: it waits for the driver's end.
func (k *Keypad) Close() error {
	k.once.Do(func() { close(k.stop) })
	<-k.done
	return nil
}

func (k *Keypad) run() {
	err := k.drive()
	k.mu.Lock()
	k.err = errors.Join(err, k.wires.Close())
	k.mu.Unlock()
	close(k.events)
	close(k.done)
}

// drive sleeps until a column moves, then scans at a steady pace until all
// keys rest: edges that the scan itself makes don't hurry it.
func (k *Keypad) drive() error {
	d := newDebouncer(len(k.layout))
	raw := make([]uint32, len(k.layout))
	contact, moved := false, k.now()
	for {
		if err := k.sleep(contact || d.busy(), d.moving(), moved); err != nil {
			return err
		}
		if k.stopped() {
			return nil
		}
		contact = false
		for r := range raw {
			columns, err := k.wires.Scan(r)
			if err != nil {
				return fmt.Errorf("keypad: scan row %d: %w", r+1, err)
			}
			raw[r] = columns & mask(k.layout[r])
			contact = contact || raw[r] != 0
		}
		at := k.now()
		k.unghost(raw, d)
		d.feed(raw, at, func(r, c int, down bool) {
			moved = at
			k.emit(k.layout[r][c], down, at)
		})
	}
}

// sleep lasts until the next scan is due.
func (k *Keypad) sleep(busy, moving bool, moved time.Time) error {
	if !busy {
		if err := k.wires.Rest(); err != nil {
			return fmt.Errorf("keypad: rest: %w", err)
		}
		if err := k.wires.Wait(k.stop, idleWait); err != nil {
			return fmt.Errorf("keypad: wait: %w", err)
		}
		return nil
	}
	pause := heldScan
	switch {
	case moving:
		pause = scanTime
	case k.now().Sub(moved) > stuckAfter:
		pause = slowScan
	}
	t := time.NewTimer(pause)
	defer t.Stop()
	select {
	case <-t.C:
	case <-k.stop:
	}
	return nil
}

func (k *Keypad) stopped() bool {
	select {
	case <-k.stop:
		return true
	default:
		return false
	}
}

// unghost keeps what was down as it is when the scan isn't unique: it may stay
// or go, nothing new comes.
func (k *Keypad) unghost(raw []uint32, d *debouncer) {
	if !ghost(raw) {
		return
	}
	k.mu.Lock()
	k.ghosts++
	k.mu.Unlock()
	for r := range raw {
		raw[r] &= d.stable[r]
	}
}

func (k *Keypad) emit(key hal.Key, down bool, at time.Time) {
	select {
	case k.events <- hal.KeyEvent{Key: key, Down: down, At: at}:
	case <-k.stop:
	}
}

// mask has the bits of a row that have keys.
func mask(row []hal.Key) uint32 {
	var m uint32
	for c, key := range row {
		if key != "" {
			m |= 1 << c
		}
	}
	return m
}

// ghost reports whether two rows share two closed columns: then the scan can't
// tell three keys from four.
func ghost(raw []uint32) bool {
	for i := range raw {
		for j := i + 1; j < len(raw); j++ {
			if bits.OnesCount32(raw[i]&raw[j]) >= 2 {
				return true
			}
		}
	}
	return false
}
