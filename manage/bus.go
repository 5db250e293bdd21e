package manage

import (
	"encoding/json"
	"slices"
	"sync"
	"time"
)

// Published is one event of the contract (backend-and-calls.md §7) as
// interfaces see it.
type Published struct {
	ID     int64          `json:"id"`
	Name   string         `json:"event"`
	At     time.Time      `json:"at"`
	Detail map[string]any `json:"detail,omitempty"`
}

// Bus keeps the last events and wakes whoever follows them. Publish never
// blocks; a follower that is too slow misses what fell out of the ring and can
// tell by the gap in the IDs. Safe for concurrent use.
type Bus struct {
	mu    sync.Mutex
	next  int64
	ring  []Published
	wait  chan struct{}
	limit int

	observers []func(Published)
}

// NewBus keeps the last limit events.
func NewBus(limit int) *Bus {
	return &Bus{next: 1, limit: limit, wait: make(chan struct{})}
}

// Observe has f called with every event from now on, in their order, under the
// bus's lock: it must not block, nor call the bus. For what counts events.
func (b *Bus) Observe(f func(Published)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.observers = append(b.observers, f)
}

// Publish adds an event.
func (b *Bus) Publish(at time.Time, name string, detail map[string]any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := Published{b.next, name, at, detail}
	b.ring = append(b.ring, e)
	b.next++
	for _, f := range b.observers {
		f(e)
	}
	if lists[name] {
		b.dropOldLists(name)
	}
	if len(b.ring) > b.limit {
		b.ring = append(b.ring[:0:0], b.ring[len(b.ring)-b.limit:]...)
	}
	close(b.wait)
	b.wait = make(chan struct{})
}

// lists are the events whose detail is a whole list, which may be long: the newest
// replaces those before it, of which only a few are kept.
var lists = map[string]bool{"history-updated": true, "park-slots-updated": true}

const listsKept = 8

// dropOldLists forgets the oldest of the kept lists when there are too many.
func (b *Bus) dropOldLists(name string) {
	n, oldest := 0, 0
	for i, e := range b.ring {
		if e.Name == name {
			if n++; n == 1 {
				oldest = i
			}
		}
	}
	if n > listsKept {
		b.ring = slices.Delete(b.ring, oldest, oldest+1)
	}
}

// After returns the kept events with an ID above last, and a channel that is
// closed at the next Publish.
func (b *Bus) After(last int64) ([]Published, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := len(b.ring)
	for i > 0 && b.ring[i-1].ID > last {
		i--
	}
	return append([]Published(nil), b.ring[i:]...), b.wait
}

// Last is the ID of the newest event, 0 if there was none.
func (b *Bus) Last() int64 { b.mu.Lock(); defer b.mu.Unlock(); return b.next - 1 }

// JSON is the event's data as sent on the stream.
func (p Published) JSON() []byte {
	d := map[string]any{"at": p.At.UnixMilli()}
	for k, v := range p.Detail {
		d[k] = v
	}
	out, err := json.Marshal(d)
	if err != nil {
		return []byte(`{}`)
	}
	return out
}
