package sip

import (
	"net/url"
	"strconv"
	"strings"

	gosip "github.com/emiago/sipgo/sip"
)

// identify says who a message is from: P-Asserted-Identity (RFC 3325),
// Remote-Party-ID, else the From header given, else nobody.
func identify(m gosip.Message, from *gosip.FromHeader) Identity {
	var id Identity
	for _, name := range []string{"P-Asserted-Identity", "Remote-Party-ID"} {
		for _, v := range headerList(m, name) {
			got, params, ok := parseNameAddr(v)
			if !ok || got.User == "" {
				continue
			}
			id = got
			id.Asserted = true
			if p := strings.ToLower(params["privacy"]); p != "" && p != "off" {
				id.Private = true
			}
			break
		}
		if id.Asserted {
			break
		}
	}
	if !id.Asserted && from != nil {
		id = Identity{
			User: unescape(from.Address.User), Host: from.Address.Host, Display: unquote(from.DisplayName),
		}
		if from.Address.Scheme == "tel" {
			id.User, _, _ = strings.Cut(from.Address.Raw(), ";")
		}
	}
	for _, v := range m.GetHeaders("Privacy") {
		for p := range strings.SplitSeq(v.Value(), ";") {
			switch strings.ToLower(strings.TrimSpace(p)) {
			case "id", "user", "header":
				id.Private = true
			}
		}
	}
	if strings.EqualFold(id.User, "anonymous") || strings.HasSuffix(strings.ToLower(id.Host), "anonymous.invalid") {
		id.Private = true
	}
	id.User, id.Display, id.Host = printable(id.User), printable(id.Display), printable(id.Host)
	return id
}

// parseNameAddr reads `"name" <uri>;param=value` or a bare URI.
func parseNameAddr(v string) (id Identity, params map[string]string, ok bool) {
	defer func() {
		if recover() != nil { // a fault of the parser below
			id, params, ok = Identity{}, nil, false
		}
	}()
	var u gosip.Uri
	p := gosip.NewParams()
	display, err := gosip.ParseAddressValue(strings.TrimSpace(v), &u, &p)
	if err != nil {
		return Identity{}, nil, false
	}
	params = map[string]string{}
	for k, v := range p.Items() {
		params[strings.ToLower(k)] = strings.Trim(v, `"`)
	}
	id = Identity{User: unescape(u.User), Host: u.Host, Display: unquote(display)}
	if u.Scheme == "tel" {
		id.User, _, _ = strings.Cut(u.Raw(), ";")
	}
	return id, params, true
}

// assertedIdentity writes a P-Asserted-Identity.
func assertedIdentity(id Identity, domain string) string {
	if id.Host != "" {
		domain = printable(id.Host)
	}
	uri := "<sip:" + escapeUser(id.User) + "@" + domain + ">"
	if id.Display == "" {
		return uri
	}
	return `"` + quoteDisplay(id.Display) + `" ` + uri
}

// divertedFrom says whom a call was for before it was forwarded: the first
// Diversion (RFC 5806), else the History-Info entry before the last (RFC 7044).
func divertedFrom(m gosip.Message) string {
	for _, v := range headerList(m, "Diversion") {
		if id, _, ok := parseNameAddr(v); ok && id.User != "" {
			return printable(id.User)
		}
	}
	entries := headerList(m, "History-Info")
	for i := len(entries) - 2; i >= 0; i-- {
		if id, _, ok := parseNameAddr(entries[i]); ok && id.User != "" {
			return printable(id.User)
		}
	}
	return ""
}

