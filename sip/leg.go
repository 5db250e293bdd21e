package sip

import (
	"fmt"
	"time"

	gosip "github.com/emiago/sipgo/sip"
)

type legState int

const (
	calling    legState = iota // our INVITE is out
	incoming                   // their INVITE waits for an answer
	accepted                   // our 2xx is out, their ACK is not in
	answered                   // their 2xx is in, our ACK is not out
	confirmed                  // both
	redirected                 // a 3xx waits for Redirect or End
	over
)

// leg is one INVITE of ours or theirs and what came of it. For us it ends at
// once; on the wire a CANCEL or BYE may still be on its way, and the leg is
// kept for that, unseen. It belongs to the loop.
type leg struct {
	a      *Agent
	line   *line
	id     LegID
	callID string
	uuid   string // the exchange's own, "": not told
	state  legState
	d      *dialog // nil until an answer makes it
	sdp    []byte  // our last description
	ended  bool    // LegEnded was emitted

	// of a call of ours
	invite       *clientTx
	inviteReq    *gosip.Request
	auth         authState
	rung         bool // a provisional response came: CANCEL is allowed
	unwanted     bool // ended before the answer: CANCEL, or ACK and BYE
	canceled     bool
	emergency    bool
	first        func(*link) // makes the INVITE of a leg that waits for its first flow
	moved        bool        // it was tried at another server
	waiting      bool        // for that server
	why          string      // goes into the CANCEL
	private      bool        // the number is withheld
	redirect     redirection
	acks         map[string]*gosip.Request // by To tag, for retransmitted 2xx
	earlyDialogs map[string]*dialog        // early dialogs by To tag
	rseqs        map[string]uint32         // last RSeq of each
	agreed       map[string]*agreement     // which of them have media agreed on

	// of a call of theirs
	tx       *serverTx
	reliable *reliable

	replaces   *leg  // what an INVITE of theirs with Replaces takes over
	replacedBy LegID // the leg that took this one over

	exchange  exchange // offers and answers within the dialog
	transfer  *transfer
	transfers int       // how many there were
	refers    int       // of theirs
	referred  *referral // a REFER of theirs that is not settled
	because   *referral // the REFER that this call of ours was made for
	resend    *repeater
	session   sessionTimer
	severed   bool // the flow was lost in the call
	guard     *timer
}

func (a *Agent) newLeg(l *line, state legState, callID string) *leg {
	a.legSeq++
	g := &leg{a: a, line: l, id: LegID(fmt.Sprintf("leg-%d", a.legSeq)), state: state, callID: callID, acks: map[string]*gosip.Request{}}
	g.exchange.leg, g.session.leg = g, g
	a.legs[g.id] = g
	return g
}

// onLeg runs f on the loop for a leg that is known and not over.
func (a *Agent) onLeg(id LegID, f func(*leg) error) error {
	return a.call(func() error {
		g := a.legs[id]
		if g == nil {
			return fmt.Errorf("leg %s: %w", id, ErrNoLeg)
		}
		return f(g)
	})
}

// CallID implements UserAgent.
func (a *Agent) CallID(id LegID) (callID string, ok bool) {
	a.wait(func() {
		if g := a.legs[id]; g != nil {
			callID, ok = g.callID, true
		}
	})
	return callID, ok
}

// End implements UserAgent.
func (a *Agent) End(id LegID, reason string) error {
	return a.onLeg(id, func(g *leg) error {
		g.end(reason)
		return nil
	})
}

// end sends what the state asks for and frees the leg without waiting.
func (g *leg) end(reason string) {
	switch g.state {
	case calling:
		g.unwanted, g.why = true, reason
		g.cancel()
	case redirected:
		g.redirectOver()
		return
	case incoming:
		g.tx.respond(486, "Busy Here", nil, nil)
	case accepted:
		// No BYE before the ACK (RFC 3261 §15); repeater and ack see to it.
		g.unwanted = true
	case answered:
		g.ack(g.d, nil)
		g.bye(reason)
	case confirmed:
		g.bye(reason)
	}
	g.finish(LegEnded{Reason: reason})
}

// finish emits LegEnded, once, and takes the leg out of sight.
func (g *leg) finish(e LegEnded) {
	if g.ended {
		return
	}
	g.ended = true
	if g.state != accepted || !g.unwanted {
		g.resend.stop()
		g.state = over
	}
	g.guard.stop()
	g.reliable.stop()
	g.session.stop()
	g.exchange.end()
	if g.d != nil {
		g.a.past.add(g.d.dialogID)
	}
	if g.transfer != nil {
		g.transfer.legEnded(e)
	}
	g.referralsOver(e)
	delete(g.a.legs, g.id)
	e.Leg, e.ReplacedBy = g.id, g.replacedBy
	g.a.log.Info("leg ended", "call", g.callID, "line", g.line.cfg.ID, "code", e.Code, "err", e.Err)
	g.a.emit(e)
	l := g.line
	g.a.post(l.legOver)
}

