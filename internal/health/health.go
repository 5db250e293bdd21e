// Package health makes problems data. The same Problem reaches the LCD line,
// the web page, /healthz, the metrics and the log, each in its own words.
//
// A Registry is safe for concurrent use; listeners are called on the caller's
// goroutine after the lock was released and must not block.
package health

import (
	"slices"
	"strings"
	"sync"
	"time"
)

// Severity orders problems; the worst one is shown first.
type Severity int

const (
	Info Severity = iota
	Warning
	Error
	Critical
)

// String gives the lower-case word used in JSON and logs.
func (s Severity) String() string {
	switch s {
	case Info:
		return "info"
	case Warning:
		return "warning"
	case Error:
		return "error"
	case Critical:
		return "critical"
	}
	return "unknown"
}

// MarshalText implements encoding.TextMarshaler.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Problem is something that is not as it should be, told once.
type Problem struct {
	// Code is stable and dotted, for machines: "oauth.unreachable".
	Code string `json:"code"`
	// Subject is what has the problem (a line, a device, a key), may be empty.
	// Code and Subject together identify a problem.
	Subject string `json:"subject,omitempty"`
	// Title is one plain sentence for the person at the phone.
	Title string `json:"title"`
	// Advice says what to do about it, one sentence, may be empty.
	Advice   string   `json:"advice,omitempty"`
	Severity Severity `json:"severity"`
	// Detail is for the log and the API: the error text. Never a secret.
	Detail string    `json:"detail,omitempty"`
	Since  time.Time `json:"since"`
}

// Registry holds the problems that are true now.
type Registry struct {
	mu        sync.Mutex
	now       func() time.Time
	problems  map[[2]string]Problem
	listeners []func([]Problem)
}

// NewRegistry makes an empty registry; now is the clock (time.Now outside
// tests).
func NewRegistry(now func() time.Time) *Registry {
	return &Registry{now: now, problems: map[[2]string]Problem{}}
}

// Set reports p. Since is kept from the first report of the same problem.
func (r *Registry) Set(p Problem) {
	r.mu.Lock()
	k := [2]string{p.Code, p.Subject}
	old, known := r.problems[k]
	switch {
	case known:
		p.Since = old.Since
	case p.Since.IsZero():
		p.Since = r.now()
	}
	r.problems[k] = p
	r.notifyUnlock(!known || old != p)
}

// Clear says that the problem is gone; clearing what is not there does nothing.
func (r *Registry) Clear(code, subject string) {
	r.mu.Lock()
	k := [2]string{code, subject}
	_, known := r.problems[k]
	delete(r.problems, k)
	r.notifyUnlock(known)
}

// List returns the problems, worst first, then oldest first.
func (r *Registry) List() []Problem {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.listLocked()
}

// Listen calls f with the whole list after every change.
func (r *Registry) Listen(f func([]Problem)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.listeners = append(r.listeners, f)
}

func (r *Registry) listLocked() []Problem {
	out := make([]Problem, 0, len(r.problems))
	for _, p := range r.problems {
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b Problem) int {
		if a.Severity != b.Severity {
			return int(b.Severity) - int(a.Severity)
		}
		if c := a.Since.Compare(b.Since); c != 0 {
			return c
		}
		return strings.Compare(a.Code+a.Subject, b.Code+b.Subject)
	})
	return out
}

func (r *Registry) notifyUnlock(changed bool) {
	list, ls := r.listLocked(), slices.Clone(r.listeners)
	r.mu.Unlock()
	if !changed {
		return
	}
	for _, f := range ls {
		f(list)
	}
}
