package sip

import (
	"context"
	"errors"
	"fmt"
	"time"

	gosip "github.com/emiago/sipgo/sip"
)

// offerTimeout is how long their offer may wait for AnswerOffer.
const offerTimeout = 10 * time.Second

// exchange is the offer/answer within a dialog: a re-INVITE or UPDATE of ours
// or of theirs, never both (RFC 3261 §14, RFC 3311).
type exchange struct {
	leg   *leg
	ours  bool      // a re-INVITE of ours is under way
	their *serverTx // an offer of theirs that waits for AnswerOffer
	unack *serverTx // our 2xx to their re-INVITE waits for its ACK
	again *repeater
	limit *timer
	acks  map[uint32]*gosip.Request // of our re-INVITEs, by CSeq
	glare *timer
	fail  func() // tells a waiting ReInvite that the leg is over
}

type reinviteResult struct {
	sdp []byte
	err error
}

// ReInvite implements UserAgent.
func (a *Agent) ReInvite(ctx context.Context, id LegID, sdp []byte) ([]byte, error) {
	result := make(chan reinviteResult, 1)
	err := a.onLeg(id, func(g *leg) error {
		if g.state != confirmed || g.exchange.ours {
			return fmt.Errorf("re-INVITE: %w", ErrState)
		}
		x := &g.exchange
		x.fail = func() { result <- reinviteResult{err: ErrNoLeg} }
		done := func(sdp []byte, err error) {
			x.ours, x.fail = false, nil
			result <- reinviteResult{sdp, err}
		}
		if x.their != nil || x.unack != nil {
			x.ours = true
			x.backOff(sdp, done)
			return nil
		}
		x.offer(sdp, true, done)
		return nil
	})
	if err != nil {
		return nil, err
	}
	select {
	case r := <-result:
		return r.sdp, r.err
	case <-ctx.Done():
		return nil, fmt.Errorf("re-INVITE: %w: %w", ErrTimeout, context.Cause(ctx))
	case <-a.loopDone:
		return nil, ErrClosed
	}
}

// offer sends a re-INVITE. retry allows one more attempt after a glare.
func (x *exchange) offer(sdp []byte, retry bool, done func([]byte, error)) {
	g := x.leg
	x.ours = true
	var seq uint32
	finished := false
	g.send(g.d, gosip.INVITE, func(req *gosip.Request) {
		h := gosip.ContentTypeHeader("application/sdp")
		req.AppendHeader(&h)
		g.session.request(req)
	}, sdp, func(res *gosip.Response, err error) {
		switch {
		case err != nil:
			if errors.Is(err, ErrTimeout) && g.state == confirmed {
				g.lost(408, "Request Timeout")
			}
			done(nil, fmt.Errorf("re-INVITE: %w", err))
		case res.StatusCode < 200:
		case res.StatusCode < 300:
			seq = res.CSeq().SeqNo
			if ack := x.acks[seq]; ack != nil {
				if k := g.line.link; k != nil {
					_ = k.WriteMsg(ack)
				}
				return
			}
			x.ack(seq)
			if g.state != confirmed || finished {
				return
			}
			finished = true
			g.d.refresh(res)
			g.sdp = sdp
			g.session.agreed(res, false)
			done(sdpOf(res), nil)
		case g.state != confirmed:
		case res.StatusCode == 491 && retry:
			x.backOff(sdp, done)
		case res.StatusCode == 491:
			done(nil, ErrGlare)
		default:
			if res.StatusCode == 481 || res.StatusCode == 408 {
				g.lost(res.StatusCode, res.Reason)
			}
			done(nil, fmt.Errorf("re-INVITE: %d %s: %w", res.StatusCode, res.Reason, ErrRefused))
		}
	})
}

// ack confirms a 2xx to our re-INVITE and keeps the ACK for its repetitions.
func (x *exchange) ack(seq uint32) {
	g := x.leg
	k := g.line.link
	if k == nil {
		return
	}
	ack := g.d.request(k, gosip.ACK, seq)
	ack.SetBody(nil)
	x.acks = map[uint32]*gosip.Request{seq: ack}
	_ = k.WriteMsg(ack)
}

