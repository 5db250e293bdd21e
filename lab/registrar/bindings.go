package registrar

import (
	"time"

	"phoned/lab/flow"
)

// Binding is one Contact of an AOR.
type Binding struct {
	User     string
	Contact  string // the URI as registered
	Instance string // +sip.instance, "" if none
	RegID    string // reg-id (RFC 5626)
	Path     []string
	Flow     *flow.Flow
	Expires  time.Time
	CallID   string
	CSeq     int
}

// Bindings of all users, in order of their registration.
type Bindings struct{ all []*Binding }

// Put adds or renews a binding. It replaces one with the same instance and
// reg-id, or the same Contact (RFC 5626 §6).
func (b *Bindings) Put(n *Binding) {
	for i, o := range b.all {
		if o.User == n.User && (o.Contact == n.Contact || n.Instance != "" && o.Instance == n.Instance && o.RegID == n.RegID) {
			b.all[i] = n
			return
		}
	}
	b.all = append(b.all, n)
}

// Remove takes out the bindings that drop accepts and returns them.
func (b *Bindings) Remove(drop func(*Binding) bool) []*Binding {
	var kept, gone []*Binding
	for _, o := range b.all {
		if drop(o) {
			gone = append(gone, o)
		} else {
			kept = append(kept, o)
		}
	}
	b.all = kept
	return gone
}

// Of are the live bindings of a user at a time.
func (b *Bindings) Of(user string, now time.Time) []*Binding {
	var out []*Binding
	for _, o := range b.all {
		if o.User == user && now.Before(o.Expires) && !o.Flow.Closed() {
			out = append(out, o)
		}
	}
	return out
}

// All is every binding.
func (b *Bindings) All() []*Binding { return append([]*Binding(nil), b.all...) }
