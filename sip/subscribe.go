package sip

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	gosip "github.com/emiago/sipgo/sip"

	"phoned/internal/backoff"
)

// The event packages that can be subscribed to.
const (
	EventDialog   = "dialog"          // RFC 4235: busy lamps, park slots
	EventMessages = "message-summary" // RFC 3842: message waiting
)

const (
	// subscribeFor is how long a subscription is asked for.
	subscribeFor = 600 * time.Second
	// subscribePace keeps the keys of a large panel from being asked for in
	// one burst.
	subscribePace = 25 * time.Millisecond
	// firstNews is how long the first NOTIFY may take (RFC 6665 §4.1.2.4,
	// timer N).
	firstNews = 64 * t1
	// leaveTime is how long the NOTIFY that ends a subscription is waited for.
	leaveTime = 10 * time.Second
	// maxSubscriptions bounds a line's.
	maxSubscriptions = 256
)

// Subscription is what a line wants to be told.
type Subscription struct {
	Event string // EventDialog or EventMessages
	// Resource is a user of the line's domain ("701"; FreeSWITCH's park slots
	// are "park+701"), user@host or a SIP URI; "" is the line itself.
	Resource string
}

// SubscriptionChanged tells whether a subscription holds. Its news come as
// DialogInfo and MessageWaiting. It is renewed and tried again without help.
type SubscriptionChanged struct {
	Line         string
	Subscription Subscription
	Active       bool
	Code         int    // the refusal, 0: none
	Reason       string // of the exchange, or of RFC 6665 §4.1.3
}

func (SubscriptionChanged) event() {}

// SetSubscriptions implements UserAgent.
func (a *Agent) SetSubscriptions(lineID string, want []Subscription) error {
	return a.call(func() error {
		l := a.lines[lineID]
		if l == nil || a.closing {
			return fmt.Errorf("line %q: %w", lineID, ErrNoLine)
		}
		if len(want) > maxSubscriptions {
			return fmt.Errorf("%d subscriptions, %d are possible: %w", len(want), maxSubscriptions, ErrState)
		}
		for _, w := range want {
			if w.Event != EventDialog && w.Event != EventMessages {
				return fmt.Errorf("subscription to %q: %w", w.Event, ErrState)
			}
			if _, err := l.resource(w.Resource); err != nil {
				return err
			}
		}
		for what, s := range l.subs {
			if !slices.Contains(want, what) {
				delete(l.subs, what)
				s.leave()
			}
		}
		for i, w := range want {
			if l.subs[w] != nil {
				continue
			}
			s := &subscription{line: l, what: w, expires: subscribeFor, back: backoff.New(time.Second, maxBackoff, 0.5, a.rand)}
			l.subs[w] = s
			if l.link != nil && l.link.trusted {
				s.begin(time.Duration(i) * subscribePace)
			}
		}
		return nil
	})
}

func (l *line) resource(r string) (gosip.Uri, error) {
	if r == "" {
		r = l.cfg.User
	}
	return l.targetURI(r)
}

// subscription is one SUBSCRIBE dialog after another (RFC 6665).
type subscription struct {
	line    *line
	what    Subscription
	expires time.Duration
	back    *backoff.Backoff

	callID, tag string
	seq         uint32
	d           *dialog // nil until the exchange has answered
	busy        bool    // a SUBSCRIBE is on its way
	active      bool
	told        bool      // SubscriptionChanged was emitted
	hurried     time.Time // when it was last begun anew without waiting
	next        *timer    // the refresh, or the next attempt
	news        *timer    // the first NOTIFY is late
	watched     watched
	left        bool
}

// subscribeAll begins every subscription of a line whose flow is new.
func (l *line) subscribeAll() {
	i := 0
	for _, s := range l.subs {
		s.begin(time.Duration(i) * subscribePace)
		i++
	}
}

// begin starts over, after a pause.
func (s *subscription) begin(after time.Duration) {
	s.forget()
	s.next = s.line.a.after(after, func() {
		l := s.line
		if l.link == nil || !l.link.trusted || s.left {
			return
		}
		s.callID, s.tag, s.seq, s.d = newCallID(), newTag(), 1, nil
		l.a.subs[s.callID] = s
		s.subscribe(l.link, s.expires)
	})
}

// forget leaves the dialog without a word.
func (s *subscription) forget() {
	s.next.stop()
	s.news.stop()
	if s.line.a.subs[s.callID] == s {
		delete(s.line.a.subs, s.callID)
	}
	s.callID, s.d, s.busy = "", nil, false
}

