package b2b

import (
	"net"
	"strconv"
	"strings"
	"time"

	"phoned/lab/registrar"
	"phoned/lab/sdptext"
	"phoned/lab/sipmsg"
)

const (
	defaultExpires = 600
	maxExpires     = 3600
)

func itoa(n int) string { return strconv.Itoa(n) }

func splitHost(addr string) (host, port string) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return addr, ""
	}
	return host, port
}

// replaceRport fills an empty rport parameter (RFC 3581 §4).
func replaceRport(via, port string) string {
	parts := strings.Split(via, ";")
	for i, p := range parts {
		if strings.EqualFold(strings.TrimSpace(p), "rport") {
			parts[i] = "rport=" + port
		}
	}
	return strings.Join(parts, ";")
}

// authenticate checks credentials and challenges if it must: 401 for REGISTER
// and, as Asterisk does, in the asterisk style; else 407, as FreeSWITCH does.
func (e *Engine) authenticate(t *serverTx) (User, bool) {
	code, ask, give := 407, "Proxy-Authenticate", "Proxy-Authorization"
	if t.req.Method == "REGISTER" || e.cfg.Style == sdptext.Asterisk {
		code, ask, give = 401, "WWW-Authenticate", "Authorization"
	}
	result := registrar.Missing
	var name string
	for _, v := range t.req.All(give) {
		name, result = e.digest.Check(v, t.req.Method, func(user string) (string, bool) {
			u, ok := e.cfg.Users[user]
			return u.Password, ok
		})
		if result != registrar.Missing {
			break
		}
	}
	switch result {
	case registrar.Good:
		from := sipmsg.URIUser(sipmsg.ParseAddress(t.req.Get("From")).URI)
		if from == name || from == "anonymous" && t.req.Get("Privacy") != "" { // RFC 3323 §4.1: who it is the credentials say
			return e.cfg.Users[name], true
		}
		fallthrough
	case registrar.Wrong:
		e.Record.event(Event{Kind: "auth-wrong", User: name, CallID: t.req.Get("Call-ID"), Code: 403})
		t.reply(403)
	default:
		r := t.response(code)
		for _, c := range e.digest.Challenges(result == registrar.Stale) {
			r.Add(ask, c)
		}
		t.respond(r)
	}
	return User{}, false
}

func (e *Engine) register(t *serverTx) {
	if f := e.cfg.Faults.TakeRegister(); f.RegisterStatus != 0 {
		r := t.response(f.RegisterStatus)
		if f.RetryAfter > 0 {
			r.Add("Retry-After", itoa(f.RetryAfter))
		}
		if f.RegisterStatus == 423 {
			r.Add("Min-Expires", itoa(max(f.MinExpires, 1)))
		}
		t.respond(r)
		return
	}
	u, ok := e.authenticate(t)
	if !ok {
		return
	}
	if sipmsg.URIUser(sipmsg.ParseAddress(t.req.Get("To")).URI) != u.Name {
		t.reply(403)
		return
	}
	seq, _ := t.req.CSeq()
	for _, c := range t.req.All("Contact") {
		e.bind(t, u, c, seq)
	}
	r := t.response(200)
	now := e.cfg.Clock.Now()
	for _, b := range e.bindings.Of(u.Name, now) {
		v := "<" + b.Contact + ">;expires=" + itoa(int(b.Expires.Sub(now).Round(time.Second)/time.Second))
		if b.Instance != "" {
			v += `;+sip.instance="` + b.Instance + `"`
		}
		if b.RegID != "" {
			v += ";reg-id=" + b.RegID
		}
		r.Add("Contact", v)
	}
	for _, p := range t.req.All("Path") {
		r.Add("Path", p)
	}
	if strings.Contains(t.req.Get("Supported"), "outbound") {
		r.Add("Require", "outbound")
	}
	r.Add("Date", now.UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT"))
	t.respond(r)
}

// bind adds, renews or removes one Contact.
func (e *Engine) bind(t *serverTx, u User, contact string, seq int) {
	expires := defaultExpires
	for _, v := range []string{t.req.Get("Expires"), sipmsg.Param(contact, "expires")} {
		if n, err := strconv.Atoi(v); err == nil && n >= 0 {
			expires = min(n, maxExpires)
		}
	}
	uri := sipmsg.ParseAddress(contact).URI
	if expires == 0 {
		gone := e.bindings.Remove(func(b *registrar.Binding) bool {
			return b.User == u.Name && (contact == "*" || b.Contact == uri)
		})
		e.Record.event(Event{Kind: "unregistered", User: u.Name, CallID: t.req.Get("Call-ID"), Detail: "Expires: 0", Code: len(gone)})
		return
	}
	e.bindings.Put(&registrar.Binding{User: u.Name, Contact: uri,
		Instance: sipmsg.Param(contact, "+sip.instance"), RegID: sipmsg.Param(contact, "reg-id"),
		Path: t.req.All("Path"), Flow: t.flow, CallID: t.req.Get("Call-ID"), CSeq: seq,
		Expires: e.cfg.Clock.Now().Add(time.Duration(expires) * time.Second)})
	e.Record.event(Event{Kind: "registered", User: u.Name, CallID: t.req.Get("Call-ID"), Detail: t.flow.Transport})
	e.reclaim(u.Name, t.flow)
}
