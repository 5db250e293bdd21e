package app

import (
	"context"
	"slices"
	"sync"
	"time"

	"phoned/backend"
	"phoned/sip"
)

// History tells the backend of finished calls and gets its list;
// *backend.History is one.
type History interface {
	Start(ctx context.Context)
	// SetUser says whose calls may be sent; "": nobody's.
	SetUser(userID string)
	// Kick: a call was added.
	Kick()
	// Retry makes everything due at once.
	Retry(ctx context.Context) error
	// Sync puts the backend's list in the place of the kept one.
	Sync(ctx context.Context, userID, sipDomain string) error
	// Clear empties the cache; what was not accepted yet stays.
	Clear(ctx context.Context) error
	Close()
}

// syncTime bounds a look at the backend's list.
const syncTime = 30 * time.Second

// historian says when the history is sent and fetched: after a call, and when
// a line of the sign-in gets registered. A nil historian does nothing: there
// is no backend. Its queue keeps slow answers away from everything else.
type historian struct {
	p *Phone
	h History
	q *queue

	mu sync.Mutex
	// who is signed in; lines that are registered.
	who   string
	lines map[string]bool
}

func newHistorian(p *Phone, build func(func(backend.HistoryEvent)) (History, error)) (*historian, error) {
	h := &historian{p: p, lines: map[string]bool{}}
	var err error
	h.h, err = build(h.event)
	return h, err
}

func (h *historian) start() {
	if h != nil {
		h.q = newQueue()
		h.h.Start(h.p.ctx)
	}
}

func (h *historian) close() {
	if h != nil {
		h.q.close()
		<-h.q.done
		h.h.Close()
	}
}

func (h *historian) kick() {
	if h != nil {
		h.h.Kick()
	}
}

// user says who is signed in, "": nobody.
func (h *historian) user(id string) {
	if h == nil {
		return
	}
	h.mu.Lock()
	h.who = id
	h.mu.Unlock()
	h.h.SetUser(id)
}

// line fetches the list when a line of the sign-in has come into service.
func (h *historian) line(e sip.LineChanged) {
	if h == nil {
		return
	}
	l := h.p.line(e.Line)
	if l == nil || !l.cfg.Session {
		return
	}
	up := e.State == sip.Registered
	h.mu.Lock()
	news, who := up && !h.lines[e.Line], h.who
	h.lines[e.Line] = up
	h.mu.Unlock()
	if news && who != "" {
		h.q.add(func() { h.fetch(who, l.cfg.SIP.Domain) })
	}
}

func (h *historian) fetch(user, domain string) {
	ctx, cancel := context.WithTimeout(h.p.ctx, syncTime)
	defer cancel()
	if err := h.h.Retry(ctx); err != nil && ctx.Err() == nil {
		h.p.log.Warn("calls that wait to be sent", "err", err)
	}
	if err := h.h.Sync(ctx, user, domain); err != nil && h.p.ctx.Err() == nil {
		// What is kept stays; the next registration asks again.
		h.p.log.Warn("the call history of the server is not available", "err", err)
	}
}

// event is the History's receiver; it must not block.
func (h *historian) event(e backend.HistoryEvent) {
	switch {
	case e.Problem.Code != "":
		h.p.problem(e.Problem)
	case e.Cleared != "":
		h.p.solved(e.Cleared, "")
	case e.Updated:
		h.p.saves.add(h.p.historyChanged)
	}
}

// historyChanged tells core and interfaces what is kept now.
func (p *Phone) historyChanged() {
	p.loadRecent()
	ctx, cancel := context.WithTimeout(context.Background(), saveTime)
	defer cancel()
	p.tellHistory(ctx)
}

// reload clears the cache and loads it from the backend again.
func (h *historian) reload(ctx context.Context) error {
	h.mu.Lock()
	who := h.who
	h.mu.Unlock()
	if who == "" {
		return backend.ErrSignedOut
	}
	if err := h.h.Clear(ctx); err != nil {
		return err
	}
	for _, domain := range h.p.sessionDomains() {
		if err := h.h.Sync(ctx, who, domain); err != nil {
			return err
		}
	}
	return nil
}

// sessionDomains are the SIP domains of the sign-in's lines.
func (p *Phone) sessionDomains() []string {
	p.linesMu.Lock()
	defer p.linesMu.Unlock()
	var out []string
	for _, l := range p.sessionL {
		if !slices.Contains(out, l.SIP.Domain) {
			out = append(out, l.SIP.Domain)
		}
	}
	return out
}
