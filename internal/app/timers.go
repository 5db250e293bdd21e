package app

import (
	"sync"

	"phoned/internal/clock"
	"phoned/phone"
)

// timers runs the core's timers. A timer that fires after it was stopped or
// restarted is told apart by its generation, so none of this needs to be exact.
type timers struct {
	mu      sync.Mutex
	clock   clock.Clock
	post    func(phone.What) bool
	running map[phone.Timer]clock.Timer
}

func newTimers(c clock.Clock, post func(phone.What) bool) *timers {
	return &timers{clock: c, post: post, running: map[phone.Timer]clock.Timer{}}
}

func (t *timers) start(e phone.StartTimer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if old := t.running[e.Timer]; old != nil {
		old.Stop()
	}
	t.running[e.Timer] = t.clock.AfterFunc(e.After, func() {
		t.post(phone.TimerFired{Timer: e.Timer, Gen: e.Gen})
	})
}

func (t *timers) stop(name phone.Timer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if old := t.running[name]; old != nil {
		old.Stop()
		delete(t.running, name)
	}
}

// close stops every timer.
func (t *timers) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for name, old := range t.running {
		old.Stop()
		delete(t.running, name)
	}
}
