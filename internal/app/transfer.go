package app

import (
	"net/url"
	"strings"

	"phoned/phone"
	"phoned/sip"
)

// runMove files the effects that hand calls on, and reports whether e was one.
func (p *Phone) runMove(e phone.Effect) bool {
	switch e := e.(type) {
	case phone.TransferCall:
		p.onCall(e.Call, func(c *call) { p.transferCall(c, e) })
	case phone.AcceptTransfer:
		p.onCall(e.Call, func(c *call) { p.acceptRefer(c, e.Refer) })
	case phone.RefuseTransfer:
		p.onCall(e.Call, func(c *call) {
			if err := p.agent.RefuseRefer(sip.ReferID(e.Refer), e.Code); err != nil {
				p.log.Debug("the transfer request is settled already", "call", c.id, "err", err)
			}
		})
	case phone.FollowRedirect:
		p.onCall(e.Call, func(c *call) {
			if err := p.agent.Redirect(c.legID(), e.Contact); err != nil {
				p.log.Warn("the call was not sent on", "call", c.id, "err", err)
				_ = p.agent.End(c.legID(), "")
			}
		})
	default:
		return false
	}
	return true
}

// transferCall sends the REFER. What can't even be sent has failed, and the
// call is as it was.
func (p *Phone) transferCall(c *call, e phone.TransferCall) {
	to := sip.ReferTo{Target: e.Target}
	if e.Consult != (phone.CallRef{}) {
		to.Target = ""
		if b := p.calls.get(e.Consult); b != nil {
			to.Consult = b.legID()
		}
		if to.Consult == "" {
			p.loop.Post(phone.TransferDone{Call: c.ref(), Recovered: true})
			return
		}
	}
	if err := p.agent.Refer(c.legID(), to); err != nil {
		p.log.Warn("transfer was not sent", "call", c.id, "err", err)
		p.loop.Post(phone.TransferDone{Call: c.ref(), Recovered: true})
	}
}

func (p *Phone) onTransferDone(c *call, e sip.TransferDone) {
	p.log.Info("transfer", "call", c.id, "state", e.OK, "code", e.Code, "err", e.Err)
	p.loop.Post(phone.TransferDone{Call: c.ref(), OK: e.OK, Code: e.Code, Recovered: e.Recovered})
}

func (p *Phone) onReferred(c *call, e sip.ReferReceived) {
	p.loop.Post(phone.TransferAsked{
		Call: c.ref(), Refer: phone.ReferID(e.Refer), Target: e.Target, Number: userOf(e.Target), By: partyOf(e.By), Attended: e.Replaces != nil,
	})
}

func (p *Phone) onRedirected(c *call, e sip.LegRedirected) {
	to := make([]phone.Contact, 0, len(e.Contacts))
	for _, x := range e.Contacts {
		to = append(to, phone.Contact{URI: x.URI, Party: phone.Party{Number: x.User, Name: x.Display}})
	}
	p.loop.Post(phone.CallRedirected{Call: c.ref(), Contacts: to})
}

// acceptRefer agrees to a transfer request, once: a second try is an error that
// means nothing.
func (p *Phone) acceptRefer(c *call, id phone.ReferID) {
	if err := p.agent.AcceptRefer(sip.ReferID(id)); err != nil {
		p.log.Debug("the transfer request is settled already", "call", c.id, "err", err)
	}
}

// userOf is the user part of a URI, or the number of a tel URI.
func userOf(uri string) string {
	scheme, rest, ok := strings.Cut(uri, ":")
	if !ok {
		return uri
	}
	rest, _, _ = strings.Cut(rest, ";")
	user, _, hasHost := strings.Cut(rest, "@")
	switch {
	case strings.EqualFold(scheme, "tel"):
		return rest
	case !hasHost:
		return ""
	}
	if n, err := url.PathUnescape(user); err == nil {
		user = n
	}
	user, _, _ = strings.Cut(user, ":")
	return user
}
