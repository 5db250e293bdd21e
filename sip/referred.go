package sip

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	gosip "github.com/emiago/sipgo/sip"
)

const (
	// referPatience is how long a REFER of theirs may wait for AcceptRefer or
	// RefuseRefer, and after AcceptRefer for the Invite.
	referPatience = 10 * time.Second
	// referExpiry is what their subscription to our call is given.
	referExpiry = 180 * time.Second
)

// ReferID names one REFER of theirs for the life of the Agent.
type ReferID string

// ReferReceived: the other party of a call asks us to call someone else
// (RFC 3515). Answer with AcceptRefer and Invite, or with RefuseRefer, within
// 10 s: then it is declined. Their call stays until they end it.
type ReferReceived struct {
	Refer  ReferID
	Leg    LegID
	Target string // a URI, without headers
	// Replaces is the call that the new one is to take over, nil if none.
	Replaces *Replaces
	By       Identity // Referred-By, as it was said
}

func (ReferReceived) event() {}

// referral is a REFER of theirs and the subscription that it implies: NOTIFYs
// by us, one at a time.
type referral struct {
	id       ReferID
	leg      *leg // whose dialog it came in
	tx       *serverTx
	event    string
	by       string
	replaces *Replaces
	silent   bool // Refer-Sub: false
	accepted bool
	used     bool // an Invite was made for it
	limit    *timer
	busy     bool // a NOTIFY is on its way
	next     int  // status of the NOTIFY to come, 0: none
	done     bool
}

// asked handles a REFER in the leg's dialog.
func (g *leg) asked(tx *serverTx) {
	req := tx.req
	to := req.GetHeaders("Refer-To")
	if len(to) == 0 {
		to = req.GetHeaders("r")
	}
	if len(to) != 1 {
		tx.respond(400, "One Refer-To Is Needed", nil, nil)
		return
	}
	target, replaces, ok := parseReferTo(to[0].Value())
	switch {
	case !ok:
		tx.respond(603, "Decline", nil, nil)
		return
	case g.state != confirmed:
		tx.respond(481, reasonPhrase(481), nil, nil)
		return
	case g.referred != nil || g.transfer != nil:
		tx.respond(491, "Request Pending", nil, nil)
		return
	}
	a := g.a
	a.referNo++
	r := &referral{id: ReferID(fmt.Sprintf("refer-%d", a.referNo)), leg: g, tx: tx, event: "refer", replaces: replaces}
	g.refers++
	if g.refers > 1 { // RFC 3515 §2.4.6
		r.event += ";id=" + strconv.FormatUint(uint64(req.CSeq().SeqNo), 10)
	}
	if h := req.GetHeader("Refer-Sub"); h != nil {
		r.silent = refusesSubscription(h.Value())
	}
	e := ReferReceived{Refer: r.id, Leg: g.id, Target: target, Replaces: replaces}
	h := req.GetHeader("Referred-By")
	if h == nil {
		h = req.GetHeader("b")
	}
	if h != nil {
		if id, _, ok := parseNameAddr(h.Value()); ok {
			e.By = Identity{User: printable(id.User), Host: printable(id.Host), Display: printable(id.Display)}
			r.by = printable(h.Value())
		}
	}
	g.referred, a.refers[r.id] = r, r
	r.limit = a.after(referPatience, func() { r.refuse(603) })
	a.log.Info("asked to transfer", "call", g.callID, "line", g.line.cfg.ID)
	a.emit(e)
}

// parseReferTo reads a Refer-To: a URI to be called, with no more headers than
// Replaces (RFC 3515 §2.1, RFC 5589 §6). What else a URI could put into our
// INVITE is left out.
func parseReferTo(v string) (target string, replaces *Replaces, ok bool) {
	v = strings.TrimSpace(printable(v))
	if open := strings.IndexByte(v, '<'); open >= 0 {
		end := strings.IndexByte(v[open:], '>')
		if end < 0 {
			return "", nil, false
		}
		v = v[open+1 : open+end]
	}
	target, headers, _ := strings.Cut(v, "?")
	lower := strings.ToLower(target)
	if !strings.HasPrefix(lower, "sip:") && !strings.HasPrefix(lower, "sips:") && !strings.HasPrefix(lower, "tel:") || strings.ContainsAny(target, "<> \"") {
		return "", nil, false
	}
	if _, params, found := strings.Cut(lower, ";"); found {
		if m := headerParam(params, "method"); m != "" && m != "invite" {
			return "", nil, false
		}
	}
	for h := range strings.SplitSeq(headers, "&") {
		name, value, _ := strings.Cut(h, "=")
		if !strings.EqualFold(name, "Replaces") {
			continue
		}
		r, good := parseReplaces(unescape(value))
		if !good || replaces != nil {
			return "", nil, false
		}
		replaces = &r
	}
	return target, replaces, true
}

