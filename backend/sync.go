package backend

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"phoned/internal/backoff"
	"phoned/internal/calllog"
	"phoned/internal/clock"
	"phoned/internal/health"
)

// Box is the out-box and the cache of the history; store.DB is one. Each
// method is durable when it returns nil. Implementations are safe for
// concurrent use.
type Box interface {
	// NextPending gives the entry of a user that is due first, entries of one
	// call in the order they were made.
	NextPending(ctx context.Context, userID string) (p calllog.Pending, found bool, err error)
	// Accepted removes an entry that the backend has.
	Accepted(ctx context.Context, seq int64) error
	// Postpone counts a failed attempt.
	Postpone(ctx context.Context, seq int64, due time.Time, reason string) error
	// SetAside keeps an entry that will never be taken out of the way.
	SetAside(ctx context.Context, seq int64, reason string) error
	// Rouse makes everything due at once.
	Rouse(ctx context.Context) error
	// HistoryMark and ReplaceHistory put the backend's answer in the place of
	// what was known before the question.
	HistoryMark(ctx context.Context) (int64, error)
	ReplaceHistory(ctx context.Context, userID, sipDomain string, mark int64, records []calllog.Record) error
	// ClearHistory empties the cache of all that does not wait in the out-box.
	ClearHistory(ctx context.Context) error
}

// HistoryAPI is what History needs of the backend; *Client is one.
type HistoryAPI interface {
	PostCall(ctx context.Context, r calllog.Record) error
	PatchCall(ctx context.Context, callID string, p calllog.Patch) error
	Calls(ctx context.Context, userID, sipDomain string, offset int) (CallPage, error)
}

// HistoryEvent is what a History tells its owner, from its own goroutine or
// from the one that calls Sync; the receiver must not block.
type HistoryEvent struct {
	// Updated: the kept history changed; read it again.
	Updated bool
	// Problem: something is not as it should be; Code "" when it is not about
	// that. Cleared is a code that is no longer true.
	Problem health.Problem
	Cleared string
}

// The codes of a History's problems.
const (
	CodeHistoryAside   = "history.set_aside"
	CodeHistoryWaiting = "history.waiting"
	CodeHistoryStorage = "history.storage"
)

// HistoryConfig of a History; API, Box and Notify are required.
type HistoryConfig struct {
	API    HistoryAPI
	Box    Box
	Notify func(HistoryEvent)
	// Limit of records that a Sync reads, 0: 500.
	Limit int
	Clock clock.Clock  // nil: clock.Real
	Log   *slog.Logger // nil: discard
	Rand  func() float64
}

// History empties the out-box into the backend, one entry after the other,
// over restarts, until each call is there exactly once: the call's id is the
// key, so an answer that got lost costs a duplicate, which counts as success.
// One failing entry does not hold up the others, but every failure makes the
// whole box wait. It runs one goroutine from Start to Close.
type History struct {
	cfg    HistoryConfig
	cancel context.CancelFunc
	done   chan struct{}
	kick   chan struct{}
	wait   *backoff.Backoff

	mu   sync.Mutex
	user string
	// told are the problem codes raised now.
	told map[string]bool
}

const (
	boxFirst     = time.Second
	boxMax       = 5 * time.Minute
	itemFirst    = 10 * time.Second
	itemMax      = 15 * time.Minute
	historyLimit = 500
)

