package flight

import (
	"regexp"
	"strings"
	"time"
)

// Message is one SIP message on a line's way.
type Message struct {
	ID   int64     `json:"id" doc:"Counts messages; a higher one is newer."`
	At   time.Time `json:"at"`
	Line string    `json:"line"`
	Sent bool      `json:"sent" doc:"By the phone."`
	// Method is the request's, also in its responses; Status is 0 in a request.
	Method  string `json:"method"`
	Status  int    `json:"status,omitempty"`
	Summary string `json:"summary" doc:"The first line, without the version: INVITE sip:9196@lab.test, 200 OK."`
	CallID  string `json:"sipCallId"`
	CSeq    string `json:"cseq,omitempty"`
	Again   bool   `json:"again,omitempty" doc:"The same message was on the way before: sent again."`
	Text    string `json:"text" doc:"The whole message, credentials and digits redacted."`
}

// maxText bounds a kept message; a larger one is cut.
const maxText = 8 << 10

// dtmf are the digits in the bodies of INFO (application/dtmf-relay, application/dtmf).
var dtmf = regexp.MustCompile(`(?im)^(\s*signal\s*=\s*)\S+|\A([0-9*#A-D])\s*\z`)

const redacted = "redacted"

// parse reads what the recorder needs of a message. Anything is accepted: what is
// no SIP has its first line as summary.
func parse(text string) Message {
	head, body, _ := strings.Cut(text, "\r\n\r\n")
	first, rest, _ := strings.Cut(head, "\r\n")
	m := Message{Summary: strings.TrimSpace(strings.TrimSuffix(first, " SIP/2.0"))}
	if s, ok := strings.CutPrefix(first, "SIP/2.0 "); ok {
		m.Summary = strings.TrimSpace(s)
		code, _, _ := strings.Cut(m.Summary, " ")
		m.Status = number(code)
	} else {
		m.Method, _, _ = strings.Cut(first, " ")
	}
	if len(m.Summary) > 200 {
		m.Summary = m.Summary[:200] + "…"
	}
	for _, h := range strings.Split(rest, "\r\n") {
		name, value, ok := strings.Cut(h, ":")
		if !ok {
			continue
		}
		value = strings.TrimSpace(value)
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "call-id", "i":
			m.CallID = value
		case "cseq":
			m.CSeq = value
			if _, method, ok := strings.Cut(value, " "); ok && m.Status > 0 {
				m.Method = strings.TrimSpace(method)
			}
		}
	}
	m.Text = text
	if body != "" && m.Method == "INFO" {
		m.Text = head + "\r\n\r\n" + dtmf.ReplaceAllString(body, "${1}"+redacted)
	}
	if len(m.Text) > maxText {
		m.Text = m.Text[:maxText] + "\r\n… (cut)"
	}
	m.Text, m.Summary = strings.ToValidUTF8(m.Text, "\uFFFD"), strings.ToValidUTF8(m.Summary, "\uFFFD")
	m.CallID, m.Method, m.CSeq = strings.ToValidUTF8(m.CallID, "\uFFFD"), strings.ToValidUTF8(m.Method, "\uFFFD"), strings.ToValidUTF8(m.CSeq, "\uFFFD")
	return m
}

func number(s string) int {
	n := 0
	for _, c := range s {
		if c < '0' || c > '9' || n > 999 {
			return 0
		}
		n = n*10 + int(c-'0')
	}
	return n
}
