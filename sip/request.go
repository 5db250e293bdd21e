package sip

import (
	"fmt"
	"net"
	"strconv"
	"strings"

	gosip "github.com/emiago/sipgo/sip"
)

// allow is what we understand (RFC 3261 §20.5).
const allow = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, NOTIFY, REFER, PRACK"

// supported are the extensions we apply in dialogs.
const supported = "replaces, timer, outbound"

// newRequest starts a request on a flow: Via, Max-Forwards, User-Agent.
func (l *line) newRequest(k *link, method gosip.RequestMethod, target gosip.Uri) *gosip.Request {
	req := gosip.NewRequest(method, target)
	req.AppendHeader(l.via(k))
	hops := gosip.MaxForwardsHeader(70)
	req.AppendHeader(&hops)
	req.AppendHeader(gosip.NewHeader("User-Agent", l.a.cfg.UserAgent))
	return req
}

// via names the flow's real transport, also where sipgo knows no such thing.
// The sent-by of a WebSocket client is a name nobody can resolve (RFC 7118 §5).
func (l *line) via(k *link) *gosip.ViaHeader {
	v := &gosip.ViaHeader{ProtocolName: "SIP", ProtocolVersion: "2.0", Transport: k.info.Transport, Host: l.host}
	if !webSocket(k) {
		v.Host, v.Port = splitAddr(k.info.Local)
	}
	v.Params.Add("branch", gosip.GenerateBranch())
	v.Params.Add("rport", "")
	return v
}

func webSocket(k *link) bool { return k.info.Transport == "WSS" || k.info.Transport == "WS" }

func splitAddr(addr string) (string, int) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return addr, 0
	}
	n, _ := strconv.Atoi(port)
	return host, n
}

// contactURI is where the exchange finds us: on the flow, by whatever name.
func (l *line) contactURI(k *link) string { return l.contactAs(k, l.cfg.User) }

func (l *line) contactAs(k *link, user string) string {
	transport := l.cfg.ContactTransport
	host := l.host
	if webSocket(k) {
		if transport == "" {
			transport = strings.ToLower(k.info.Transport)
		}
	} else {
		host = k.info.Local
		if transport == "" && k.info.Transport != "UDP" {
			transport = strings.ToLower(k.info.Transport)
		}
	}
	uri := "sip:" + escapeUser(user) + "@" + host
	if transport != "" {
		uri += ";transport=" + transport
	}
	return uri
}

// contact is the Contact of a dialog (RFC 5627 §4.3: the GRUU, if we have one).
func (l *line) contact(k *link) gosip.Header {
	uri := l.reg.gruu
	if uri == "" {
		uri = l.contactURI(k)
	}
	return gosip.NewHeader("Contact", "<"+uri+">")
}

// contact is the line's, without its name where the number is withheld
// (RFC 3323 §4.1.1.3).
func (g *leg) contact(k *link) gosip.Header {
	if g.private {
		return gosip.NewHeader("Contact", "<"+g.line.contactAs(k, "anonymous")+">")
	}
	return g.line.contact(k)
}

// aor is the line's From.
func (l *line) aor() gosip.FromHeader {
	return gosip.FromHeader{
		DisplayName: quoteDisplay(l.cfg.DisplayName),
		Address:     gosip.Uri{Scheme: "sip", User: escapeUser(l.cfg.User), Host: l.cfg.Domain},
	}
}

func appendIDs(req *gosip.Request, callID string, cseq uint32) {
	id := gosip.CallIDHeader(callID)
	req.AppendHeader(&id)
	req.AppendHeader(&gosip.CSeqHeader{SeqNo: cseq, MethodName: req.Method})
}

// repeat copies a request for a new transaction.
func repeat(req *gosip.Request, k *link, cseq uint32) *gosip.Request {
	again := req.Clone()
	again.ReplaceHeader(k.line.via(k))
	again.ReplaceHeader(&gosip.CSeqHeader{SeqNo: cseq, MethodName: req.Method})
	return again
}

// targetURI makes a Request-URI of what was dialled.
func (l *line) targetURI(target string) (gosip.Uri, error) {
	target = printable(target)
	if s, ok := strings.CutPrefix(target, "sip:"); ok && strings.Contains(s, "@") || strings.HasPrefix(target, "sips:") {
		var u gosip.Uri
		if err := gosip.ParseUri(target, &u); err != nil {
			return u, fmt.Errorf("target %q: %w", target, err)
		}
		return u, nil
	}
	if s, ok := strings.CutPrefix(target, "tel:"); ok {
		target, _, _ = strings.Cut(s, ";")
	}
	target = strings.TrimPrefix(target, "sip:")
	user, host, ok := strings.Cut(target, "@")
	if !ok {
		host = l.cfg.Domain
	}
	if user == "" || host == "" {
		return gosip.Uri{}, fmt.Errorf("nobody to call in %q: %w", target, ErrState)
	}
	return gosip.Uri{Scheme: "sip", User: escapeUser(user), Host: host}, nil
}

func hostOf(u *gosip.Uri) string {
	if u.Port > 0 {
		return net.JoinHostPort(strings.Trim(u.Host, "[]"), strconv.Itoa(u.Port))
	}
	return u.Host
}

// headerList splits a header that may come as several lines and as commas in
// one, outside of quotes and angle brackets (RFC 3261 §7.3.1).
func headerList(m gosip.Message, name string) []string {
	var list []string
	for _, h := range m.GetHeaders(name) {
		list = append(list, splitList(h.Value())...)
	}
	return list
}

func splitList(v string) []string {
	var list []string
	var quoted, angle, escaped bool
	start := 0
	for i := range len(v) {
		switch c := v[i]; {
		case escaped:
			escaped = false
		case c == '\\' && quoted:
			escaped = true
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '<':
			angle = true
		case c == '>':
			angle = false
		case c == ',' && !angle:
			list = append(list, strings.TrimSpace(v[start:i]))
			start = i + 1
		}
	}
	list = append(list, strings.TrimSpace(v[start:]))
	kept := list[:0]
	for _, s := range list {
		if s != "" {
			kept = append(kept, s)
		}
	}
	return kept
}

// escapeUser percent-escapes what may not stand in a user part (RFC 3261 §25.1).
func escapeUser(s string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-_.!~*'()&=+$,;?/", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// quoteDisplay escapes a display name for the quotes that sipgo puts round it.
func quoteDisplay(s string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(printable(s))
}

// printable drops control characters: none may reach a header line.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, s)
}
