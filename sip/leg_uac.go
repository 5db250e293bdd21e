package sip

import (
	"errors"
	"fmt"

	gosip "github.com/emiago/sipgo/sip"
)

// Invite implements UserAgent.
func (a *Agent) Invite(lineID, target string, o InviteOptions) (LegID, error) {
	var id LegID
	err := a.call(func() error {
		l := a.lines[lineID]
		if l == nil || a.closing {
			return fmt.Errorf("line %q: %w", lineID, ErrNoLine)
		}
		if l.link == nil && !o.Emergency {
			return fmt.Errorf("line %q: %w", lineID, ErrFlowDown)
		}
		uri, err := l.targetURI(target)
		if err != nil {
			return err
		}
		var r *referral
		if o.Refer != "" {
			if r = a.refers[o.Refer]; r == nil || !r.accepted || r.used {
				return fmt.Errorf("transfer request %q: %w", o.Refer, ErrNoRefer)
			}
			o.Replaces = r.replaces
		}
		if l.link == nil {
			id = l.inviteWhenUp(uri, o).id
			return nil
		}
		g := l.invite(uri, o, r)
		if r != nil {
			r.invited(g)
		}
		id = g.id
		return nil
	})
	return id, err
}

func (l *line) invite(uri gosip.Uri, o InviteOptions, because *referral) *leg {
	g := l.a.newLeg(l, calling, newCallID())
	g.sdp, g.private, g.emergency = o.Offer, o.Private, o.Emergency
	g.firstInvite(l.link, uri, o, because)
	return g
}

// firstInvite builds the leg's INVITE and sends it.
func (g *leg) firstInvite(k *link, uri gosip.Uri, o InviteOptions, because *referral) {
	l := g.line
	req := l.newRequest(k, gosip.INVITE, uri)
	for _, r := range l.reg.route {
		req.AppendHeader(gosip.NewHeader("Route", r))
	}
	from := l.caller(o)
	from.Params.Add("tag", newTag())
	req.AppendHeader(&from)
	req.AppendHeader(&gosip.ToHeader{Address: uri})
	appendIDs(req, g.callID, 1)
	req.AppendHeader(g.contact(k))
	req.AppendHeader(gosip.NewHeader("Allow", allow))
	if len(o.Offer) > 0 {
		req.AppendHeader(gosip.NewHeader("Supported", supported+", 100rel"))
	} else {
		req.AppendHeader(gosip.NewHeader("Supported", supported))
	}
	l.identity(req, o)
	if o.Replaces != nil {
		req.AppendHeader(gosip.NewHeader("Replaces", o.Replaces.header()))
		req.AppendHeader(gosip.NewHeader("Require", "replaces"))
	}
	if because != nil && because.by != "" {
		req.AppendHeader(gosip.NewHeader("Referred-By", because.by))
	}
	if o.Emergency {
		req.AppendHeader(gosip.NewHeader("Priority", "emergency"))
	}
	setBody(req, "application/sdp", o.Offer)
	g.sendInvite(k, req)
}

func setBody(m interface {
	AppendHeader(gosip.Header)
	SetBody([]byte)
}, contentType string, body []byte) {
	if len(body) > 0 {
		h := gosip.ContentTypeHeader(contentType)
		m.AppendHeader(&h)
	}
	m.SetBody(body)
}

func (g *leg) sendInvite(k *link, req *gosip.Request) {
	g.inviteReq = req
	g.rung = false
	var tx *clientTx
	tx = k.send(req, func(res *gosip.Response, err error) {
		switch {
		case tx != g.invite: // answered before by a challenge
		case err != nil:
			g.inviteFailed(err)
		case res.StatusCode < 200:
			g.progress(res)
		case res.StatusCode < 300:
			g.accepted(k, req, res)
		default:
			g.refused(k, req, res)
		}
	})
	g.invite = tx
}

func (g *leg) inviteFailed(err error) {
	if g.state != calling {
		return
	}
	code := 0
	if errors.Is(err, ErrTimeout) {
		code = 408
	}
	g.finish(LegEnded{Code: code, Err: fmt.Errorf("INVITE: %w", err)})
}

func (g *leg) progress(res *gosip.Response) {
	g.rung = true
	g.learnUUID(res)
	if g.unwanted {
		g.cancel()
		return
	}
	if g.state != calling || res.StatusCode == 100 {
		return
	}
	early := ""
	if to := res.To(); to != nil {
		early = param(to.Params, "tag")
	}
	if early != "" {
		// Requests of the early dialog (UPDATE, INFO) find the leg by it.
		d := g.early(g.inviteReq, res)
		if g.a.dialogs[d.dialogID] == nil {
			g.a.dialogs[d.dialogID] = g
			if g.d == nil {
				g.d = d
			}
		}
		if !g.prack(d, g.inviteReq, res) {
			return
		}
	}
	if g.because != nil {
		g.because.heard(res.StatusCode)
	}
	g.a.emit(LegProgress{Leg: g.id, Code: res.StatusCode, Early: early, SDP: sdpOf(res), Connected: identify(res, nil)})
}

