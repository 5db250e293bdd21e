package b2b

import (
	"errors"
	"fmt"
	"time"

	"phoned/lab/mediapeer"
)

// Errors of Park.
var (
	ErrNoCall  = errors.New("no such call")
	ErrNoSlot  = errors.New("no such parking slot")
	ErrSlotUse = errors.New("parking slot is taken")
)

// parkedCall is what sits in a slot: a phone's leg, or an end of the lab.
type parkedCall struct {
	leg   *leg   // nil if an in-lab end is parked
	end   *local // what plays to the leg, or the in-lab end itself
	party string
	by    string
	at    time.Time
}

func (p *parkedCall) drop() {
	if p.leg != nil {
		p.leg.drop()
	}
}

// Slot is one parking slot, as the REST interface shows it.
type Slot struct {
	Extension string
	Label     string
	Party     string // "" if free
	By        string
	At        time.Time
}

// slotLabel knows the slots 700 to 709.
func slotLabel(number string) (string, bool) {
	if len(number) == 3 && number[:2] == "70" && number[2] >= '0' && number[2] <= '9' {
		return "Park " + number[2:], true
	}
	return "", false
}

// Slots lists all slots.
func (e *Engine) Slots() []Slot {
	var out []Slot
	_ = e.do(func() {
		for i := range 10 {
			s := Slot{Extension: fmt.Sprintf("70%d", i), Label: fmt.Sprintf("Park %d", i)}
			if p := e.parked[s.Extension]; p != nil {
				s.Party, s.By, s.At = p.party, p.by, p.at
			}
			out = append(out, s)
		}
	})
	return out
}

// Park moves the far party of the phone whose leg has that Call-ID into a slot
// and sends the phone a BYE. A slot that is taken connects the two parties, as
// FreeSWITCH's valet parking does, unless refuse is set: then ErrSlotUse.
func (e *Engine) Park(callID, slot string, refuse bool) error {
	if _, ok := slotLabel(slot); !ok {
		return fmt.Errorf("%w: %q", ErrNoSlot, slot)
	}
	err := ErrNoCall
	if e2 := e.do(func() {
		for _, l := range e.legs {
			if l.callID == callID && (l.state == "confirmed" || l.state == "answered") {
				err = e.park(l, slot, refuse)
				return
			}
		}
	}); e2 != nil {
		return e2
	}
	return err
}

func (e *Engine) park(l *leg, slot string, refuse bool) error {
	if e.parked[slot] != nil && refuse {
		return fmt.Errorf("%w: %s", ErrSlotUse, slot)
	}
	other, end := l.opposite()
	if other == nil && end == nil {
		return fmt.Errorf("%w: nobody on its far side", ErrNoCall)
	}
	p := &parkedCall{by: l.user, at: e.cfg.Clock.Now(), leg: other, end: end}
	if other != nil {
		p.party = other.user
	} else {
		p.party = end.name
	}
	l.bye("parked in " + slot)
	if end != nil {
		end.leg = nil
		l.call.over(l.user)
	}
	e.occupy(slot, p)
	e.Record.event(Event{Kind: "parked", User: p.by, CallID: l.callID, Detail: slot + " " + p.party})
	return nil
}

// occupy puts p into a slot, with hold music for a phone.
func (e *Engine) occupy(slot string, p *parkedCall) {
	if was := e.parked[slot]; was != nil {
		delete(e.parked, slot)
		e.connectParked(was, p)
		return
	}
	e.parked[slot] = p
	if p.leg == nil {
		return
	}
	p.end = &local{e: e, name: slot, sound: holdMusic, over: func(string) {
		if e.parked[slot] == p {
			delete(e.parked, slot)
		}
	}}
	e.anchor(p.leg, p.end, func(ok bool) {
		if !ok {
			p.end.hangUp("media refused")
		}
	})
}

// connectParked joins two parked parties; in-lab ends cannot hear each other
// and are just let go.
func (e *Engine) connectParked(a, b *parkedCall) {
	switch {
	case a.leg != nil && b.leg != nil:
		silent := &local{e: e, name: "park"}
		e.anchor(b.leg, silent, func(ok bool) {
			if ok {
				e.join(a.leg, b.leg)
			}
		})
	case a.leg != nil && b.end != nil:
		e.adopt(a.leg, b.end)
	case b.leg != nil && a.end != nil:
		e.anchor(b.leg, a.end, func(bool) {})
	}
}

// adopt gives a leg that has media to an in-lab end.
func (e *Engine) adopt(l *leg, o *local) {
	o.leg, l.far = l, o
	if o.sound != nil {
		o.sound(l.media)
	}
}

func holdMusic(m *mediapeer.End) { m.Tone(440) }

// opposite gives what is on the far side of l: a phone's leg or an in-lab end.
func (l *leg) opposite() (*leg, *local) {
	switch f := l.far.(type) {
	case *bridge:
		return f.other(l), nil
	case *relay:
		return f.other(l), nil
	case *local:
		return nil, f
	}
	return nil, nil
}

// dialSlot retrieves what is parked, or parks the dialler in an empty slot.
func (e *Engine) dialSlot(l *leg, slot string) {
	p := e.parked[slot]
	if p == nil {
		o := &local{e: e, name: slot, sound: holdMusic}
		q := &parkedCall{leg: l, end: o, party: l.user, by: l.user, at: e.cfg.Clock.Now()}
		o.over = func(string) {
			if e.parked[slot] == q {
				delete(e.parked, slot)
			}
		}
		e.parked[slot] = q
		e.Record.event(Event{Kind: "parked", User: l.user, CallID: l.callID, Detail: slot + " itself"})
		o.answer(l)
		return
	}
	delete(e.parked, slot)
	e.Record.event(Event{Kind: "retrieved", User: l.user, CallID: l.callID, Detail: slot + " " + p.party})
	if p.leg == nil {
		p.end.answer(l)
		return
	}
	o := &local{e: e, name: p.party}
	o.prepare(l, func(sdp []byte) {
		o.connect(l)
		l.accept(l.uas, sdp)
		e.join(l, p.leg)
	})
}
