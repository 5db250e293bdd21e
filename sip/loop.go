package sip

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	gosip "github.com/emiago/sipgo/sip"
	"github.com/google/uuid"

	"phoned/internal/clock"
)

// Agent is the user agent. All its state belongs to one goroutine, the loop:
// messages, timers and calls of its methods are jobs in the loop's queue, and
// no job waits for the network. A second goroutine delivers events. Each flow
// adds a few of its own.
type Agent struct {
	cfg   Config
	clock clock.Clock
	log   *slog.Logger
	quiet *slog.Logger // sipgo's: its news are ours already
	dial  dialer
	rand  func() float64

	jobs     *mailbox[func()]
	events   *mailbox[Event]
	wg       sync.WaitGroup // everything but the loop
	loopDone chan struct{}
	sentDone chan struct{}

	counters struct {
		stranger, malformed, stray, untrusted, limited, panics atomic.Uint64
	}

	// Owned by the loop.
	lines   map[string]*line
	leaving map[*line]struct{} // removed, still unregistering
	legs    map[LegID]*leg
	dialogs map[dialogID]*leg
	legSeq  int
	past    pastDialogs
	refers  map[ReferID]*referral
	referNo int
	subs    map[string]*subscription // by Call-ID
	closing bool
	allGone chan struct{} // Close waits for it
}

var _ UserAgent = (*Agent)(nil)

// New starts an Agent without lines. It fails if Events or InstanceID are
// missing.
func New(c Config) (*Agent, error) {
	if c.Events == nil {
		return nil, errors.New("sip: Config.Events is required")
	}
	if c.InstanceID == "" || strings.ContainsAny(c.InstanceID, "\"<>\r\n") {
		return nil, errors.New("sip: Config.InstanceID must be a urn:uuid")
	}
	if c.UserAgent == "" {
		c.UserAgent = "phoned"
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Clock == nil {
		c.Clock = clock.Real{}
	}
	if c.Resolver == nil {
		c.Resolver = net.DefaultResolver
	}
	a := &Agent{
		cfg: c, clock: c.Clock, log: c.Log, quiet: slog.New(slog.DiscardHandler), rand: rand.Float64,
		jobs: newMailbox[func()](), events: newMailbox[Event](),
		loopDone: make(chan struct{}), sentDone: make(chan struct{}),
		lines: map[string]*line{}, leaving: map[*line]struct{}{},
		legs: map[LegID]*leg{}, dialogs: map[dialogID]*leg{}, refers: map[ReferID]*referral{}, subs: map[string]*subscription{},
	}
	a.dial = a.dialServer
	go func() {
		defer close(a.loopDone)
		a.jobs.serve(a.run)
	}()
	go func() {
		defer close(a.sentDone)
		a.events.serve(func(e Event) {
			if p, ok := e.(pulse); ok {
				p.seen <- struct{}{}
				return
			}
			a.guard("the receiver of events failed", func() { c.Events(e) })
		})
	}()
	return a, nil
}

// run shields the loop from a job's panic: one bad message or a fault of ours
// must not take the phone's other calls with it.
func (a *Agent) run(job func()) { a.guard("an internal step failed", job) }

// guard runs a step that a panic must not leave: it is counted and logged, and
// the caller goes on. It reports false after one.
func (a *Agent) guard(failed string, step func()) (well bool) {
	defer func() {
		if r := recover(); r != nil {
			a.counters.panics.Add(1)
			a.log.Error(failed, "err", r, "stack", string(debug.Stack()))
		}
	}()
	step()
	return true
}

// post queues a job; after Close it does nothing.
func (a *Agent) post(job func()) { a.jobs.put(job) }

// wait runs a job on the loop and returns when it has run, or when the agent
// is closed.
func (a *Agent) wait(job func()) bool {
	done := make(chan struct{})
	if !a.jobs.put(func() { defer close(done); job() }) {
		return false
	}
	select {
	case <-done:
		return true
	case <-a.loopDone:
		return false
	}
}

// call is wait for a job that can fail.
func (a *Agent) call(job func() error) error {
	err := ErrClosed
	done := make(chan error, 1)
	if !a.wait(func() { done <- job() }) {
		return err
	}
	select {
	case err = <-done:
		return err
	default: // the job panicked
		return ErrState
	}
}

func (a *Agent) emit(e Event) { a.events.put(e) }

// timer is an AfterFunc whose function runs on the loop.
type timer struct {
	t    clock.Timer
	dead bool
}

func (a *Agent) after(d time.Duration, f func()) *timer {
	t := &timer{}
	t.t = a.clock.AfterFunc(max(d, 0), func() {
		a.post(func() {
			if !t.dead {
				t.dead = true
				f()
			}
		})
	})
	return t
}

// stop is safe on a nil or finished timer.
func (t *timer) stop() {
	if t != nil && !t.dead {
		t.dead = true
		t.t.Stop()
	}
}

// bucket is a token bucket by the agent's clock.
type bucket struct {
	rate, burst, tokens float64
	last                time.Time
}

func (b *bucket) take(now time.Time) bool {
	if b.last.IsZero() {
		b.tokens = b.burst
	} else {
		b.tokens = min(b.burst, b.tokens+b.rate*now.Sub(b.last).Seconds())
	}
	b.last = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}

// Counters tell what was thrown away, since New.
type Counters struct {
	Stranger  uint64 // UDP packets from elsewhere than the server
	Malformed uint64 // what could not be parsed
	Stray     uint64 // responses to nothing
	Untrusted uint64 // requests before we were registered
	Limited   uint64 // INVITEs and unasked NOTIFYs over the rate
	Panics    uint64 // faults of ours that were caught
}

// Counters returns the present values.
func (a *Agent) Counters() Counters {
	c := &a.counters
	return Counters{
		c.stranger.Load(), c.malformed.Load(), c.stray.Load(),
		c.untrusted.Load(), c.limited.Load(), c.panics.Load(),
	}
}

// Close implements UserAgent. When ctx ends first, what is left is cut off
// and its error returned; nothing runs on after Close returns.
func (a *Agent) Close(ctx context.Context) error {
	quietly := make(chan struct{})
	if !a.wait(func() { a.beginClose(quietly) }) {
		<-a.loopDone
		<-a.sentDone
		return nil
	}
	var err error
	select {
	case <-quietly:
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	a.wait(a.cutOff)
	a.wg.Wait()
	a.jobs.close()
	<-a.loopDone
	a.events.close()
	<-a.sentDone
	return err
}

// beginClose ends calls, unregisters lines and closes done when all are gone.
func (a *Agent) beginClose(done chan struct{}) {
	a.closing = true
	for _, g := range a.legs {
		g.end("")
	}
	for id, l := range a.lines {
		delete(a.lines, id)
		l.leave()
	}
	a.allGone = done
	a.lineGone()
}

// lineGone completes a Close that waits for the last line.
func (a *Agent) lineGone() {
	if a.allGone != nil && len(a.leaving) == 0 {
		close(a.allGone)
		a.allGone = nil
	}
}

// cutOff is the end for whatever did not end by itself.
func (a *Agent) cutOff() {
	for _, g := range a.legs {
		g.finish(LegEnded{Err: ErrClosed})
	}
	for l := range a.leaving {
		l.gone()
	}
}

func newTag() string { return gosip.GenerateTagN(12) }

func newCallID() string { return uuid.NewString() }

func transactionError(err error) error {
	if errors.Is(err, gosip.ErrTransactionTimeout) {
		return ErrTimeout
	}
	return ErrFlowDown
}
