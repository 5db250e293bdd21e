package phonescript

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"phoned/phone"
)

// expect compares what is with what should be:
//
//	screen S · tone T|none · path P · ring on|off|soft · mic NAME|none · listen
//	NAME…|none · focus NAME|none · input TEXT|none · cursor N · softkeys A B C D
//	(- is no key) · calls N (live ones) · state NAME S · held|talks NAME ·
//	party NAME NUMBER ["Display"] · cause NAME C · muted|dnd|headset on|off ·
//	toast CODE|none [ARG] · volume N|none · lamp NAME PATTERN [COLOUR] · missed N
//	mwi N · recall NAME|none · last NUMBER|none · menu ID (the selected row) ·
//	recording NAME S · digits NAME D
//	effect NAME [WORDS…] · no effect NAME [WORDS…] · effects A B; C D (in order)
//	notice NAME [key=value…] · no notice NAME
//
// Effects and notices are those since the last expectation that was followed
// by a command.
func (w *World) expect(a []string) error {
	what, rest := word(a, 0), a[min(1, len(a)):]
	no := what == "no"
	if no {
		what, rest = word(rest, 0), rest[min(1, len(rest)):]
	}
	switch what {
	case "effect":
		return w.expectEffect(rest, no)
	case "effects":
		return w.expectOrder(strings.Join(rest, " "))
	case "notice":
		return w.expectNotice(rest, no)
	}
	got, ok := w.look(what, rest)
	if !ok {
		return fmt.Errorf("unknown expectation %q", what)
	}
	want := strings.Join(rest, " ")
	if f, ok := keyed[what]; ok {
		want = strings.Join(rest[min(f, len(rest)):], " ")
	}
	if got != want {
		return fmt.Errorf("%s is %q, want %q", what, got, want)
	}
	return nil
}

// keyed are the expectations whose first word says of what.
var keyed = map[string]int{"state": 1, "party": 1, "cause": 1, "recording": 1, "digits": 1, "lamp": 1, "forwarded": 1, "item": 1, "forward": 1}

// look gives the present value in the words of the script.
func (w *World) look(what string, a []string) (string, bool) {
	v := w.State.View()
	switch what {
	case "screen":
		return string(v.Screen), true
	case "tone":
		return orNone(string(v.Plan.Tone)), true
	case "path":
		return v.Path.String(), true
	case "ring":
		switch {
		case v.Plan.Ring.Soft:
			return "soft", true
		case v.Plan.Ring.On:
			return "on", true
		}
		return "off", true
	case "melody":
		return orNone(v.Plan.Ring.Melody), true
	case "mic":
		return w.nameOf(v.Plan.Mic), true
	case "listen":
		var names []string
		for _, id := range v.Plan.Listen {
			names = append(names, w.nameOf(id))
		}
		return orNone(strings.Join(names, " ")), true
	case "focus":
		return w.nameOf(v.Focus), true
	case "input":
		return orNone(v.Input.Text), true
	case "cursor":
		return strconv.Itoa(v.Input.Cursor), true
	case "softkeys":
		return softkeys(v), true
	case "calls":
		n := 0
		for _, c := range v.Calls {
			if c.State != phone.Ending && c.State != phone.Ended {
				n++
			}
		}
		return strconv.Itoa(n), true
	case "talks":
		return orNone(w.namesOf(v, func(c phone.CallView) bool { return c.State == phone.Active && !c.OnHold })), true
	case "held":
		return orNone(w.namesOf(v, func(c phone.CallView) bool { return c.OnHold })), true
	case "muted":
		return onOff(v.Muted), true
	case "dnd":
		return onOff(v.DND), true
	case "headset":
		return onOff(v.Headset), true
	case "missed":
		return strconv.Itoa(v.Missed), true
	case "mwi":
		if !v.MWI.Known {
			return strconv.Itoa(v.MWI.New) + "?", true
		}
		return strconv.Itoa(v.MWI.New), true
	case "recall":
		return w.nameOf(v.Recall), true
	case "last":
		return orNone(v.LastNumber), true
	}
	return w.lookMore(v, what, a)
}

func (w *World) lookMore(v phone.View, what string, a []string) (string, bool) {
	c, _ := v.Call(w.names[word(a, 0)].ID)
	switch what {
	case "toast":
		switch {
		case v.Toast == nil:
			return "none", true
		case len(a) > 1:
			return v.Toast.Code + " " + v.Toast.Arg, true
		}
		return v.Toast.Code, true
	case "volume":
		if v.Volume == nil {
			return "none", true
		}
		return strconv.Itoa(v.Volume.Percent), true
	case "menu":
		if len(v.Menu.Items) == 0 {
			return "none", true
		}
		i := v.Menu.Index
		switch v.Screen {
		case phone.ScreenXferDial, phone.ScreenPredial, phone.ScreenDialing:
			if v.Input.Text != "" { // row 0 is the number that is entered
				i--
			}
		}
		if i < 0 {
			return "none", true
		}
		return v.Menu.Items[i].ID, true
	case "lamp":
		l := phone.Lamps(v)[word(a, 0)]
		return strings.TrimSpace(string(l.Pattern) + " " + string(l.Colour)), true
	case "state":
		if c.ID == 0 {
			return "none", true
		}
		return c.State.String(), true
	case "cause":
		return string(c.Cause), true
	case "recording":
		return c.Recording.String(), true
	case "digits":
		return orNone(c.Digits), true
	case "party":
		return strings.TrimSpace(c.Party.Number + " " + c.Party.Name), true
	}
	if got, ok := w.lookMove(v, what, c); ok {
		return got, true
	}
	return lookDesk(v, what, a)
}

