package mdns

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/net/dns/dnsmessage"
)

func lastRune(s string) (rune, int) { return utf8.DecodeLastRuneInString(s) }

// maxMessage fits a network's frames; what does not fit goes into another message.
const maxMessage = 1400

// message is what one packet says.
type message struct {
	id        uint16
	response  bool
	questions []dnsmessage.Question
	answers   []record // and what else a response brings along
	proposed  []record // of a probe
}

// maxRecords bounds what is read of one packet.
const maxRecords = 256

// parse reads a packet; what can't be read ends it, and what came before counts.
func parse(b []byte) (message, bool) {
	var p dnsmessage.Parser
	h, err := p.Start(b)
	if err != nil || h.OpCode != 0 || h.RCode != dnsmessage.RCodeSuccess { // RFC 6762 §18.3, §18.11
		return message{}, false
	}
	m := message{id: h.ID, response: h.Response}
	for len(m.questions) < maxRecords {
		q, err := p.Question()
		if err != nil {
			break
		}
		m.questions = append(m.questions, q)
	}
	if p.SkipAllQuestions() != nil {
		return m, !m.response
	}
	m.answers = section(p.Answer)
	if p.SkipAllAnswers() != nil {
		return m, true
	}
	m.proposed = section(p.Authority)
	if p.SkipAllAuthorities() != nil || !m.response {
		return m, true
	}
	m.answers = append(m.answers, section(p.Additional)...)
	return m, true
}

// section reads the records of the types that we have.
func section(next func() (dnsmessage.Resource, error)) []record {
	var out []record
	for range maxRecords {
		x, err := next()
		if err != nil {
			return out
		}
		r := record{name: x.Header.Name.String(), kind: x.Header.Type, ttl: x.Header.TTL, unique: x.Header.Class&flush != 0, body: x.Body}
		if r.data() != nil {
			out = append(out, r)
		}
	}
	return out
}

// builder makes packets of at most maxMessage bytes.
type builder struct {
	header    dnsmessage.Header
	questions []dnsmessage.Question
	// legacy: for a resolver that knows nothing of mDNS (RFC 6762 §6.7).
	legacy bool
	ended  bool // goodbye: nothing lives on
}

func (c builder) resource(r record) dnsmessage.Resource {
	class := dnsmessage.ClassINET
	ttl := r.ttl
	switch {
	case c.legacy:
		ttl = min(ttl, 10)
	case r.unique:
		class |= flush
	}
	if c.ended {
		ttl = 0
	}
	name, _ := dnsmessage.NewName(r.name) // of records: a name
	return dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Name: name, Type: r.kind, Class: class, TTL: ttl}, Body: r.body}
}

func (c builder) pack(answers, authorities, additionals []record) []byte {
	m := dnsmessage.Message{Header: c.header, Questions: c.questions}
	for _, r := range answers {
		m.Answers = append(m.Answers, c.resource(r))
	}
	for _, r := range authorities {
		res := c.resource(r)
		res.Header.Class &^= flush // a probe says nothing of caches (§8.1)
		m.Authorities = append(m.Authorities, res)
	}
	for _, r := range additionals {
		m.Additionals = append(m.Additionals, c.resource(r))
	}
	b, err := m.Pack()
	if err != nil {
		return nil
	}
	return b
}

// responses puts answers, and what goes well with them, into packets.
func (c builder) responses(answers, more []record) [][]byte {
	c.header.Response, c.header.Authoritative = true, true
	if b := c.pack(answers, nil, more); b != nil && len(b) <= maxMessage || len(answers) < 2 {
		if len(b) > maxMessage || b == nil {
			b = c.pack(answers, nil, nil)
		}
		return [][]byte{b}
	}
	half := len(answers) / 2
	return append(c.responses(answers[:half], more), c.responses(answers[half:], nil)...)
}

// asks: a question is for this record.
func asks(q dnsmessage.Question, r record) bool {
	class := q.Class &^ flush
	return (class == dnsmessage.ClassINET || class == dnsmessage.ClassANY) && (q.Type == r.kind || q.Type == dnsmessage.TypeALL) && strings.EqualFold(q.Name.String(), r.name)
}
