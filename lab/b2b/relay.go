package b2b

import (
	"context"

	"phoned/lab/mediapeer"
	"phoned/lab/sipmsg"
)

// relay joins two phones through media ends of the lab, one each: after a
// transfer or out of a parking slot, where passing descriptions on would ask
// the phones for a new transport in an answer (RFC 8842 §5.5 allows it only in
// offers). Each phone keeps its own transport with the lab.
type relay struct {
	e    *Engine
	x, y *leg
}

// join makes the relay; both legs have media that is connected or about to be.
func (e *Engine) join(x, y *leg) {
	r := &relay{e: e, x: x, y: y}
	x.far, y.far = r, r
	x.media.Relay(y.media)
	y.media.Relay(x.media)
}

func (r *relay) other(l *leg) *leg {
	if l == r.x {
		return r.y
	}
	return r.x
}

func (r *relay) progress(*leg, int, []byte)         {}
func (r *relay) refused(*leg, int, *sipmsg.Message) {}
func (r *relay) answered(l *leg, _ []byte)          { l.ack(nil) }

func (r *relay) reoffer(l *leg, sdp []byte, reply func(int, []byte)) {
	m := l.media
	r.e.work(func(ctx context.Context) func() {
		out, err := describe(ctx, m, sdp)
		return func() {
			if err != nil {
				reply(488, nil)
				return
			}
			reply(200, out)
		}
	})
}

func (r *relay) acked(l *leg, sdp []byte) {
	if len(sdp) > 0 {
		m := l.media
		r.e.work(func(ctx context.Context) func() {
			_ = m.Apply(ctx, sdp) // a bad answer leaves silence, which the phone must notice
			return func() {}
		})
	}
}

func (r *relay) info(l *leg, m *sipmsg.Message) {
	if o := r.other(l); o.state != "ended" {
		o.send("INFO", m.Get("Content-Type"), m.Body, nil)
	}
}

func (r *relay) ended(l *leg, why string) {
	r.other(l).bye(why)
	l.call.over(l.user)
	r.other(l).call.over(l.user) // the two may have come from different calls
}

// anchor moves a leg's media to the lab by a re-INVITE with an offer of ours
// and calls then with success or failure. A leg that has media stays as it is.
func (e *Engine) anchor(l *leg, far *local, then func(ok bool)) {
	if l.media != nil {
		far.leg, l.far = l, far
		if far.sound != nil {
			far.sound(l.media)
		}
		then(true)
		return
	}
	far.attach(l)
	m := l.media
	e.work(func(ctx context.Context) func() {
		sdp, err := m.Offer(ctx)
		return func() {
			if err != nil {
				then(false)
				return
			}
			l.reinvite(sdp, func(code int, answer []byte) { e.anchored(l, m, far, code, answer, then) })
		}
	})
}

func (e *Engine) anchored(l *leg, m *mediapeer.End, far *local, code int, answer []byte, then func(bool)) {
	if code >= 300 {
		then(false)
		return
	}
	e.work(func(ctx context.Context) func() {
		err := m.Apply(ctx, answer)
		return func() {
			if err == nil && far.sound != nil {
				far.sound(m)
			}
			then(err == nil)
		}
	})
}