// bye ends the dialog on the wire. Nobody waits for the answer; a 481 says
// that it was over already.
func (g *leg) bye(reason string) {
	d, l := g.d, g.line
	if l.link == nil {
		l.owed = append(l.owed, func() { g.sendBye(d, reason) })
		return
	}
	g.sendBye(d, reason)
}

func (g *leg) sendBye(d *dialog, reason string) {
	g.send(d, gosip.BYE, func(req *gosip.Request) {
		if reason != "" {
			req.AppendHeader(reasonHeader(reason))
		}
	}, nil, func(res *gosip.Response, _ error) {
		if res == nil || res.StatusCode >= 200 {
			g.release(d)
		}
	})
}

// reasonHeader tells the other side in words (RFC 3326).
func reasonHeader(text string) gosip.Header {
	return gosip.NewHeader("Reason", `Q.850;cause=16;text="`+quoteDisplay(text)+`"`)
}

// release forgets the dialog; until then their BYE that crossed ours gets 200.
func (g *leg) release(d *dialog) {
	if d != nil && g.a.dialogs[d.dialogID] == g {
		delete(g.a.dialogs, d.dialogID)
	}
}

// adopt makes d the leg's dialog.
func (g *leg) adopt(d *dialog) {
	g.d = d
	g.a.dialogs[d.dialogID] = g
}

// send sends a request within d. It answers challenges, each with a CSeq of
// its own, and hands every other response to on.
func (g *leg) send(d *dialog, method gosip.RequestMethod, build func(*gosip.Request), body []byte, on func(*gosip.Response, error)) {
	k := g.line.link
	if k == nil {
		g.a.post(func() { on(nil, ErrFlowDown) })
		return
	}
	req := d.request(k, method, 0)
	switch method {
	case gosip.REFER, gosip.NOTIFY:
		req.AppendHeader(g.contact(k))
	case gosip.INVITE, gosip.UPDATE:
		req.AppendHeader(g.contact(k))
		req.AppendHeader(gosip.NewHeader("Allow", allow))
		req.AppendHeader(gosip.NewHeader("Supported", supported))
	}
	if build != nil {
		build(req)
	}
	req.SetBody(body)
	g.line.transact(k, &d.lseq, req, &authState{}, on)
}

// transact sends a request, answers challenges with the numbers that follow
// seq, and hands every other response to on.
func (l *line) transact(k *link, seq *uint32, req *gosip.Request, auth *authState, on func(*gosip.Response, error)) {
	k.send(req, func(res *gosip.Response, err error) {
		if res != nil && (res.StatusCode == 401 || res.StatusCode == 407) {
			again := repeat(req, k, *seq+1)
			if auth.answer(again, res, &l.cfg) == nil && l.link == k {
				*seq++
				l.transact(k, seq, again, auth, on)
				return
			}
		}
		on(res, err)
	})
}

// flowLost: what was not agreed yet is over; a call in progress stays, to be
// looked for when the flow is back.
func (g *leg) flowLost() {
	switch {
	case g.state == confirmed:
		g.severed = true
	case g.waiting || g.state == over:
	case !g.rung && g.movable():
		g.move(0)
	default:
		g.resend.stop()
		g.finish(LegEnded{Err: ErrFlowDown})
		g.release(g.d)
	}
}

// probe asks on a new flow whether the other side still has the dialog.
func (g *leg) probe() {
	if g.state != confirmed {
		return
	}
	d := g.d
	g.send(d, gosip.OPTIONS, nil, nil, func(res *gosip.Response, _ error) {
		if res != nil && (res.StatusCode == 481 || res.StatusCode == 408) && g.state == confirmed {
			g.finish(LegEnded{Remote: true, Code: res.StatusCode, Err: ErrFlowDown, Reason: res.Reason})
			g.release(d)
		}
	})
}

// repeater sends something again until it is stopped: T1 doubled to T2, for
// 64*T1 in all (RFC 3261 §13.3.1.4), by the agent's clock.
type repeater struct {
	a     *Agent
	t     *timer
	wait  time.Duration
	spent time.Duration
	again func()
	never func()
}

const (
	t1 = 500 * time.Millisecond
	t2 = 4 * time.Second
)

func (a *Agent) repeat(again, never func()) *repeater {
	r := &repeater{a: a, wait: t1, again: again, never: never}
	r.arm()
	return r
}

func (r *repeater) arm() {
	r.t = r.a.after(r.wait, func() {
		r.spent += r.wait
		if r.spent >= 64*t1 {
			r.never()
			return
		}
		r.again()
		r.wait = min(2*r.wait, t2)
		r.wait = min(r.wait, 64*t1-r.spent)
		r.arm()
	})
}

func (r *repeater) stop() {
	if r != nil {
		r.t.stop()
	}
}
