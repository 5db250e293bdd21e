package b2b

import (
	"strconv"
	"strings"

	"phoned/lab/flow"
	"phoned/lab/sipmsg"
)

// dispatch starts a new transaction's work.
func (e *Engine) dispatch(t *serverTx) {
	m := t.req
	if r := m.Get("Require"); r != "" && m.Method != "REGISTER" && !known(r) {
		res := t.response(420)
		res.Add("Unsupported", r)
		t.respond(res)
		return
	}
	switch tag := sipmsg.Param(m.Get("To"), "tag"); {
	case m.Method == "REGISTER":
		e.register(t)
	case m.Method == "OPTIONS":
		t.reply(200)
	case m.Method == "SUBSCRIBE":
		e.subscribe(t)
	case tag != "":
		l := e.legs[e.legKey(m.Get("Call-ID"), tag)]
		if l == nil || sipmsg.Param(m.Get("From"), "tag") != l.theirs {
			t.reply(481)
			return
		}
		e.inDialog(t, l)
	case m.Method == "INVITE" && sipmsg.URIUser(m.URI) == Emergency: // from anybody, without a question
		e.route(t, User{Name: sipmsg.URIUser(sipmsg.ParseAddress(m.Get("From")).URI)})
	case m.Method == "INVITE":
		if u, ok := e.authenticate(t); ok {
			e.route(t, u)
		}
	default:
		t.reply(405)
	}
}

func known(require string) bool {
	for _, r := range strings.Split(require, ",") {
		switch strings.TrimSpace(r) {
		case "timer", "replaces", "path", "outbound":
		default:
			return false
		}
	}
	return true
}

func (e *Engine) ack(f *flow.Flow, m *sipmsg.Message) {
	l := e.legs[e.legKey(m.Get("Call-ID"), sipmsg.Param(m.Get("To"), "tag"))]
	seq, _ := m.CSeq()
	if l == nil || l.ok == nil || seq != l.okSeq || e.cfg.Faults.TakeACK() {
		return
	}
	l.flow = f
	e.stop(l.repeat)
	e.stop(l.giveUp)
	l.ok = nil
	l.busy = false
	if l.state == "answered" {
		l.state = "confirmed"
	}
	l.call.c.AckSeen = true
	l.call.event("acked", l, "")
	l.far.acked(l, m.Body)
}

func (e *Engine) cancelRequest(f *flow.Flow, m *sipmsg.Message) {
	t := e.server[txKey(m, "INVITE")]
	if t == nil {
		e.send(f, m.Response(481, reason(481), random(4)))
		return
	}
	e.send(f, m.Response(200, reason(200), t.tag))
	l := t.leg
	if l == nil || l.state != "early" || l.uas != t {
		return
	}
	l.call.event("cancel", l, m.Get("Reason"))
	l.refuse(487, "")
	l.call.c.EndedBy = l.user
	l.far.ended(l, "cancelled")
}

// inDialog handles a request of a known dialog.
func (e *Engine) inDialog(t *serverTx, l *leg) {
	l.flow = t.flow
	switch t.req.Method {
	case "BYE":
		if e.cfg.Faults.TakeBYE() {
			l.call.c.ByeSeen = true
			l.call.event("bye", l, "left unanswered")
			return
		}
		e.bye(t, l)
	case "INVITE", "UPDATE":
		e.reoffer(t, l)
	case "INFO":
		if code := e.cfg.Faults.SIP().RefuseINFO; code != 0 {
			t.reply(code)
			return
		}
		if !e.cfg.Faults.TakeINFO() {
			t.reply(200)
		}
		e.info(l, t.req)
	case "REFER":
		e.refer(t, l)
	case "NOTIFY":
		l.call.event("sipfrag", l, fragment(t.req.Body))
		t.reply(200)
	case "MESSAGE":
		t.reply(200)
	default:
		t.reply(405)
	}
}

func (e *Engine) bye(t *serverTx, l *leg) {
	t.reply(200)
	l.call.c.ByeSeen = true
	l.call.event("bye", l, "")
	if l.state == "ended" {
		return
	}
	l.end()
	l.far.ended(l, "BYE")
}

func (e *Engine) reoffer(t *serverTx, l *leg) {
	if t.req.Method == "UPDATE" && len(t.req.Body) == 0 {
		l.accept(t, nil) // a refresh or a new identity
		return
	}
	switch {
	case l.state == "ended":
		t.reply(481)
		return
	case l.pending || l.busy || l.state == "early":
		t.reply(491)
		return
	}
	if c := t.req.Get("Contact"); c != "" {
		l.target = sipmsg.ParseAddress(c).URI
	}
	if t.req.Method == "INVITE" {
		t.reply(100)
		l.call.event("reinvite", l, "")
	} else {
		l.call.event("update", l, "")
	}
	l.call.c.Offers++
	l.holds = holding(t.req.Body)
	l.busy = true
	l.far.reoffer(l, t.req.Body, func(code int, sdp []byte) {
		if code >= 300 || t.req.Method == "UPDATE" {
			l.busy = false
		}
		if l.state == "ended" {
			t.reply(487)
			return
		}
		if code >= 300 {
			t.reply(code)
			return
		}
		l.accept(t, sdp)
	})
}

const dtmfRelay, recordCommand = "application/dtmf-relay", "application/x-recording-command"

func (e *Engine) info(l *leg, m *sipmsg.Message) {
	kind, _, _ := strings.Cut(strings.ToLower(m.Get("Content-Type")), ";")
	switch {
	case kind == dtmfRelay:
		if d, ms, ok := ParseRelay(m.Body); ok {
			l.call.digit(l, d, "info "+itoa(ms))
		}
		l.far.info(l, m)
	case kind == recordCommand:
		e.recording(l, strings.TrimSpace(string(m.Body)) == "start")
	case m.Get("Record") != "":
		e.recording(l, strings.EqualFold(m.Get("Record"), "on"))
	default:
		l.call.event("info", l, kind)
		l.far.info(l, m)
	}
}

func (e *Engine) recording(l *leg, on bool) {
	l.call.c.Recording = on
	word := "stop"
	if on {
		word = "start"
	}
	l.call.event("record", l, word)
	if e.cfg.RecordInfo {
		l.send("INFO", recordCommand, []byte(word), nil)
	}
}

func (c *call) digit(l *leg, d byte, how string) {
	c.c.Digits += string(d)
	c.e.Record.event(Event{Kind: "digit", User: l.user, CallID: l.callID, Detail: string(d) + " " + how})
}

// ParseRelay reads the body of application/dtmf-relay: Signal= and Duration= in
// milliseconds (160 if absent).
func ParseRelay(body []byte) (digit byte, ms int, ok bool) {
	ms = 160
	for _, line := range strings.FieldsFunc(string(body), func(r rune) bool { return r == '\r' || r == '\n' }) {
		name, value, _ := strings.Cut(line, "=")
		value = strings.TrimSpace(value)
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "signal":
			if len(value) == 1 && strings.Contains("0123456789*#ABCD", strings.ToUpper(value)) {
				digit, ok = strings.ToUpper(value)[0], true
			}
		case "duration":
			if n, err := strconv.Atoi(value); err == nil && n > 0 {
				ms = n
			}
		}
	}
	return digit, ms, ok
}
