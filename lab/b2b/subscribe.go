package b2b

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"

	"phoned/lab/flow"
	"phoned/lab/registrar"
	"phoned/lab/sipmsg"
)

// The event packages that can be subscribed to (RFC 4235, RFC 3842).
const (
	eventDialog  = "dialog"
	eventMailbox = "message-summary"
)

const (
	minSubscription = 5 // seconds; less is a 423, zero ends it
	maxSubscription = 3600
)

// Voicemail is the number of the mailboxes: to dial it is to listen to one's
// messages.
const Voicemail = "*97"

// subscription is a phone that watches a line, a slot or a mailbox (RFC 6665).
// It lives as long as its flow at most: a phone that is back subscribes anew.
type subscription struct {
	leg     // of which only the dialog is used
	event   string
	what    string // the resource
	expires time.Time
	ends    *timer
	version int
	last    []byte // what was told, without its version
	told    bool
}

func (e *Engine) subscribe(t *serverTx) {
	kind, _, _ := strings.Cut(t.req.Get("Event"), ";")
	if kind = strings.ToLower(strings.TrimSpace(kind)); kind != eventDialog && kind != eventMailbox {
		r := t.response(489)
		r.Add("Allow-Events", eventDialog+", "+eventMailbox)
		t.respond(r)
		return
	}
	if f := e.cfg.Faults.SIP(); f.SubscribeStatus != 0 {
		t.reply(f.SubscribeStatus)
		return
	}
	u, ok := e.authenticate(t)
	if !ok {
		return
	}
	seconds := maxSubscription
	if n, err := strconv.Atoi(t.req.Get("Expires")); err == nil && n >= 0 {
		seconds = min(n, maxSubscription)
	}
	if seconds > 0 && seconds < minSubscription {
		r := t.response(423)
		r.Add("Min-Expires", itoa(minSubscription))
		t.respond(r)
		return
	}
	var s *subscription
	if tag := sipmsg.Param(t.req.Get("To"), "tag"); tag != "" {
		if s = e.subs[e.legKey(t.req.Get("Call-ID"), tag)]; s == nil || s.event != kind {
			t.reply(481)
			return
		}
	} else if s = e.newSubscription(t, u, kind); s == nil {
		t.reply(404)
		return
	}
	s.flow = t.flow
	if c := t.req.Get("Contact"); c != "" {
		s.target = sipmsg.ParseAddress(c).URI
	}
	r := t.response(200)
	r.Add("Contact", e.contact(t.flow, s.what))
	r.Add("Expires", itoa(seconds))
	t.respond(r)
	e.stop(s.ends)
	if seconds == 0 {
		s.end("timeout")
		return
	}
	s.expires = e.cfg.Clock.Now().Add(time.Duration(seconds) * time.Second)
	s.ends = e.after(time.Duration(seconds)*time.Second, func() { s.end("timeout") })
	s.told = false // every SUBSCRIBE is answered by a NOTIFY (RFC 6665 §4.2.1.2)
}

// newSubscription gives nil if there is nothing of that name to watch.
func (e *Engine) newSubscription(t *serverTx, u User, kind string) *subscription {
	m := t.req
	what := sipmsg.URIUser(m.URI)
	if _, user := e.cfg.Users[what]; kind == eventMailbox && !user || !e.watchable(what) {
		return nil
	}
	s := &subscription{event: kind, what: what, leg: leg{e: e, flow: t.flow, user: u.Name, callID: m.Get("Call-ID"), tag: t.tag,
		from: nameOnly(m.Get("To")), to: nameOnly(m.Get("From")), theirs: sipmsg.Param(m.Get("From"), "tag"), routes: m.All("Record-Route")}}
	e.subs[e.legKey(s.callID, s.tag)] = s
	e.Record.event(Event{Kind: "subscribed", User: u.Name, CallID: s.callID, Detail: kind + " " + what})
	return s
}

// end tells the last word and forgets.
func (s *subscription) end(reason string) {
	key := s.e.legKey(s.callID, s.tag)
	if s.e.subs[key] == nil {
		return
	}
	delete(s.e.subs, key)
	s.e.stop(s.ends)
	s.e.Record.event(Event{Kind: "unsubscribed", User: s.user, CallID: s.callID, Detail: s.event + " " + s.what + ": " + reason})
	if !s.flow.Closed() {
		s.notify("terminated;reason="+reason, nil)
	}
}

