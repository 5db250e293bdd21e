package b2b

import (
	"strings"

	"phoned/lab/registrar"
	"phoned/lab/sipmsg"
)

// bridge joins two phones; descriptions pass unchanged. While it rings there
// may be several legs on the far side, one for each binding.
type bridge struct {
	e     *Engine
	a     *leg // the caller
	forks []*leg
	b     *leg // who answered
	code  int  // best refusal so far
}

// passed are the headers that go through to the other side.
var passed = []string{"P-Asserted-Identity", "Privacy", "Alert-Info", "Call-Info", "Answer-Mode",
	"Diversion", "History-Info", "Subject", "Priority"}

func carry(m *sipmsg.Message) []sipmsg.Header {
	var out []sipmsg.Header
	for _, h := range m.Headers {
		for _, p := range passed {
			if strings.EqualFold(h.Name, p) {
				out = append(out, h)
			}
		}
	}
	return out
}

// identity is how a user is presented to others.
func (e *Engine) identity(user string) string {
	v := "<sip:" + user + "@" + e.cfg.Domain + ">"
	if d := e.cfg.Users[user].Display; d != "" {
		v = sipmsg.Quote(d) + " " + v
	}
	return v
}

func (e *Engine) bridge(a *leg, to []*registrar.Binding) {
	br := &bridge{e: e, a: a}
	a.far = br
	from := nameOnly(a.uas.req.Get("From"))
	if sipmsg.ParseAddress(from).Display == "" {
		from = e.identity(a.user)
	}
	for _, b := range to {
		l := e.invite(b, from, a.uas.req.Body, carry(a.uas.req), br)
		a.call.add(l)
		br.forks = append(br.forks, l)
	}
	for _, l := range br.forks {
		l.giveUp = e.after(ringLimit, func() { l.uac.cancelWith("") })
	}
}

// other is the opposite side of l, nil while nobody answered.
func (br *bridge) other(l *leg) *leg {
	if l == br.a {
		return br.b
	}
	return br.a
}

func (br *bridge) progress(l *leg, code int, sdp []byte) {
	br.a.call.event("ringing", l, itoa(code))
	br.a.provisional(code, sdp)
}

func (br *bridge) answered(l *leg, sdp []byte) {
	br.e.stop(l.giveUp)
	if br.b != nil || br.a.state != "early" { // two answered at once
		l.ack(nil)
		l.bye("answered elsewhere")
		return
	}
	br.b = l
	br.cancelForks(elsewhere)
	l.call.answered(l)
	if len(br.a.uas.req.Body) > 0 {
		l.ack(nil) // a late offer is acknowledged with the caller's answer
	}
	br.a.accept(br.a.uas, sdp)
}

func (br *bridge) cancelForks(why string) {
	for _, f := range br.forks {
		if f != br.b && f.state == "early" {
			f.uac.cancelWith(why)
			f.end()
		}
	}
}

func (br *bridge) refused(l *leg, code int, m *sipmsg.Message) {
	if br.code == 0 || code >= 600 || code < br.code {
		br.code = code
	}
	for _, f := range br.forks {
		if f.state != "ended" && code < 600 {
			return
		}
	}
	br.cancelForks("")
	contact := ""
	if code >= 300 && code < 400 {
		contact = m.Get("Contact")
	}
	br.a.refuse(br.code, contact)
	l.call.c.EndedBy = l.user
}

func (br *bridge) reoffer(l *leg, sdp []byte, reply func(int, []byte)) {
	o := br.other(l)
	if o == nil {
		reply(491, nil)
		return
	}
	o.reinvite(sdp, reply)
}

// acked passes on the answer to an offer that came in a 2xx.
func (br *bridge) acked(l *leg, sdp []byte) {
	if o := br.other(l); o != nil && len(sdp) > 0 {
		o.ack(sdp)
	}
}

func (br *bridge) info(l *leg, m *sipmsg.Message) {
	if o := br.other(l); o != nil && o.state != "ended" {
		o.send("INFO", m.Get("Content-Type"), m.Body, nil)
	}
}

func (br *bridge) ended(l *leg, why string) {
	br.cancelForks("")
	if o := br.other(l); o != nil {
		o.bye(why)
	}
	l.call.over(l.user)
}
