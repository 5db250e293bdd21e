package phone

import "time"

// order is a call to be made.
type order struct {
	typed, number string
	line          LineID
	identity      Party
	private       bool
	path          Path // PathNone: as freePath
	cause         string
	pickup        string  // the watched resource whose ringing call is taken over
	refer         ReferID // asked for by the far end of another call
	slot          string  // a park slot that was found taken by party
	party         Party   // who will be talked to, if that is not who is dialled
}

// freePath is where a call goes when nobody chose: an open path, a lifted
// handset, headset mode, the loudspeaker.
func (s *State) freePath() Path {
	switch {
	case s.path != PathNone:
		return s.path
	case s.offHook:
		return PathHandset
	case s.headset && !s.headsetOut:
		return PathHeadset
	}
	return PathSpeaker
}

// place makes the call, or says why not.
func (t *turn) place(o order) {
	emergency := t.isEmergency(o.typed) || t.isEmergency(o.number)
	if t.locked() && !emergency && o.cause != "api" {
		t.blip()
		t.say(ToastLocked, "", true)
		if t.station == stationDialing {
			t.reorder()
		}
		return
	}
	if _, parked := slotIn(t.park.slots, o.typed); parked && o.slot == "" && !emergency {
		t.retrieve(o)
		return
	}
	line, ok := t.lineFor(o.line, emergency)
	if !ok {
		t.failPlace(o, emergency)
		return
	}
	if !t.makeRoom(emergency) {
		if t.station == stationDialing {
			t.reorder()
		}
		return
	}
	if o.path == PathNone {
		o.path = t.freePath()
	}
	t.clearStation()
	t.dropPending()
	t.dismiss()
	t.closePage()
	t.setPath(o.path, o.cause)
	t.setMuted(false)
	if emergency {
		o.number, o.private = o.typed, false
		t.emergency = t.at
	} else {
		if o.refer == "" {
			t.remember(o, line)
		}
	}
	o.private = !emergency && (o.private || t.settings.Withhold || t.withhold)
	t.withhold = false
	if !o.private && o.identity.Number == "" {
		o.identity.Number = t.callerID()
	}
	if o.party.Number == "" {
		o.party = Party{Number: o.typed}
	}
	c := t.newCall(CallView{
		Line: line, Direction: Outbound, State: Dialing,
		Party: t.named(o.party), StartedAt: t.at,
	})
	c.dialled, c.identity, c.emergency = o.number, o.identity, emergency
	c.private = o.private
	if o.slot != "" {
		c.slot, c.Slot = o.slot, o.slot
	}
	t.setFocus(c.ID)
	t.emit(PlaceCall{
		Call: c.ref(), Line: line, Target: o.number, Identity: o.identity, Private: o.private, Pickup: o.pickup, Refer: o.refer, Emergency: emergency,
	})
	t.emit(LookUpParty{c.ref(), c.Party.Number})
	d := detail{"phoneNumber": o.typed, "direction": Outbound.String()}
	if o.identity.Number != "" {
		d["callerId"] = o.identity.Number
	}
	t.publishCall("call-started", c, d)
	t.publishCall("state-change", c, detail{"oldState": "idle", "newState": statusWord(c)})
	t.start(Timer{Kind: TimerNoAnswer, Call: c.ID}, t.settings.Timers.NoAnswer)
}

// newCall appends a call; the pointer is good until the next one.
func (t *turn) newCall(v CallView) *call {
	t.nextCall++
	v.ID = t.nextCall
	t.calls = append(t.calls, call{CallView: v, gen: 1})
	t.order = append(t.order, v.ID)
	return &t.calls[len(t.calls)-1]
}

// makeRoom holds the call in progress so that another can be made.
func (t *turn) makeRoom(emergency bool) bool {
	c := t.talking()
	if c != nil && c.State != Active {
		if !emergency {
			t.blip()
			t.say(ToastAnswerPending, "", true)
			t.complain(c.ID, "another call is being set up")
			return false
		}
		t.endCall(c, CauseCancelled, 0)
		c = nil
	}
	if c != nil && c.emergency {
		t.blip()
		t.complain(c.ID, "an emergency call can't be held")
		return false
	}
	if !emergency && t.count((*call).live) >= t.settings.MaxCalls {
		t.blip()
		t.say(ToastTooMany, "", true)
		t.complain(0, "no room for another call")
		return false
	}
	if c != nil {
		t.hold(c)
	}
	return true
}

// lineFor picks the line to dial on. Emergency calls take any.
func (s *State) lineFor(want LineID, emergency bool) (LineID, bool) {
	for _, id := range []LineID{want, s.settings.DefaultLine} {
		if l := s.line(id); l != nil && l.State == LineRegistered {
			return id, true
		}
	}
	for i := range s.lines {
		if s.lines[i].State == LineRegistered && (want == "" || emergency) {
			return s.lines[i].ID, true
		}
	}
	if emergency && len(s.lines) > 0 {
		if s.line(s.settings.DefaultLine) != nil {
			return s.settings.DefaultLine, true
		}
		return s.lines[0].ID, true
	}
	if emergency && s.spare.ID != "" {
		return s.spare.ID, true
	}
	return "", false
}

// failPlace: there is no line to dial on.
func (t *turn) failPlace(o order, emergency bool) {
	if emergency {
		t.say(ToastNoEmergency, o.typed, true)
	} else {
		t.say(ToastNoService, string(t.serviceCause()), true)
	}
	t.complain(0, "no registered line")
	t.blip()
	if t.path == PathNone && o.path != PathNone && o.cause != "api" {
		t.setPath(o.path, o.cause)
	}
	if t.path != PathNone && (!t.busyPath() || t.station == stationDialing) {
		t.reorder()
	}
}

// serviceCause is why the first line is not registered.
func (s *State) serviceCause() Cause {
	for _, l := range s.lines {
		if l.State != LineRegistered && l.Cause != CauseNone {
			return l.Cause
		}
	}
	return CauseNoService
}

func (s *State) isEmergency(number string) bool {
	for _, e := range s.settings.Emergency {
		if number == e && number != "" {
			return true
		}
	}
	return false
}

// emergencyWindow is how long after an emergency call a call back passes DND.
const emergencyWindow = 30 * time.Minute
