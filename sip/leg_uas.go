package sip

import (
	"fmt"

	gosip "github.com/emiago/sipgo/sip"
)

// maxLegs bounds the calls the agent will hold at once.
const maxLegs = 32

// maxRinging bounds the undecided calls of one line: what one exchange sends
// must leave room for another's.
const maxRinging = 10

func (l *line) ringing() int {
	n := 0
	for _, g := range l.a.legs {
		if g.line == l && g.state == incoming {
			n++
		}
	}
	return n
}

// invited handles an INVITE outside of any dialog.
func (k *link) invited(tx *serverTx) {
	a, req := k.a, tx.req
	switch {
	case a.closing || k.line.left:
		tx.respond(480, "Temporarily Unavailable", nil, nil)
		return
	case k.merged(tx):
		tx.respond(482, "Loop Detected", nil, nil)
		return
	case !k.line.invites.take(a.clock.Now()) || k.line.ringing() >= maxRinging || len(a.legs) >= maxLegs:
		a.counters.limited.Add(1)
		tx.respond(503, "Service Unavailable", nil, func(res *gosip.Response) {
			res.AppendHeader(gosip.NewHeader("Retry-After", "5"))
		})
		return
	}
	offer, ok := offerOf(req)
	if !ok {
		tx.respond(415, "Unsupported Media Type", nil, func(res *gosip.Response) {
			res.AppendHeader(gosip.NewHeader("Accept", "application/sdp"))
		})
		return
	}
	other, code := k.replacing(req)
	if code != 0 {
		tx.respond(code, reasonPhrase(code), nil, nil)
		return
	}
	var replaces LegID
	if other != nil {
		replaces = other.id
	}
	g := a.newLeg(k.line, incoming, req.CallID().Value())
	if !g.session.asked(tx) {
		delete(a.legs, g.id)
		return
	}
	g.learnUUID(req)
	g.tx, tx.leg, g.replaces = tx, g, other
	g.adopt(uasDialog(req, tx.tag))
	tx.respond(100, "Trying", nil, nil)
	auto, melody := alertOf(req)
	a.log.Info("incoming call", "call", g.callID, "line", k.line.cfg.ID)
	a.emit(LegArrived{
		Leg: g.id, Line: k.line.cfg.ID, CallID: g.callID, From: identify(req, req.From()), Via: divertedFrom(req), Diverted: diversions(req),
		Offer: offer, AutoAnswer: auto, Melody: melody, Replaces: replaces,
	})
}

// merged finds the same INVITE that came by another way (RFC 3261 §8.2.2.2).
func (k *link) merged(tx *serverTx) bool {
	for _, o := range k.server {
		if o != tx && o.req.IsInvite() && o.req.CallID().Value() == tx.req.CallID().Value() &&
			o.req.CSeq().SeqNo == tx.req.CSeq().SeqNo && param(o.req.From().Params, "tag") == param(tx.req.From().Params, "tag") {
			return true
		}
	}
	return false
}

// Ring implements UserAgent.
func (a *Agent) Ring(id LegID) error {
	return a.onLeg(id, func(g *leg) error {
		if g.state != incoming {
			return fmt.Errorf("ring: %w", ErrState)
		}
		g.ring()
		return nil
	})
}

// ours adds what every answer of the leg carries.
func (g *leg) ours(res *gosip.Response) {
	if k := g.line.link; k != nil {
		res.AppendHeader(g.line.contact(k))
	}
	res.AppendHeader(gosip.NewHeader("Allow", allow))
	res.AppendHeader(gosip.NewHeader("Supported", supported))
	res.AppendHeader(gosip.NewHeader("User-Agent", g.a.cfg.UserAgent))
}

// sdpAnswer is a 2xx with a description.
func (g *leg) sdpAnswer(tx *serverTx, sdp []byte) {
	tx.respond(200, "OK", sdp, func(res *gosip.Response) {
		g.ours(res)
		g.session.answer(res)
		if len(sdp) > 0 {
			h := gosip.ContentTypeHeader("application/sdp")
			res.AppendHeader(&h)
		}
	})
}

// Answer implements UserAgent.
func (a *Agent) Answer(id LegID, sdp []byte) error {
	return a.onLeg(id, func(g *leg) error {
		if g.state != incoming {
			return fmt.Errorf("answer: %w", ErrState)
		}
		g.state, g.sdp = accepted, sdp
		g.reliable.stop()
		g.sdpAnswer(g.tx, sdp)
		g.resend = a.repeat(g.tx.again, g.neverAcked)
		if o := g.replaces; o != nil && !o.ended {
			o.replacedBy = g.id
			o.end("")
		}
		return nil
	})
}

// neverAcked: RFC 3261 §13.3.1.4 has us end a session that nobody confirms.
func (g *leg) neverAcked() {
	g.state = confirmed
	g.bye("")
	g.finish(LegEnded{Err: fmt.Errorf("no ACK to our answer: %w", ErrTimeout)})
}

// acked handles an ACK within a dialog.
func (g *leg) acked(req *gosip.Request) {
	if g.state == accepted && req.CSeq().SeqNo == g.tx.req.CSeq().SeqNo {
		g.resend.stop()
		if g.unwanted {
			g.state = over
			g.bye("")
			return
		}
		g.state = confirmed
		g.session.start()
		g.a.emit(LegConfirmed{Leg: g.id, SDP: sdpOf(req)})
		return
	}
	g.exchange.acked(req)
}

// Refuse implements UserAgent.
func (a *Agent) Refuse(id LegID, code int, target string) error {
	return a.onLeg(id, func(g *leg) error {
		if g.state != incoming || code < 300 || code > 699 {
			return fmt.Errorf("refuse with %d: %w", code, ErrState)
		}
		var contact string
		if code < 400 {
			// The host must be the SIP domain: some exchanges treat only a name
			// of their own as a transfer.
			u, err := g.line.targetURI(target)
			if err != nil {
				return err
			}
			contact = "<" + u.String() + ">"
		}
		g.tx.respond(code, reasonPhrase(code), nil, func(res *gosip.Response) {
			if contact != "" {
				res.AppendHeader(gosip.NewHeader("Contact", contact))
			}
		})
		g.release(g.d)
		g.finish(LegEnded{Code: code, Reason: reasonPhrase(code)})
		return nil
	})
}

// cancelled handles a CANCEL that found its INVITE.
func (g *leg) cancelled(req *gosip.Request) {
	if g.state != incoming {
		return
	}
	g.tx.respond(487, "Request Terminated", nil, nil)
	cause := reasonOf(req)
	g.release(g.d)
	g.finish(LegEnded{Code: 487, Remote: true, Elsewhere: cause.elsewhere(), Reason: cause.text})
}

var reasons = map[int]string{
	100: "Trying", 180: "Ringing", 183: "Session Progress", 200: "OK", 408: "Request Timeout", 487: "Request Terminated",
	302: "Moved Temporarily", 400: "Bad Request", 403: "Forbidden", 404: "Not Found", 415: "Unsupported Media Type",
	480: "Temporarily Unavailable", 481: "Call/Transaction Does Not Exist", 486: "Busy Here", 488: "Not Acceptable Here", 500: "Server Internal Error",
	503: "Service Unavailable", 600: "Busy Everywhere", 603: "Decline", 606: "Not Acceptable",
}

func reasonPhrase(code int) string {
	if r := reasons[code]; r != "" {
		return r
	}
	return "Refused"
}
