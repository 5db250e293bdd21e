package ui

import (
	"slices"

	"phoned/phone"
)

// parkList shows the slots: who is parked where, since when and by whom (C4).
func (b *builder) parkList() List {
	l := List{Index: max(b.v.Menu.Index, 0), Empty: b.c.say("park.none")}
	if !b.v.Park.Known {
		l.Empty = b.c.say("park.reading")
	}
	slots := b.v.Park.Slots
	if len(b.v.Menu.Items) > 0 {
		slots = nil
		for _, it := range b.v.Menu.Items {
			slots = append(slots, b.slotOf(it))
		}
	}
	for i, s := range slots {
		l.Rows = append(l.Rows, b.slotRow(s, i == l.Index))
	}
	return l
}

// slotOf finds the slot that a row of the core's list is about.
func (b *builder) slotOf(it phone.MenuItem) phone.ParkSlot {
	for _, s := range b.v.Park.Slots {
		if s.Extension == it.ID {
			return s
		}
	}
	return phone.ParkSlot{Extension: it.ID, Label: b.literal(it.Label)}
}

func (b *builder) slotRow(s phone.ParkSlot, focus bool) Row {
	r := Row{Label: slotName(s), Focus: focus, Value: Text{b.c.say("park.free"), ToneGo}}
	if !s.Occupied {
		return r
	}
	name, _ := b.party(s.Party)
	if s.Party == (phone.Party{}) {
		name = b.c.say("park.taken")
	}
	r.Label += " · " + name
	r.Value = Text{Tone: ToneMuted}
	if !s.Since.IsZero() {
		r.Value.S = duration(b.since(s.Since))
	}
	if by := cleanNumber(s.By); by != "" {
		if r.Value.S != "" {
			r.Value.S += " "
		}
		if b.own(s.By) {
			r.Value.S += b.c.say("park.by.me")
		} else {
			r.Value.S += b.c.say("park.by", "name", by)
		}
	}
	return r
}

// own: the number is one of this phone's.
func (b *builder) own(number string) bool {
	return slices.ContainsFunc(b.v.Lines, func(l phone.LineView) bool { return l.Number != "" && l.Number == number })
}

// slotName is what a slot is called on the screen.
func slotName(s phone.ParkSlot) string {
	if l := Clean(s.Label); l != "" {
		return l
	}
	return cleanNumber(s.Extension)
}

// parked is the one number that matters now: where the caller waits.
func (b *builder) parked() Big {
	p := b.v.Park
	name, _ := b.party(p.Party)
	out := Big{Lead: b.c.say("park.on"), Text: b.slotLabel(p.Slot), Sub: Text{name, ToneMuted}}
	if !p.Since.IsZero() {
		out.Sub.S += " · " + duration(b.since(p.Since))
	}
	return out
}

// slotLabel words the slot of an extension.
func (b *builder) slotLabel(extension string) string {
	for _, s := range b.v.Park.Slots {
		if s.Extension == extension {
			return slotName(s)
		}
	}
	return cleanNumber(extension)
}

// parking says that the server is asked.
func (b *builder) parking() Message {
	m := Message{Title: b.c.say("park.asking", "slot", b.slotLabel(b.v.Park.Slot))}
	if c, ok := b.callOf(b.v.Park.Call); ok {
		m.Lead, _ = b.party(c.Party)
		m.Paragraphs = []Text{{b.c.say("park.still"), ToneMuted}}
	}
	return m
}

// parkAsk: the list of slots could not be read; the person decides.
func (b *builder) parkAsk() Message {
	return Message{Tone: ToneWarn, Title: b.c.say("park.ask", "slot", b.slotLabel(b.v.Park.Slot)), Paragraphs: []Text{{b.c.say("park.ask.help"), ToneMuted}}}
}
