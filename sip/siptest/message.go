package siptest

import (
	"fmt"
	"strings"
)

// Message is a SIP message taken apart by the simplest means, so that it does
// not share a fault with what it is used to test.
type Message struct {
	Raw   string
	Start string // the first line
	Body  string
	lines []string
}

// Parse cuts raw into its parts.
func Parse(raw string) Message {
	head, body, _ := strings.Cut(raw, "\r\n\r\n")
	lines := strings.Split(head, "\r\n")
	return Message{Raw: raw, Start: lines[0], Body: body, lines: lines[1:]}
}

// Method is the request's method, or that of the CSeq in a response.
func (m Message) Method() string {
	if strings.HasPrefix(m.Start, "SIP/2.0 ") {
		_, method, _ := strings.Cut(m.Get("CSeq"), " ")
		return method
	}
	method, _, _ := strings.Cut(m.Start, " ")
	return method
}

// URI is the Request-URI.
func (m Message) URI() string {
	if f := strings.Fields(m.Start); len(f) > 1 {
		return f[1]
	}
	return ""
}

// Get returns the first header of that name, "" if there is none.
func (m Message) Get(name string) string {
	if all := m.All(name); len(all) > 0 {
		return all[0]
	}
	return ""
}

// All returns every header of that name.
func (m Message) All(name string) []string {
	var all []string
	for _, l := range m.lines {
		k, v, ok := strings.Cut(l, ":")
		if ok && strings.EqualFold(strings.TrimSpace(k), name) {
			all = append(all, strings.TrimSpace(v))
		}
	}
	return all
}

// Tag is the tag of From or To.
func (m Message) Tag(name string) string {
	_, tag, _ := strings.Cut(m.Get(name), ";tag=")
	tag, _, _ = strings.Cut(tag, ";")
	return tag
}

// Contact is the URI in Contact, without brackets.
func (m Message) Contact() string {
	_, uri, _ := strings.Cut(m.Get("Contact"), "<")
	uri, _, _ = strings.Cut(uri, ">")
	return uri
}

// CSeq is the number in CSeq.
func (m Message) CSeq() int {
	var n int
	if _, err := fmt.Sscan(m.Get("CSeq"), &n); err != nil {
		return 0
	}
	return n
}

// Reply writes a response to m: status is "180 Ringing", tag goes into To if
// it has none yet, extra are whole header lines. Body sets Content-Length and,
// if it is not empty, a Content-Type of SDP unless extra has one.
func (m Message) Reply(status, tag, body string, extra ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "SIP/2.0 %s\r\n", status)
	for _, v := range m.All("Via") {
		fmt.Fprintf(&b, "Via: %s\r\n", v)
	}
	to := m.Get("To")
	if tag != "" && !strings.Contains(to, ";tag=") {
		to += ";tag=" + tag
	}
	fmt.Fprintf(&b, "From: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %s\r\n", m.Get("From"), to, m.Get("Call-ID"), m.Get("CSeq"))
	finish(&b, body, extra)
	return b.String()
}

func finish(b *strings.Builder, body string, extra []string) {
	typed := false
	for _, h := range extra {
		typed = typed || strings.HasPrefix(h, "Content-Type")
		b.WriteString(h + "\r\n")
	}
	if body != "" && !typed {
		b.WriteString("Content-Type: application/sdp\r\n")
	}
	fmt.Fprintf(b, "Content-Length: %d\r\n\r\n%s", len(body), body)
}
