package b2b

import (
	"strings"
	"time"

	"phoned/lab/mediapeer"
	"phoned/lab/sipmsg"
)

// Service numbers; README.md says what each does.
const (
	Echo, Tone, Silent   = "9196", "9197", "9100"
	Busy, NoAnswer       = "9486", "9480"
	NotFound, Redirect   = "9404", "9302"
	Decline, Unavailable = "9603", "9503"
	HangsUp, EarlyMedia  = "9199", "9183"
	Digits               = "9300"
	Emergency            = "112"
)

const ringLimit = 120 * time.Second

// route decides what an authenticated INVITE reaches.
func (e *Engine) route(t *serverTx, u User) {
	to := sipmsg.URIUser(t.req.URI)
	asserted := t.req.Get("P-Asserted-Identity")
	l := e.newLeg(t, u)
	c := e.newCall(u.Name, to, asserted)
	c.add(l)
	l.far = &local{e: e, name: to, leg: l} // until routed: nothing to tell
	t.reply(100)
	c.event("invite", l, to)
	if r := t.req.Get("Replaces"); r != "" {
		e.replaceCall(l, r)
		return
	}
	if user, ok := strings.CutPrefix(to, PickupPrefix); ok {
		e.pickUpFrom(l, user)
		return
	}
	if _, ok := slotLabel(to); ok {
		e.dialSlot(l, to)
		return
	}
	if e.service(l, to) {
		return
	}
	if b := e.bindings.Of(to, e.cfg.Clock.Now()); len(b) > 0 {
		e.bridge(l, b)
		return
	}
	if to == SecondExtension {
		e.second.ring(l)
		return
	}
	if _, ok := e.cfg.Users[to]; ok {
		l.refuse(480, "")
		return
	}
	l.refuse(404, "")
}

// service handles the service numbers and reports whether to was one.
func (e *Engine) service(l *leg, to string) bool {
	switch to {
	case Busy:
		l.refuse(486, "")
	case NotFound:
		l.refuse(404, "")
	case Decline:
		l.refuse(603, "")
	case Unavailable:
		l.refuse(503, "")
	case Redirect: // the host is the domain, as FreeSWITCH wants it back
		l.refuse(302, "<sip:"+Echo+"@"+e.cfg.Domain+">")
	case NoAnswer:
		l.provisional(180, nil)
		l.giveUp = e.after(ringLimit, func() { l.refuse(480, "") })
	case EarlyMedia:
		e.earlyMedia(l)
	case Voicemail:
		e.listen(l)
	default:
		o := e.sound(to)
		if o == nil {
			return false
		}
		if to == HangsUp {
			o.up = func() { e.after(5*time.Second, func() { o.hangUp("five seconds") }) }
		}
		o.answer(l)
	}
	return true
}

// sound gives the in-lab end behind a number that answers, nil if it is none.
func (e *Engine) sound(number string) *local {
	o := &local{e: e, name: number}
	switch number {
	case Echo, Emergency:
		o.sound = (*mediapeer.End).Echo
		if e.cfg.Faults.SIP().EchoOff {
			o.sound = (*mediapeer.End).Silent
		}
	case Tone, HangsUp:
		o.sound = tone
	case Silent, Digits:
		o.sound = (*mediapeer.End).Silent
	default:
		return nil
	}
	return o
}

// ToneHz is what tone numbers send: 1004 Hz, the usual test tone.
const ToneHz = 1004

func tone(m *mediapeer.End) { m.Tone(ToneHz) }

// earlyMedia sends a tone in 183, answers after two seconds and then echoes.
func (e *Engine) earlyMedia(l *leg) {
	o := &local{e: e, name: EarlyMedia, sound: (*mediapeer.End).Echo}
	o.prepare(l, func(sdp []byte) {
		l.provisional(183, sdp)
		tone(l.media)
		e.after(2*time.Second, func() {
			if l.state == "early" {
				o.connect(l)
				l.accept(l.uas, sdp)
			}
		})
	})
}
