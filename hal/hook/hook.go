// Package hook drives the cradle switch on one GPIO line: it debounces 30 ms
// and reports the handset's place, the first time at the start.
//
// A Hook runs two goroutines: one waits for edges, one debounces.
package hook

import (
	"fmt"
	"sync"
	"time"

	"periph.io/x/conn/v3/gpio"

	"phoned/hal"
	"phoned/hal/edge"
)

const (
	// Debounce is how long the switch must rest (C0.1).
	Debounce = 30 * time.Millisecond
	buffer   = 16
)

// Hook is a running driver; it implements hal.Hook.
type Hook struct {
	pin    gpio.PinIO
	high   bool // a high level means off hook
	now    func() time.Time
	events chan hal.HookEvent
	stop   chan struct{}
	once   sync.Once
	wg     sync.WaitGroup
	edges  *edge.Watcher
}

// New starts the driver on pin; offHookHigh is the switch's polarity, now is
// time.Now outside tests.
func New(pin gpio.PinIO, offHookHigh bool, now func() time.Time) (*Hook, error) {
	if err := pin.In(gpio.PullUp, gpio.BothEdges); err != nil {
		return nil, fmt.Errorf("hook switch %s: %w", pin.Name(), err)
	}
	h := &Hook{pin: pin, high: offHookHigh, now: now, events: make(chan hal.HookEvent, buffer), stop: make(chan struct{})}
	moved := make(chan struct{}, 1)
	h.edges = edge.Watch(func(bool) {
		select {
		case moved <- struct{}{}:
		default:
		}
	}, pin)
	h.wg.Go(func() { h.debounce(moved) })
	return h, nil
}

// Events implements hal.Hook.
func (h *Hook) Events() <-chan hal.HookEvent { return h.events }

// Err implements hal.Hook; a level can always be read.
func (h *Hook) Err() error { return nil }

// Close implements hal.Hook.
func (h *Hook) Close() error {
	h.once.Do(func() { close(h.stop) })
	h.wg.Wait()
	h.edges.Close()
	return nil
}

func (h *Hook) offHook() bool { return bool(h.pin.Read()) == h.high }

func (h *Hook) debounce(moved <-chan struct{}) {
	defer close(h.events)
	place := h.offHook()
	if !h.emit(place) {
		return
	}
	rest := time.NewTimer(0)
	<-rest.C
	var resting <-chan time.Time
	candidate := place
	for {
		select {
		case <-moved:
			if now := h.offHook(); now != candidate || now != place && resting == nil {
				candidate = now
				rest.Reset(Debounce)
				resting = rest.C
			}
		case <-resting:
			resting = nil
			now := h.offHook()
			if now != candidate { // moved without an edge that we saw
				candidate = now
				rest.Reset(Debounce)
				resting = rest.C
				continue
			}
			if now != place {
				place = now
				if !h.emit(place) {
					return
				}
			}
		case <-h.stop:
			rest.Stop()
			return
		}
	}
}

func (h *Hook) emit(offHook bool) bool {
	select {
	case h.events <- hal.HookEvent{OffHook: offHook, At: h.now()}:
		return true
	case <-h.stop:
		return false
	}
}
