package ui

import (
	"math"
	"strconv"
	"strings"
	"time"

	"phoned/phone"
)

// detailBody is a page of figures: one call of the history, or how the call in
// front sounds. nil: another screen is on.
func (b *builder) detailBody() Body {
	var value func(id string, r *Row)
	switch b.v.Screen {
	case phone.ScreenRecord:
		if b.v.Record == nil {
			return nil
		}
		value = b.recordValue
	case phone.ScreenQuality:
		c, ok := b.focus()
		if !ok {
			return nil
		}
		value = func(id string, r *Row) { b.qualityValue(c.Quality, id, r) }
	default:
		return nil
	}
	l := List{Index: min(max(b.v.Menu.Index, 0), max(len(b.v.Menu.Items)-1, 0)), Empty: b.c.say("menu.empty")}
	for i, it := range b.v.Menu.Items {
		r := Row{Label: b.literal(it.Label), Focus: i == b.v.Menu.Index}
		value(it.ID, &r)
		l.Rows = append(l.Rows, r)
	}
	return l
}

// recordValue words a row of one call of the history.
func (b *builder) recordValue(id string, r *Row) {
	rec := b.v.Record
	r.Value.Tone = ToneMuted
	switch id {
	case "party":
		r.Label, _ = b.party(rec.Party)
		r.Icon, r.IconTone = historyIcon(b.v.Menu.Items[0].Value)
	case "number":
		r.Value.S = b.number(rec.Party.Number)
	case "outcome":
		r.Value.S = b.literal(b.v.Menu.Items[0].Value)
		if k := "cause." + string(rec.Outcome); rec.AnsweredAt.IsZero() && rec.Outcome != phone.CauseNone && b.c.has(k) {
			r.Value.S = b.c.say(k)
		}
	case "at":
		r.Value.S = b.whenExactly(rec.StartedAt)
	case "length":
		r.Value.S = duration(rec.EndedAt.Sub(rec.AnsweredAt))
	case "line":
		r.Value.S = string(rec.Line)
		if l, ok := b.line(rec.Line); ok {
			r.Value.S = cleanNumber(l.Number)
			if n := Clean(l.Label); n != "" {
				r.Value.S = n
			}
		}
	}
	r.Value.S = Clean(r.Value.S)
}

// whenExactly is the day and the time: "Yesterday, 14:07"; "–" for an instant
// before the clock was set.
func (b *builder) whenExactly(t time.Time) string {
	day, clock := b.when(t), b.c.clockTime(b.env.local(t))
	switch day {
	case "":
		return "–"
	case clock:
		return b.c.say("when.today") + ", " + clock
	}
	return day + ", " + clock
}

// qualityValue words a figure of how a call sounds; "–" where it is not known.
func (b *builder) qualityValue(q phone.Quality, id string, r *Row) {
	r.Value = Text{"–", ToneMuted}
	if q.Word == "" {
		return
	}
	ms := func(d time.Duration) {
		if d > 0 {
			r.Value.S = strconv.FormatInt(d.Milliseconds(), 10) + " ms"
		}
	}
	lost := func(p float64) {
		r.Value.S = b.c.say("quality.lost", "loss", b.c.decimal(p))
		if p >= 5 {
			r.Value.Tone = ToneStop
		} else if p >= 1 {
			r.Value.Tone = ToneWarn
		}
	}
	switch id {
	case "word":
		if k := "quality." + q.Word; b.c.has(k) {
			r.Value = Text{b.c.say(k), qualityTone(q.Word)}
		}
		r.Icon, r.IconTone = qualityIcon(q.Word), qualityTone(q.Word)
	case "heard":
		lost(q.RemoteLoss)
	case "hear":
		lost(q.LossPercent)
	case "delay":
		ms(q.Delay)
	case "round_trip":
		ms(q.RoundTrip)
	case "jitter":
		ms(q.Jitter)
	case "rate":
		if q.BitrateKbps > 0 {
			r.Value.S = strconv.Itoa(int(math.Round(q.BitrateKbps))) + " kbit/s"
		}
	}
}

// decimal words a number with one digit after the point, in the language's way;
// whole numbers without.
func (c *catalogue) decimal(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "–"
	}
	s := strings.TrimSuffix(strconv.FormatFloat(v, 'f', 1, 64), ".0")
	if c.Decimal != "" {
		s = strings.Replace(s, ".", c.Decimal, 1)
	}
	return s
}
