package ui

import (
	"strconv"
	"strings"
	"time"

	"phoned/phone"
)

// when words an instant as people do: the time today, then "Yesterday", the
// weekday, the date. "" for an instant before the clock was set.
func (b *builder) when(t time.Time) string {
	t, now := b.env.local(t), b.env.local(b.env.Now)
	if t.Year() < earliestClock {
		return ""
	}
	day := func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC) }
	switch days := int(day(now).Sub(day(t)) / (24 * time.Hour)); {
	case days <= 0:
		return b.c.clockTime(t)
	case days == 1:
		return b.c.say("when.yesterday")
	case days < 7:
		return b.c.Weekdays[t.Weekday()]
	}
	return strings.NewReplacer("{day}", strconv.Itoa(t.Day()), "{month}", b.c.Months[t.Month()-1]).Replace(b.c.Short)
}

// historyValue says when the call of a row was. The rows are some of the
// recent calls, in their order: rest is what of those has not been shown yet.
func (b *builder) historyValue(it phone.MenuItem, rest *[]phone.CallRecord) Text {
	out := Text{b.literal(it.Value), ToneMuted}
	if it.Value == "@missed" {
		out.Tone = ToneStop
	}
	for i, r := range *rest {
		if r.Party.Number != it.ID || (r.Direction == phone.Outbound) != (it.Value == "@placed") {
			continue
		}
		*rest = (*rest)[i+1:]
		if w := b.when(r.StartedAt); w != "" {
			out.S = w
		}
		break
	}
	return out
}

// missedAt is when the missed call of a toast was: of the newest record of
// that caller, otherwise when the toast came.
func (b *builder) missedAt(t *phone.Toast) time.Time {
	for _, r := range b.v.Recent {
		if r.Direction == phone.Inbound && r.AnsweredAt.IsZero() && (r.Party.Name == t.Arg || r.Party.Number == t.Arg) {
			return r.StartedAt
		}
	}
	return t.Since
}
