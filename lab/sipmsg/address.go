package sipmsg

import "strings"

// Address is a name-addr or addr-spec with its header parameters (RFC 3261
// §20.10).
type Address struct {
	Display string
	URI     string // without angle brackets
	Params  string // ";tag=…" as written, "" if none
}

// ParseAddress reads one value of From, To, Contact, Refer-To and the like. It
// never fails: what can't be read gives an empty URI.
func ParseAddress(v string) Address {
	v = strings.TrimSpace(v)
	open := indexUnquoted(v, '<')
	if open < 0 {
		uri, params, found := strings.Cut(v, ";")
		if found {
			params = ";" + params
		}
		return Address{URI: strings.TrimSpace(uri), Params: params}
	}
	end := strings.IndexByte(v[open:], '>')
	if end < 0 {
		return Address{}
	}
	end += open
	display := strings.TrimSpace(v[:open])
	if len(display) >= 2 && display[0] == '"' && display[len(display)-1] == '"' {
		display = unescape(display[1 : len(display)-1])
	}
	return Address{Display: display, URI: v[open+1 : end], Params: v[end+1:]}
}

func indexUnquoted(v string, c byte) int {
	quoted := false
	for i := 0; i < len(v); i++ {
		switch {
		case v[i] == '\\' && quoted:
			i++
		case v[i] == '"':
			quoted = !quoted
		case v[i] == c && !quoted:
			return i
		}
	}
	return -1
}

func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// Quote makes a display name safe inside quotes.
func Quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\r", "", "\n", "").Replace(s) + `"`
}

// Param is a header parameter of an address value ("tag"), "" if absent.
func Param(v, name string) string { return param(ParseAddress(v).Params, name) }

// HasParam reports a header parameter with or without a value.
func HasParam(v, name string) bool {
	for _, p := range strings.Split(ParseAddress(v).Params, ";") {
		n, _, _ := strings.Cut(strings.TrimSpace(p), "=")
		if strings.EqualFold(n, name) {
			return true
		}
	}
	return false
}

func param(params, name string) string {
	for _, p := range strings.Split(params, ";") {
		n, v, _ := strings.Cut(strings.TrimSpace(p), "=")
		if strings.EqualFold(strings.TrimSpace(n), name) {
			return strings.Trim(strings.TrimSpace(v), `"`)
		}
	}
	return ""
}

// ViaParam is a parameter of a Via value.
func ViaParam(via, name string) string {
	_, params, _ := strings.Cut(via, ";")
	return param(params, name)
}

// URIUser is the user part of a sip, sips or tel URI without parameters, %XX
// undone; "" if there is none.
func URIUser(uri string) string {
	scheme, rest, ok := strings.Cut(uri, ":")
	if !ok {
		return ""
	}
	if strings.EqualFold(scheme, "tel") {
		user, _, _ := strings.Cut(rest, ";")
		return user
	}
	user, _, ok := strings.Cut(rest, "@")
	if !ok {
		return ""
	}
	user, _, _ = strings.Cut(user, ";")
	user, _, _ = strings.Cut(user, ":")
	return percent(user)
}

// URIHost is host[:port] of a sip URI.
func URIHost(uri string) string {
	_, rest, _ := strings.Cut(uri, ":")
	if i := strings.IndexByte(rest, '@'); i >= 0 {
		rest = rest[i+1:]
	}
	if i := strings.IndexAny(rest, ";?"); i >= 0 {
		rest = rest[:i]
	}
	return rest
}

// URIHeader is a header of a URI, as in Refer-To's "?Replaces=…", %XX undone.
func URIHeader(uri, name string) string {
	_, q, _ := strings.Cut(uri, "?")
	for _, p := range strings.Split(q, "&") {
		n, v, _ := strings.Cut(p, "=")
		if strings.EqualFold(n, name) {
			return percent(v)
		}
	}
	return ""
}

func percent(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			hi, lo := hex(s[i+1]), hex(s[i+2])
			if hi >= 0 && lo >= 0 {
				b.WriteByte(byte(hi<<4 | lo))
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func hex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