// backOff waits as RFC 3261 §14.1 says: 2.1 to 4 s for who owns the Call-ID,
// 0 to 2 s for the other, in steps of 10 ms; then tries once more.
func (x *exchange) backOff(sdp []byte, done func([]byte, error)) {
	g := x.leg
	d := time.Duration(g.a.rand()*200) * 10 * time.Millisecond
	if g.inviteReq != nil {
		d = 2100*time.Millisecond + time.Duration(g.a.rand()*190)*10*time.Millisecond
	}
	x.glare = g.a.after(d, func() {
		if g.state != confirmed {
			return
		}
		if x.their != nil || x.unack != nil {
			done(nil, ErrGlare)
			return
		}
		x.offer(sdp, false, done)
	})
}

// lost ends a leg whose dialog the other side does not know any more
// (RFC 3261 §12.2.1.2); a BYE is sent all the same for a 408.
func (g *leg) lost(code int, reason string) {
	if code == 408 {
		g.bye("")
	} else {
		g.release(g.d)
	}
	g.finish(LegEnded{Code: code, Remote: true, Reason: reason, Err: ErrNoLeg})
}

// offered handles their re-INVITE or UPDATE in a confirmed dialog.
func (x *exchange) offered(tx *serverTx) {
	g, req := x.leg, tx.req
	sdp, ok := offerOf(req)
	switch {
	case !ok:
		tx.respond(415, "Unsupported Media Type", nil, func(res *gosip.Response) {
			res.AppendHeader(gosip.NewHeader("Accept", "application/sdp"))
		})
		return
	case req.Method == gosip.UPDATE && len(sdp) == 0:
		if !g.session.asked(tx) {
			return
		}
		g.updated(req)
		g.session.start()
		tx.respond(200, "OK", nil, func(res *gosip.Response) { g.ours(res); g.session.answer(res) })
		return
	case x.their != nil:
		g.tooSoon(tx)
		return
	case x.ours || g.state != confirmed && !g.agreedEarly(req):
		tx.respond(491, "Request Pending", nil, nil)
		return
	}
	if !g.session.asked(tx) {
		return
	}
	if req.IsInvite() {
		tx.respond(100, "Trying", nil, nil)
	}
	g.updated(req)
	x.their = tx
	x.limit = g.a.after(offerTimeout, func() {
		x.their = nil
		tx.respond(500, "Server Internal Error", nil, nil)
	})
	g.a.emit(LegOffered{Leg: g.id, SDP: sdp})
}

// tooSoon refuses an offer of theirs while they have not had our answer to the
// last one (RFC 3261 §14.2, RFC 3311 §5.2).
func (g *leg) tooSoon(tx *serverTx) {
	tx.respond(500, "Server Internal Error", nil, func(res *gosip.Response) {
		res.AppendHeader(gosip.NewHeader("Retry-After", fmt.Sprint(int(g.a.rand()*10))))
	})
}

// updated takes what a target refresh changes besides media.
func (g *leg) updated(req *gosip.Request) {
	if d := g.dialogOf(req); d != nil {
		d.refresh(req)
	}
	if id := identify(req, nil); id.User != "" || id.Display != "" {
		g.a.emit(LegIdentified{Leg: g.id, Connected: id})
	}
}

// AnswerOffer implements UserAgent.
func (a *Agent) AnswerOffer(id LegID, sdp []byte) error {
	return a.onLeg(id, func(g *leg) error {
		x := &g.exchange
		tx := x.their
		if tx == nil {
			return fmt.Errorf("answer an offer: %w", ErrState)
		}
		x.their = nil
		x.limit.stop()
		if sdp == nil {
			tx.respond(488, "Not Acceptable Here", nil, nil)
			return nil
		}
		g.sdp = sdp
		g.sdpAnswer(tx, sdp)
		g.renewed(tx.req)
		g.session.start()
		if tx.req.IsInvite() {
			x.unack = tx
			x.again.stop()
			x.again = a.repeat(tx.again, func() { g.neverAcked() })
		}
		return nil
	})
}

// acked handles the ACK of our 2xx to their re-INVITE. An answer in it (they
// had sent no offer) goes up as a confirmation.
func (x *exchange) acked(req *gosip.Request) {
	if x.unack == nil || req.CSeq().SeqNo != x.unack.req.CSeq().SeqNo {
		return
	}
	x.unack = nil
	x.again.stop()
	if sdp := sdpOf(req); len(sdp) > 0 {
		x.leg.a.emit(LegConfirmed{Leg: x.leg.id, SDP: sdp})
	}
}

// end is part of the leg's end.
func (x *exchange) end() {
	x.again.stop()
	x.limit.stop()
	x.glare.stop()
	if x.their != nil {
		x.their.respond(487, "Request Terminated", nil, nil)
		x.their = nil
	}
	if x.fail != nil {
		x.fail()
		x.fail = nil
	}
}
