package manage

import (
	"context"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"phoned/internal/clock"
	"phoned/phone"
	"phoned/store"
)

// AuditLog keeps who did what; *store.DB is one. It is bounded: the oldest entries go.
type AuditLog interface {
	AddAudit(ctx context.Context, e store.AuditEntry) error
	// Audit gives entries, the newest first: those before an ID, or with 0 the newest.
	Audit(ctx context.Context, before int64, limit int) ([]store.AuditEntry, error)
}

const (
	// auditWindow is how long the same again is counted and not written each time:
	// keys that are pressed, passwords that are tried.
	auditWindow = time.Minute
	maxWindows  = 256
	auditTime   = 5 * time.Second
)

// auditor counts what is repeated. The zero auditor is ready.
type auditor struct {
	mu      sync.Mutex
	windows map[store.AuditEntry]*window
	closed  bool
}

type window struct {
	again int // since the entry was written
	timer clock.Timer
}

// audit writes down what somebody did: at once, and what is the same within a minute
// as one entry with a count at its end.
func (s *Server) audit(is Who, what, target string, status int) {
	if s.cfg.Audit == nil {
		return
	}
	e := store.AuditEntry{Name: is.Name, Role: is.Role.String(), Means: string(is.By), From: addressText(is.From), What: what, Target: target, Status: status}
	a := &s.book
	a.mu.Lock()
	if w := a.windows[e]; w != nil {
		w.again++
		a.mu.Unlock()
		return
	}
	if !a.closed && len(a.windows) < maxWindows {
		if a.windows == nil {
			a.windows = map[store.AuditEntry]*window{}
		}
		a.windows[e] = &window{timer: s.cfg.Clock.AfterFunc(auditWindow, func() { s.auditAgain(e) })}
	}
	a.mu.Unlock()
	s.writeAudit(e, 1)
}

// auditAgain writes what was the same within the window.
func (s *Server) auditAgain(e store.AuditEntry) {
	a := &s.book
	a.mu.Lock()
	w := a.windows[e]
	delete(a.windows, e)
	a.mu.Unlock()
	if w != nil && w.again > 0 {
		s.writeAudit(e, w.again)
	}
}

func (s *Server) writeAudit(e store.AuditEntry, count int) {
	e.At, e.Count = s.cfg.Clock.Now(), count
	ctx, cancel := context.WithTimeout(context.Background(), auditTime)
	defer cancel()
	if err := s.cfg.Audit.AddAudit(ctx, e); err != nil {
		s.cfg.Log.Warn("the audit log can't be written", "err", err)
	}
}

func (a *auditor) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.closed = true
	for _, w := range a.windows {
		w.timer.Stop()
	}
	clear(a.windows)
}

func addressText(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

// statusKeeper remembers the status of an answer.
type statusKeeper struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (k *statusKeeper) WriteHeader(status int) {
	if k.status == 0 {
		k.status = status
	}
	k.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController.
func (k *statusKeeper) Unwrap() http.ResponseWriter { return k.ResponseWriter }

// acting serves what changes something: it is written down, and shown on the phone.
func (s *Server) acting(op operation, w http.ResponseWriter, r *http.Request) {
	is := who(r)
	s.hands.on(s, is)
	k := &statusKeeper{ResponseWriter: w}
	op.serve(s, k, r)
	s.audit(is, op.id, target(r), max(k.status, http.StatusOK))
}

// target is what the address names: an account, a token, a command.
func target(r *http.Request) string {
	for _, name := range []string{"name", "id", "command", "service"} {
		if v := r.PathValue(name); v != "" {
			return clip(v)
		}
	}
	return ""
}

// handsTime is how long after the last order from afar the phone shows it.
const handsTime = 30 * time.Second

// remoteHands tell the phone who controls it from elsewhere.
type remoteHands struct {
	mu    sync.Mutex
	timer clock.Timer
	shown phone.RemoteControl
}

// on shows who gives an order. The front panel of this very machine is no remote hand.
func (h *remoteHands) on(s *Server, is Who) {
	if is.By == ByPlace {
		return
	}
	e := phone.RemoteControl{By: is.Name, From: addressText(is.From)}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.timer != nil {
		h.timer.Stop()
	}
	h.timer = s.cfg.Clock.AfterFunc(handsTime, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.shown = phone.RemoteControl{}
		s.cfg.Phone.Post(phone.RemoteControl{})
	})
	if e != h.shown {
		h.shown = e
		s.cfg.Phone.Post(e)
	}
}

func (h *remoteHands) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.timer != nil {
		h.timer.Stop()
	}
}

// auditList is a page of the audit log.
type auditList struct {
	Entries []auditResource `json:"entries"`
	Next    int64           `json:"next,omitempty" doc:"Give it as before for the entries before these."`
}

type auditResource struct {
	ID     int64     `json:"id"`
	At     time.Time `json:"at"`
	Name   string    `json:"name" doc:"Of the account or token; what was entered where a sign-in failed."`
	Role   string    `json:"role"`
	By     string    `json:"by"`
	From   string    `json:"from" doc:"The address."`
	What   string    `json:"what" doc:"The operationId."`
	Target string    `json:"target,omitempty"`
	Status int       `json:"status" doc:"With what it was answered."`
	Count  int       `json:"count" doc:"How often within the minute before."`
}

func (s *Server) getAudit(w http.ResponseWriter, r *http.Request) {
	limit, ok := whole(r, "limit", 100, 1000)
	before, err := strconv.ParseInt(orElse(r.URL.Query().Get("before"), "0"), 10, 64)
	if !ok || limit < 1 || err != nil || before < 0 {
		fail(w, http.StatusUnprocessableEntity, "limit is 1 to 1000, before the number of an entry.", "")
		return
	}
	list, err := s.cfg.Audit.Audit(r.Context(), before, limit)
	if err != nil {
		fail(w, http.StatusInternalServerError, "The audit log can't be read.", err.Error())
		return
	}
	out := auditList{Entries: make([]auditResource, 0, len(list))}
	for _, e := range list {
		out.Entries = append(out.Entries, auditResource{e.ID, e.At, e.Name, e.Role, e.Means, e.From, e.What, e.Target, e.Status, e.Count})
	}
	if len(list) == limit {
		out.Next = list[len(list)-1].ID
	}
	reply(w, out)
}
