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
	heldScan = 10 * time.Millisecond // while several keys are held
	heldLook = 20 * time.Millisecond // while one is
	idleWait = time.Second
	// A key that is down for longer than typing is not one of a number being
	// dialled, whose keys may overlap.
	typing = 300 * time.Millisecond
	// StuckAfter is when a key that is down is held by dirt or a cup and not by
	// a finger: it is let go and told as stuck.
	StuckAfter = 20 * time.Second
	slowScan   = 40 * time.Millisecond // still often enough for a quick finger
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
	// Held watches while one key alone is down: after d, sooner when another
	// column moves or stop is closed, it says whether to Scan because the key
	// was let go or another may be down. It costs a fraction of a scan.
	Held(row, col int, stop <-chan struct{}, d time.Duration) (scan bool, err error)
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

// Config is what a keypad is made of.
type Config struct {
	Layout Layout
	Now    func() time.Time // time.Now outside tests
	// Stuck tells of a key that is down when the driver starts, or for longer
	// than StuckAfter, and with false that it was let go; nil: nobody asks. It
	// runs on the driver's goroutine and must not block.
	Stuck func(key hal.Key, stuck bool)
}

// Keypad is a running driver; it implements hal.Keypad. No event tells of a key
// while it is stuck.
type Keypad struct {
	Config
	wires  Wires
	events chan hal.KeyEvent
	stop   chan struct{}
	once   sync.Once
	done   chan struct{}

	mu  sync.Mutex
	err error
	// ghosts counts scans that were not unique.
	ghosts uint64
}

// New looks which keys are down already and starts the driver.
func New(cfg Config, wires Wires) (*Keypad, error) {
	if err := cfg.Layout.Validate(); err != nil {
		return nil, fmt.Errorf("keypad: %w", err)
	}
	if cfg.Stuck == nil {
		cfg.Stuck = func(hal.Key, bool) {}
	}
	k := &Keypad{
		Config: cfg, wires: wires,
		events: make(chan hal.KeyEvent, buffer), stop: make(chan struct{}), done: make(chan struct{}),
	}
	first := make([]uint32, len(cfg.Layout))
	if err := k.scan(first); err != nil {
		return nil, errors.Join(err, wires.Close())
	}
	go k.run(&holds{born: first, keys: map[[2]int]hold{}})
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

func (k *Keypad) run(h *holds) {
	err := k.drive(h)
	k.mu.Lock()
	k.err = errors.Join(err, k.wires.Close())
	k.mu.Unlock()
	close(k.events)
	close(k.done)
}

// drive sleeps until a column moves, then scans at a steady pace until all
// keys rest: edges that the scan itself makes don't hurry it.
func (k *Keypad) drive(h *holds) error {
	d := newDebouncer(len(k.Layout))
	raw := make([]uint32, len(k.Layout))
	for !k.stopped() {
		if err := k.scan(raw); err != nil {
			return err
		}
		at := k.Now()
		h.seen(raw)
		doubtful := k.unghost(raw, d)
		d.feed(raw, at, func(r, c int, down bool) { k.moved(h, r, c, down, at) })
		if err := k.sleep(d, h, doubtful); err != nil {
			return err
		}
	}
	return nil
}

// scan reads every row.
func (k *Keypad) scan(raw []uint32) error {
	for r := range raw {
		columns, err := k.wires.Scan(r)
		if err != nil {
			return fmt.Errorf("keypad: scan row %d: %w", r+1, err)
		}
		raw[r] = columns & mask(k.Layout[r])
	}
	return nil
}

// sleep lasts until the next scan is due.
func (k *Keypad) sleep(d *debouncer, h *holds, doubtful bool) error {
	row, col, alone := d.only()
	switch {
	case d.moving():
		k.pause(scanTime)
	case alone && !doubtful:
		if err := k.hold(h, row, col); err != nil {
			return fmt.Errorf("keypad: look after row %d, column %d: %w", row+1, col+1, err)
		}
	case doubtful || d.busy():
		k.overdue(h)
		if h.allStuck() && !doubtful {
			k.pause(slowScan)
		} else {
			k.pause(heldScan)
		}
	default:
		if err := k.wires.Rest(); err != nil {
			return fmt.Errorf("keypad: rest: %w", err)
		}
		if err := k.wires.Wait(k.stop, idleWait); err != nil {
			return fmt.Errorf("keypad: wait: %w", err)
		}
	}
	return nil
}

// hold watches the one key that is down, for idleWait at most.
func (k *Keypad) hold(h *holds, row, col int) error {
	look := heldLook
	if k.Now().Sub(h.keys[[2]int{row, col}].since) > typing {
		look = slowScan
	}
	for range idleWait / look {
		scan, err := k.wires.Held(row, col, k.stop, look)
		if err != nil || scan || k.stopped() {
			return err
		}
		k.overdue(h)
	}
	return nil
}

func (k *Keypad) pause(d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-k.stop:
	}
}

func (k *Keypad) stopped() bool {
	select {
	case <-k.stop:
		return true
	default:
		return false
	}
}

// unghost keeps what was down as it is when the scan isn't unique, which it
// reports: it may stay or go, nothing new comes.
func (k *Keypad) unghost(raw []uint32, d *debouncer) bool {
	if !ghost(raw) {
		return false
	}
	k.mu.Lock()
	k.ghosts++
	k.mu.Unlock()
	for r := range raw {
		raw[r] &= d.stable[r]
	}
	return true
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
