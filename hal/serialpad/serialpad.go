// Package serialpad is a keypad, hook switch and lamps behind a
// microcontroller on a serial port: an expansion module, or a front panel of
// its own. The line protocol is in docs/serialpad.md.
//
// The device debounces. When it goes, its keys are released; when it comes
// back, the driver asks for its state and sets its lamps again. A message that
// was lost shows by its number, and the state is asked for.
//
// A Pad runs two goroutines, one of them its serialport.Port's.
package serialpad

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"phoned/hal"
	"phoned/hal/serialport"
)

const buffer = 64

// Config of a Pad.
type Config struct {
	Port serialport.Config
	// Keys names the keys by the device's numbers; others are ignored.
	Keys map[int]hal.Key
	// Lamps gives the device's number of each lamp.
	Lamps map[hal.LampID]int
	// Now is time.Now outside tests; nil is it.
	Now func() time.Time
}

// Pad is a running driver; it implements hal.Keypad and hal.Lamps.
type Pad struct {
	cfg    Config
	port   *serialport.Port
	events chan hal.KeyEvent
	ended  chan struct{}

	// Of the port's goroutine.
	in    lines
	synch bool // the next number is known
	next  uint8
	down  map[int]bool

	mu      sync.Mutex
	seq     uint8
	shown   map[hal.LampID]hal.LampState
	closed  bool
	refused uint64
}

// New starts the driver. A device that is not there yet is waited for.
func New(cfg Config) (*Pad, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	p := &Pad{cfg: cfg, events: make(chan hal.KeyEvent, buffer), ended: make(chan struct{}), down: map[int]bool{}, shown: map[hal.LampID]hal.LampState{}}
	up, lost := cfg.Port.Up, cfg.Port.Lost
	ready := make(chan struct{})
	cfg.Port.Up = func() {
		<-ready
		p.greet()
		if up != nil {
			up()
		}
	}
	cfg.Port.Lost = func(err error) {
		<-ready
		p.release()
		if lost != nil {
			lost(err)
		}
	}
	port, err := serialport.New(cfg.Port, func() { p.in, p.synch = lines{}, false }, func(b []byte) { p.in.feed(b, p.line) })
	if err != nil {
		return nil, fmt.Errorf("serialpad: %w", err)
	}
	p.port = port
	close(ready)
	go p.end()
	return p, nil
}

func (p *Pad) end() {
	<-p.port.Stopping()
	_ = p.port.Close()
	close(p.events)
	close(p.ended)
}

// Events implements hal.Keypad.
func (p *Pad) Events() <-chan hal.KeyEvent { return p.events }

// Err implements hal.Keypad; a lost device is waited for, so nothing is final.
func (p *Pad) Err() error { return nil }

// Refused counts lines that were not taken: noise, wrong checksums.
func (p *Pad) Refused() uint64 { p.mu.Lock(); defer p.mu.Unlock(); return p.refused }

// Close implements hal.Keypad and hal.Lamps: the lamps go dark.
func (p *Pad) Close() error {
	p.mu.Lock()
	first := !p.closed
	p.closed = true
	p.mu.Unlock()
	if first {
		for _, id := range slices.Sorted(maps.Keys(p.cfg.Lamps)) {
			_ = p.send("L", strconv.Itoa(p.cfg.Lamps[id]), string(hal.Dark), "")
		}
	}
	err := p.port.Close()
	<-p.ended
	return err
}

// greet asks for the state and sets the lamps of a device that has just come.
func (p *Pad) greet() {
	_ = p.send("?")
	p.mu.Lock()
	shown := maps.Clone(p.shown)
	p.mu.Unlock()
	for _, id := range slices.Sorted(maps.Keys(shown)) {
		_ = p.lamp(id, shown[id])
	}
}

// release lets all keys go: their device is away.
func (p *Pad) release() {
	for _, n := range slices.Sorted(maps.Keys(p.down)) {
		p.move(n, false)
	}
}

// line takes one line from the device.
func (p *Pad) line(b []byte) {
	m, err := Decode(b)
	if err != nil {
		p.refuse()
		return
	}
	if m.Word == "S" { // the whole state: it needs nothing before it
		p.state(m.Args)
		p.synch, p.next = true, m.Seq+1
		return
	}
	if !p.synch || m.Seq != p.next { // something was lost
		p.synch, p.next = true, m.Seq+1
		_ = p.send("?")
	} else {
		p.next++
	}
	if m.Word != "K" || len(m.Args) != 2 {
		return // a word of a later version
	}
	n, err := strconv.Atoi(m.Args[0])
	if err != nil || m.Args[1] != "0" && m.Args[1] != "1" {
		p.refuse()
		return
	}
	p.move(n, m.Args[1] == "1")
}

// state takes the list of keys that are down.
func (p *Pad) state(args []string) {
	now := map[int]bool{}
	for _, a := range args {
		if a == "" {
			continue
		}
		n, err := strconv.Atoi(a)
		if err != nil {
			p.refuse()
			return
		}
		now[n] = true
	}
	for _, n := range slices.Sorted(maps.Keys(p.down)) {
		if !now[n] {
			p.move(n, false)
		}
	}
	for _, n := range slices.Sorted(maps.Keys(now)) {
		p.move(n, true)
	}
}

func (p *Pad) move(n int, down bool) {
	key, known := p.cfg.Keys[n]
	if !known || p.down[n] == down {
		return
	}
	if down {
		p.down[n] = true
	} else {
		delete(p.down, n)
	}
	select {
	case p.events <- hal.KeyEvent{Key: key, Down: down, At: p.cfg.Now()}:
	case <-p.port.Stopping():
	}
}

func (p *Pad) refuse() { p.mu.Lock(); p.refused++; p.mu.Unlock() }

// Set implements hal.Lamps. While the device is away the state is kept for its
// return.
func (p *Pad) Set(id hal.LampID, s hal.LampState) error {
	if _, known := p.cfg.Lamps[id]; !known {
		return nil
	}
	switch s.Pattern {
	case hal.Dark, hal.Solid, hal.FastFlash, hal.SlowFlash, hal.SlowPulse, hal.DoubleBlink:
	default:
		return fmt.Errorf("lamp %s: no pattern %q", id, s.Pattern)
	}
	p.mu.Lock()
	closed := p.closed
	if !closed {
		p.shown[id] = s
	}
	p.mu.Unlock()
	if closed {
		return nil
	}
	if err := p.lamp(id, s); !errors.Is(err, serialport.ErrAway) {
		return err
	}
	return nil
}

func (p *Pad) lamp(id hal.LampID, s hal.LampState) error {
	return p.send("L", strconv.Itoa(p.cfg.Lamps[id]), string(s.Pattern), string(s.Colour))
}

func (p *Pad) send(word string, args ...string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	m := Message{Seq: p.seq, Word: word, Args: args}
	_, err := p.port.Write(m.Encode())
	if err == nil {
		p.seq++
	}
	return err
}
