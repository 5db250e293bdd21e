package phone

import "time"

// recall is the ring of a call on hold that nobody takes back (C2, C0.5).
type recall struct {
	call CallID // rings now; 0: none does
	done bool   // it has rung in vain; not again until something changes
}

// hold puts an active call on hold, or the whole conference that it belongs to.
func (t *turn) hold(c *call) {
	if t.inConf(c.ID) {
		t.holdConf()
		return
	}
	t.holdOne(c)
}

// takeBack ends the hold of a call, or of the conference that it belongs to.
// Nobody else may be talking.
func (t *turn) takeBack(c *call) {
	if !t.inConf(c.ID) {
		t.takeBackOne(c)
		return
	}
	for _, id := range t.conf {
		if o := t.call(id); o.OnHold {
			t.takeBackOne(o)
		}
	}
}

// holdOne puts one call on hold. The microphone closes at once, by the plan; the
// far end is told by the effect.
func (t *turn) holdOne(c *call) {
	c.OnHold, c.HeldSince = true, t.at
	t.emit(HoldCall{Call: c.ref(), On: true})
	t.publishCall("sip-call-hold", c, detail{"onHold": true})
	t.start(Timer{Kind: TimerHoldRemind, Call: c.ID}, t.settings.Timers.HoldRemindFirst)
}

func (t *turn) takeBackOne(c *call) {
	c.OnHold, c.HeldSince = false, time.Time{}
	t.emit(HoldCall{Call: c.ref(), On: false})
	t.publishCall("sip-call-hold", c, detail{"onHold": false})
	t.stop(Timer{Kind: TimerHoldRemind, Call: c.ID})
}

// resume takes a held call back on path p; a call in progress is held first,
// in that order.
func (t *turn) resume(c *call, p Path, cause string) {
	a := t.talking()
	if a != nil && (a.State != Active || a.emergency) {
		t.blip()
		t.say(ToastAnswerPending, "", true)
		return
	}
	if p == PathNone {
		p = t.freePath()
	}
	if t.xfer.underway() && t.xfer.call == c.ID { // who is taken back is not handed on
		t.xfer = transfer{}
		t.stop(Timer{Kind: TimerTransfer})
	}
	t.dismiss()
	t.closePage()
	t.clearStation()
	t.dropPending()
	t.setPath(p, cause)
	t.setFocus(c.ID)
	if a == nil {
		t.takeBack(c)
		return
	}
	t.hold(a)
	t.await(pendingResume, c.ID, a.ID)
}

// swap holds the call in progress and takes the one back that was held last.
func (t *turn) swap() {
	if h := t.held(); h != nil {
		t.resume(h, t.path, "swap")
		return
	}
	t.blip()
}

// holdKey toggles the hold of the focused call; while somebody waits, of the
// call in progress.
func (t *turn) holdKey() {
	c := t.call(t.focus)
	if c == nil || c.State == Incoming {
		if c = t.talking(); c == nil && t.station != stationTransfer {
			c = t.held()
		}
	}
	switch {
	case c == nil || c.State != Active || c.emergency:
		t.blip()
	case c.OnHold:
		t.resume(c, PathNone, "key")
	default:
		t.hold(c)
	}
}

func (t *turn) holdCommand(e SetHolding) {
	c := t.pick(e.Call, func(c *call) bool { return c.State == Active })
	if c == nil || c.emergency {
		t.complain(e.Call, "no call to hold")
		return
	}
	switch on := e.On.Of(c.OnHold); {
	case on == c.OnHold:
	case on:
		t.hold(c)
	default:
		t.resume(c, PathNone, "api")
	}
}

