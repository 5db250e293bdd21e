package sip

import (
	"strconv"
	"strings"
)

// MessageWaiting reports voice mail on a line (RFC 3842). It is emitted for
// every such NOTIFY, asked for or not.
type MessageWaiting struct {
	Line     string
	Waiting  bool
	New, Old int // 0 if the exchange does not count
}

func (MessageWaiting) event() {}

// notified answers a NOTIFY outside of our dialogs: exchanges send message
// waiting without being asked.
func (k *link) notified(tx *serverTx) {
	tx.respond(200, "OK", nil, nil)
	if event, _ := eventOf(tx.req); event != "message-summary" {
		return
	}
	if m, ok := parseMessageSummary(string(tx.req.Body())); ok {
		m.Line = k.line.cfg.ID
		k.a.emit(m)
	}
}

// parseMessageSummary reads application/simple-message-summary.
func parseMessageSummary(body string) (MessageWaiting, bool) {
	var m MessageWaiting
	seen := false
	for line := range strings.SplitSeq(body, "\n") {
		name, value, ok := strings.Cut(strings.TrimSpace(line), ":")
		if !ok {
			continue
		}
		value = strings.TrimSpace(value)
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "messages-waiting":
			m.Waiting, seen = strings.EqualFold(value, "yes"), true
		case "voice-message":
			counts, _, _ := strings.Cut(value, "(")
			recent, old, _ := strings.Cut(strings.TrimSpace(counts), "/")
			m.New, m.Old = count(recent), count(old)
		}
	}
	return m, seen
}

func count(s string) int {
	n, err := strconv.ParseUint(strings.TrimSpace(s), 10, 16)
	if err != nil {
		return 0
	}
	return int(n)
}
