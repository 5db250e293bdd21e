package phone

import (
	"slices"
	"time"
)

// KeyFunction is what one of the keys K1–K8 does (C0.1).
type KeyFunction string

const (
	KeyAuto      KeyFunction = ""           // the line of the key's place, if there is one
	KeyNone      KeyFunction = "none"       // nothing
	KeyLine      KeyFunction = "line"       // Value: the line
	KeySpeedDial KeyFunction = "speed_dial" // Value: the number
	KeyBLF       KeyFunction = "blf"        // Value: the number of who is watched
	KeyPark      KeyFunction = "park"       // Value: the number of the slot
	KeyDND       KeyFunction = "dnd"
	KeyForwards  KeyFunction = "forward" // forward always, on or off
	KeyVoicemail KeyFunction = "voicemail"
	KeyLock      KeyFunction = "lock"
)

// progKeys is how many of them there are.
const progKeys = 8

// ProgKey is how one of the keys K1–K8 is set up.
type ProgKey struct {
	Function KeyFunction
	Value    string
	Label    string
	Line     LineID // to dial and to watch on; "": the default line
	// Watch is what the exchange calls the watched resource; "": Value, and
	// "park+" before it for a slot.
	Watch string
	// Pickup is the code that takes a ringing call over, dialled before Value;
	// "": the call is named to the exchange (RFC 3891).
	Pickup string
}

func (k ProgKey) watch() string {
	switch {
	case k.Function != KeyBLF && k.Function != KeyPark || k.Value == "":
		return ""
	case k.Watch != "":
		return k.Watch
	case k.Function == KeyPark:
		return "park+" + k.Value
	}
	return k.Value
}

// Resource is what the exchange calls the watched resource, "": the key watches none.
func (k ProgKey) Resource() string { return k.watch() }

// KeyView is one of the keys K1–K8 as it is now.
type KeyView struct {
	ProgKey
	State  WatchState // of who is watched, or of the slot
	Held   bool
	Remote Party     // the other party, if the exchange tells
	Since  time.Time // of State
}

// progKey is what key i does now. A phone without any set-up has its lines on
// the keys.
func (s *State) progKey(i int) ProgKey {
	k := ProgKey{}
	if i < len(s.settings.Keys) {
		k = s.settings.Keys[i]
	}
	switch {
	case k.Function == KeyAuto && i < len(s.lines):
		k.Function, k.Value = KeyLine, string(s.lines[i].ID)
	case k.Function == KeyAuto:
		k.Function = KeyNone
	}
	if l := s.line(LineID(k.Value)); k.Function == KeyLine && k.Label == "" && l != nil {
		if k.Label = l.Label; k.Label == "" {
			k.Label = l.Number
		}
	}
	return k
}

func (s *State) keyViews() []KeyView {
	out := make([]KeyView, progKeys)
	for i := range out {
		k := s.progKey(i)
		out[i].ProgKey = k
		if w := s.watchOf(k); w != nil {
			out[i].State, out[i].Held, out[i].Remote, out[i].Since = w.State, w.Held, w.Remote, w.Since
		}
	}
	return out
}

// keyLamp is the lamp of a programmable key (C0.2).
func keyLamp(v View, k KeyView) LampState {
	on := func(is bool, p LampPattern, c LampColour) LampState {
		if is {
			return LampState{p, c}
		}
		return LampState{Pattern: LampOff}
	}
	switch k.Function {
	case KeyLine:
		if i := slices.IndexFunc(v.Lines, func(l LineView) bool { return string(l.ID) == k.Value }); i >= 0 {
			return lineLamp(v, v.Lines[i])
		}
	case KeyBLF:
		return watchLamp(k)
	case KeyPark:
		return slotLamp(v, k)
	case KeyDND:
		return on(v.DND, LampOn, LampRed)
	case KeyForwards:
		return on(v.Settings.Forward.Always != "", LampOn, LampRed)
	case KeyVoicemail:
		return on(v.MWI.New > 0, LampPulse, LampRed)
	case KeyLock:
		return on(v.Locked, LampOn, LampRed)
	}
	return LampState{Pattern: LampOff}
}

func watchLamp(k KeyView) LampState {
	switch {
	case k.State == WatchIdle:
		return LampState{LampOn, LampGreen}
	case k.State == WatchRinging:
		return LampState{LampFast, LampRed}
	case k.State == WatchBusy && k.Held:
		return LampState{LampSlow, LampRed}
	case k.State == WatchBusy:
		return LampState{LampOn, LampRed}
	}
	return LampState{Pattern: LampOff}
}

// parkedLong is when the lamp of a parked call hurries (C4).
const parkedLong = 3 * time.Minute

func slotLamp(v View, k KeyView) LampState {
	switch k.State {
	case WatchIdle:
		return LampState{LampOn, LampGreen}
	case WatchRinging, WatchBusy:
		if v.At.Sub(k.Since) >= parkedLong {
			return LampState{LampSlow, LampRed}
		}
		return LampState{LampPulse, LampRed}
	}
	return LampState{Pattern: LampOff}
}

// progKeyPress is K1–K8.
func (t *turn) progKeyPress(i int) {
	k := t.progKey(i)
	if t.station == stationTransfer && t.focus == 0 && t.transferToKey(k) {
		return
	}
	switch k.Function {
	case KeyLine:
		t.lineKey(LineID(k.Value))
	case KeySpeedDial:
		t.dialNumber(k.Value, k.Line)
	case KeyBLF:
		t.blfKey(k)
	case KeyPark:
		t.slotKey(k)
	case KeyDND:
		t.toggleDND()
	case KeyForwards:
		t.forwardKey()
	case KeyVoicemail:
		t.messageKey()
	case KeyLock:
		t.lockKey()
	default:
		t.blip()
	}
}

// dialNumber calls a number that was entered beforehand: a speed dial, a row
// of a list.
func (t *turn) dialNumber(number string, line LineID) {
	t.dialOrder(order{typed: number, line: line, path: t.freePath(), cause: "key"})
}

// dialOrder fills in the number as it is sent, by the digit map's rules.
func (t *turn) dialOrder(o order) {
	number := cleanNumber(o.typed)
	if number == "" {
		t.blip()
		return
	}
	o.typed, o.number = number, number
	if dialable(number) {
		sent, blocked := t.digits.Rewrite(number)
		if blocked && !t.isEmergency(number) {
			t.blip()
			t.say(ToastNotAllowed, number, true)
			return
		}
		o.number = sent
	}
	t.place(o)
}

// blfKey calls who is watched, or takes over the call that rings there.
func (t *turn) blfKey(k ProgKey) {
	w := t.watchOf(k)
	switch {
	case w == nil || w.State != WatchRinging:
		t.dialNumber(k.Value, k.Line)
	case k.Pickup != "":
		t.dialOrder(order{typed: k.Pickup + k.Value, line: w.line, path: t.freePath(), cause: "pickup"})
	case w.Pickup:
		t.place(order{typed: k.Value, number: k.Value, line: w.line, path: t.freePath(), cause: "pickup",
			pickup: w.Resource, party: w.Remote})
	default:
		t.dialNumber(k.Value, k.Line)
	}
}