// holdDone is the far end's answer. A hold that it refuses stays one on our
// side if another call has the path.
func (t *turn) holdDone(e HoldDone) {
	c := t.of(e.Call)
	if c == nil || c.State != Active {
		return
	}
	if t.pending.kind != pendingNone && t.pending.wait == c.ID && e.On {
		t.pendingDue()
		return
	}
	if e.OK || e.On != c.OnHold {
		return
	}
	switch {
	case t.inConf(c.ID) && e.On: // the other one stays on hold as well
		return
	case e.On && !t.busyPath() && t.station == stationNone && t.path != PathNone:
		c.OnHold, c.HeldSince = false, time.Time{}
		t.stop(Timer{Kind: TimerHoldRemind, Call: c.ID})
		t.say(ToastHoldFailed, c.Party.label(), true)
	case !e.On:
		c.OnHold, c.HeldSince = true, t.at
		t.start(Timer{Kind: TimerHoldRemind, Call: c.ID}, t.settings.Timers.HoldRemindFirst)
		t.say(ToastResumeFailed, c.Party.label(), true)
	default:
		return
	}
	t.blip()
	t.publishCall("sip-call-hold", c, detail{"onHold": c.OnHold})
}

func (t *turn) remoteHeld(e RemoteHeld) {
	c := t.of(e.Call)
	if c == nil || c.State != Active || c.RemoteHold == e.On {
		return
	}
	c.RemoteHold = e.On
	t.publishCall("remote-hold", c, detail{"onHold": e.On})
}

// holdRemind beeps for a call that is still on hold.
func (t *turn) holdRemind(c *call) {
	if !isHeld(c) {
		return
	}
	t.emit(PlayBeep{BeepHoldRemind})
	t.start(Timer{Kind: TimerHoldRemind, Call: c.ID}, t.settings.Timers.HoldRemind)
}

// heldOnly: the phone is idle but for calls on hold, the handset down.
func (s *State) heldOnly() bool {
	return s.path == PathNone && s.held() != nil && !s.xfer.underway() && s.count((*call).live) == s.count(isHeld)
}

// settleRecall runs the recall timer while only held calls are left: 5 s after
// a call beside them ended, 120 s after they were put on hold.
func (t *turn) settleRecall() {
	tm := Timer{Kind: TimerHoldRecall}
	if !t.heldOnly() {
		t.recall = recall{}
		t.stop(tm)
		return
	}
	if c := t.call(t.recall.call); t.recall.call != 0 && (c == nil || !isHeld(c)) {
		t.recall = recall{}
		t.stop(tm)
	}
	if t.recall.call != 0 || t.recall.done {
		return
	}
	if t.soon {
		t.start(tm, recallSoon)
	} else if t.ended {
		t.start(tm, t.settings.Timers.HoldRecall)
	} else if !t.running(tm) {
		t.start(tm, t.settings.Timers.HoldRecallIdle)
	}
}

// recallDue starts the recall ring, or ends it when nobody came.
func (t *turn) recallDue() {
	if t.recall.call != 0 {
		t.recall = recall{done: true}
		return
	}
	if h := t.held(); h != nil {
		t.recall.call = h.ID
		t.setFocus(h.ID)
		t.say(ToastHoldRecall, h.Party.label(), false)
		t.start(Timer{Kind: TimerHoldRecall}, t.settings.Timers.Ring)
	}
}

// setMuted closes or opens the microphone of the call in progress.
func (t *turn) setMuted(on bool) {
	if t.muted != on {
		t.muted = on
		t.emit(Publish{Notice{Name: "sip-call-mute", Call: t.focus, Detail: detail{"muted": on}}})
	}
}

// settleMute: mute belongs to the calls; without one there is none.
func (t *turn) settleMute() {
	if t.muted && t.find(func(c *call) bool { return c.State != Incoming }) == nil {
		t.setMuted(false)
	}
}

// muteKey mutes, or silences the phone while it rings.
func (t *turn) muteKey() {
	switch {
	case t.find(func(c *call) bool { return c.State != Incoming }) != nil:
		t.setMuted(!t.muted)
	case t.find(isRinging) != nil:
		t.silenceAll()
	case t.settings.MuteKeyDND && t.screen() == ScreenIdle:
		t.toggleDND()
	default:
		t.blip()
	}
}

func (t *turn) muteCommand(on Toggle) {
	if t.find(func(c *call) bool { return c.State != Incoming }) == nil {
		t.complain(0, "no call to mute")
		return
	}
	t.setMuted(on.Of(t.muted))
}
