package phone

import "strconv"

// LampPattern is how a lamp shines (C0.2); the words are those of hal.Pattern.
type LampPattern string

const (
	LampOff    LampPattern = "off"
	LampOn     LampPattern = "on"
	LampFast   LampPattern = "fast"   // 200 ms on, 200 ms off
	LampSlow   LampPattern = "slow"   // 500 ms
	LampPulse  LampPattern = "pulse"  // 1 s
	LampDouble LampPattern = "double" // twice every 2 s
)

// LampColour is a lamp's colour, "" if it has only one.
type LampColour string

const (
	LampGreen LampColour = "green"
	LampRed   LampColour = "red"
	LampAmber LampColour = "amber"
)

// LampState is what one lamp shows.
type LampState struct {
	Pattern LampPattern
	Colour  LampColour
}

// Lamps gives the state of every lamp: strip, message, mute, speaker, headset
// and k1 … k8. It is a function of the View.
func Lamps(v View) map[string]LampState {
	off := LampState{Pattern: LampOff}
	m := map[string]LampState{
		"strip":   stripLamp(v),
		"message": off, "mute": off, "speaker": off, "headset": off,
	}
	if v.MWI.New > 0 || v.Missed > 0 {
		m["message"] = LampState{LampPulse, LampRed}
	}
	if v.Muted {
		m["mute"] = LampState{LampOn, LampRed}
	}
	if v.Path == PathSpeaker || v.Path == PathGroup {
		m["speaker"] = LampState{LampOn, LampGreen}
	}
	if v.Headset || v.Path == PathHeadset {
		m["headset"] = LampState{LampOn, LampGreen}
	}
	for i := range 8 {
		name := "k" + strconv.Itoa(i+1)
		m[name] = off
		if i < len(v.Keys) {
			m[name] = keyLamp(v, v.Keys[i])
		} else if v.Keys == nil && i < len(v.Lines) {
			m[name] = lineLamp(v, v.Lines[i])
		}
	}
	return m
}

// states counts what the calls of a line are doing; "" is every line.
func states(v View, line LineID) (ringing, talking, held bool) {
	for _, c := range v.Calls {
		if line != "" && c.Line != line {
			continue
		}
		switch c.State {
		case Incoming:
			ringing = true
		case Dialing, Alerting, Answering, Active:
			talking = talking || !c.OnHold
			held = held || c.OnHold
		}
	}
	return ringing, talking, held
}

func stripLamp(v View) LampState {
	ringing, talking, held := states(v, "")
	registered := false
	for _, l := range v.Lines {
		registered = registered || l.State == LineRegistered
	}
	switch {
	case ringing || v.Recall != 0:
		return LampState{Pattern: LampFast}
	case v.Muted:
		return LampState{Pattern: LampPulse}
	case talking:
		return LampState{Pattern: LampOn}
	case held:
		return LampState{Pattern: LampSlow}
	case !registered:
		return LampState{LampDouble, LampAmber}
	}
	if v.Screen == ScreenHangUp && v.Plan.Tone == ToneNone {
		return LampState{Pattern: LampSlow} // off hook for too long, the howler has given up
	}
	return LampState{Pattern: LampOff}
}

func lineLamp(v View, l LineView) LampState {
	ringing, talking, held := states(v, l.ID)
	switch {
	case ringing:
		return LampState{LampFast, LampGreen}
	case talking:
		return LampState{LampOn, LampRed}
	case held:
		return LampState{LampSlow, LampGreen}
	case l.State == LineRegistered:
		return LampState{LampOn, LampGreen}
	case l.State == LineOff || l.State == "":
		return LampState{Pattern: LampOff}
	}
	return LampState{LampDouble, LampAmber}
}
