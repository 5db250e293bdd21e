package ui

import (
	"strings"

	"phoned/phone"
)

// transferDial asks whom the call goes to, or who is added to it (C3, C9).
func (b *builder) transferDial() Entry {
	text, cursor := input(b.v.Input.Text, b.v.Input.Cursor)
	e := Entry{Text: text, Cursor: cursor, Hint: b.c.say("dial.hint"), Rows: b.suggestions(text)}
	if text == "" {
		for i, it := range b.v.Menu.Items { // the first place is the number's
			e.Rows = append(e.Rows, Row{Label: b.literal(it.Label), Value: Text{b.number(b.literal(it.Value)), ToneMuted}, Focus: i+1 == b.v.Menu.Index})
		}
	}
	if c, ok := b.callOf(b.v.Transfer.Call); ok {
		name, _ := b.party(c.Party)
		e.Note = Text{b.c.say("xfer.waits", "name", name), ToneMuted}
		if c.OnHold && !c.HeldSince.IsZero() {
			e.Note = Text{b.c.say("xfer.waits.since", "name", name, "time", duration(b.since(c.HeldSince))), ToneWarn}
		}
	}
	return e
}

// transferTitle is what the header says while a call is handed on.
func (b *builder) transferTitle() string {
	if b.v.Transfer.Conference {
		return b.c.say("conf.add")
	}
	if c, ok := b.callOf(b.v.Transfer.Call); ok && b.v.Screen == phone.ScreenXferDial {
		name, _ := b.party(c.Party)
		return b.c.say("xfer.title.of", "name", name)
	}
	return b.c.say("xfer.title")
}

// transferPending says that the call was handed on and what became of it so
// far.
func (b *builder) transferPending() Message {
	t := b.v.Transfer
	m := Message{Title: b.c.say("xfer.pending", "name", Clean(t.Target))}
	if c, ok := b.callOf(t.Other); ok {
		name, _ := b.party(c.Party)
		m.Title = b.c.say("xfer.pending", "name", name)
	}
	if c, ok := b.callOf(t.Call); ok {
		m.Lead, _ = b.party(c.Party)
	}
	key := "xfer.asked"
	if t.Ringing {
		key = "xfer.ringing"
	}
	m.Paragraphs = append(m.Paragraphs, Text{b.c.say(key, "time", duration(b.since(t.Since))), ToneMuted}, Text{b.c.say("xfer.back"), ToneMuted})
	return m
}

// transferAsked asks whether we go where they send us.
func (b *builder) transferAsked() Message {
	m := Message{Icon: IconInfo, Tone: ToneAccent, Title: Clean(b.v.Transfer.Target), Paragraphs: []Text{{b.c.say("xfer.question"), ToneMuted}}}
	if c, ok := b.focus(); ok {
		m.Lead, _ = b.party(c.Party)
	}
	return m
}

// conference is the call of three: who is in it, each with a row.
func (b *builder) conference() Call {
	out := Call{Name: b.c.say("conf.title"), Ring: ToneGo, Compact: true}
	var names []string
	for _, id := range b.v.Conference {
		c, ok := b.callOf(id)
		if !ok {
			continue
		}
		name, _ := b.party(c.Party)
		names = append(names, name)
		r := Row{Icon: IconHandset, IconTone: ToneGo, Label: name, Value: Text{duration(b.since(c.AnsweredAt)), ToneText}, Focus: c.ID == b.v.Focus && len(b.v.Conference) > 2}
		if c.OnHold {
			r.Icon, r.IconTone, r.Hollow = IconPause, ToneWarn, b.blink(c.HeldSince)
			r.Value = Text{b.c.say("call.on_hold", "time", duration(b.since(c.HeldSince))), ToneMuted}
			out.Label, out.Icon, out.Ring = Text{b.c.say("call.held"), ToneWarn}, IconPause, ToneWarn
		}
		out.Rows = append(out.Rows, r)
	}
	out.Number = strings.Join(names, ", ")
	if b.v.Muted && out.Label.S == "" {
		out.Strip = Strip{Icon: IconMicOff, Text: b.c.say("call.muted"), Tone: ToneStop, Solid: true}
	}
	return out
}

// callOf finds a call.
func (b *builder) callOf(id phone.CallID) (phone.CallView, bool) {
	for _, c := range b.v.Calls {
		if c.ID == id && id != 0 {
			return c, true
		}
	}
	return phone.CallView{}, false
}
