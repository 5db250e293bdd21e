package b2b

import (
	"context"

	"phoned/lab/mediapeer"
	"phoned/lab/sipmsg"
)

// local is a side of a call that lives in the lab: a service number, the second
// phone, or the music of a parking slot. It is a far of one leg and drives that
// leg's media.
type local struct {
	e     *Engine
	name  string
	sound func(*mediapeer.End) // what it does once connected
	// over, rang and up report to the owner; each may be nil.
	over func(why string)
	rang func()
	up   func()
	leg  *leg
}

func (o *local) digit(d byte) {
	o.e.post(func() {
		if o.leg != nil && o.leg.state != "ended" {
			o.leg.call.digit(o.leg, d, "rfc4733")
		}
	})
}

// attach makes o the far side of l with media of its own.
func (o *local) attach(l *leg) {
	o.leg, l.far = l, o
	if l.media == nil {
		l.media = o.e.media(l.flow.Transport != "UDP", o.digit)
	}
}

// prepare answers the INVITE's offer, or offers if there was none, and calls
// then on the loop with the description.
func (o *local) prepare(l *leg, then func(sdp []byte)) {
	o.attach(l)
	m, offer := l.media, l.uas.req.Body
	o.e.work(func(ctx context.Context) func() {
		sdp, err := describe(ctx, m, offer)
		return func() {
			if l.state == "ended" {
				return
			}
			if err != nil {
				o.e.cfg.Log.Info("lab media refused", "call", l.callID, "err", err)
				l.refuse(488, "")
				return
			}
			then(sdp)
		}
	})
}

func describe(ctx context.Context, m *mediapeer.End, offer []byte) ([]byte, error) {
	if len(offer) == 0 {
		return m.Offer(ctx)
	}
	return m.Answer(ctx, offer)
}

// answer accepts l.
func (o *local) answer(l *leg) {
	o.prepare(l, func(sdp []byte) {
		o.connect(l)
		l.accept(l.uas, sdp)
	})
}

// connect starts the sound; nothing is sent before media are up.
func (o *local) connect(l *leg) {
	l.call.answered(l)
	if o.sound != nil {
		o.sound(l.media)
	}
	if o.up != nil {
		o.up()
	}
}

// call invites a phone with media of our own.
func (o *local) progress(l *leg, code int, _ []byte) {
	l.call.event("ringing", l, itoa(code))
	if o.rang != nil {
		o.rang()
	}
}

func (o *local) answered(l *leg, sdp []byte) {
	l.ack(nil)
	m := l.media
	o.e.work(func(ctx context.Context) func() {
		err := m.Apply(ctx, sdp)
		return func() {
			if l.state == "ended" {
				return
			}
			if err != nil {
				o.e.cfg.Log.Info("lab media refused", "call", l.callID, "err", err)
				o.hangUp("bad answer")
				return
			}
			o.connect(l)
		}
	})
}

func (o *local) refused(l *leg, code int, _ *sipmsg.Message) {
	l.call.refused(code)
	if o.over != nil {
		o.over(itoa(code))
	}
}

func (o *local) reoffer(l *leg, sdp []byte, reply func(int, []byte)) {
	m := l.media
	o.e.work(func(ctx context.Context) func() {
		out, err := describe(ctx, m, sdp)
		return func() {
			if err != nil {
				reply(488, nil)
				return
			}
			if o.sound != nil { // the transport may be a new one
				o.sound(m)
			}
			reply(200, out)
		}
	})
}

// acked applies the answer to an offer that our 200 carried.
func (o *local) acked(l *leg, sdp []byte) {
	if len(sdp) == 0 {
		return
	}
	m := l.media
	o.e.work(func(ctx context.Context) func() {
		err := m.Apply(ctx, sdp)
		return func() {
			if err != nil {
				o.hangUp("bad answer")
			}
		}
	})
}

func (o *local) info(*leg, *sipmsg.Message) {}

func (o *local) ended(l *leg, why string) {
	l.call.over(l.user)
	o.leg = nil
	if o.over != nil {
		o.over(why)
	}
}

// hangUp ends the leg from our side.
func (o *local) hangUp(why string) {
	l := o.leg
	if l == nil {
		return
	}
	o.leg = nil
	l.bye(why)
	l.call.over(o.name)
	if o.over != nil {
		o.over(why)
	}
}
