package ui

import (
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"phoned/phone"
)

// call words the call with the focus, the others as rows (C0.4).
func (b *builder) call(c phone.CallView) Call {
	name, number := b.party(c.Party)
	out := Call{Name: name, Number: number, Label: b.label(c), Note: b.note(c), Rows: b.otherCalls(c.ID)}
	out.Compact = len(out.Rows) > 0
	out.Timer, out.Remark = b.timer(c)
	out.Mark, out.Ring = b.mark(c), b.ring(c)
	switch {
	case c.OnHold && c.State == phone.Active:
		out.Icon, out.Blink = IconPause, b.blink(c.HeldSince)
	case c.State == phone.Incoming && c.Silenced:
		out.Icon = IconBellOff
	case c.State == phone.Incoming:
		out.Icon = IconBell
	case c.RemoteHold && c.State == phone.Active:
		out.Icon, out.Caption = IconPause, b.c.say("call.in_call")
	}
	out.Chips = b.callChips(c)
	out.Strip = b.strip(c)
	return out
}

// party gives the large and the small line of a caller. A name no panel can
// show gives way to the number.
func (b *builder) party(p phone.Party) (name, number string) {
	name, number = Clean(p.Name), b.number(p.Number)
	if p.Number != "" && phone.Anonymous(p.Number) { // a word of the protocol, not a number
		if number = ""; name == "" || phone.Anonymous(name) {
			name = b.c.say("call.anonymous")
		}
	}
	if name == cleanNumber(p.Number) {
		name = ""
	}
	if !legible(name) && number != "" || name == number {
		name = ""
	}
	switch {
	case name == "" && number == "":
		return b.c.say("call.unknown"), ""
	case name == "":
		return number, ""
	}
	return name, number
}

func (b *builder) label(c phone.CallView) Text {
	switch c.State {
	case phone.Dialing, phone.Alerting:
		if c.Slot != "" {
			return Text{b.c.say("call.retrieving", "slot", Clean(c.Slot)), ToneAccent}
		}
		if c.State == phone.Dialing {
			return Text{b.c.say("call.dialing"), ToneAccent}
		}
		return Text{b.c.say("call.alerting"), ToneAccent}
	case phone.Incoming:
		if c.Slot != "" {
			return Text{b.c.say("call.park_recall", "slot", Clean(c.Slot)), ToneGo}
		}
		if c.Silenced {
			return Text{b.c.say("call.silenced"), ToneMuted}
		}
		return Text{b.c.say("call.incoming"), ToneGo}
	case phone.Answering:
		return Text{b.c.say("call.answering"), ToneGo}
	case phone.Ending:
		return Text{b.c.say("call.ending"), ToneMuted}
	case phone.Ended:
		return Text{b.cause(c), ToneMuted}
	}
	switch {
	case c.OnHold:
		return Text{b.c.say("call.held"), ToneWarn}
	case c.RemoteHold:
		name, _ := b.party(c.Party)
		return Text{b.c.say("call.remote_held", "name", name), ToneWarn}
	}
	return Text{}
}

// cause words why a call ended.
func (b *builder) cause(c phone.CallView) string {
	k := "cause." + string(c.Cause)
	if c.Cause == phone.CauseNone || !b.c.has(k) {
		return b.c.say("call.ended")
	}
	return b.c.say(k)
}

// timer is the one length of time that matters now: of the attempt, of the
// talk, of the hold.
//
// remark says that it is not what matters: nobody has answered, or all is
// over.
func (b *builder) timer(c phone.CallView) (t Text, remark bool) {
	switch c.State {
	case phone.Dialing, phone.Alerting:
		if !c.StartedAt.IsZero() {
			return Text{duration(b.since(c.StartedAt)), ToneMuted}, true
		}
	case phone.Active:
		if c.OnHold && !c.HeldSince.IsZero() {
			return Text{duration(b.since(c.HeldSince)), ToneWarn}, false
		}
		if !c.AnsweredAt.IsZero() {
			return Text{duration(b.since(c.AnsweredAt)), ToneText}, false
		}
	case phone.Ending, phone.Ended:
		if !c.AnsweredAt.IsZero() && !c.EndedAt.IsZero() {
			return Text{b.c.say("call.lasted", "time", duration(c.EndedAt.Sub(c.AnsweredAt))), ToneMuted}, true
		}
	}
	return Text{}, false
}

