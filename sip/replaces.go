package sip

import (
	"strings"

	gosip "github.com/emiago/sipgo/sip"
)

// Replaces names a dialog for whoever is asked to give it up (RFC 3891 §6.1):
// ToTag is the local tag there, FromTag the remote one. EarlyOnly asks to
// leave a call alone that was answered meanwhile.
type Replaces struct {
	CallID, ToTag, FromTag string
	EarlyOnly              bool
}

// header writes the value of a Replaces header.
func (r Replaces) header() string {
	v := printable(r.CallID) + ";to-tag=" + printable(r.ToTag) + ";from-tag=" + printable(r.FromTag)
	if r.EarlyOnly {
		v += ";early-only"
	}
	return v
}

// dialogID is the dialog as the one who is asked holds it.
func (r Replaces) dialogID() dialogID { return dialogID{r.CallID, r.ToTag, r.FromTag} }

// parseReplaces reads a Replaces header. Both tags must be there, once.
func parseReplaces(v string) (Replaces, bool) {
	parts := strings.Split(v, ";")
	r := Replaces{CallID: printable(strings.TrimSpace(parts[0]))}
	to, from := 0, 0
	for _, p := range parts[1:] {
		name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		value = printable(strings.TrimSpace(value))
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "to-tag":
			r.ToTag = value
			to++
		case "from-tag":
			r.FromTag = value
			from++
		case "early-only":
			r.EarlyOnly = true
		}
	}
	return r, to == 1 && from == 1 && r.CallID != "" && r.ToTag != "" && r.FromTag != ""
}

// replacing finds the leg that an INVITE asks to replace, by the rules of
// RFC 3891 §3. A code that is not 0 is the refusal. Only dialogs of the same
// line are found: what comes by one exchange has no say over another's calls.
func (k *link) replacing(req *gosip.Request) (g *leg, code int) {
	headers := req.GetHeaders("Replaces")
	if len(headers) == 0 {
		return nil, 0
	}
	r, ok := parseReplaces(headers[0].Value())
	if !ok || len(headers) > 1 || req.GetHeader("Join") != nil {
		return nil, 400
	}
	g = k.a.dialogs[r.dialogID()]
	switch {
	case g == nil && k.a.past.has(r.dialogID()), g != nil && g.line == k.line && g.state == over:
		return nil, 603
	case g == nil || g.line != k.line || g.state == incoming || g.ended:
		// An early dialog is given up only by who began it.
		return nil, 481
	case g.state != calling && r.EarlyOnly:
		return nil, 486
	}
	return g, 0
}

// pastDialogs remembers the last dialogs that ended.
type pastDialogs struct {
	ids  [64]dialogID
	next int
}

func (p *pastDialogs) add(id dialogID) {
	p.ids[p.next%len(p.ids)] = id
	p.next++
}

func (p *pastDialogs) has(id dialogID) bool {
	for _, o := range p.ids {
		if o == id {
			return true
		}
	}
	return false
}

// escapeHeaderValue writes a header's value into a URI (RFC 3261 §25.1,
// hvalue): everything with a meaning there, also ";", "=" and "@", is escaped.
func escapeHeaderValue(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-_.!~*'()[]/?:+$", c) >= 0 {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
	return b.String()
}