// AcceptRefer implements UserAgent.
func (a *Agent) AcceptRefer(id ReferID) error {
	return a.onRefer(id, func(r *referral) error {
		if r.accepted {
			return fmt.Errorf("transfer request %s: %w", id, ErrState)
		}
		r.accepted = true
		r.tx.respond(202, "Accepted", nil, func(res *gosip.Response) {
			r.leg.ours(res)
			if r.silent {
				res.AppendHeader(gosip.NewHeader("Refer-Sub", "false"))
			}
		})
		r.notify(100)
		r.limit.stop()
		r.limit = a.after(referPatience, func() { r.refuse(603) })
		return nil
	})
}

// RefuseRefer implements UserAgent.
func (a *Agent) RefuseRefer(id ReferID, code int) error {
	return a.onRefer(id, func(r *referral) error {
		if code < 400 || code > 699 || r.used {
			return fmt.Errorf("refuse a transfer with %d: %w", code, ErrState)
		}
		r.refuse(code)
		return nil
	})
}

func (a *Agent) onRefer(id ReferID, f func(*referral) error) error {
	return a.call(func() error {
		r := a.refers[id]
		if r == nil {
			return fmt.Errorf("transfer request %s: %w", id, ErrNoRefer)
		}
		return f(r)
	})
}

func (r *referral) refuse(code int) {
	if r.accepted {
		r.notify(code)
	} else {
		r.tx.respond(code, reasonPhrase(code), nil, nil)
	}
	r.settle()
}

// settle forgets the referral; the last NOTIFY may still be on its way.
func (r *referral) settle() {
	r.limit.stop()
	delete(r.leg.a.refers, r.id)
	if r.leg.referred == r {
		r.leg.referred = nil
	}
}

// invited is called when our call for it is made.
func (r *referral) invited(g *leg) {
	r.used, g.because = true, r
	r.limit.stop()
	r.limit = r.leg.a.after(referExpiry, func() { r.notify(408); r.settle() })
}

// heard passes on how that call goes.
func (r *referral) heard(code int) {
	r.notify(code)
	if code >= 200 {
		r.settle()
	}
}

// notify sends a status to who asked, if the dialog is still there. While a
// NOTIFY waits for its answer the latest news waits too: overtaking each other
// they would be refused.
func (r *referral) notify(code int) {
	if r.silent || r.done || r.leg.state != confirmed || r.leg.line.link == nil {
		return
	}
	if r.busy {
		r.next = code
		return
	}
	state := "active;expires=" + strconv.Itoa(int(referExpiry/time.Second))
	if r.done = code >= 200; r.done {
		state = "terminated;reason=noresource"
	}
	r.busy = true
	r.leg.send(r.leg.d, gosip.NOTIFY, func(req *gosip.Request) {
		req.AppendHeader(gosip.NewHeader("Event", r.event))
		req.AppendHeader(gosip.NewHeader("Subscription-State", state))
		h := gosip.ContentTypeHeader("message/sipfrag;version=2.0")
		req.AppendHeader(&h)
	}, fmt.Appendf(nil, "SIP/2.0 %d %s\r\n", code, reasonPhrase(code)), func(res *gosip.Response, err error) {
		if res != nil && res.StatusCode < 200 {
			return
		}
		r.busy = false
		if err != nil || res.StatusCode >= 300 { // they have stopped listening
			r.done = true
		}
		if next := r.next; next != 0 {
			r.next = 0
			r.notify(next)
		}
	})
}

// referralsOver is part of a leg's end: of the one that asked, and of the one
// that was asked for.
func (g *leg) referralsOver(e LegEnded) {
	if r := g.because; r != nil {
		g.because = nil
		code := e.Code
		if code < 300 {
			code = 487
		}
		if e.Err != nil && e.Code == 0 {
			code = 503
		}
		r.heard(code)
	}
	if r := g.referred; r != nil && !r.accepted {
		r.tx.respond(481, reasonPhrase(481), nil, nil)
		r.settle()
	}
}
