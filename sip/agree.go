package sip

import gosip "github.com/emiago/sipgo/sip"

// agreement is what an early dialog of ours has agreed on before the 2xx: a
// reliable 18x with a description is the answer to our offer (RFC 3262 §5), and
// from then on the other side may offer anew by UPDATE (RFC 3311 §5.1).
type agreement struct {
	answer  []byte
	renewed bool // by an UPDATE of theirs that we answered
}

// agree takes the answer that a reliable 18x carries; later ones do not count
// (RFC 3261 §13.2.1).
func (g *leg) agree(d *dialog, res *gosip.Response) {
	sdp := sdpOf(res)
	if len(sdp) == 0 || g.agreed[d.remote] != nil || len(g.agreed) >= maxForks {
		return
	}
	if g.agreed == nil {
		g.agreed = map[string]*agreement{}
	}
	g.agreed[d.remote] = &agreement{answer: sdp}
}

// agreedEarly: our offer is answered in the early dialog that a request of
// theirs belongs to, so that it may bring another one.
func (g *leg) agreedEarly(req *gosip.Request) bool {
	return g.state == calling && !g.unwanted && g.agreed[param(req.From().Params, "tag")] != nil
}

// renewed is called when an offer of theirs was answered.
func (g *leg) renewed(req *gosip.Request) {
	if e := g.agreed[param(req.From().Params, "tag")]; e != nil {
		e.renewed = true
	}
}

// answerOf is the answer that a 2xx stands for.
func (g *leg) answerOf(d *dialog, res *gosip.Response) (sdp []byte, renewed bool) {
	switch e := g.agreed[d.remote]; {
	case e == nil:
		return sdpOf(res), false
	case e.renewed:
		return nil, true
	default:
		return e.answer, false
	}
}

// dialogOf is the dialog, early or not, that a request of theirs belongs to.
func (g *leg) dialogOf(req *gosip.Request) *dialog {
	id := requestDialog(req)
	if e := g.earlyDialogs[id.remote]; e != nil && g.state == calling && e.dialogID == id {
		return e
	}
	if g.d != nil && g.d.dialogID == id {
		return g.d
	}
	return nil
}
