// Package edge waits for the edges of GPIO lines, minding what the kernel's
// interface and periph do: a time-out of -1 returns at once instead of never,
// edges queue while nobody waits, and a line that can't be waited for answers
// "no edge" at once, which would make a loop spin.
//
// A Watcher runs one goroutine a line until Close.
package edge

import (
	"sync"
	"time"

	"periph.io/x/conn/v3/gpio"
)

const (
	// every is how long one wait lasts, and so how often a level is looked at
	// when no edge comes.
	every = 2 * time.Second
	// restAfter a wait that ended too soon: the line gives no edges.
	restAfter = 100 * time.Millisecond
	// haltAgain: an interrupt may come just before the wait begins.
	haltAgain = 20 * time.Millisecond
)

// Watcher tells of edges.
type Watcher struct {
	pins []gpio.PinIn
	stop chan struct{}
	once sync.Once
	wg   sync.WaitGroup
}

// Watch calls moved(true) at each edge of each line, and moved(false) now and then,
// from one goroutine a line; moved must not block. The lines are configured as
// inputs with edges already.
func Watch(moved func(seen bool), pins ...gpio.PinIn) *Watcher {
	w := &Watcher{pins: pins, stop: make(chan struct{})}
	for _, p := range pins {
		// The first wait opens what Halt interrupts; from here on Halt may be
		// called from another goroutine.
		p.WaitForEdge(time.Nanosecond)
		w.wg.Go(func() { w.watch(p, moved) })
	}
	return w
}

func (w *Watcher) watch(p gpio.PinIn, moved func(seen bool)) {
	for {
		begun := time.Now()
		seen := p.WaitForEdge(every)
		if w.stopped(0) {
			return
		}
		moved(seen)
		if !seen && time.Since(begun) < every/2 && w.stopped(restAfter) {
			return
		}
	}
}

// stopped reports, within d, that Close was called.
func (w *Watcher) stopped(d time.Duration) bool {
	if d == 0 {
		select {
		case <-w.stop:
			return true
		default:
			return false
		}
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-w.stop:
		return true
	case <-t.C:
		return false
	}
}

// Close ends the goroutines. The lines stay configured.
func (w *Watcher) Close() {
	w.once.Do(func() { close(w.stop) })
	done := make(chan struct{})
	go func() { w.wg.Wait(); close(done) }()
	t := time.NewTicker(haltAgain)
	defer t.Stop()
	for {
		for _, p := range w.pins {
			_ = p.Halt()
		}
		select {
		case <-done:
			return
		case <-t.C:
		}
	}
}
