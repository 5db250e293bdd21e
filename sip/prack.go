package sip

import (
	"fmt"
	"strconv"
	"strings"

	gosip "github.com/emiago/sipgo/sip"
)

// Reliable provisional responses (RFC 3262). We ask for them in calls of ours
// that carry an offer: then no PRACK ever has to bring an answer. We send them
// only to a caller that requires them, and without a description.

// reliable is the 18x of ours that waits for its PRACK.
type reliable struct {
	rseq  uint32
	acked bool
	again *repeater
}

// rseqOf reads the RSeq of a reliable provisional response, 0 if it is none.
func rseqOf(res *gosip.Response) uint32 {
	h := res.GetHeader("RSeq")
	if h == nil || !hasToken(res, "100rel", "Require") {
		return 0
	}
	n, err := strconv.ParseUint(strings.TrimSpace(h.Value()), 10, 32)
	if err != nil {
		return 0
	}
	return uint32(n)
}

// prack acknowledges a reliable provisional response in its early dialog. It
// reports false for one that was seen before or came out of order, which is to
// be ignored (§4).
func (g *leg) prack(d *dialog, req *gosip.Request, res *gosip.Response) bool {
	n := rseqOf(res)
	if n == 0 {
		return true
	}
	if last := g.rseqs[d.remote]; last != 0 && n != last+1 {
		return false
	}
	if g.rseqs == nil {
		g.rseqs = map[string]uint32{}
	}
	g.rseqs[d.remote] = n
	g.agree(d, res)
	rack := fmt.Sprintf("%d %d %s", n, req.CSeq().SeqNo, gosip.INVITE)
	g.send(d, gosip.PRACK, func(prack *gosip.Request) {
		prack.AppendHeader(gosip.NewHeader("RAck", rack))
	}, nil, func(*gosip.Response, error) {})
	return true
}

// early returns the early dialog of a response, which it makes if it is new.
// Later requests of that dialog continue its numbers.
func (g *leg) early(req *gosip.Request, res *gosip.Response) *dialog {
	d := uacDialog(req, res)
	if o := g.earlyDialogs[d.remote]; o != nil {
		o.refresh(res)
		return o
	}
	if g.earlyDialogs == nil {
		g.earlyDialogs = map[string]*dialog{}
	}
	if len(g.earlyDialogs) < maxForks {
		g.earlyDialogs[d.remote] = d
	}
	return d
}

// maxForks bounds the early dialogs of one call.
const maxForks = 32

// ring sends 180, reliably if the caller requires it.
func (g *leg) ring() {
	switch {
	case !hasToken(g.tx.req, "100rel", "Require"):
		g.tx.respond(180, "Ringing", nil, g.ours)
		return
	case len(sdpOf(g.tx.req)) == 0 || g.reliable != nil:
		// Without an offer from them a reliable response would have to carry
		// ours (§5); the caller waits for the answer in silence.
		return
	}
	r := &reliable{rseq: 1 + uint32(g.a.rand()*(1<<30))}
	g.reliable = r
	g.tx.respond(180, "Ringing", nil, func(res *gosip.Response) {
		g.ours(res)
		res.AppendHeader(gosip.NewHeader("Require", "100rel"))
		res.AppendHeader(gosip.NewHeader("RSeq", strconv.FormatUint(uint64(r.rseq), 10)))
	})
	r.again = g.a.repeat(g.tx.again, func() {
		// Nobody confirms: the call is refused (§3).
		g.tx.respond(504, "Server Time-out", nil, nil)
		g.release(g.d)
		g.finish(LegEnded{Code: 504, Err: fmt.Errorf("no PRACK: %w", ErrTimeout)})
	})
}

// pracked handles their PRACK.
func (g *leg) pracked(tx *serverTx) {
	r := g.reliable
	want := ""
	if r != nil {
		want = fmt.Sprintf("%d %d INVITE", r.rseq, g.tx.req.CSeq().SeqNo)
	}
	h := tx.req.GetHeader("RAck")
	switch {
	case r == nil || h == nil || r.acked || strings.Join(strings.Fields(h.Value()), " ") != want:
		tx.respond(481, reasonPhrase(481), nil, nil)
	case len(tx.req.Body()) > 0:
		// A new offer before the first is answered (§5).
		tx.respond(488, "Not Acceptable Here", nil, nil)
	default:
		r.acked = true
		r.again.stop()
		tx.respond(200, "OK", nil, nil)
	}
}

// stop is part of the answer and of the leg's end.
func (r *reliable) stop() {
	if r != nil {
		r.again.stop()
	}
}