func (w *World) namesOf(v phone.View, f func(phone.CallView) bool) string {
	var names []string
	for _, c := range v.Calls {
		if f(c) {
			names = append(names, w.nameOf(c.ID))
		}
	}
	return strings.Join(names, " ")
}

func softkeys(v phone.View) string {
	keys := make([]string, 0, 4)
	for _, a := range v.SoftKeys {
		if a == phone.ActNone {
			a = "-"
		}
		keys = append(keys, string(a))
	}
	return strings.Join(keys, " ")
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

func onOff(b bool) string {
	if b {
		return "on"
	}
	return "off"
}

// expectEffect wants (or does not want) an effect that begins with these words.
func (w *World) expectEffect(words []string, no bool) error {
	want := strings.Join(words, " ")
	found := slices.ContainsFunc(w.Effects, func(x phone.Effect) bool { return begins(w.describe(x), want) })
	if found == no {
		return fmt.Errorf("effects are %s", w.list())
	}
	return nil
}

// expectOrder wants the effects A; B; C in this order, others in between.
func (w *World) expectOrder(text string) error {
	i := 0
	for _, want := range strings.Split(text, ";") {
		want = strings.TrimSpace(want)
		for i < len(w.Effects) && !begins(w.describe(w.Effects[i]), want) {
			i++
		}
		if i == len(w.Effects) {
			return fmt.Errorf("no %q in its place; effects are %s", want, w.list())
		}
		i++
	}
	return nil
}

func (w *World) expectNotice(a []string, no bool) error {
	found := slices.ContainsFunc(w.Effects, func(x phone.Effect) bool {
		p, ok := x.(phone.Publish)
		if !ok || p.Notice.Name != word(a, 0) {
			return false
		}
		for _, pair := range a[1:] {
			k, v, _ := strings.Cut(pair, "=")
			if fmt.Sprint(p.Notice.Detail[k]) != v {
				return false
			}
		}
		return true
	})
	if found == no {
		return fmt.Errorf("effects are %s", w.list())
	}
	return nil
}

func begins(have, want string) bool {
	return have == want || strings.HasPrefix(have, want+" ")
}

func (w *World) list() string {
	var all []string
	for _, x := range w.Effects {
		all = append(all, w.describe(x))
	}
	return "[" + strings.Join(all, "; ") + "]"
}

// describe writes an effect in words.
func (w *World) describe(x phone.Effect) string {
	call := func(r phone.CallRef) string { return w.nameOf(r.ID) }
	switch x := x.(type) {
	case phone.PlaceCall:
		s := fmt.Sprintf("PlaceCall %s line %s", x.Target, x.Line)
		if x.Private {
			s += " private"
		}
		if x.Identity.Number != "" {
			s += " as " + x.Identity.Number
		}
		if x.Pickup != "" {
			s += " pickup " + x.Pickup
		}
		return s
	case phone.RingCall:
		return "RingCall " + call(x.Call)
	case phone.RefuseLeg:
		return strings.TrimSpace(fmt.Sprintf("RefuseLeg %s %d %s", x.Leg, x.Code, x.Target))
	case phone.AnswerCall:
		return "AnswerCall " + call(x.Call)
	case phone.EndCall:
		return strings.TrimSpace(fmt.Sprintf("EndCall %s %d %s", call(x.Call), x.Code, x.Target))
	case phone.FreeCall:
		return "FreeCall " + call(x.Call)
	case phone.HoldCall:
		return fmt.Sprintf("HoldCall %s %s", call(x.Call), onOff(x.On))
	case phone.SendDigit:
		return fmt.Sprintf("SendDigit %c %s", x.Digit, call(x.Call))
	case phone.AskRecording:
		return fmt.Sprintf("AskRecording %s %s", call(x.Call), onOff(x.On))
	case phone.LookUpParty:
		return "LookUpParty " + x.Number
	case phone.SetAudio:
		return "SetAudio " + x.Plan.Path.String()
	case phone.PlayBeep:
		return "PlayBeep " + string(x.Beep)
	case phone.PlayDigit:
		return fmt.Sprintf("PlayDigit %c", x.Digit)
	case phone.StartTimer:
		return fmt.Sprintf("StartTimer %s %v", x.Timer.Kind, x.After)
	case phone.StopTimer:
		return "StopTimer " + string(x.Timer.Kind)
	case phone.SaveCall:
		return fmt.Sprintf("SaveCall %s %s %s", x.Record.Party.Number, x.Record.Direction, x.Record.Outcome)
	case phone.Publish:
		return fmt.Sprintf("Publish %s %v", x.Notice.Name, x.Notice.Detail)
	case phone.SaveVolume:
		return fmt.Sprintf("SaveVolume %s %d", x.Path, x.Percent)
	case phone.SaveSetting:
		return fmt.Sprintf("SaveSetting %s %s", x.Name, x.Value)
	}
	if s, ok := describeDesk(x); ok {
		return s
	}
	return w.describeMove(x)
}
