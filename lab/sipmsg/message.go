// Package sipmsg reads and writes SIP messages (RFC 3261 §7) for the lab
// exchange. It is written for the lab alone, so that the exchange and the phone
// do not share a parser and its mistakes. It starts no goroutine and never
// touches the network.
package sipmsg

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// ErrMalformed: the bytes are not a SIP message.
var ErrMalformed = errors.New("malformed SIP message")

// Header is one header line; compact names are expanded by Parse.
type Header struct{ Name, Value string }

// Message is a request (Method set) or a response (Status set).
type Message struct {
	Method, URI string // request line
	Status      int    // status line
	Reason      string
	Headers     []Header // in order; Content-Length is written by Bytes
	Body        []byte
}

// compact maps the one-letter names of RFC 3261 §7.3.3 and later RFCs.
var compact = map[string]string{
	"i": "Call-ID", "m": "Contact", "e": "Content-Encoding", "l": "Content-Length",
	"c": "Content-Type", "f": "From", "s": "Subject", "k": "Supported", "t": "To",
	"v": "Via", "r": "Refer-To", "b": "Referred-By", "o": "Event", "u": "Allow-Events",
	"x": "Session-Expires",
}

// listed are headers whose comma-separated values Parse splits into lines.
var listed = map[string]bool{
	"via": true, "contact": true, "route": true, "record-route": true, "path": true,
}

// Parse reads one whole message. Folded lines are joined. With a
// Content-Length shorter than the rest, the body is cut; a longer one is
// ErrMalformed.
func Parse(raw []byte) (*Message, error) {
	head, body, found := bytes.Cut(raw, []byte("\r\n\r\n"))
	if !found {
		return nil, fmt.Errorf("%w: no end of headers", ErrMalformed)
	}
	lines := strings.Split(string(head), "\r\n")
	m := &Message{}
	if err := m.start(lines[0]); err != nil {
		return nil, err
	}
	length := -1
	for _, line := range unfold(lines[1:]) {
		name, value, ok := strings.Cut(line, ":")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if !ok || name == "" {
			return nil, fmt.Errorf("%w: header line without a name", ErrMalformed)
		}
		if long := compact[strings.ToLower(name)]; long != "" {
			name = long
		}
		if strings.EqualFold(name, "Content-Length") {
			n, err := strconv.Atoi(value)
			if err != nil || n < 0 {
				return nil, fmt.Errorf("%w: Content-Length %q", ErrMalformed, value)
			}
			length = n
			continue
		}
		if listed[strings.ToLower(name)] {
			for _, part := range splitList(value) {
				m.Headers = append(m.Headers, Header{name, part})
			}
			continue
		}
		m.Headers = append(m.Headers, Header{name, value})
	}
	if length > len(body) {
		return nil, fmt.Errorf("%w: body shorter than Content-Length", ErrMalformed)
	}
	if length >= 0 {
		body = body[:length]
	}
	m.Body = append([]byte(nil), body...)
	return m, m.check()
}

func (m *Message) start(line string) error {
	if rest, ok := strings.CutPrefix(line, "SIP/2.0 "); ok {
		code, reason, _ := strings.Cut(rest, " ")
		n, err := strconv.Atoi(code)
		if err != nil || n < 100 || n > 699 {
			return fmt.Errorf("%w: status %q", ErrMalformed, code)
		}
		m.Status, m.Reason = n, reason
		return nil
	}
	f := strings.Fields(line)
	if len(f) != 3 || f[2] != "SIP/2.0" {
		return fmt.Errorf("%w: start line", ErrMalformed)
	}
	m.Method, m.URI = f[0], f[1]
	return nil
}

// check demands the headers without which no transaction can be matched.
func (m *Message) check() error {
	for _, name := range []string{"Via", "From", "To", "Call-ID", "CSeq"} {
		if m.Get(name) == "" {
			return fmt.Errorf("%w: no %s", ErrMalformed, name)
		}
	}
	n, method := m.CSeq()
	if method == "" || n < 0 || (m.Method != "" && method != m.Method) {
		return fmt.Errorf("%w: CSeq %q", ErrMalformed, m.Get("CSeq"))
	}
	return nil
}

func unfold(lines []string) []string {
	var out []string
	for _, l := range lines {
		if l != "" && (l[0] == ' ' || l[0] == '\t') && len(out) > 0 {
			out[len(out)-1] += " " + strings.TrimSpace(l)
			continue
		}
		out = append(out, l)
	}
	return out
}

// splitList splits at commas outside of quotes and angle brackets.
func splitList(v string) []string {
	var out []string
	start, quoted, angle := 0, false, false
	for i := 0; i < len(v); i++ {
		switch c := v[i]; {
		case c == '\\' && quoted:
			i++
		case c == '"':
			quoted = !quoted
		case c == '<' && !quoted:
			angle = true
		case c == '>' && !quoted:
			angle = false
		case c == ',' && !quoted && !angle:
			out = append(out, strings.TrimSpace(v[start:i]))
			start = i + 1
		}
	}
	return append(out, strings.TrimSpace(v[start:]))
}

// Bytes is the message as it goes on the wire.
func (m *Message) Bytes() []byte {
	var b bytes.Buffer
	if m.Method != "" {
		fmt.Fprintf(&b, "%s %s SIP/2.0\r\n", m.Method, m.URI)
	} else {
		fmt.Fprintf(&b, "SIP/2.0 %d %s\r\n", m.Status, m.Reason)
	}
	for _, h := range m.Headers {
		fmt.Fprintf(&b, "%s: %s\r\n", h.Name, h.Value)
	}
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n", len(m.Body))
	b.Write(m.Body)
	return b.Bytes()
}

// Get is the first value of a header, "" if absent.
func (m *Message) Get(name string) string {
	for _, h := range m.Headers {
		if strings.EqualFold(h.Name, name) {
			return h.Value
		}
	}
	return ""
}

// All are the values of a header in order.
func (m *Message) All(name string) []string {
	var out []string
	for _, h := range m.Headers {
		if strings.EqualFold(h.Name, name) {
			out = append(out, h.Value)
		}
	}
	return out
}

// Add appends a header.
func (m *Message) Add(name, value string) { m.Headers = append(m.Headers, Header{name, value}) }

// Set replaces the first value of a header, or appends it.
func (m *Message) Set(name, value string) {
	for i, h := range m.Headers {
		if strings.EqualFold(h.Name, name) {
			m.Headers[i].Value = value
			return
		}
	}
	m.Add(name, value)
}

// CSeq gives number and method; -1 and "" if unreadable.
func (m *Message) CSeq() (int, string) {
	num, method, _ := strings.Cut(m.Get("CSeq"), " ")
	n, err := strconv.ParseUint(num, 10, 31)
	if err != nil {
		return -1, ""
	}
	return int(n), strings.TrimSpace(method)
}

// Response answers a request: Via, From, To, Call-ID, CSeq and Record-Route are
// copied (RFC 3261 §8.2.6.2); toTag is added to To unless it has one or toTag
// is empty.
func (m *Message) Response(code int, reason, toTag string) *Message {
	r := &Message{Status: code, Reason: reason}
	for _, name := range []string{"Via", "Record-Route", "From", "To", "Call-ID", "CSeq"} {
		for _, v := range m.All(name) {
			if name == "To" && toTag != "" && Param(v, "tag") == "" {
				v += ";tag=" + toTag
			}
			r.Add(name, v)
		}
	}
	return r
}
