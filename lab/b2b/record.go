package b2b

import (
	"context"
	"regexp"
	"sync"
	"time"

	"phoned/lab/flow"
	"phoned/lab/mediapeer"
	"phoned/lab/sipmsg"
)

// Event is one line of the exchange's log. Kinds: flow-open, flow-closed, pong,
// malformed, registered, unregistered (Code: bindings removed), binding-lost,
// auth-wrong, invite, ringing, answered, acked, ack-missing, reinvite, update,
// cancel, bye (from the phone), bye-sent, refer, transferred, transfer-failed,
// refer-answered (Code), sipfrag (a NOTIFY's status line),
// digit, record, info, parked, retrieved, picked-up, subscribed, unsubscribed,
// notified (an unasked NOTIFY; Code: its answer), ended.
type Event struct {
	N      int       `json:"n"`
	At     time.Time `json:"at"`
	Kind   string    `json:"kind"`
	User   string    `json:"user,omitempty"`
	CallID string    `json:"call_id,omitempty"`
	Detail string    `json:"detail,omitempty"`
	Code   int       `json:"code,omitempty"`
}

// Message is one SIP message as it passed, credentials blanked.
type Message struct {
	At     time.Time `json:"at"`
	Remote string    `json:"remote"`
	Sent   bool      `json:"sent"`
	Text   string    `json:"text"`
}

// Call is one call as the exchange saw it.
type Call struct {
	ID         int             `json:"id"`
	From       string          `json:"from"`
	To         string          `json:"to"`
	Asserted   string          `json:"asserted,omitempty"` // P-Asserted-Identity as sent
	State      string          `json:"state"`              // ringing, answered, ended
	Code       int             `json:"code,omitempty"`     // final status of a call that was not answered
	StartedAt  time.Time       `json:"started_at"`
	AnsweredAt time.Time       `json:"answered_at,omitzero"`
	EndedAt    time.Time       `json:"ended_at,omitzero"`
	EndedBy    string          `json:"ended_by,omitempty"` // user or service that ended it
	ByeSeen    bool            `json:"bye_seen"`           // a phone sent BYE
	AckSeen    bool            `json:"ack_seen"`
	Digits     string          `json:"digits"` // DTMF heard, by INFO and RFC 4733
	Recording  bool            `json:"recording"`
	Offers     int             `json:"offers"` // re-INVITEs and UPDATEs with SDP
	Legs       []Leg           `json:"legs"`
	Media      mediapeer.Stats `json:"media"` // of the lab's own end, if it has one
}

// Leg is one dialog of a call.
type Leg struct {
	User   string `json:"user"`
	CallID string `json:"call_id"`
	Out    bool   `json:"out"` // the exchange invited
}

const keepMessages, keepEvents = 2000, 5000

// Recorder keeps what happened. It is safe for concurrent use.
type Recorder struct {
	now      func() time.Time
	mu       sync.Mutex
	events   []Event
	n        int
	changed  chan struct{}
	messages []Message
	digests  []string
}

func newRecorder(now func() time.Time) *Recorder {
	return &Recorder{now: now, changed: make(chan struct{})}
}

func (r *Recorder) event(e Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.n++
	e.N, e.At = r.n, r.now()
	r.events = append(r.events, e)
	if len(r.events) > keepEvents {
		r.events = r.events[len(r.events)-keepEvents:]
	}
	close(r.changed)
	r.changed = make(chan struct{})
}

// Note adds an event of the REST side.
func (r *Recorder) Note(kind, user, detail string, code int) {
	r.event(Event{Kind: kind, User: user, Detail: detail, Code: code})
}

var (
	credentials = regexp.MustCompile(`(?i)((?:proxy-)?authorization: )[^\r\n]*`)
	responses   = regexp.MustCompile(`(?i)response="?([0-9a-f]{32,})`)
)

func (r *Recorder) message(f *flow.Flow, sent bool, m *sipmsg.Message) {
	raw := string(m.Bytes())
	text := credentials.ReplaceAllString(raw, "${1}(removed)")
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, x := range responses.FindAllStringSubmatch(raw, -1) {
		r.digests = append(r.digests, x[1])
	}
	r.digests = r.digests[max(0, len(r.digests)-keepMessages):]
	r.messages = append(r.messages, Message{At: r.now(), Remote: f.Remote, Sent: sent, Text: text})
	if len(r.messages) > keepMessages {
		r.messages = r.messages[len(r.messages)-keepMessages:]
	}
}

// Events are those after number n.
func (r *Recorder) Events(n int) []Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, e := range r.events {
		if e.N > n {
			return append([]Event(nil), r.events[i:]...)
		}
	}
	return nil
}

// Messages are the last SIP messages.
func (r *Recorder) Messages() []Message {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Message(nil), r.messages...)
}

// Credentials are the last digest responses that phones sent: for tests that
// look whether one of them got where it must not be.
func (r *Recorder) Credentials() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.digests...)
}

// Await gives the first event after number n that match accepts, waiting for
// it as long as ctx allows.
func (r *Recorder) Await(ctx context.Context, n int, match func(Event) bool) (Event, error) {
	for {
		r.mu.Lock()
		changed := r.changed
		r.mu.Unlock()
		for _, e := range r.Events(n) {
			if match(e) {
				return e, nil
			}
			n = e.N
		}
		select {
		case <-ctx.Done():
			return Event{}, ctx.Err()
		case <-changed:
		}
	}
}