// subscribe sends a SUBSCRIBE: the first of a dialog, a refresh, or the last.
func (s *subscription) subscribe(k *link, expires time.Duration) {
	l, callID := s.line, s.callID
	var req *gosip.Request
	seq := &s.seq
	if s.d != nil {
		req, seq = s.d.request(k, gosip.SUBSCRIBE, 0), &s.d.lseq
	} else {
		uri, err := l.resource(s.what.Resource)
		if err != nil {
			return
		}
		req = l.newRequest(k, gosip.SUBSCRIBE, uri)
		for _, r := range l.reg.route {
			req.AppendHeader(gosip.NewHeader("Route", r))
		}
		from := l.aor()
		from.Params.Add("tag", s.tag)
		req.AppendHeader(&from)
		req.AppendHeader(&gosip.ToHeader{Address: uri})
		appendIDs(req, s.callID, s.seq)
	}
	req.AppendHeader(l.contact(k))
	req.AppendHeader(gosip.NewHeader("Event", s.what.Event))
	req.AppendHeader(gosip.NewHeader("Accept", map[string]string{EventDialog: "application/dialog-info+xml", EventMessages: "application/simple-message-summary"}[s.what.Event]))
	req.AppendHeader(gosip.NewHeader("Expires", strconv.Itoa(int(expires/time.Second))))
	req.AppendHeader(gosip.NewHeader("Allow", allow))
	req.SetBody(nil)
	s.busy = true
	if expires > 0 && s.d == nil {
		s.news = l.a.after(firstNews, func() { s.failed(0, "no news came", nil) })
	}
	l.transact(k, seq, req, &authState{}, func(res *gosip.Response, err error) {
		if s.callID != callID || s.left || res != nil && res.StatusCode < 200 {
			return
		}
		s.busy = false
		s.answered(req, res, err)
	})
}

func (s *subscription) answered(req *gosip.Request, res *gosip.Response, err error) {
	switch {
	case err != nil:
		if !errors.Is(err, ErrFlowDown) { // else the flow's return begins anew
			s.failed(408, "no answer", nil)
		}
	case res.StatusCode < 300:
		if s.d == nil && res.To() != nil {
			s.d = uacDialog(req, res)
			s.d.lseq = s.seq
		} else if s.d != nil {
			s.d.refresh(res)
		}
		s.back.Reset()
		s.granted(seconds(res, "Expires", s.expires))
	case res.StatusCode == 423:
		if least := seconds(res, "Min-Expires", 0); least > s.expires {
			s.expires = least
			s.begin(0)
			return
		}
		s.failed(423, res.Reason, res)
	default:
		s.failed(res.StatusCode, res.Reason, res)
	}
}

// seconds reads a header that holds a number of them.
func seconds(res *gosip.Response, name string, otherwise time.Duration) time.Duration {
	h := res.GetHeader(name)
	if h == nil {
		return otherwise
	}
	n, err := strconv.ParseUint(strings.TrimSpace(h.Value()), 10, 31)
	if err != nil {
		return otherwise
	}
	return time.Duration(n) * time.Second
}

// granted plans the refresh.
func (s *subscription) granted(d time.Duration) {
	s.report(true, 0, "")
	s.next.stop()
	s.next = s.line.a.after(max(minRefresh, time.Duration((0.7+0.2*s.line.a.rand())*float64(d))), s.refresh)
}

func (s *subscription) refresh() {
	k := s.line.link
	if k == nil || s.busy || s.left {
		return
	}
	if s.d == nil {
		s.begin(0)
		return
	}
	s.subscribe(k, s.expires)
}

// failed decides when to try again, by what the exchange has said.
func (s *subscription) failed(code int, reason string, res *gosip.Response) {
	had := s.d != nil
	s.forget()
	s.unknown()
	s.report(false, code, reason)
	a := s.line.a
	switch {
	case code == 489 || code == 405 || code == 501:
		// It does not know the package, and will not before it is another
		// server: at the next registration.
	case code == 481 && had:
		s.hurry()
	case code == 401 || code == 403 || code == 404 || code == 407 || code == 410 || code >= 600:
		s.begin(time.Duration((0.5 + a.rand()) * float64(slowRetry)))
	default:
		s.begin(max(s.back.Next(), min(retryAfter(res), maxPause)))
	}
}

// hurry begins anew at once, unless that was done a minute ago.
func (s *subscription) hurry() {
	a := s.line.a
	now := a.clock.Now()
	if !s.hurried.IsZero() && now.Sub(s.hurried) < time.Minute {
		s.begin(s.back.Next())
		return
	}
	s.hurried = now
	s.begin(time.Duration(a.rand() * float64(time.Second)))
}

