package malgodev

import (
	"log/slog"
	"strings"
	"sync"
	"time"
)

// ration lets a few of miniaudio's log lines through and counts the others: a
// card pulled out makes some ten thousand a second.
type ration struct {
	log *slog.Logger
	now func() time.Time

	mu      sync.Mutex
	since   time.Time
	passed  int
	dropped int
}

const (
	rationLines  = 5
	rationPeriod = 10 * time.Second
)

func newRation(log *slog.Logger, now func() time.Time) *ration { return &ration{log: log, now: now} }

// line is miniaudio's log callback, called on any of its threads.
func (r *ration) line(text string) {
	r.mu.Lock()
	now := r.now()
	if now.Sub(r.since) >= rationPeriod {
		if r.dropped > 0 {
			r.log.Debug("sound driver said more than was kept", "lines", r.dropped)
		}
		r.since, r.passed, r.dropped = now, 0, 0
	}
	pass := r.passed < rationLines
	if pass {
		r.passed++
	} else {
		r.dropped++
	}
	r.mu.Unlock()
	if pass {
		r.log.Debug("sound driver", "text", strings.TrimSpace(text))
	}
}
