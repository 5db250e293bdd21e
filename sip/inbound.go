package sip

import (
	"fmt"
	"strings"

	gosip "github.com/emiago/sipgo/sip"
)

// request finds where a request of theirs belongs: a transaction that runs, a
// dialog, or nothing yet (RFC 3261 §8.2, §12.2.2, §17.2.3).
func (k *link) request(req *gosip.Request) {
	tidy(req)
	key := serverKey(req)
	if key == "" || repeated(req) {
		k.malformed(req)
		return
	}
	if req.IsAck() {
		k.ack(key, req)
		return
	}
	if tx := k.server[key]; tx != nil {
		if tx.req.Method == req.Method {
			_ = tx.Receive(req)
		}
		return
	}
	if !k.admitted(req) {
		return
	}
	tx, err := k.newServerTx(key, req)
	if err != nil {
		return
	}
	if !k.acceptable(tx) {
		return
	}
	switch {
	case req.Method == gosip.CANCEL:
		k.cancelled(tx)
	case param(req.To().Params, "tag") != "":
		k.inDialog(tx)
	default:
		k.outOfDialog(tx)
	}
}

// serverKey is what the transaction of a request is found by; "" if one of the
// headers that every request has is missing. Requests of RFC 2543, without a
// branch or a tag, are told apart by what they do have (§17.2.3).
func serverKey(req *gosip.Request) string {
	if req.Via() == nil || req.CSeq() == nil || req.From() == nil || req.To() == nil || req.CallID() == nil {
		return ""
	}
	key, err := gosip.ServerTxKeyMake(req)
	if err == nil {
		return key
	}
	method := req.CSeq().MethodName
	if method == gosip.ACK {
		method = gosip.INVITE
	}
	return strings.Join([]string{"2543", req.CallID().Value(), req.From().Value(), fmt.Sprint(req.CSeq().SeqNo), string(method), req.Via().Value()}, "|")
}

// tidy takes the blanks out that may stand round a parameter's name and value
// (RFC 3261 §25.1, EQUAL); sipgo's parser keeps them.
func tidy(m gosip.Message) {
	trim := func(p gosip.HeaderParams) {
		for i := range p {
			p[i].K, p[i].V = strings.TrimSpace(p[i].K), strings.TrimSpace(p[i].V)
		}
	}
	if h := m.Via(); h != nil {
		trim(h.Params)
	}
	if h := m.From(); h != nil {
		trim(h.Params)
	}
	if h := m.To(); h != nil {
		trim(h.Params)
	}
}

// repeated finds headers twice of which there may be one (§7.3.1): two parsers
// could each believe another of them.
func repeated(req *gosip.Request) bool {
	seen := map[string]bool{}
	for _, h := range req.Headers() {
		switch name := strings.ToLower(h.Name()); name {
		case "from", "to", "call-id", "cseq", "max-forwards", "content-length", "content-type":
			if seen[name] {
				return true
			}
			seen[name] = true
		}
	}
	return false
}

// malformed answers what can be answered at all: a request with a Via and the
// four headers that every response copies.
func (k *link) malformed(req *gosip.Request) {
	k.a.counters.malformed.Add(1)
	if req.IsAck() || req.Via() == nil || !k.trusted {
		return
	}
	_ = k.WriteMsg(newResponse(req, 400, "Bad Request", newTag(), nil))
}

// acceptable makes the checks that hold for any method.
func (k *link) acceptable(tx *serverTx) bool {
	req := tx.req
	switch {
	case req.SipVersion != "SIP/2.0":
		tx.respond(505, "Version Not Supported", nil, nil)
	case !strings.EqualFold(string(req.CSeq().MethodName), string(req.Method)):
		tx.respond(400, "CSeq Method Mismatch", nil, nil)
	case req.Recipient.Scheme != "sip" && req.Recipient.Scheme != "sips" && req.Recipient.Scheme != "tel":
		tx.respond(416, "Unsupported URI Scheme", nil, nil)
	case req.Method != gosip.CANCEL && len(unknownOptions(req)) > 0:
		tx.respond(420, "Bad Extension", nil, func(res *gosip.Response) {
			res.AppendHeader(gosip.NewHeader("Unsupported", strings.Join(unknownOptions(req), ", ")))
		})
	case req.IsInvite() && !acceptsSDP(req):
		tx.respond(406, "Not Acceptable", nil, nil)
	default:
		return true
	}
	return false
}

// acceptsSDP: an INVITE whose sender cannot read our answer is of no use.
func acceptsSDP(req *gosip.Request) bool {
	types := headerList(req, "Accept")
	for _, v := range types {
		kind, _, _ := strings.Cut(v, ";")
		switch strings.ToLower(strings.TrimSpace(kind)) {
		case sdpType, "application/*", "*/*":
			return true
		}
	}
	return len(types) == 0
}

// unknownOptions are those that a request requires and we do not have.
func unknownOptions(req *gosip.Request) []string {
	var unknown []string
	for _, o := range headerList(req, "Require") {
		switch strings.ToLower(o) {
		case "timer", "replaces", "outbound", "path", "gruu", "100rel":
		default:
			unknown = append(unknown, o)
		}
	}
	return unknown
}

