package phone

import "slices"

// verdict is what becomes of an INVITE.
type verdict struct {
	ring   bool
	code   int    // of the refusal
	target string // of a 302
	cause  Cause
}

// screen decides about a caller (C1, C2): who is blocked or withholds the
// number is turned away, who is forwarded is sent on, DND lets only those
// through who may disturb.
func (t *turn) screenCaller(e CallArrived) verdict {
	s := &t.settings
	back := !t.emergency.IsZero() && t.at.Sub(t.emergency) < emergencyWindow
	who := t.contactOf(e.From.Number)
	switch {
	case back:
	case who != nil && who.Blocked || slices.ContainsFunc(s.Blocked, func(n string) bool { return sameNumber(n, e.From.Number) }):
		return verdict{code: 603, cause: CauseBlocked}
	case s.RejectAnonymous && Anonymous(e.From.Number):
		return verdict{code: 433, cause: CauseAnonymous} // RFC 5079
	case s.Forward.Always != "":
		return verdict{code: 302, target: s.Forward.Always, cause: CauseForwarded}
	case s.DND && !t.mayDisturb(who, e.From.Number):
		return verdict{code: 486, cause: CauseDND}
	}
	if t.noRoomFor() {
		if s.Forward.Busy != "" && t.find(func(c *call) bool { return c.emergency }) == nil {
			return verdict{code: 302, target: s.Forward.Busy, cause: CauseForwarded}
		}
		return verdict{code: 486, cause: CauseMissed}
	}
	return verdict{ring: true}
}

func (s *State) mayDisturb(who *ContactCard, number string) bool {
	return who != nil && who.VIP || slices.ContainsFunc(s.settings.VIP, func(n string) bool { return sameNumber(n, number) })
}

// noRoomFor another caller.
func (s *State) noRoomFor() bool {
	busy := s.find(func(c *call) bool { return c.State != Incoming }) != nil
	limit := maxWaiting
	if !busy {
		limit++
	}
	return s.find(func(c *call) bool { return c.emergency }) != nil ||
		s.count((*call).live) >= s.settings.MaxCalls ||
		busy && s.settings.NoCallWaiting ||
		s.count(isIncoming) >= limit
}

// forwardCall sends a ringing caller on (302).
func (t *turn) forwardCall(c *call, target string) {
	if c == nil || c.State != Incoming || target == "" {
		t.blip()
		return
	}
	sent := target
	if dialable(target) {
		sent, _ = t.digits.Rewrite(target)
	}
	talking, held := c.talking(), isHeld(c)
	t.over(c, Ending, CauseForwarded)
	t.emit(EndCall{Call: c.ref(), Code: 302, Target: sent})
	t.start(Timer{Kind: TimerEnding, Call: c.ID}, t.settings.Timers.Ending)
	t.afterEnd(c, talking, held, true)
	t.say(ToastForwarded, target, false)
}

// forwardNoAnswer: nobody came in time.
func (t *turn) forwardNoAnswer(c *call) {
	if c.State == Incoming && t.settings.Forward.NoAnswer != "" {
		t.forwardCall(c, t.settings.Forward.NoAnswer)
	}
}

// openForwardTo asks where to send a ringing caller.
func (t *turn) openForwardTo(c *call) {
	f := newForm("forward_call", "", FormNumber, "")
	t.openPage(page{screen: ScreenForm, form: f, call: c.ID})
}

// forwardRows are the targets that need no typing: the last one and voicemail.
func (s *State) forwardRows() []MenuItem {
	var items []MenuItem
	if s.settings.Voicemail != "" {
		items = append(items, MenuItem{ID: s.settings.Voicemail, Label: "@voicemail", Value: s.settings.Voicemail})
	}
	if n := s.settings.ForwardLast; n != "" && n != s.settings.Voicemail {
		items = append(items, MenuItem{ID: n, Label: s.nameOr(n), Value: n})
	}
	return items
}

// forwardKey turns forward always off, or on to where it went last.
func (t *turn) forwardKey() {
	switch {
	case t.settings.Forward.Always != "":
		t.change(SetForwardAlways, "")
		t.say(ToastForwardOff, "", false)
	case t.settings.ForwardLast != "":
		t.setForward(SetForwardAlways, t.settings.ForwardLast)
	default:
		t.openForm(newForm(SetForwardAlways, "", FormNumber, ""))
	}
}

func (t *turn) setForward(which, target string) {
	t.change(which, target)
	if target == "" {
		t.say(ToastForwardOff, "", false)
		return
	}
	t.change(SetForwardLast, target)
	t.say(ToastForwardOn, target, false)
}
