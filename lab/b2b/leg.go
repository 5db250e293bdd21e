package b2b

import (
	"time"

	"phoned/lab/flow"
	"phoned/lab/mediapeer"
	"phoned/lab/registrar"
	"phoned/lab/sipmsg"
)

// far is the other side of a leg: another leg behind a bridge, or an end in the
// lab. All calls are made on the loop.
type far interface {
	progress(l *leg, code int, sdp []byte)
	answered(l *leg, sdp []byte)
	refused(l *leg, code int, m *sipmsg.Message)
	// reoffer passes new media; reply is called exactly once, later or now.
	reoffer(l *leg, sdp []byte, reply func(code int, sdp []byte))
	acked(l *leg, sdp []byte)
	info(l *leg, m *sipmsg.Message)
	// ended: the phone of l is gone, by BYE, CANCEL or a dead flow.
	ended(l *leg, why string)
}

// leg is one dialog with a phone.
type leg struct {
	e      *Engine
	call   *call
	far    far
	flow   *flow.Flow
	user   string
	callID string
	tag    string // ours
	from   string // our side's name-addr, without tag
	to     string // their side's
	theirs string // their tag
	target string // their Contact
	routes []string
	seq    int
	uas    *serverTx // the INVITE to us
	uac    *clientTx // our INVITE
	media  *mediapeer.End
	state  string // early, answered, confirmed, ended
	// A 2xx of ours waits for its ACK.
	ok      *sipmsg.Message
	okSeq   int
	repeat  *timer
	giveUp  *timer
	pending bool // a re-INVITE of ours is out
	busy    bool // a re-INVITE of theirs is being answered
	lateSeq int  // a 2xx with an offer waits for our ACK with the answer
	lastACK *sipmsg.Message
	orphan0 *timer
	ringTag string          // theirs, while it rings
	holds   bool            // they hold us
	extra   []sipmsg.Header // of our INVITE
}

func (e *Engine) legKey(callID, tag string) string { return callID + "|" + tag }

// newLeg takes the dialog of an INVITE to us.
func (e *Engine) newLeg(t *serverTx, u User) *leg {
	m := t.req
	l := &leg{e: e, flow: t.flow, user: u.Name, callID: m.Get("Call-ID"), tag: t.tag,
		from: m.Get("To"), to: nameOnly(m.Get("From")), theirs: sipmsg.Param(m.Get("From"), "tag"),
		target: sipmsg.ParseAddress(m.Get("Contact")).URI, routes: m.All("Record-Route"), uas: t, state: "early"}
	e.legs[e.legKey(l.callID, l.tag)] = l
	t.leg = l
	return l
}

func nameOnly(v string) string {
	a := sipmsg.ParseAddress(v)
	if a.Display != "" {
		return sipmsg.Quote(a.Display) + " <" + a.URI + ">"
	}
	return "<" + a.URI + ">"
}

// invite starts a leg to a binding. from is a name-addr; extra are headers.
func (e *Engine) invite(b *registrar.Binding, from string, sdp []byte, extra []sipmsg.Header, f far) *leg {
	l := &leg{e: e, flow: b.Flow, user: b.User, callID: random(12), tag: random(6), from: from,
		to: "<sip:" + b.User + "@" + e.cfg.Domain + ">", target: b.Contact, far: f, state: "early", seq: 1}
	e.legs[e.legKey(l.callID, l.tag)] = l
	m := l.request("INVITE")
	m.Headers = append(m.Headers, extra...)
	body(m, sdp)
	l.uac = e.start(l.flow, m, l.inviteResponse)
	return l
}

func body(m *sipmsg.Message, sdp []byte) {
	if len(sdp) > 0 {
		m.Add("Content-Type", "application/sdp")
		m.Body = sdp
	}
}

