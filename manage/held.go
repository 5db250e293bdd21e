package manage

import (
	"strconv"
	"sync"
	"time"

	"phoned/internal/clock"
	"phoned/phone"
)

// holdLimit is how long a key may stay down without anybody behind it.
const holdLimit = 10 * time.Second

// heldKeys knows which keys are down and whose finger is on them. A browser can
// vanish between a key's down and its up; then the phone must not go on seeing
// a finger there. A key is let go when the stream of its panel ends, and after
// holdLimit if it was pressed without a panel. Safe for concurrent use.
type heldKeys struct {
	phone Phone
	clock clock.Clock

	mu      sync.Mutex
	last    uint64
	panels  map[string]bool // those with an open stream
	fingers map[finger]*hold
}

type finger struct {
	panel string // "" for a program without a stream
	key   phone.Key
}

// hold has a timer unless the stream of the finger's panel watches over it.
type hold struct{ timer clock.Timer }

func (h *hold) stop() {
	if h != nil && h.timer != nil {
		h.timer.Stop()
	}
}

func newHeldKeys(p Phone, c clock.Clock) *heldKeys {
	return &heldKeys{phone: p, clock: c, panels: map[string]bool{}, fingers: map[finger]*hold{}}
}

// open names a new panel; gone lets go of what it still holds.
func (h *heldKeys) open() (panel string, gone func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last++
	panel = strconv.FormatUint(h.last, 10)
	h.panels[panel] = true
	return panel, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.panels, panel)
		for f := range h.fingers {
			if f.panel == panel {
				delete(h.fingers, f)
				h.phone.Post(phone.KeyUp{Key: f.key})
			}
		}
	}
}

// down posts KeyDown and remembers the finger; a panel without a stream is no
// panel.
func (h *heldKeys) down(panel string, key phone.Key) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.phone.Post(phone.KeyDown{Key: key}) {
		return false
	}
	if h.panels[panel] {
		h.fingers[finger{panel, key}] = &hold{}
		return true
	}
	f := finger{"", key}
	h.fingers[f].stop()
	now := &hold{}
	now.timer = h.clock.AfterFunc(holdLimit, func() { h.expire(f, now) })
	h.fingers[f] = now
	return true
}

// up posts KeyUp, also for a key that nobody is known to hold.
func (h *heldKeys) up(panel string, key phone.Key) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.panels[panel] {
		panel = ""
	}
	f := finger{panel, key}
	h.fingers[f].stop()
	delete(h.fingers, f)
	return h.phone.Post(phone.KeyUp{Key: key})
}

func (h *heldKeys) expire(f finger, which *hold) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.fingers[f] == which {
		delete(h.fingers, f)
		h.phone.Post(phone.KeyUp{Key: f.key})
	}
}