// accepted handles a 2xx, the first and all others (RFC 3261 §13.2.2.4).
func (g *leg) accepted(k *link, req *gosip.Request, res *gosip.Response) {
	if res.To() == nil {
		return
	}
	d := uacDialog(req, res)
	if e := g.earlyDialogs[d.remote]; e != nil {
		d.lseq, d.rseq = max(d.lseq, e.lseq), e.rseq
	}
	if ack := g.acks[d.remote]; ack != nil {
		_ = k.WriteMsg(ack)
		return
	}
	switch {
	case g.unwanted || g.state != calling && (g.d == nil || d.remote != g.d.remote):
		// Nobody wants this answer: it crossed our CANCEL, or another fork
		// was first.
		g.a.dialogs[d.dialogID] = g
		g.ackOn(k, d, req, nil)
		g.sendBye(d, "")
	case g.state == calling:
		g.forgetEarly(d)
		g.state = answered
		g.learnUUID(res)
		g.adopt(d)
		g.session.agreed(res, true)
		if g.because != nil {
			g.because.heard(200)
			g.because = nil
		}
		sdp, agreed := g.answerOf(d, res)
		g.a.emit(LegAnswered{Leg: g.id, SDP: sdp, Agreed: agreed, Connected: identify(res, nil)})
	}
}

// forgetEarly drops the early dialogs that did not win.
func (g *leg) forgetEarly(win *dialog) {
	for id, o := range g.a.dialogs {
		if o == g && (win == nil || id != win.dialogID) {
			delete(g.a.dialogs, id)
		}
	}
}

func (g *leg) refused(k *link, req *gosip.Request, res *gosip.Response) {
	if (res.StatusCode == 401 || res.StatusCode == 407) && !g.unwanted {
		seq := req.CSeq().SeqNo + 1
		again := repeat(req, k, seq)
		err := g.auth.answer(again, res, &g.line.cfg)
		if err == nil {
			g.sendInvite(k, again)
			return
		}
		g.forgetEarly(nil)
		g.finish(LegEnded{Code: res.StatusCode, Remote: true, Reason: res.Reason, Err: err})
		return
	}
	if res.StatusCode == 503 && g.movable() && k == g.line.link {
		g.move(503)
		g.line.serverFailed(503, fmt.Errorf("INVITE: 503 %s: %w", printable(res.Reason), ErrRefused), 0)
		return
	}
	if res.StatusCode < 400 && g.redirected(res) {
		return
	}
	g.forgetEarly(nil)
	e := LegEnded{Code: res.StatusCode, Remote: true, Reason: res.Reason}
	if res.StatusCode < 400 {
		e.Targets = uris(contactsOf(res, g.line.cfg.Domain))
	}
	cause := reasonOf(res)
	e.Elsewhere = cause.elsewhere()
	e.Q850, e.Warning = q850Of(res), warningOf(res)
	g.finish(e)
}

// Ack implements UserAgent.
func (a *Agent) Ack(id LegID, sdp []byte) error {
	return a.onLeg(id, func(g *leg) error {
		if g.state != answered {
			return fmt.Errorf("acknowledge: %w", ErrState)
		}
		if len(sdp) > 0 {
			g.sdp = sdp
		}
		g.ack(g.d, sdp)
		g.state = confirmed
		g.session.start()
		return nil
	})
}

func (g *leg) ack(d *dialog, sdp []byte) {
	if k := g.line.link; k != nil {
		g.ackOn(k, d, g.inviteReq, sdp)
	}
}

// ackOn sends the ACK of a 2xx, which is a request of its own, and keeps it
// for retransmitted answers. It carries the INVITE's credentials (§22.1).
func (g *leg) ackOn(k *link, d *dialog, invite *gosip.Request, sdp []byte) *gosip.Request {
	ack := d.request(k, gosip.ACK, invite.CSeq().SeqNo)
	for _, name := range []string{"Authorization", "Proxy-Authorization"} {
		for _, h := range invite.GetHeaders(name) {
			ack.AppendHeader(gosip.HeaderClone(h))
		}
	}
	setBody(ack, "application/sdp", sdp)
	g.acks[d.remote] = ack
	_ = k.WriteMsg(ack)
	return ack
}

// cancel sends CANCEL as soon as it may be sent: after a provisional response
// (RFC 3261 §9.1). Should the INVITE get no final answer after that, it is
// given up.
func (g *leg) cancel() {
	k := g.line.link
	if !g.rung || g.canceled || k == nil {
		return
	}
	g.canceled = true
	req := gosip.NewRequest(gosip.CANCEL, g.inviteReq.Recipient)
	req.AppendHeader(gosip.HeaderClone(g.inviteReq.Via()))
	hops := gosip.MaxForwardsHeader(70)
	req.AppendHeader(&hops)
	gosip.CopyHeaders("Route", g.inviteReq, req)
	if g.why != "" {
		req.AppendHeader(reasonHeader(g.why))
	}
	req.AppendHeader(gosip.HeaderClone(g.inviteReq.From()))
	req.AppendHeader(gosip.HeaderClone(g.inviteReq.To()))
	appendIDs(req, g.callID, g.inviteReq.CSeq().SeqNo)
	req.SetBody(nil)
	k.send(req, func(*gosip.Response, error) {})
	tx := g.invite
	g.a.after(64*t1, func() {
		if !tx.final {
			tx.Terminate()
		}
	})
}
