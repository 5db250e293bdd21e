package b2b

import (
	"context"
	"strings"

	"phoned/lab/mediapeer"
	"phoned/lab/sipmsg"
)

// transfer carries out one REFER (RFC 3515): by is the phone that asked, the
// party on its far side is to be connected with the target.
type transfer struct {
	e     *Engine
	by    *leg
	other *leg   // the party, if it is a phone
	end   *local // the party, if it lives in the lab
	quiet bool   // Refer-Sub: false (RFC 4488)
}

func (e *Engine) refer(t *serverTx, l *leg) {
	to := sipmsg.ParseAddress(t.req.Get("Refer-To")).URI
	other, end := l.opposite()
	if to == "" {
		t.reply(400)
		return
	}
	if other == nil && end == nil {
		t.reply(403)
		return
	}
	x := &transfer{e: e, by: l, other: other, end: end, quiet: strings.EqualFold(t.req.Get("Refer-Sub"), "false")}
	r := t.response(202)
	r.Add("Contact", e.contact(l.flow, l.ours()))
	if x.quiet {
		r.Add("Refer-Sub", "false")
	}
	t.respond(r)
	l.call.event("refer", l, to)
	x.notify(100, true)
	if rep := sipmsg.URIHeader(to, "Replaces"); rep != "" {
		x.replace(rep)
		return
	}
	x.start(sipmsg.URIUser(to))
}

// notify tells the progress as a sipfrag.
func (x *transfer) notify(code int, active bool) {
	if x.quiet || x.by.state == "ended" {
		return
	}
	x.by.seq++
	m := x.by.request("NOTIFY")
	m.Add("Event", "refer")
	if active {
		m.Add("Subscription-State", "active;expires=60")
	} else {
		m.Add("Subscription-State", "terminated;reason=noresource")
	}
	m.Add("Content-Type", "message/sipfrag;version=2.0")
	m.Body = []byte("SIP/2.0 " + itoa(code) + " " + reason(code) + "\r\n")
	x.e.start(x.by.flow, m, nil)
}

func (x *transfer) fail(code int) {
	x.by.call.event("transfer-failed", x.by, itoa(code))
	x.notify(code, false)
}

// done ends the referrer's leg.
func (x *transfer) done() {
	x.by.call.event("transferred", x.by, "")
	x.notify(200, false)
	x.by.bye("transferred")
}

// start connects the party with a number.
func (x *transfer) start(number string) {
	e := x.e
	if o := e.sound(number); o != nil {
		x.toEnd(o)
		return
	}
	b := e.bindings.Of(number, e.cfg.Clock.Now())
	switch {
	case len(b) > 0:
		leg := e.dial(b[0], x.party(), func(l *leg) { x.toLeg(l) }, x.fail)
		x.by.call.add(leg)
	case number == SecondExtension && x.other != nil:
		x.toEnd(e.second.end())
	default:
		codes := map[string]int{Busy: 486, NotFound: 404, Decline: 603, Unavailable: 503, NoAnswer: 480}
		code := codes[number]
		if code == 0 {
			code = 404
			if _, ok := e.cfg.Users[number]; ok {
				code = 480
			}
		}
		x.fail(code)
	}
}

func (x *transfer) party() string {
	if x.other != nil {
		return x.other.user
	}
	return x.end.name
}

// toEnd connects the party with an in-lab end.
func (x *transfer) toEnd(o *local) {
	if x.other == nil { // two ends of the lab: nothing to carry
		x.end.leg = nil
		x.by.far = &local{e: x.e, name: "transfer", leg: x.by}
		x.done()
		return
	}
	x.e.anchor(x.other, o, func(ok bool) {
		if !ok {
			x.fail(503)
			return
		}
		x.by.far = &local{e: x.e, name: "transfer", leg: x.by}
		x.done()
	})
}

// toLeg connects the party with a leg that has media of the lab.
func (x *transfer) toLeg(l *leg) {
	x.by.far = &local{e: x.e, name: "transfer", leg: x.by}
	if x.other == nil {
		x.end.leg = nil
		x.e.adopt(l, x.end)
		x.done()
		return
	}
	o := &local{e: x.e, name: x.party(), sound: (*mediapeer.End).Silent}
	x.e.anchor(x.other, o, func(ok bool) {
		if !ok {
			l.bye("media refused")
			x.fail(503)
			return
		}
		x.e.join(x.other, l)
		x.done()
	})
}

// replace connects the party with whom the referrer talks in another dialog
// (attended transfer, RFC 3891).
func (x *transfer) replace(rep string) {
	id, params, _ := strings.Cut(rep, ";")
	var second *leg
	for _, l := range x.e.legs {
		tags := ";" + params + ";"
		if l.callID == id && l.state != "ended" &&
			strings.Contains(tags, "="+l.tag+";") && strings.Contains(tags, "="+l.theirs+";") {
			second = l
		}
	}
	if second == nil {
		x.fail(481)
		return
	}
	other, end := second.opposite()
	switch {
	case end != nil:
		end.leg = nil
		second.far = &local{e: x.e, name: "transfer", leg: second}
		x.toEnd(end)
		second.bye("transferred")
	case other != nil && other.state != "early":
		o := &local{e: x.e, name: x.by.user, sound: (*mediapeer.End).Silent}
		x.e.anchor(other, o, func(ok bool) {
			if !ok {
				x.fail(503)
				return
			}
			second.far = &local{e: x.e, name: "transfer", leg: second}
			second.bye("transferred")
			x.toLeg(other)
		})
	default:
		x.fail(480)
	}
}

// dialled is the far side of a leg that is being invited with lab media.
type dialled struct {
	*local
	good func(*leg)
	bad  func(int)
}

func (d *dialled) refused(l *leg, code int, m *sipmsg.Message) { d.bad(code) }

func (d *dialled) answered(l *leg, sdp []byte) {
	l.ack(nil)
	m := l.media
	d.e.work(func(ctx context.Context) func() {
		err := m.Apply(ctx, sdp)
		return func() {
			switch {
			case l.state == "ended":
				d.bad(487)
			case err != nil:
				l.bye("bad answer")
				d.bad(488)
			default:
				d.good(l)
			}
		}
	})
}
