package ui

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"phoned/phone"
)

// idle is the clock and what waits for the person.
func (b *builder) idle() Clock {
	b.bigClock = true
	now := b.env.local(b.env.Now)
	date := b.c.date(now)
	if date == "" {
		date = b.c.say("problem.clock.unset")
	}
	return Clock{Time: b.c.clockTime(now), Date: date, Chips: b.idleChips()}
}

func (b *builder) idleChips() []Chip {
	var out []Chip
	held := 0
	for _, c := range b.v.Calls {
		if c.OnHold {
			held++
		}
	}
	if held > 0 {
		out = append(out, Chip{IconPause, b.c.count("idle.held", held), ToneWarn})
	}
	if m := b.v.MWI; m.New > 0 {
		text := b.c.count("idle.mail", m.New)
		if m.Urgent > 0 {
			text = strings.ReplaceAll(b.c.count("idle.mail.urgent", m.New), "{urgent}", fmt.Sprint(m.Urgent))
		}
		tone := ToneAccent
		if !m.Known {
			tone = ToneMuted
		}
		out = append(out, Chip{IconMail, text, tone})
	}
	if b.v.Locked {
		out = append(out, Chip{IconKeyLock, b.c.say("idle.locked"), ToneMuted})
	}
	if b.v.Missed > 0 {
		out = append(out, Chip{IconMissed, b.missedCalls(), ToneMuted})
	}
	if b.v.DND {
		out = append(out, Chip{IconMoon, b.c.say("idle.dnd"), ToneWarn})
	}
	if to := cleanNumber(b.v.Settings.Forward.Always); to != "" {
		out = append(out, Chip{IconForward, b.c.say("idle.forward", "to", to), ToneAccent})
	}
	out = append(out, b.supportChips()...)
	for _, p := range b.v.Problems {
		if p.Severity >= 2 && !lineProblem(p) {
			out = append(out, Chip{IconWarn, b.problem(p), ToneWarn})
			break
		}
	}
	return out
}

// missedCalls says who called, if it was one, until somebody has looked (C1).
func (b *builder) missedCalls() string {
	if b.v.Missed == 1 {
		for _, r := range b.v.Recent {
			if r.Direction == phone.Inbound && r.Outcome == phone.CauseMissed {
				name, _ := b.party(r.Party)
				return b.c.say("idle.missed.who", "name", name)
			}
		}
	}
	return b.c.count("idle.missed", b.v.Missed)
}

// readableURL is a URL as a person types it: without scheme and query, where
// the code is.
func readableURL(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" {
		return Clean(s)
	}
	return Clean(u.Host + strings.TrimSuffix(u.Path, "/"))
}

// suggestions are the number itself, to be called as it is, and what its
// digits may mean. Menu.Index counts over all of them: 0 is the number.
func (b *builder) suggestions(text string) []Row {
	items := b.v.Menu.Items
	if len(items) == 0 || text == "" {
		return nil
	}
	out := []Row{{Icon: IconHandset, IconTone: ToneGo, Label: b.c.say("dial.call", "number", text), Focus: b.v.Menu.Index <= 0}}
	for i, it := range items {
		r := Row{Label: b.literal(it.Label), Value: Text{b.number(b.literal(it.Value)), ToneMuted}, Focus: i+1 == b.v.Menu.Index}
		r.Hit = hit(r.Value.S, text)
		out = append(out, r)
	}
	return out
}

// hit finds the digits of typed in a number, whatever the spaces in either.
func hit(number, typed string) [2]int {
	digits := func(s string) (string, []int) {
		var b strings.Builder
		var at []int
		for i, r := range s {
			if r >= '0' && r <= '9' || r == '+' || r == '*' || r == '#' {
				b.WriteRune(r)
				at = append(at, i)
			}
		}
		return b.String(), at
	}
	have, at := digits(number)
	want, _ := digits(typed)
	i := strings.Index(have, want)
	if want == "" || i < 0 {
		return [2]int{}
	}
	return [2]int{at[i], at[i+len(want)-1] + 1}
}

func secondsOf(n int) time.Duration { return time.Duration(n) * time.Second }

// entry is a number being dialled (C5).
func (b *builder) entry() Entry {
	text, cursor := input(b.v.Input.Text, b.v.Input.Cursor)
	e := Entry{Text: text, Cursor: cursor, Hint: b.c.say("dial.hint"), Rows: b.suggestions(text)}
	if l, ok := b.mainLine(); ok {
		label := cleanNumber(l.Number)
		if n := Clean(l.Label); n != "" && n != label {
			label += " · " + n
		}
		e.Note = Text{b.c.say("dial.from", "line", label), ToneMuted}
	}
	if b.v.Path != phone.PathNone {
		e.Chips = append(e.Chips, Chip{Text: b.c.say("path." + b.v.Path.String()), Tone: ToneMuted})
	}
	held := 0
	for _, c := range b.v.Calls {
		if c.OnHold {
			held++
		}
	}
	if held > 0 {
		e.Chips = append(e.Chips, Chip{IconPause, b.c.count("idle.held", held), ToneWarn})
	}
	return e
}