// notified handles a NOTIFY of the subscription.
func (s *subscription) notified(tx *serverTx) {
	req := tx.req
	tag := param(req.From().Params, "tag")
	switch {
	case s.d == nil:
		s.d = uasDialog(req, s.tag)
		s.d.lseq = s.seq
	case s.d.remote != tag: // another branch of a forked SUBSCRIBE
		tx.respond(481, reasonPhrase(481), nil, nil)
		return
	case s.d.rseq != 0 && req.CSeq().SeqNo <= s.d.rseq:
		tx.respond(500, "Server Internal Error", nil, nil)
		return
	}
	s.d.rseq = req.CSeq().SeqNo
	s.d.refresh(req)
	tx.respond(200, "OK", nil, nil)
	s.news.stop()
	if s.left {
		return
	}
	whole := len(req.Body()) == 0 || s.take(req.Body())
	state, params := "active", ""
	if h := req.GetHeader("Subscription-State"); h != nil {
		state, params, _ = strings.Cut(h.Value(), ";")
	}
	if strings.EqualFold(strings.TrimSpace(state), "terminated") {
		s.terminated(params)
		return
	}
	if n, err := strconv.ParseUint(headerParam(params, "expires"), 10, 31); err == nil && n > 0 && !s.busy {
		s.granted(time.Duration(n) * time.Second)
	} else {
		s.report(true, 0, "")
	}
	if !whole {
		s.next.stop()
		s.next = s.line.a.after(0, s.refresh)
	}
}

// terminated obeys the reason that the exchange gives (RFC 6665 §4.1.3).
func (s *subscription) terminated(params string) {
	reason := printable(strings.ToLower(headerParam(params, "reason")))
	after := time.Duration(0)
	if n, err := strconv.ParseUint(headerParam(params, "retry-after"), 10, 31); err == nil {
		after = min(time.Duration(n)*time.Second, maxPause)
	}
	s.forget()
	s.unknown()
	s.report(false, 0, reason)
	switch reason {
	case "deactivated", "timeout":
		s.hurry()
	case "rejected", "noresource", "invariant":
		// Not again on this flow, but for a slot that is made later.
		s.begin(time.Duration((0.5+s.line.a.rand())*float64(slowRetry)) * 4)
	default: // probation, giveup, nothing
		s.begin(max(s.back.Next(), after))
	}
}

// take hands the news on. It reports false if the whole state is to be asked
// for, since a part of it was missed.
func (s *subscription) take(body []byte) (whole bool) {
	a := s.line.a
	if s.what.Event == EventMessages {
		if m, ok := parseMessageSummary(string(body)); ok {
			m.Line = s.line.cfg.ID
			a.emit(m)
		}
		return true
	}
	doc, err := parseDialogInfo(body)
	if err != nil {
		a.counters.malformed.Add(1)
		a.log.Debug("news that cannot be read", "line", s.line.cfg.ID, "err", err)
		return true
	}
	whole = s.watched.take(doc)
	s.tell(s.watched.info())
	return whole
}

func (s *subscription) tell(i DialogInfo) {
	i.Line, i.Resource = s.line.cfg.ID, s.what.Resource
	if !i.same(s.watched.last) {
		s.watched.last = i
		s.line.a.emit(i)
	}
}

// unknown: what was known is old.
func (s *subscription) unknown() {
	if s.what.Event == EventDialog && s.watched.known {
		s.watched.known = false
		s.tell(s.watched.info())
	}
}

func (s *subscription) report(active bool, code int, reason string) {
	if s.told && s.active == active && active {
		return
	}
	if !s.told || s.active != active {
		s.line.a.log.Info("subscription", "line", s.line.cfg.ID, "state", active, "code", code)
	}
	s.told, s.active = true, active
	s.line.a.emit(SubscriptionChanged{Line: s.line.cfg.ID, Subscription: s.what, Active: active, Code: code, Reason: printable(reason)})
}

// lost: the flow is down.
func (s *subscription) lost() {
	s.forget()
	s.unknown()
	if s.active {
		s.report(false, 0, "")
	}
}

// leave unsubscribes; the last NOTIFY still gets its 200.
func (s *subscription) leave() {
	s.left = true
	s.next.stop()
	s.news.stop()
	if k := s.line.link; k != nil && s.d != nil {
		s.subscribe(k, 0)
	}
	s.next = s.line.a.after(leaveTime, s.forget)
}
