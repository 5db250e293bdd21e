package phone

import (
	"slices"
	"strings"
	"time"
)

// maxRedirects is how often one call follows a 3xx (RFC 3261 §8.1.3.4 leaves
// the number to us).
const maxRedirects = 5

// askedTime is how long a person may think; the user agent declines after ten
// seconds by itself.
const askedTime = 8 * time.Second

// question is a request of theirs to call someone else that waits for a finger.
type question struct {
	TransferAsked
	on bool
}

// transferAsked is a REFER of the far end: the person's policy decides.
func (t *turn) transferAsked(e TransferAsked) {
	c := t.of(e.Call)
	if c == nil {
		return
	}
	if e.Number == "" {
		e.Number = e.Target
	}
	switch {
	case c.State != Active || c.emergency || t.isEmergency(e.Number) || t.inConf(c.ID) || t.xfer.has(c.ID) || t.question.on ||
		t.settings.Transfers == TransfersRefuse || t.count((*call).live) >= t.settings.MaxCalls:
		t.refuseTransfer(e)
	case t.settings.Transfers == TransfersAsk, t.settings.Transfers == TransfersOwn && !t.ownDomain(c.Line, e.Target):
		t.question = question{e, true}
		t.setFocus(c.ID)
		t.start(Timer{Kind: TimerAsked}, askedTime)
	default:
		t.followTransfer(e)
	}
}

// ownDomain: the address is one of the line's exchange, or has no domain.
func (s *State) ownDomain(id LineID, uri string) bool {
	uri = strings.Trim(uri, "<> ")
	if rest, ok := strings.CutPrefix(uri, "sips:"); ok {
		uri = rest
	} else if uri, ok = strings.CutPrefix(uri, "sip:"); !ok {
		return strings.HasPrefix(uri, "tel:") || !strings.ContainsAny(uri, ":@")
	}
	if i := strings.IndexAny(uri, ";?"); i >= 0 && !strings.Contains(uri[i:], "@") {
		uri = uri[:i] // parameters of the address
	}
	host := uri[strings.LastIndex(uri, "@")+1:]
	if i := strings.IndexAny(host, ";?"); i >= 0 {
		host = host[:i]
	}
	l := s.line(id)
	return l != nil && l.Domain != "" && (strings.EqualFold(host, l.Domain) || strings.EqualFold(withoutPort(host), withoutPort(l.Domain)))
}

func withoutPort(host string) string {
	if i := strings.LastIndex(host, ":"); i > strings.LastIndex(host, "]") {
		return host[:i]
	}
	return host
}

func (t *turn) refuseTransfer(e TransferAsked) {
	t.emit(RefuseTransfer{Call: e.Call, Refer: e.Refer, Code: 603})
	t.say(ToastTransferNo, e.Number, true)
}

// followTransfer calls whom they named. Their own call waits on hold: if nobody
// is reached it is taken back.
func (t *turn) followTransfer(e TransferAsked) {
	c := t.of(e.Call)
	if c == nil || c.State != Active {
		return
	}
	if a := t.talking(); a != nil && (a.State != Active || a.emergency) {
		t.refuseTransfer(e)
		return
	}
	line := t.line(c.Line)
	if line == nil || line.State != LineRegistered {
		t.refuseTransfer(e)
		return
	}
	t.emit(AcceptTransfer{Call: e.Call, Refer: e.Refer})
	if !c.OnHold && t.talking() == c {
		t.hold(c)
	}
	before := t.nextCall
	t.place(order{typed: e.Number, number: e.Target, line: c.Line, path: t.freePath(), cause: "transfer", refer: e.Refer, slot: noSlot})
	if t.nextCall == before {
		t.emit(RefuseTransfer{Call: e.Call, Refer: e.Refer, Code: 603})
		return
	}
	n := t.call(t.nextCall)
	n.referrer = c.ID
	t.say(ToastTransferTo, e.Number, false)
}

// answerAsked is the finger on Accept or Reject.
func (t *turn) answerAsked(yes bool) {
	e := t.question
	t.question = question{}
	t.stop(Timer{Kind: TimerAsked})
	switch {
	case !e.on || t.of(e.Call) == nil:
	case yes:
		t.followTransfer(e.TransferAsked)
	default:
		t.refuseTransfer(e.TransferAsked)
	}
}

// settleAsked forgets a question whose call is gone, and brings the call back
// whose far end sent us to somebody who can't be reached.
func (t *turn) settleAsked() {
	if t.question.on && t.of(t.question.Call) == nil {
		t.question = question{}
		t.stop(Timer{Kind: TimerAsked})
	}
}

// referredGone: the call that somebody asked us to make is over without an
// answer, so the one who asked is taken back.
func (t *turn) referredGone(c *call) {
	a := t.call(c.referrer)
	if a == nil || a.State != Active || !a.OnHold || !c.AnsweredAt.IsZero() || t.xfer.stage != TransferNone {
		return
	}
	t.comeBack(a, c)
}

// callMoved: the call is tried at the next server; what comes from the first is
// stale from now on.
func (t *turn) callMoved(e CallMoved) {
	c := t.call(e.Call.ID)
	if c == nil || e.Call.Gen != c.gen+1 || c.State != Dialing && c.State != Alerting {
		return
	}
	c.gen = e.Call.Gen
	c.early = false
	t.setState(c, Dialing)
	t.say(ToastOtherServer, "", false)
}

// callRedirected: a 3xx. The person's setting decides whether it is followed.
func (t *turn) callRedirected(e CallRedirected) {
	c := t.of(e.Call)
	if c == nil || c.State != Dialing && c.State != Alerting {
		return
	}
	for _, to := range e.Contacts {
		if to.URI == "" || t.isEmergency(to.Party.Number) {
			continue
		}
		c.Forwarded = to.Party
		if !t.settings.FollowRedirects || c.hops >= maxRedirects || c.emergency {
			break
		}
		c.hops++
		c.early = false
		t.setState(c, Dialing)
		t.emit(FollowRedirect{Call: c.ref(), Contact: to.URI})
		t.say(ToastForwardedTo, to.Party.label(), false)
		return
	}
	t.endCall(c, CauseRedirected, 0)
}

// takeOver answers an INVITE with Replaces in place of the call that it names:
// the person goes on talking, to someone else (RFC 3891).
func (t *turn) takeOver(e CallArrived, old *call) {
	oldID := old.ID
	c := t.newCall(CallView{
		Line: e.Line, Direction: Inbound, State: Incoming, Party: e.From, Via: e.Via, StartedAt: t.at,
	})
	c.leg = e.Leg
	old = t.call(oldID) // newCall moved the calls
	t.emit(RingCall{Call: c.ref(), Leg: e.Leg})
	t.emit(LookUpParty{c.ref(), e.From.Number})
	t.publishCall("incoming-call", c, detail{"phoneNumber": e.From.Number})
	if t.inConf(oldID) { // the third party waits: who comes is a stranger to him
		others := slices.DeleteFunc(slices.Clone(t.conf), func(id CallID) bool { return id == oldID })
		t.leaveConf()
		for _, id := range others {
			if o := t.call(id); o != nil && !o.OnHold {
				t.holdOne(o)
			}
		}
	}
	t.setState(c, Answering)
	t.setFocus(c.ID)
	t.emit(AnswerCall{c.ref()})
	t.publishCall("call-started", c, detail{"phoneNumber": c.Party.Number, "direction": Inbound.String()})
	t.endCall(old, CauseReplaced, 0)
}