// note says whom the call was for: "via Sales · to line 2".
func (b *builder) note(c phone.CallView) Text {
	if c.State != phone.Incoming {
		return Text{}
	}
	var s string
	if via := Clean(c.Via); via != "" {
		s = b.c.say("call.via", "name", via)
	}
	if l, ok := b.line(c.Line); ok && len(b.v.Lines) > 1 {
		label := Clean(l.Label)
		if label == "" {
			label = cleanNumber(l.Number)
		}
		if s != "" {
			s += " · "
		}
		s += b.c.say("call.line", "line", label)
	}
	return Text{s, ToneMuted}
}

func (b *builder) callChips(c phone.CallView) []Chip {
	out := b.supportChips()
	if (c.State == phone.Active || c.State == phone.Ended) && !c.OnHold && c.Quality.Word != "" {
		if k := "quality." + c.Quality.Word; b.c.has(k) {
			out = append(out, Chip{Icon: qualityIcon(c.Quality.Word), Text: b.c.say(k), Tone: qualityTone(c.Quality.Word)})
		}
	}
	if c.State != phone.Active && c.State != phone.Dialing && c.State != phone.Alerting {
		return out
	}
	if b.v.Path != phone.PathNone {
		out = append(out, Chip{Text: b.c.say("path." + b.v.Path.String()), Tone: ToneMuted})
	}
	switch c.Recording {
	case phone.RecordingOn:
		out = append(out, Chip{Icon: IconRecord, Text: b.c.say("record.on"), Tone: ToneStop})
	case phone.RecordingRefused:
		out = append(out, Chip{Text: b.c.say("record.refused"), Tone: ToneWarn})
	}
	if d := b.digits(c.Digits); d != "" {
		out = append(out, Chip{Text: d, Tone: ToneText})
	}
	return out
}

// supportPrefix begins the codes of what somebody far away does with this phone now.
const supportPrefix = "support."

// supportChips say that sound or network are being recorded, on any screen.
func (b *builder) supportChips() (out []Chip) {
	for _, p := range b.v.Problems {
		if strings.HasPrefix(p.Code, supportPrefix) {
			out = append(out, Chip{Icon: IconRecord, Text: b.problem(p), Tone: ToneStop})
		}
	}
	return out
}

// digits is the strip of DTMF sent: the last ten, as dots if the user wants
// them hidden.
func (b *builder) digits(s string) string {
	rs := []rune(Clean(s))
	const shown = 10
	if len(rs) > shown {
		rs = append([]rune{'…'}, rs[len(rs)-shown:]...)
	}
	if b.v.Settings.HideDigits {
		for i := range rs {
			rs[i] = '•'
		}
	}
	return string(rs)
}

func qualityTone(word string) Tone {
	switch word {
	case "excellent", "good":
		return ToneGo
	case "poor":
		return ToneStop
	}
	return ToneWarn
}

func qualityIcon(word string) Icon {
	switch word {
	case "excellent":
		return IconBars4
	case "good":
		return IconBars3
	case "fair":
		return IconBars2
	}
	return IconBars1
}

// saysMuted reports whether the strip of the screen says that the microphone
// is off; no further sign does then.
func (b *builder) saysMuted() bool {
	c, ok := b.focus()
	return ok && b.v.Muted && callScreen(b.v.Screen) && c.State == phone.Active && !c.OnHold
}

// strip is the one thing that must not be missed in a call: that they cannot
// hear us comes first.
func (b *builder) strip(c phone.CallView) Strip {
	switch {
	case b.saysMuted():
		return Strip{Icon: IconMicOff, Text: b.c.say("call.muted"), Tone: ToneStop, Solid: true}
	case c.State == phone.Active && !c.OnHold:
		if t := b.advice(c.Quality); t.S != "" {
			return Strip{Icon: IconWarn, Text: t.S, Tone: t.Tone}
		}
	case c.State == phone.Incoming:
		for _, o := range b.v.Calls {
			if o.ID != c.ID && o.State == phone.Active && !o.OnHold {
				name, _ := b.party(o.Party)
				return Strip{Icon: IconPause, Text: b.c.say("call.answer_holds", "name", name), Tone: ToneText}
			}
		}
	}
	return Strip{}
}