func (k *link) ack(key string, req *gosip.Request) {
	if tx := k.server[key]; tx != nil && (tx.answered >= 300 || tx.answered == 0) {
		_ = tx.Receive(req)
		return
	}
	if g := k.a.dialogs[requestDialog(req)]; g != nil && g.line == k.line {
		g.acked(req)
	}
}

func requestDialog(req *gosip.Request) dialogID {
	return dialogID{req.CallID().Value(), param(req.To().Params, "tag"), param(req.From().Params, "tag")}
}

// cancelled handles a CANCEL: its INVITE has the same branch (§9.2).
func (k *link) cancelled(tx *serverTx) {
	as := tx.req.Clone()
	as.CSeq().MethodName = gosip.INVITE
	invite := k.server[serverKey(as)]
	if invite == nil {
		tx.respond(481, "Call/Transaction Does Not Exist", nil, nil)
		return
	}
	tx.tag = invite.tag
	tx.respond(200, "OK", nil, nil)
	switch g := invite.leg; {
	case g != nil && g.tx == invite:
		g.cancelled(tx.req)
	case g != nil && g.exchange.their == invite:
		g.exchange.their = nil
		g.exchange.limit.stop()
		invite.respond(487, "Request Terminated", nil, nil)
	}
}

func (k *link) outOfDialog(tx *serverTx) {
	switch tx.req.Method {
	case gosip.INVITE:
		k.invited(tx)
	case gosip.OPTIONS:
		k.options(tx)
	case gosip.NOTIFY:
		k.notified(tx)
	case gosip.BYE, gosip.INFO, gosip.UPDATE, gosip.PRACK:
		tx.respond(481, "Call/Transaction Does Not Exist", nil, nil)
	case gosip.REFER:
		// Nobody makes this phone call someone but a party of its call.
		tx.respond(603, "Decline", nil, nil)
	default:
		k.notAllowed(tx)
	}
}

func (k *link) notAllowed(tx *serverTx) {
	tx.respond(405, "Method Not Allowed", nil, func(res *gosip.Response) {
		res.AppendHeader(gosip.NewHeader("Allow", allow))
	})
}

// options answers as an INVITE would be answered (§11.2).
func (k *link) options(tx *serverTx) {
	tx.respond(200, "OK", nil, func(res *gosip.Response) {
		res.AppendHeader(k.line.contact(k))
		res.AppendHeader(gosip.NewHeader("Allow", allow))
		res.AppendHeader(gosip.NewHeader("Accept", "application/sdp, application/dtmf-relay, application/simple-message-summary"))
		res.AppendHeader(gosip.NewHeader("Supported", supported))
		res.AppendHeader(gosip.NewHeader("User-Agent", k.a.cfg.UserAgent))
	})
}

// inDialog handles a request with a To tag.
func (k *link) inDialog(tx *serverTx) {
	req := tx.req
	g := k.a.dialogs[requestDialog(req)]
	if g == nil || g.line != k.line {
		if req.Method == gosip.NOTIFY {
			k.notified(tx)
			return
		}
		tx.respond(481, "Call/Transaction Does Not Exist", nil, nil)
		return
	}
	if d := g.dialogOf(req); d != nil {
		if seq := req.CSeq().SeqNo; d.rseq != 0 && seq <= d.rseq {
			tx.respond(500, "Server Internal Error", nil, nil)
			return
		}
		d.rseq = req.CSeq().SeqNo
		g.learnUUID(req)
	}
	switch req.Method {
	case gosip.BYE:
		g.byed(tx)
	case gosip.INVITE, gosip.UPDATE:
		tx.leg = g
		g.theirOffer(tx)
	case gosip.INFO:
		g.info(tx)
	case gosip.OPTIONS:
		k.options(tx)
	case gosip.PRACK:
		g.pracked(tx)
	case gosip.NOTIFY:
		g.notified(tx)
	case gosip.REFER:
		g.asked(tx)
	default:
		k.notAllowed(tx)
	}
}

func (g *leg) theirOffer(tx *serverTx) {
	switch {
	case g.state == over || g.d == nil:
		tx.respond(481, "Call/Transaction Does Not Exist", nil, nil)
	case g.state == confirmed || tx.req.Method == gosip.UPDATE && (len(tx.req.Body()) == 0 || g.agreedEarly(tx.req)):
		g.exchange.offered(tx)
	case g.state == incoming:
		g.tooSoon(tx)
	default:
		tx.respond(491, "Request Pending", nil, nil)
	}
}

// byed: their BYE ends whatever there is, also a call whose ACK is missing.
func (g *leg) byed(tx *serverTx) {
	tx.respond(200, "OK", nil, nil)
	if g.state == incoming {
		g.tx.respond(487, "Request Terminated", nil, nil)
	}
	cause := reasonOf(tx.req)
	g.resend.stop()
	g.unwanted = g.unwanted && g.state == calling
	g.finish(LegEnded{Remote: true, Reason: cause.text, Elsewhere: cause.elsewhere()})
	if g.state == accepted {
		g.state = over
	}
	g.release(g.d)
}