// NewHistory makes one; Start starts it.
func NewHistory(cfg HistoryConfig) *History {
	if cfg.API == nil || cfg.Box == nil || cfg.Notify == nil {
		panic("backend: NewHistory needs an API, a box and a receiver of events")
	}
	if cfg.Limit == 0 {
		cfg.Limit = historyLimit
	}
	if cfg.Clock == nil {
		cfg.Clock = clock.Real{}
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &History{
		cfg: cfg, done: make(chan struct{}), kick: make(chan struct{}, 1), told: map[string]bool{},
		wait: backoff.New(boxFirst, boxMax, retryJitter, cfg.Rand),
	}
}

// Start runs until ctx ends or Close. Nothing is sent before SetUser.
func (h *History) Start(ctx context.Context) {
	ctx, h.cancel = context.WithCancel(ctx)
	go h.run(ctx)
}

// Close stops; a request on its way is given up, its entry stays.
func (h *History) Close() { h.cancel(); <-h.done }

// SetUser says whose calls may be sent with the sign-in in use; "": nobody's.
func (h *History) SetUser(userID string) {
	h.mu.Lock()
	h.user = userID
	h.mu.Unlock()
	h.Kick()
}

// Retry makes everything due at once and looks into the box: when the network
// or the sign-in is back.
func (h *History) Retry(ctx context.Context) error {
	defer h.Kick()
	return h.cfg.Box.Rouse(ctx)
}

// Kick looks into the box now, after a call was added.
func (h *History) Kick() {
	select {
	case h.kick <- struct{}{}:
	default:
	}
}

func (h *History) run(ctx context.Context) {
	defer close(h.done)
	if err := h.cfg.Box.Rouse(ctx); err != nil {
		h.storage(err)
	}
	for {
		wait := h.drain(ctx)
		var due <-chan struct{}
		stop := func() bool { return true }
		if wait > 0 {
			fired := make(chan struct{})
			stop = h.cfg.Clock.AfterFunc(wait, func() { close(fired) }).Stop
			due = fired
		}
		select {
		case <-ctx.Done():
			stop()
			return
		case <-h.kick:
			h.wait.Reset()
		case <-due:
		}
		stop()
	}
}

// drain sends what is due and says how long to wait for more; 0: for a kick.
func (h *History) drain(ctx context.Context) time.Duration {
	for {
		h.mu.Lock()
		user := h.user
		h.mu.Unlock()
		if user == "" || ctx.Err() != nil {
			return 0
		}
		p, found, err := h.cfg.Box.NextPending(ctx, user)
		if err != nil {
			h.storage(err)
			return h.wait.Next()
		}
		if !found {
			h.clear(CodeHistoryWaiting)
			return 0
		}
		// A due time further off than we ever set is a clock that jumped.
		if d := p.Due.Sub(h.cfg.Clock.Now()); d > 0 && d <= 2*itemMax {
			return d
		}
		if wait, more := h.settle(ctx, p, h.send(ctx, p)); !more {
			return wait
		}
	}
}

func (h *History) send(ctx context.Context, p calllog.Pending) error {
	if p.Kind == calllog.PendingUpdate {
		return h.cfg.API.PatchCall(ctx, p.Record.CallID, p.Patch)
	}
	return h.cfg.API.PostCall(ctx, p.Record)
}

// settle writes down what became of an entry.
func (h *History) settle(ctx context.Context, p calllog.Pending, err error) (wait time.Duration, more bool) {
	switch {
	case err == nil:
		h.wait.Reset()
		if err := h.cfg.Box.Accepted(ctx, p.Seq); err != nil {
			h.storage(err) // it is sent again, and is then a duplicate
			return h.wait.Next(), false
		}
		h.clear(CodeHistoryStorage)
		return 0, true
	case ctx.Err() != nil:
		return 0, false
	case errors.Is(err, ErrSetAside):
		if err := h.cfg.Box.SetAside(ctx, p.Seq, err.Error()); err != nil {
			h.storage(err)
			return h.wait.Next(), false
		}
		h.raise(health.Problem{Code: CodeHistoryAside, Severity: health.Warning, Detail: err.Error(),
			Title: "The server did not take a call into its history.", Advice: "The call stays in this phone's history; tell your administrator."})
		return 0, true
	case errors.Is(err, ErrNotConfigured), isGone(err):
		return 0, false // until somebody signs in or configures it
	}
	now := h.cfg.Clock.Now()
	if perr := h.cfg.Box.Postpone(ctx, p.Seq, now.Add(itemWait(p.Attempts)), err.Error()); perr != nil {
		h.storage(perr)
	}
	h.raise(health.Problem{Code: CodeHistoryWaiting, Severity: health.Info, Detail: err.Error(),
		Title: "Calls wait to be saved on the server.", Advice: "The phone tries again by itself."})
	h.cfg.Log.Debug("call not saved on the server", "err", err, "attempts", p.Attempts+1)
	return max(h.wait.Next(), retryAfterOf(err)), false
}

// itemWait doubles from itemFirst to itemMax.
func itemWait(attempts int) time.Duration {
	d := itemFirst
	for range min(attempts, 20) {
		d = min(2*d, itemMax)
	}
	return d
}

// Sync asks the backend for the history and puts it in the place of the cache.
func (h *History) Sync(ctx context.Context, userID, sipDomain string) error {
	mark, err := h.cfg.Box.HistoryMark(ctx)
	if err != nil {
		return fmt.Errorf("load the history: %w", err)
	}
	var all []calllog.Record
	for offset := 0; offset < h.cfg.Limit; {
		page, err := h.cfg.API.Calls(ctx, userID, sipDomain, offset)
		if err != nil {
			return err
		}
		all = append(all, page.Calls...)
		n := len(page.Calls) + page.Skipped
		if offset += n; !page.HasMore || n == 0 {
			break
		}
	}
	if err := h.cfg.Box.ReplaceHistory(ctx, userID, sipDomain, mark, all[:min(len(all), h.cfg.Limit)]); err != nil {
		h.storage(err)
		return fmt.Errorf("load the history: %w", err)
	}
	h.cfg.Notify(HistoryEvent{Updated: true})
	return nil
}

// Clear empties the cache; what has not been accepted yet stays. A Sync is to
// follow.
func (h *History) Clear(ctx context.Context) error {
	if err := h.cfg.Box.ClearHistory(ctx); err != nil {
		h.storage(err)
		return fmt.Errorf("clear the history: %w", err)
	}
	h.cfg.Notify(HistoryEvent{Updated: true})
	return nil
}

func (h *History) storage(err error) {
	h.raise(health.Problem{Code: CodeHistoryStorage, Severity: health.Error, Detail: err.Error(),
		Title: "The phone can't write its call history.", Advice: "Check the storage."})
	h.cfg.Log.Error("call history can't be written", "err", err)
}

func (h *History) raise(p health.Problem) {
	h.mu.Lock()
	h.told[p.Code] = true
	h.mu.Unlock()
	h.cfg.Notify(HistoryEvent{Problem: p})
}

func (h *History) clear(code string) {
	h.mu.Lock()
	was := h.told[code]
	delete(h.told, code)
	h.mu.Unlock()
	if was {
		h.cfg.Notify(HistoryEvent{Cleared: code})
	}
}
