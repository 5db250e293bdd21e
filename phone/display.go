package phone

import (
	"slices"
	"time"
)

// Commands for the display (contract §7).
type (
	// Wake lights the display, Sleep puts it out, ToggleDisplay does the other.
	Wake          struct{}
	Sleep         struct{}
	ToggleDisplay struct{}
	// SetThemeTo changes the theme to one of Themes.
	SetThemeTo struct{ Theme string }
)

func (Wake) what()          {}
func (Sleep) what()         {}
func (ToggleDisplay) what() {}
func (SetThemeTo) what()    {}

// DisplayState is how bright the display is.
type DisplayState string

const (
	DisplayOn  DisplayState = ""
	DisplayDim DisplayState = "dim" // left alone; still to be read
	DisplayOff DisplayState = "off" // asleep
)

// Word is the state in one word, also while it is on.
func (d DisplayState) Word() string {
	if d == DisplayOn {
		return "on"
	}
	return string(d)
}

// displayCommand is a command of this file; false: w is none.
func (t *turn) displayCommand(w What) bool {
	switch w := w.(type) {
	case Wake:
		t.touched = t.at
		t.setDisplay(DisplayOn)
	case Sleep:
		t.sleepCommand()
	case ToggleDisplay:
		if t.display == DisplayOff {
			t.touched = t.at
			t.setDisplay(DisplayOn)
		} else {
			t.sleepCommand()
		}
	case SetThemeTo:
		if !slices.Contains(Themes, w.Theme) {
			t.complain(0, "there is no such theme")
		} else if w.Theme != t.settings.Theme {
			t.change(SetTheme, w.Theme)
		}
	default:
		return false
	}
	return true
}

func (t *turn) sleepCommand() {
	if t.displayNeeded() {
		t.complain(0, "the display is in use")
		return
	}
	t.setDisplay(DisplayOff)
}

// setDisplay publishes the two changes that an interface knows: the display
// woke, the display sleeps.
func (t *turn) setDisplay(d DisplayState) {
	was := t.display
	t.display = d
	switch {
	case d == DisplayOff && was != DisplayOff:
		t.closePage()
		t.publish("widget-closed", "", nil)
	case d != DisplayOff && was == DisplayOff:
		t.publish("widget-opened", "", nil)
	}
}

// displayNeeded: something is going on that somebody may have to see.
func (s *State) displayNeeded() bool {
	return s.anyLive() || s.shown != 0 || s.path != PathNone || s.station != stationNone || s.offer != nil || s.question.on ||
		s.session.State == SessionPending && s.session.URL != "" // somebody reads the code
}

// wakeKey reports whether k only lights the display. A key whose meaning is
// written on the display can't be meant while nothing is to be read there; one
// that has its own name (a digit, SPEAKER, a line key) acts at once: who dials in
// the dark has dialled.
func (t *turn) wakeKey(k Key) bool {
	if t.display != DisplayOff {
		return false
	}
	if _, soft := k.Soft(); soft {
		return true
	}
	switch k {
	case KeyArrowUp, KeyArrowDown, KeyArrowLeft, KeyArrowRight, KeyOK, KeyBack:
		return true
	}
	return false
}

// settleDisplay wakes the display for a hand or a call and has it looked after
// while nobody needs it.
func (t *turn) settleDisplay() {
	needed := t.displayNeeded()
	if t.hand || needed {
		t.touched = t.at
		t.setDisplay(DisplayOn)
	}
	tm, next := Timer{Kind: TimerDisplay}, t.displayDue()
	switch {
	case next.IsZero() || needed:
		t.stop(tm)
	case !t.running(tm) || next.Before(t.lookAt): // a hand need not restart it
		t.lookAt = next
		t.start(tm, max(next.Sub(t.at), time.Millisecond)) // it may be overdue: the wait became shorter
	}
}

// displayDue is when an idle display goes on to dim or to sleep; zero: never.
func (s *State) displayDue() time.Time {
	var due time.Time
	if d := s.settings.DisplaySleep; d > 0 && s.display != DisplayOff {
		due = s.touched.Add(d)
	}
	if d := s.settings.DisplayDim; d > 0 && s.display == DisplayOn {
		if dim := s.touched.Add(d); due.IsZero() || dim.Before(due) {
			due = dim
		}
	}
	return due
}

// displayTimer dims or sleeps. A hand that came meanwhile did not restart the
// timer, so it may be early.
func (t *turn) displayTimer() {
	idle := t.at.Sub(t.touched)
	is := func(after time.Duration) bool { return after > 0 && idle >= after }
	switch {
	case t.displayNeeded():
	case is(t.settings.DisplaySleep):
		t.setDisplay(DisplayOff)
	case is(t.settings.DisplayDim) && t.display == DisplayOn:
		t.setDisplay(DisplayDim)
	}
}

// Of Settings.Brightness, percent.
const (
	brightnessStep  = 20
	leastBrightness = 10
)

func (t *turn) nextBrightness() {
	n := t.settings.Brightness/brightnessStep*brightnessStep + brightnessStep
	if n > 100 {
		n = brightnessStep
	}
	t.change(SetBrightness, itoa(n))
}

// waits are those that the menu steps through.
var waits = []time.Duration{0, time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour}

func (t *turn) nextWait(name string, now time.Duration) {
	t.change(name, itoa(int(after(waits, now)/time.Second)))
}

func waitWord(d time.Duration) string {
	switch {
	case d == 0:
		return "@never"
	case d < time.Minute:
		return itoa(int(d/time.Second)) + " s"
	}
	return itoa(int(d/time.Minute)) + " min"
}
