package sip

import (
	"strconv"
	"strings"

	gosip "github.com/emiago/sipgo/sip"
)

type (
	// MessageWaiting reports voice mail on a line (RFC 3842). It is emitted for
	// every such NOTIFY, asked for or not.
	MessageWaiting struct {
		Line     string
		Waiting  bool
		New, Old int // 0 if the exchange does not count
	}
	// CheckSync: the exchange wants the configuration fetched again, and the
	// phone started anew if Reboot says so. It is told only when it came by
	// the registered flow, and at most once in 10 s.
	CheckSync struct {
		Line   string
		Reboot bool
	}
)

func (MessageWaiting) event() {}
func (CheckSync) event()      {}

// notified answers a NOTIFY outside of our calls: one that we subscribed to,
// message waiting, which exchanges send without being asked, or check-sync.
func (k *link) notified(tx *serverTx) {
	event, _ := eventOf(tx.req)
	if s := k.a.subs[tx.req.CallID().Value()]; s != nil && s.line == k.line && param(tx.req.To().Params, "tag") == s.tag && event == s.what.Event {
		s.notified(tx)
		return
	}
	if !k.line.news.take(k.a.clock.Now()) {
		k.a.counters.limited.Add(1)
		tx.respond(503, "Service Unavailable", nil, func(res *gosip.Response) {
			res.AppendHeader(gosip.NewHeader("Retry-After", "5"))
		})
		return
	}
	switch event {
	case EventDialog:
		// Of a subscription that is not ours any more: this ends it there.
		tx.respond(481, reasonPhrase(481), nil, nil)
		return
	case EventMessages:
		if m, ok := parseMessageSummary(string(tx.req.Body())); ok {
			m.Line = k.line.cfg.ID
			k.a.emit(m)
		}
	case "check-sync", "resync", "reboot":
		k.checkSync(event, tx)
	}
	tx.respond(200, "OK", nil, nil)
}

// checkSync reads the dialects in use: check-sync with a reboot parameter, and
// two events of its own.
func (k *link) checkSync(event string, tx *serverTx) {
	if !k.trusted || k.line.left || !k.line.syncs.take(k.a.clock.Now()) {
		return
	}
	_, params, _ := strings.Cut(headerList(tx.req, "Event")[0], ";")
	k.a.log.Info("the exchange asks to fetch the configuration", "line", k.line.cfg.ID)
	k.a.emit(CheckSync{Line: k.line.cfg.ID, Reboot: event == "reboot" || event == "check-sync" && strings.EqualFold(headerParam(params, "reboot"), "true")})
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