// request makes a request in the dialog with the current CSeq.
func (l *leg) request(method string) *sipmsg.Message {
	m := &sipmsg.Message{Method: method, URI: l.target}
	m.Add("Via", "SIP/2.0/"+l.flow.Transport+" "+l.e.host(l.flow)+";branch=z9hG4bK"+random(8)+";rport")
	for _, r := range l.routes {
		m.Add("Route", r)
	}
	m.Add("From", l.from+";tag="+l.tag)
	to := l.to
	if l.theirs != "" {
		to += ";tag=" + l.theirs
	}
	m.Add("To", to)
	m.Add("Call-ID", l.callID)
	m.Add("CSeq", itoa(l.seq)+" "+method)
	m.Add("Max-Forwards", "70")
	if method != "BYE" {
		m.Add("Contact", l.e.contact(l.flow, l.ours()))
	}
	m.Add("Allow", "INVITE, ACK, BYE, CANCEL, INFO, UPDATE, REFER, NOTIFY, OPTIONS")
	m.Add("User-Agent", "lab")
	return m
}

// ours is the user part we show as Contact.
func (l *leg) ours() string {
	if u := sipmsg.URIUser(sipmsg.ParseAddress(l.from).URI); u != "" {
		return u
	}
	return "lab"
}

// send sends a request in the dialog.
func (l *leg) send(method, contentType string, content []byte, done func(*sipmsg.Message)) {
	l.seq++
	m := l.request(method)
	if contentType != "" {
		m.Add("Content-Type", contentType)
		m.Body = content
	}
	l.e.start(l.flow, m, done)
}

func (l *leg) inviteResponse(m *sipmsg.Message) {
	if l.state == "ended" {
		if m.Status >= 200 && m.Status < 300 { // answered across our CANCEL
			l.learn(m)
			l.ack(nil)
			l.send("BYE", "", nil, nil)
		}
		return
	}
	switch {
	case m.Status < 200:
		if m.Status > 100 {
			l.ringing(m)
			l.far.progress(l, m.Status, m.Body)
		}
	case m.Status < 300:
		if l.state != "early" { // our ACK was lost
			l.ackAgain()
			return
		}
		l.learn(m)
		l.state = "answered"
		l.far.answered(l, m.Body)
	default:
		l.end()
		l.far.refused(l, m.Status, m)
	}
}

// learn takes the dialog's far side from a 2xx.
func (l *leg) learn(m *sipmsg.Message) {
	l.theirs = sipmsg.Param(m.Get("To"), "tag")
	if c := m.Get("Contact"); c != "" {
		l.target = sipmsg.ParseAddress(c).URI
	}
	if rr := m.All("Record-Route"); len(rr) > 0 && len(l.routes) == 0 {
		for i := len(rr) - 1; i >= 0; i-- {
			l.routes = append(l.routes, rr[i])
		}
	}
}

// ack sends the ACK of a 2xx; the CSeq is that of the last INVITE.
func (l *leg) ack(sdp []byte) {
	if l.state == "answered" {
		l.state = "confirmed"
	}
	m := l.request("ACK")
	if l.lateSeq != 0 {
		m.Set("CSeq", itoa(l.lateSeq)+" ACK")
		l.lateSeq = 0
	}
	body(m, sdp)
	l.lastACK = m
	l.ackAgain()
}

// ackAgain sends the last ACK, also for a repeated 2xx.
func (l *leg) ackAgain() {
	if l.lastACK != nil && !l.e.cfg.Faults.TakeACK() {
		l.e.send(l.flow, l.lastACK)
	}
}

// provisional sends 180 or 183.
func (l *leg) provisional(code int, sdp []byte) {
	if l.uas == nil || l.state != "early" {
		return
	}
	r := l.uas.response(code)
	r.Add("Contact", l.e.contact(l.flow, l.ours()))
	body(r, sdp)
	l.uas.respond(r)
}

// accept sends 200 and repeats it until the ACK (RFC 3261 §13.3.1.4).
func (l *leg) accept(t *serverTx, sdp []byte) {
	if l.state == "ended" {
		return
	}
	if l.state == "early" {
		l.state = "answered"
	}
	r := t.response(200)
	r.Add("Contact", l.e.contact(l.flow, l.ours()))
	r.Add("Allow", "INVITE, ACK, BYE, CANCEL, INFO, UPDATE, REFER, NOTIFY, OPTIONS")
	r.Add("Supported", "timer, path, replaces")
	body(r, sdp)
	t.respond(r)
	if t.req.Method != "INVITE" {
		return
	}
	l.e.stop(l.repeat)
	l.e.stop(l.giveUp)
	l.ok = r
	l.okSeq, _ = t.req.CSeq()
	l.resend(t1)
	l.giveUp = l.e.after(timeout, func() {
		l.e.Record.event(Event{Kind: "ack-missing", User: l.user, CallID: l.callID})
		l.e.stop(l.repeat)
		l.ok = nil
		l.bye("no ACK")
		l.far.ended(l, "no ACK")
	})
}

