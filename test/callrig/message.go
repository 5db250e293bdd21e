package main

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// message is what the rig reads of a SIP message: enough for a registrar and a
// caller that speak with one phone at a time, and nothing of the phone's own
// code, so that the two can't be wrong together.
type message struct {
	start  string
	header [][2]string // names in lower case, short forms made long
	body   string
	at     time.Time
	from   netip.AddrPort
}

var longNames = map[string]string{"v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact", "l": "content-length", "c": "content-type"}

func parseMessage(b []byte) *message {
	head, body, _ := strings.Cut(string(b), "\r\n\r\n")
	lines := strings.Split(head, "\r\n")
	m := &message{start: lines[0], body: body}
	for _, l := range lines[1:] {
		name, value, ok := strings.Cut(l, ":")
		if !ok {
			continue
		}
		name = strings.ToLower(strings.TrimSpace(name))
		if long, ok := longNames[name]; ok {
			name = long
		}
		m.header = append(m.header, [2]string{name, strings.TrimSpace(value)})
	}
	return m
}

// get is the first header of that name.
func (m *message) get(name string) string {
	for _, h := range m.header {
		if h[0] == name {
			return h[1]
		}
	}
	return ""
}

// status is 0 for a request.
func (m *message) status() int {
	rest, ok := strings.CutPrefix(m.start, "SIP/2.0 ")
	if !ok {
		return 0
	}
	code, _, _ := strings.Cut(rest, " ")
	n, _ := strconv.Atoi(code)
	return n
}

func (m *message) method() string {
	method, _, _ := strings.Cut(m.start, " ")
	return method
}

// transaction is what request and response have in common.
func (m *message) transaction() string { return m.get("call-id") + " " + m.get("cseq") }

// answer writes the response to a request; more is whole header lines.
func (m *message) answer(status, tag, more, body string) []byte {
	var b strings.Builder
	b.WriteString("SIP/2.0 " + status + "\r\n")
	for _, h := range m.header {
		if h[0] == "via" {
			b.WriteString("Via: " + h[1] + "\r\n")
		}
	}
	to := m.get("to")
	if !strings.Contains(to, ";tag=") {
		to += ";tag=" + tag
	}
	fmt.Fprintf(&b, "From: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %s\r\n%s", m.get("from"), to, m.get("call-id"), m.get("cseq"), more)
	if body != "" {
		b.WriteString("Content-Type: application/sdp\r\n")
	}
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(body), body)
	return []byte(b.String())
}

// uri is what stands in angle brackets in a Contact.
func uri(contact string) string {
	_, rest, ok := strings.Cut(contact, "<")
	if !ok {
		return ""
	}
	inside, _, _ := strings.Cut(rest, ">")
	return inside
}

// parameters of a Digest header (RFC 7616 section 3.3, 3.4).
func parameters(header string) map[string]string {
	out := map[string]string{}
	_, rest, _ := strings.Cut(header, " ")
	for rest != "" {
		var name, value string
		name, rest, _ = strings.Cut(rest, "=")
		if quoted, ok := strings.CutPrefix(rest, `"`); ok {
			value, rest, _ = strings.Cut(quoted, `"`)
			_, rest, _ = strings.Cut(rest, ",")
		} else {
			value, rest, _ = strings.Cut(rest, ",")
		}
		out[strings.ToLower(strings.TrimSpace(name))] = strings.TrimSpace(value)
	}
	return out
}

// digest is the response to a challenge with MD5 and, if qop is "auth", a nonce
// count.
func digest(p map[string]string, method, password string) string {
	h := func(s string) string { sum := md5.Sum([]byte(s)); return hex.EncodeToString(sum[:]) }
	who, what := h(p["username"]+":"+p["realm"]+":"+password), h(method+":"+p["uri"])
	if p["qop"] == "" {
		return h(who + ":" + p["nonce"] + ":" + what)
	}
	return h(strings.Join([]string{who, p["nonce"], p["nc"], p["cnonce"], p["qop"], what}, ":"))
}

// mediaAddress is where a description wants to have its sound.
func mediaAddress(sdp string) (netip.AddrPort, error) {
	var host, port string
	for l := range strings.Lines(sdp) {
		f := strings.Fields(l)
		switch {
		case len(f) == 3 && f[0] == "c=IN" && f[1] == "IP4":
			host = f[2]
		case len(f) > 3 && f[0] == "m=audio":
			port = f[1]
		}
	}
	a, err := netip.ParseAddrPort(host + ":" + port)
	if err != nil {
		return a, fmt.Errorf("no address for sound in the description: %w", err)
	}
	return a, nil
}

// description is the rig's offer.
func description(port int, v voice) string {
	var b strings.Builder
	fmt.Fprintf(&b, "v=0\r\no=callrig %d 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n", time.Now().Unix())
	fmt.Fprintf(&b, "m=audio %d RTP/AVP %d 101\r\na=rtpmap:%d %s\r\n", port, v.payload, v.payload, v.rtpmap)
	if v.fmtp != "" {
		fmt.Fprintf(&b, "a=fmtp:%d %s\r\n", v.payload, v.fmtp)
	}
	fmt.Fprintf(&b, "a=rtpmap:101 telephone-event/%d\r\na=fmtp:101 0-15\r\na=ptime:%d\r\na=sendrecv\r\n", v.clock, ptime)
	return b.String()
}
