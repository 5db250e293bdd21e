package ui

import (
	"slices"
	"strings"

	"phoned/phone"
)

// list is a menu or the history: rows with one selected.
func (b *builder) list() List {
	l := List{Rows: b.rows(), Index: min(max(b.v.Menu.Index, 0), max(len(b.v.Menu.Items)-1, 0)), Empty: b.c.say("menu.empty")}
	if b.v.Screen == phone.ScreenMenu {
		b.menuRows(l.Rows)
	}
	l.From, l.Glide = b.v.Menu.Was, b.glide(b.v.Menu.Moved)
	if b.v.Screen == phone.ScreenHistory {
		l.Empty = b.c.say("history.empty")
	}
	return l
}

// rows words the items of the view's menu.
func (b *builder) rows() []Row {
	var out []Row
	rest := b.v.Recent
	for i, it := range b.v.Menu.Items {
		r := Row{Label: b.literal(it.Label), Value: Text{b.literal(it.Value), ToneMuted}, Focus: i == b.v.Menu.Index}
		switch b.v.Screen {
		case phone.ScreenContacts, phone.ScreenEmergency, phone.ScreenVoicemail:
			r.Label, r.Value.S = b.number(r.Label), b.number(r.Value.S)
		case phone.ScreenContact:
			r.Label, r.Value.S = b.number(r.Label), b.number(r.Value.S)
			r.Open = it.ID == "name" || it.ID == "add" || it.ID == "delete"
			if it.Value == "@on" {
				r.Value.Tone = ToneGo
			}
		case phone.ScreenAbout:
			r.Open = it.Label == "@licences"
		case phone.ScreenHistory:
			r.Label = b.number(r.Label)
			if phone.Anonymous(it.ID) && it.Label == it.ID {
				r.Label, _ = b.party(phone.Party{Number: it.ID})
			}
			r.Icon, r.IconTone = historyIcon(it.Value)
			r.Value = b.historyValue(it, &rest)
		case phone.ScreenStatus:
			b.statusRow(&r, it)
		}
		out = append(out, r)
	}
	return out
}

// menuRows marks the rows behind which there is a page, and of a choice the
// one that is chosen.
func (b *builder) menuRows(rows []Row) {
	choice := slices.ContainsFunc(b.v.Menu.Items, func(it phone.MenuItem) bool { return it.Value == "@chosen" })
	for i := range rows {
		switch v := b.v.Menu.Items[i].Value; {
		case choice:
			rows[i].Icon, rows[i].IconTone, rows[i].Hollow = IconCheck, ToneGo, v != "@chosen"
			rows[i].Value = Text{}
		case v == "@on":
			rows[i].Value.Tone = ToneGo
		default:
			id := b.v.Menu.Items[i].ID // facts have nothing behind them
			rows[i].Open = v != "@off" && !strings.HasPrefix(id, "web_address/") && !strings.HasPrefix(id, "web_key/")
		}
	}
}

// historyIcon tells by shape what the row's word says.
func historyIcon(value string) (Icon, Tone) {
	switch value {
	case "@placed":
		return IconOut, ToneMuted
	case "@received":
		return IconIn, ToneGo
	case "@elsewhere":
		return IconIn, ToneMuted
	case "@missed":
		return IconMissed, ToneStop
	case "@rejected", "@blocked", "@anonymous":
		return IconCross, ToneMuted
	case "@dnd":
		return IconMoon, ToneMuted
	case "@forwarded":
		return IconForward, ToneMuted
	}
	return IconNone, ToneText
}

// statusRow colours a line's state and words a problem.
func (b *builder) statusRow(r *Row, it phone.MenuItem) {
	switch {
	case strings.HasPrefix(it.ID, "problem/"):
		code, subject, _ := strings.Cut(strings.TrimPrefix(it.ID, "problem/"), "/")
		p := phone.ProblemInfo{Code: code, Subject: subject, Title: it.Label, Severity: 1}
		for _, known := range b.v.Problems {
			if known.Code == code && known.Subject == subject {
				p = known // with its detail
			}
		}
		b.problemRow(r, p)
	case it.Value == "@"+string(phone.LineRegistered):
		r.Value.Tone = ToneGo
	case strings.HasPrefix(it.ID, "line/"):
		r.Value.Tone = lineTone(phone.LineState(strings.TrimPrefix(it.Value, "@")))
	}
}

// problemRow words a problem; what is only to be known is no warning.
func (b *builder) problemRow(r *Row, p phone.ProblemInfo) {
	r.Icon, r.IconTone, r.Label, r.Value = IconWarn, ToneWarn, b.problem(p), Text{}
	if p.Severity < 1 {
		r.Icon, r.IconTone = IconInfo, ToneMuted
	}
}

// lineTone is the tone of a line's state.
func lineTone(s phone.LineState) Tone {
	switch s {
	case phone.LineRegistered:
		return ToneGo
	case phone.LineConnecting:
		return ToneWarn
	case phone.LineOff:
		return ToneMuted
	}
	return ToneStop
}

// literal words a text of the core: "@key" is of the catalogue.
func (b *builder) literal(s string) string {
	if k, ok := strings.CutPrefix(s, "@"); ok {
		return b.c.say(k)
	}
	return Clean(s)
}

// menuTitle words the view's title, or the screen's own.
func (b *builder) menuTitle(fallback string) string {
	t := strings.TrimPrefix(b.v.Menu.Title, "@")
	if t == "" {
		return b.c.say(fallback)
	}
	if b.c.has(t) {
		return b.c.say(t)
	}
	return Clean(t)
}

// status is the core's own list, or what the view itself tells.
func (b *builder) status() List {
	if len(b.v.Menu.Items) > 0 {
		l := b.list()
		l.Rows, l.Index, l.From = append([]Row{b.verdict()}, l.Rows...), l.Index+1, l.From+1
		return l
	}
	out := List{Rows: []Row{b.verdict()}, Index: max(b.v.Menu.Index, 0) + 1}
	add := func(label, value string, t Tone) {
		out.Rows = append(out.Rows, Row{Label: label, Value: Text{value, t}, Focus: len(out.Rows) == out.Index})
	}
	for _, l := range b.v.Lines {
		name := Clean(l.Label)
		if name == "" {
			name = cleanNumber(l.Number)
		}
		add(name, b.c.say("state."+string(l.State)), lineTone(l.State))
	}
	if u := Clean(b.v.Session.User); u != "" {
		add(b.c.say("status.user"), u, ToneMuted)
	} else {
		add(b.c.say("status.user.none"), "", ToneMuted)
	}
	for _, p := range b.v.Problems {
		add("", "", ToneWarn)
		b.problemRow(&out.Rows[len(out.Rows)-1], p)
	}
	return out
}

// verdict is the first row of the status: all is well, or how much is not.
// A line that is switched off is as somebody wanted it.
func (b *builder) verdict() Row {
	n := 0
	for _, l := range b.v.Lines {
		if l.State != phone.LineRegistered && l.State != phone.LineOff {
			n++
		}
	}
	for _, p := range b.v.Problems {
		if p.Severity >= 1 && !(lineProblem(p) && n > 0) {
			n++
		}
	}
	if n == 0 {
		return Row{Icon: IconCheck, IconTone: ToneGo, Label: b.c.say("status.ok")}
	}
	return Row{Icon: IconWarn, IconTone: ToneWarn, Label: b.c.count("status.attention", n)}
}
