package phone_test

import (
	"runtime"
	"strings"
	"sync"
	"time"

	"phoned/internal/clock"
)

// leaper is the real clock with an offset that a test can move on: what falls
// due by a leap runs at once. Media keep their real pace, and so do the
// signalling's timers: a leap would take from the network the seconds in which a
// far end may answer, and a busy machine would lose its flow by it.
type leaper struct {
	mu     sync.Mutex
	offset time.Duration
	timers map[*leapTimer]bool
}

type leapTimer struct {
	c       *leaper
	due     time.Time
	network bool
	real    *time.Timer
}

func newLeaper() *leaper { return &leaper{timers: map[*leapTimer]bool{}} }

func (c *leaper) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.offset)
}

func (c *leaper) AfterFunc(d time.Duration, f func()) clock.Timer {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := &leapTimer{c: c, due: time.Now().Add(c.offset + d), network: ofSignalling()}
	t.real = time.AfterFunc(d, func() {
		if t.take() {
			f()
		}
	})
	c.timers[t] = true
	return t
}

// ofSignalling says whether package sip is who asks for a timer.
func ofSignalling() bool {
	pcs := make([]uintptr, 4)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)])
	for {
		f, more := frames.Next()
		if strings.HasPrefix(f.Function, "phoned/sip.") {
			return true
		}
		if !more {
			return false
		}
	}
}

func (t *leapTimer) take() bool {
	t.c.mu.Lock()
	defer t.c.mu.Unlock()
	was := t.c.timers[t]
	delete(t.c.timers, t)
	return was
}

func (t *leapTimer) Stop() bool {
	t.real.Stop()
	return t.take()
}

// leap moves the time on by d.
func (c *leaper) leap(d time.Duration) { c.move(d, false) }

// leapAll does so for the signalling too: its wait before the next try.
func (c *leaper) leapAll(d time.Duration) { c.move(d, true) }

func (c *leaper) move(d time.Duration, network bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset += d
	now := time.Now().Add(c.offset)
	for t := range c.timers {
		if network || !t.network {
			t.real.Reset(max(t.due.Sub(now), 0))
		}
	}
}
