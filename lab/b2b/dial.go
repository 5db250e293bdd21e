package b2b

import (
	"context"

	"phoned/lab/registrar"
	"phoned/lab/sipmsg"
)

// dial invites a phone with media of the lab; good or bad is called once.
func (e *Engine) dial(b *registrar.Binding, from string, good func(*leg), bad func(code int)) *leg {
	d := &dialled{local: &local{e: e, name: from}, good: good, bad: bad}
	return e.inviteMedia(b, e.identity(from), d.local, d, bad)
}

// inviteMedia makes a leg whose INVITE goes out as soon as its offer is made.
func (e *Engine) inviteMedia(b *registrar.Binding, from string, o *local, f far, bad func(int)) *leg {
	l := &leg{e: e, flow: b.Flow, user: b.User, callID: random(12), tag: random(6), from: from,
		to: "<sip:" + b.User + "@" + e.cfg.Domain + ">", target: b.Contact, state: "early", seq: 1}
	e.legs[e.legKey(l.callID, l.tag)] = l
	o.attach(l)
	l.far = f
	m := l.media
	// Until the INVITE is out there is a transaction that can be cancelled.
	l.uac = &clientTx{e: e, req: l.request("INVITE")}
	l.uac.done = func(*sipmsg.Message) {}
	e.work(func(ctx context.Context) func() {
		sdp, err := m.Offer(ctx)
		return func() {
			if l.state == "ended" {
				return
			}
			if err != nil {
				l.end()
				bad(500)
				return
			}
			req := l.request("INVITE")
			req.Headers = append(req.Headers, l.extra...)
			body(req, sdp)
			l.uac = e.start(l.flow, req, l.inviteResponse)
		}
	})
	return l
}
