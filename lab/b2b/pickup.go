package b2b

import (
	"strings"

	"phoned/lab/mediapeer"
	"phoned/lab/sipmsg"
)

// PickupPrefix before an extension takes over what rings there.
const PickupPrefix = "**"

// findDialog gives the leg of a Replaces value (RFC 3891 §3): to-tag is ours,
// from-tag the phone's, both ways round, since either side may be named.
func (e *Engine) findDialog(replaces string) *leg {
	id, params, _ := strings.Cut(replaces, ";")
	params = ";" + strings.ReplaceAll(params, " ", "") + ";"
	for _, l := range e.legs {
		if l.callID == strings.TrimSpace(id) && l.state != "ended" && strings.Contains(params, "="+l.tag+";") &&
			strings.Contains(params, "="+orElse(l.theirs, l.ringTag)+";") {
			return l
		}
	}
	return nil
}

// replaceCall carries out an INVITE with Replaces: n takes the place of the
// phone in that dialog.
func (e *Engine) replaceCall(n *leg, replaces string) {
	l := e.findDialog(replaces)
	switch {
	case l == nil:
		n.refuse(481, "")
	case l.state == "early" && l.uac == nil: // RFC 3891 §3: not one that we were invited to
		n.refuse(481, "")
	case l.state == "early":
		e.pickUp(n, l)
	case strings.Contains(strings.ToLower(replaces), "early-only"):
		n.refuse(486, "")
	default:
		e.takeOver(n, l)
	}
}

// pickUpFrom takes over what rings at a user.
func (e *Engine) pickUpFrom(n *leg, user string) {
	for _, c := range e.calls {
		for _, l := range c.legs {
			if l.user == user && l.state == "early" && l.uac != nil {
				e.pickUp(n, l)
				return
			}
		}
	}
	n.refuse(404, "")
}

// pickUp gives n the call that rings at l.
func (e *Engine) pickUp(n, l *leg) {
	e.Record.event(Event{Kind: "picked-up", User: n.user, CallID: n.callID, Detail: l.user})
	switch f := l.far.(type) {
	case *bridge:
		caller := f.a
		f.b = n // the forks lose, whatever they answer now
		f.cancelForks(elsewhere)
		first := &local{e: e, name: n.user, sound: (*mediapeer.End).Silent}
		first.prepare(caller, func(sdp []byte) {
			first.connect(caller)
			caller.accept(caller.uas, sdp)
			e.connectTo(n, caller)
		})
	case *local:
		l.uac.cancelWith(elsewhere)
		l.end()
		f.answer(n)
	default:
		n.refuse(481, "")
	}
}

// takeOver gives n the far side of an answered call, and its phone a BYE.
func (e *Engine) takeOver(n, l *leg) {
	other, end := l.opposite()
	switch {
	case end != nil:
		end.leg = nil
		l.far = &local{e: e, name: "replaced", leg: l}
		l.bye("replaced")
		end.answer(n)
	case other != nil:
		silent := &local{e: e, name: n.user, sound: (*mediapeer.End).Silent}
		e.anchor(other, silent, func(ok bool) {
			if !ok {
				n.refuse(503, "")
				return
			}
			l.far = &local{e: e, name: "replaced", leg: l}
			l.bye("replaced")
			e.connectTo(n, other)
		})
	default:
		n.refuse(481, "")
	}
}

// connectTo answers n and joins it with a leg that has media of the lab.
func (e *Engine) connectTo(n, other *leg) {
	o := &local{e: e, name: other.user}
	o.prepare(n, func(sdp []byte) {
		o.connect(n)
		n.accept(n.uas, sdp)
		e.join(n, other)
	})
}

// holding reads whether a description of a phone puts its other side on hold
// (RFC 3264 §8.4).
func holding(sdp []byte) bool {
	text := string(sdp)
	return strings.Contains(text, "a=sendonly") || strings.Contains(text, "a=inactive")
}

// ringing notes the tag under which a phone rings.
func (l *leg) ringing(m *sipmsg.Message) {
	if tag := sipmsg.Param(m.Get("To"), "tag"); tag != "" {
		l.ringTag = tag
	}
}