// mark gives the initials of the caller, "" for a bare number.
func (b *builder) mark(c phone.CallView) string {
	name := Clean(c.Party.Name)
	if !legible(name) || name == cleanNumber(c.Party.Number) || phone.Anonymous(name) {
		return ""
	}
	var out []rune
	words := strings.FieldsFunc(name, func(r rune) bool { return r == ' ' || r == '-' || r == '.' || r == ',' })
	for i, w := range words {
		r, _ := utf8.DecodeRuneInString(w)
		if (i == 0 || i == len(words)-1) && (unicode.In(r, unicode.Latin, unicode.Greek, unicode.Cyrillic) || i == 0 && unicode.In(r, ideographic...)) {
			out = append(out, unicode.ToUpper(r))
		}
	}
	return string(out)
}

// ring is the tone of a call's state.
func (b *builder) ring(c phone.CallView) Tone {
	switch {
	case c.State == phone.Incoming, c.State == phone.Dialing, c.State == phone.Alerting, c.State == phone.Answering:
		return ToneAccent
	case c.State != phone.Active:
		return ToneMuted
	case b.saysMuted():
		return ToneStop
	case c.OnHold, c.RemoteHold:
		return ToneWarn
	}
	return ToneGo
}

// advice says in a sentence what is wrong and whose side it is on.
func (b *builder) advice(q phone.Quality) Text {
	if q.Advice == "" {
		return Text{}
	}
	k := "advice." + q.Advice
	if !b.c.has(k) {
		if q.Word != "poor" {
			return Text{}
		}
		k = "advice.poor"
	}
	loss := q.LossPercent
	switch q.Advice {
	case "uplink_loss":
		loss = q.RemoteLoss
	case "network_loss":
		loss = max(loss, q.RemoteLoss)
	}
	loss = math.Round(min(max(loss, 0), 100))
	return Text{b.c.say(k, "loss", strconv.Itoa(int(loss)), "delay", strconv.FormatInt(q.Delay.Milliseconds(), 10)), ToneWarn}
}

// otherCalls are the calls without the focus, oldest first.
func (b *builder) otherCalls(focus phone.CallID) []Row {
	var out []Row
	for _, c := range b.v.Calls {
		if c.ID == focus || c.State == phone.Ended {
			continue
		}
		name, _ := b.party(c.Party)
		r := Row{Label: name, Value: Text{Tone: ToneMuted}}
		switch {
		case c.State == phone.Incoming:
			r.Icon, r.IconTone = IconIn, ToneGo
			r.Value.S = b.c.say("row.incoming", "time", duration(b.since(c.StartedAt)))
		case c.State == phone.Active && c.OnHold:
			r.Icon, r.IconTone, r.Hollow = IconPause, ToneWarn, b.blink(c.HeldSince)
			r.Value.S = b.c.say("call.on_hold", "time", duration(b.since(c.HeldSince)))
		case c.State == phone.Active:
			r.Icon, r.IconTone = IconHandset, ToneGo
			r.Value = Text{b.c.say("row.active", "time", duration(b.since(c.AnsweredAt))), ToneText}
		case c.State == phone.Ending:
			r.Icon, r.IconTone = IconHandset, ToneMuted
			r.Value.S = b.c.say("row.ended")
		default:
			r.Icon, r.IconTone = IconOut, ToneAccent
			r.Value.S = b.c.say("row.dialing", "time", duration(b.since(c.StartedAt)))
		}
		out = append(out, r)
	}
	return out
}

// failed says why a call did not come about: the cause is what the person
// needs, so it is the largest.
func (b *builder) failed() Body {
	c, ok := b.focus()
	if !ok {
		return Message{Icon: IconWarn, Tone: ToneStop, Title: b.c.say("cause.unknown"), Paragraphs: []Text{{b.c.say("help.unknown"), ToneMuted}}}
	}
	name, number := b.party(c.Party)
	who := name
	if number != "" {
		who += " · " + number
	}
	m := Message{Icon: IconWarn, Tone: ToneStop, Lead: who, Title: b.cause(c)}
	if k := "help." + string(c.Cause); b.c.has(k) {
		m.Paragraphs = append(m.Paragraphs, Text{b.c.say(k), ToneMuted})
	} else {
		m.Paragraphs = append(m.Paragraphs, Text{b.c.say("help.unknown"), ToneMuted})
	}
	return m
}