func (l *leg) resend(d time.Duration) {
	l.repeat = l.e.after(d, func() {
		l.e.send(l.flow, l.ok)
		l.resend(min(2*d, t2))
	})
}

// refuse sends a final refusal and ends the leg.
func (l *leg) refuse(code int, contact string) {
	if l.state != "early" {
		return
	}
	r := l.uas.response(code)
	if contact != "" {
		r.Add("Contact", contact)
	}
	l.uas.respond(r)
	l.call.refused(code)
	l.end()
}

// reinvite offers new media; a nil sdp asks for an offer, which done answers by
// leg.ack with the answer. done gets the final status.
func (l *leg) reinvite(sdp []byte, done func(code int, sdp []byte)) {
	if l.pending || l.busy || l.state == "ended" {
		done(491, nil)
		return
	}
	l.pending = true
	l.seq++
	m := l.request("INVITE")
	body(m, sdp)
	seq := l.seq
	answered := false
	l.e.start(l.flow, m, func(r *sipmsg.Message) {
		switch {
		case r.Status < 200:
			return
		case r.Status < 300:
			if answered {
				l.ackAgain()
				return
			}
			answered = true
			l.target = orElse(sipmsg.ParseAddress(r.Get("Contact")).URI, l.target)
			l.lateSeq = seq
			if len(sdp) > 0 {
				l.ack(nil)
			}
		}
		l.pending = false
		if l.state == "ended" {
			return
		}
		done(r.Status, r.Body)
	})
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// bye ends the leg from our side as its state asks.
func (l *leg) bye(why string) {
	switch l.state {
	case "ended":
		return
	case "early":
		if l.uas != nil {
			l.refuse(480, "")
		} else {
			l.uac.cancelWith("")
			l.end()
		}
		return
	}
	l.send("BYE", "", nil, nil)
	l.e.Record.event(Event{Kind: "bye-sent", User: l.user, CallID: l.callID, Detail: why})
	l.end()
}

// end frees what the leg holds. Its dialog stays known for a while, so that a
// late BYE is answered.
func (l *leg) end() {
	if l.state == "ended" {
		return
	}
	l.state = "ended"
	for _, t := range []*timer{l.repeat, l.giveUp, l.orphan0} {
		l.e.stop(t)
	}
	l.ok = nil
	if m := l.media; m != nil {
		if l.call != nil {
			l.call.finalMedia(m)
		}
		l.e.wg.Go(m.Close)
	}
	l.e.after(timeout, func() { delete(l.e.legs, l.e.legKey(l.callID, l.tag)) })
}

// drop ends the leg without a word, when the exchange closes.
func (l *leg) drop() {
	if l.state != "ended" && l.media != nil {
		l.e.wg.Go(l.media.Close)
	}
	l.state = "ended"
}

// orphan starts the wait for a phone whose socket died.
func (l *leg) orphan() {
	if l.state == "ended" || l.orphan0 != nil {
		return
	}
	if l.state == "early" && l.uac != nil {
		return // the transaction has failed already
	}
	l.orphan0 = l.e.after(l.e.cfg.Orphans, func() {
		l.orphan0 = nil
		l.end()
		l.far.ended(l, "flow lost")
	})
}

// reclaim moves a user's calls to the flow on which the phone is back.
func (e *Engine) reclaim(user string, f *flow.Flow) {
	for _, l := range e.legs {
		if l.user == user && l.state != "ended" && l.flow.Closed() {
			l.flow = f
			e.stop(l.orphan0)
			l.orphan0 = nil
		}
	}
}

// elsewhere is the Reason of a CANCEL to forks that lost (RFC 3326).
const elsewhere = `SIP;cause=200;text="Call completed elsewhere"`
