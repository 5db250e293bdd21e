package phone

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// Loop owns one State. Its goroutine, the one that calls Run, is the only one
// that steps it; everybody else posts and looks at snapshots. All methods are
// safe for concurrent use and none of them blocks on the loop.
type Loop struct {
	// Record, if set before Run, is called on the loop's goroutine with every
	// event before it is applied: a field bug is an event log. The digits of a
	// PIN come as zeros. It must not block.
	Record func(Event)

	clock func() time.Time
	run   func([]Effect)
	state State // of the goroutine in Run
	veil  veil  // likewise

	mu     sync.Mutex
	queue  []Event
	closed bool
	subs   map[*subscriber]struct{}

	wake chan struct{} // capacity 1
	stop chan struct{} // closed by Close
	once sync.Once

	view    atomic.Pointer[View]
	dropped atomic.Uint64
	applied atomic.Uint64
	deepest atomic.Int64
}

// queueLimit bounds what a stuck machine can pile up: at fifty keys a second,
// twenty minutes.
const queueLimit = 1 << 16

type subscriber struct{ ch chan View }

// NewLoop makes a Loop that starts from s. clock gives an event its instant
// when it is posted. run gets the effects of each event, in order, on the
// loop's goroutine: it hands them to queues and returns.
func NewLoop(s State, clock func() time.Time, run func([]Effect)) *Loop {
	l := &Loop{
		clock: clock, run: run, state: s,
		subs: make(map[*subscriber]struct{}),
		wake: make(chan struct{}, 1), stop: make(chan struct{}),
	}
	v := s.View()
	l.view.Store(&v)
	return l
}

// Post hands an event to the loop and returns at once. It reports false if the
// event was dropped, because the loop is closed or its queue is full.
func (l *Loop) Post(w What) bool {
	l.mu.Lock()
	if l.closed || len(l.queue) >= queueLimit {
		l.mu.Unlock()
		l.dropped.Add(1)
		return false
	}
	l.queue = append(l.queue, Event{At: l.clock(), What: w})
	if n := int64(len(l.queue)); n > l.deepest.Load() {
		l.deepest.Store(n)
	}
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default:
	}
	return true
}

// View is the latest snapshot.
func (l *Loop) View() View { return *l.view.Load() }

// LoopStats are counters over the Loop's life.
type LoopStats struct {
	Applied uint64 // events stepped
	Dropped uint64 // events refused by Post
	Deepest int    // most events that ever waited
}

// Stats may be called at any time.
func (l *Loop) Stats() LoopStats {
	return LoopStats{Applied: l.applied.Load(), Dropped: l.dropped.Load(), Deepest: int(l.deepest.Load())}
}

// Subscribe delivers the present View and then each newer one. A slow reader
// loses those in between, never the latest. The channel is closed by cancel,
// and when Run returns.
func (l *Loop) Subscribe() (views <-chan View, cancel func()) {
	s := &subscriber{ch: make(chan View, 1)}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		close(s.ch)
		return s.ch, func() {}
	}
	s.ch <- *l.view.Load()
	l.subs[s] = struct{}{}
	return s.ch, func() { l.unsubscribe(s) }
}

func (l *Loop) unsubscribe(s *subscriber) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, ok := l.subs[s]; ok {
		delete(l.subs, s)
		close(s.ch)
	}
}

// Run steps events until ctx is done or Close is called. It is called once.
func (l *Loop) Run(ctx context.Context) {
	defer l.shut()
	var batch []Event
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.stop:
			return
		case <-l.wake:
		}
		l.mu.Lock()
		batch, l.queue = l.queue, batch[:0]
		l.mu.Unlock()
		for i, e := range batch {
			if ctx.Err() != nil {
				return
			}
			l.step(e)
			batch[i] = Event{}
		}
	}
}

// step applies one event. Effects go out after the new View is to be seen, so
// that whoever acts on an effect finds the state that asked for it.
func (l *Loop) step(e Event) {
	if l.Record != nil {
		l.Record(l.veil.over(&l.state, e))
	}
	next, effects := Step(l.state, e)
	l.state = next
	v := next.View()
	l.mu.Lock()
	l.view.Store(&v)
	for s := range l.subs {
		select {
		case <-s.ch: // an older one that nobody has read
		default:
		}
		s.ch <- v
	}
	l.mu.Unlock()
	l.applied.Add(1)
	if len(effects) > 0 && l.run != nil {
		l.run(effects)
	}
}

// Close makes Run return after the event it is at; what waits is dropped. It
// may be called more than once, and before Run.
func (l *Loop) Close() { l.once.Do(func() { close(l.stop) }) }

// shut refuses further events and ends the subscriptions.
func (l *Loop) shut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	l.dropped.Add(uint64(len(l.queue)))
	l.queue = nil
	for s := range l.subs {
		close(s.ch)
	}
	clear(l.subs)
}