// alertOf reads how a call wants to be announced: at once (Answer-Mode of
// RFC 5373, answer-after of Call-Info, the Alert-Info dialects of the field),
// and with which melody.
func alertOf(m gosip.Message) (auto bool, melody string) {
	for _, name := range []string{"Answer-Mode", "Priv-Answer-Mode"} {
		for _, v := range headerList(m, name) {
			mode, _, _ := strings.Cut(v, ";")
			auto = auto || strings.EqualFold(strings.TrimSpace(mode), "auto")
		}
	}
	for _, v := range headerList(m, "Call-Info") {
		lower := strings.ToLower(v)
		if _, after, ok := strings.Cut(lower, "answer-after="); ok {
			n, err := strconv.Atoi(strings.TrimSpace(strings.Split(after, ";")[0]))
			auto = auto || err == nil && n >= 0
		}
	}
	for _, v := range headerList(m, "Alert-Info") {
		lower := strings.ReplaceAll(strings.ToLower(v), `"`, "") // some quote the value, some do not
		switch {
		case strings.Contains(lower, "info=alert-autoanswer"), strings.Contains(lower, "info=auto answer"),
			strings.Contains(lower, "auto-answer"), strings.Contains(lower, "ring-answer"), strings.Contains(lower, "intercom"):
			auto = true
		case melody == "":
			melody = melodyOf(v)
		}
	}
	return auto, printable(melody)
}

// melodyOf names the ring in one Alert-Info value: the info parameter if there
// is one, else the URN's or the URL's last part (RFC 7462).
func melodyOf(v string) string {
	uri, params := v, ""
	if open := strings.IndexByte(v, '<'); open >= 0 {
		if end := strings.IndexByte(v[open:], '>'); end >= 0 {
			uri, params = v[open+1:open+end], v[open+end+1:]
		}
	} else {
		uri, params, _ = strings.Cut(v, ";")
	}
	for p := range strings.SplitSeq(params, ";") {
		if k, val, ok := strings.Cut(strings.TrimSpace(p), "="); ok && strings.EqualFold(k, "info") {
			return strings.Trim(val, `"`)
		}
	}
	if k, val, ok := strings.Cut(strings.TrimSpace(uri), "="); ok && strings.EqualFold(k, "info") {
		return strings.Trim(val, `"`)
	}
	uri = strings.TrimRight(strings.TrimSpace(uri), "/")
	if strings.HasPrefix(strings.ToLower(uri), "urn:alert:") {
		return uri[len("urn:alert:"):]
	}
	if i := strings.LastIndexAny(uri, "/:"); i >= 0 {
		uri = uri[i+1:]
	}
	return uri
}

// cause is a Reason header (RFC 3326).
type cause struct {
	protocol string
	code     int
	text     string
}

// elsewhere: another device took the call.
func (c cause) elsewhere() bool {
	return c.protocol == "sip" && c.code == 200 || c.protocol == "q.850" && c.code == 26
}

// reasonOf reads the Reason headers; one that says "elsewhere" wins.
func reasonOf(m gosip.Message) cause {
	var first cause
	for i, v := range headerList(m, "Reason") {
		c := parseReason(v)
		if c.elsewhere() {
			return c
		}
		if i == 0 {
			first = c
		}
	}
	return first
}

func parseReason(v string) cause {
	var c cause
	for i, p := range splitParams(v) {
		k, val, _ := strings.Cut(p, "=")
		val = strings.TrimSpace(val)
		switch k = strings.ToLower(strings.TrimSpace(k)); {
		case i == 0:
			c.protocol = k
		case k == "cause":
			c.code, _ = strconv.Atoi(val)
		case k == "text":
			if len(val) > 1 && val[0] == '"' && val[len(val)-1] == '"' {
				val = val[1 : len(val)-1]
			}
			c.text = printable(unquote(val))
		}
	}
	return c
}

// splitParams splits at semicolons outside of quotes.
func splitParams(v string) []string {
	var parts []string
	var quoted, escaped bool
	start := 0
	for i := range len(v) {
		switch c := v[i]; {
		case escaped:
			escaped = false
		case c == '\\' && quoted:
			escaped = true
		case c == '"':
			quoted = !quoted
		case c == ';' && !quoted:
			parts = append(parts, v[start:i])
			start = i + 1
		}
	}
	return append(parts, v[start:])
}

// unquote undoes the quoted-pairs of a quoted-string (RFC 3261 §25.1).
func unquote(s string) string {
	if !strings.ContainsRune(s, '\\') {
		return s
	}
	var b strings.Builder
	escaped := false
	for _, r := range s {
		if r == '\\' && !escaped {
			escaped = true
			continue
		}
		escaped = false
		b.WriteRune(r)
	}
	return b.String()
}

func unescape(s string) string {
	if u, err := url.PathUnescape(s); err == nil {
		return u
	}
	return s
}
