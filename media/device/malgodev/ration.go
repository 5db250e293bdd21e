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
	log  *slog.Logger
	now  func() time.Time
	gone func() // a card is, and this is its thread

	mu      sync.Mutex
	since   time.Time
	passed  int
	dropped int
}

const (
	rationLines  = 5
	rationPeriod = 10 * time.Second
	// goneLine is what the thread of a card that was pulled out says in its endless
	// loop.
	goneLine = "POLLERR detected"
)

func newRation(log *slog.Logger, now func() time.Time) *ration {
	return &ration{log: log, now: now, gone: func() {}}
}

// line is miniaudio's log callback, called on any of its threads under the lock of
// its log.
func (r *ration) line(text string) {
	if strings.Contains(text, goneLine) {
		r.gone()
	}
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