// tellWatchers sends a NOTIFY wherever what is watched has changed. The loop
// calls it after every batch of work, so no change needs to announce itself.
func (e *Engine) tellWatchers() {
	for _, s := range e.subs {
		var now []byte
		if s.event == eventMailbox {
			now = e.boxes[s.what].summary("sip:" + s.what + "@" + e.cfg.Domain)
		} else {
			now = dialogInfo("sip:"+s.what+"@"+e.cfg.Domain, 0, e.dialogs(s.what))
		}
		if s.told && bytes.Equal(now, s.last) {
			continue
		}
		s.told, s.last = true, now
		if s.event == eventDialog {
			now = dialogInfo("sip:"+s.what+"@"+e.cfg.Domain, s.version, e.dialogs(s.what))
			s.version++
		}
		left := max(0, int(s.expires.Sub(e.cfg.Clock.Now()).Round(time.Second)/time.Second))
		s.notify("active;expires="+itoa(left), now)
	}
}

func (s *subscription) notify(state string, content []byte) {
	s.seq++
	m := s.request("NOTIFY")
	m.Add("Event", s.event)
	m.Add("Subscription-State", state)
	if len(content) > 0 {
		m.Add("Content-Type", map[string]string{eventDialog: "application/dialog-info+xml", eventMailbox: "application/simple-message-summary"}[s.event])
		m.Body = content
	}
	s.e.start(s.flow, m, func(r *sipmsg.Message) {
		if r.Status == 481 { // RFC 6665 §4.2.2: it does not know us any more
			delete(s.e.subs, s.e.legKey(s.callID, s.tag))
			s.e.stop(s.ends)
		}
	})
}

// unsubscribeFlow forgets what was subscribed to on a flow that is gone.
func (e *Engine) unsubscribeFlow(f *flow.Flow) {
	for _, s := range e.subs {
		if s.flow == f {
			s.end("deactivated")
		}
	}
}

// Watchers lists who watches what, as "1001 dialog 1003", in no order.
func (e *Engine) Watchers() []string {
	var out []string
	_ = e.do(func() {
		for _, s := range e.subs {
			out = append(out, s.user+" "+s.event+" "+s.what)
		}
	})
	return out
}

// SetMailbox sets a user's messages. Phones of that user that have not
// subscribed are told as well, as FreeSWITCH does.
func (e *Engine) SetMailbox(user string, box Mailbox) error {
	err := fmt.Errorf("%w: %q", ErrNoUser, user)
	if closed := e.do(func() {
		if _, ok := e.cfg.Users[user]; ok {
			err = nil
			e.setMailbox(user, box)
		}
	}); closed != nil {
		return closed
	}
	return err
}

func (e *Engine) setMailbox(user string, box Mailbox) {
	e.boxes[user] = box
	subscribed := map[*flow.Flow]bool{}
	for _, s := range e.subs {
		if s.event == eventMailbox && s.what == user {
			subscribed[s.flow] = true
		}
	}
	for _, b := range e.bindings.Of(user, e.cfg.Clock.Now()) {
		if !subscribed[b.Flow] {
			e.unasked(b, eventMailbox, "application/simple-message-summary", box.summary("sip:"+user+"@"+e.cfg.Domain))
		}
	}
}

// unasked sends a NOTIFY outside of any subscription.
func (e *Engine) unasked(b *registrar.Binding, event, contentType string, content []byte) {
	l := leg{e: e, flow: b.Flow, user: b.User, callID: random(12), tag: random(6), from: "<sip:" + b.User + "@" + e.cfg.Domain + ">",
		to: "<sip:" + b.User + "@" + e.cfg.Domain + ">", target: b.Contact, seq: 1}
	m := l.request("NOTIFY")
	m.Add("Event", event)
	m.Add("Subscription-State", "terminated;reason=noresource")
	if len(content) > 0 {
		m.Add("Content-Type", contentType)
		m.Body = content
	}
	e.start(b.Flow, m, func(r *sipmsg.Message) {
		e.Record.event(Event{Kind: "notified", User: b.User, CallID: l.callID, Detail: event, Code: r.Status})
	})
}

// Mailbox is what SetMailbox and listening made of a user's messages.
func (e *Engine) Mailbox(user string) Mailbox {
	var m Mailbox
	_ = e.do(func() { m = e.boxes[user] })
	return m
}

// listen is a call to the voicemail number: what was new is heard from then on.
func (e *Engine) listen(l *leg) {
	o := &local{e: e, name: Voicemail, sound: tone}
	o.up = func() {
		if box := e.boxes[l.user]; box.New > 0 {
			e.setMailbox(l.user, Mailbox{Old: box.Old + box.New})
		}
	}
	o.answer(l)
}

// CheckSync asks all phones of a user to fetch their configuration, and to
// start anew if reboot is set. ErrNotRegistered: there is none.
func (e *Engine) CheckSync(user string, reboot bool) error {
	err := fmt.Errorf("%s: %w", user, ErrNotRegistered)
	if closed := e.do(func() {
		for _, b := range e.bindings.Of(user, e.cfg.Clock.Now()) {
			err = nil
			e.unasked(b, "check-sync;reboot="+strconv.FormatBool(reboot), "", nil)
		}
	}); closed != nil {
		return closed
	}
	return err
}
