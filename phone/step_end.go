package phone

import (
	"slices"
	"time"
)

// How long the tones of a finished call last (C5, C6).
const (
	failHandset    = 30 * time.Second
	failSpeaker    = 5 * time.Second
	failBusy       = 8 * time.Second
	disconnectTone = 5 * time.Second
	dialtoneAfter  = time.Second
)

// endCall says goodbye. The line is usable at once: nothing waits for the
// network to agree.
func (t *turn) endCall(c *call, cause Cause, code int) {
	if !c.live() {
		return
	}
	talking, held := c.talking(), isHeld(c)
	t.over(c, Ending, cause)
	t.emit(EndCall{Call: c.ref(), Code: code})
	t.start(Timer{Kind: TimerEnding, Call: c.ID}, t.settings.Timers.Ending)
	t.afterEnd(c, talking, held, true)
}

// callGone: the leg is over, whoever ended it.
func (t *turn) callGone(e CallGone) {
	c := t.call(e.Call.ID)
	if c == nil || c.gen != e.Call.Gen || c.State == Ended {
		return
	}
	if c.State == Ending {
		t.free(c)
		return
	}
	c.Code, c.detail = e.Code, e.Detail
	if t.retrieveGone(c, e) {
		return
	}
	talking, held := c.talking(), isHeld(c)
	t.over(c, Ended, goneCause(c, e, t.park.call == c.ID && (t.park.stage == parkSent || t.park.stage == parkDone)))
	t.emit(FreeCall{c.ref()})
	t.afterEnd(c, talking, held, false)
}

// goodbyeTimer: nobody answered our goodbye.
func (t *turn) goodbyeTimer(c *call) {
	if c.State == Ending {
		t.free(c)
	}
}

// free lets go of a call that we had ended.
func (t *turn) free(c *call) {
	t.stopCall(c.ID)
	t.setState(c, Ended)
	t.emit(FreeCall{c.ref()})
	t.consultGone(c)
}

// goneCause says why a call that we did not end is over. The BYE for a call that
// was parked may come before the server says so.
func goneCause(c *call, e CallGone, parked bool) Cause {
	switch {
	case parked && e.Cause != CauseNoConnection:
		return CauseParked
	case c.State == Incoming && e.Elsewhere:
		return CauseElsewhere
	case e.Cause != CauseNone:
		return e.Cause
	case c.State == Incoming || c.State == Answering:
		return CauseMissed
	case c.State == Active:
		return CauseRemote
	}
	if k := CauseOf(e.Code); k != CauseNone {
		return k
	}
	return CauseUnknown
}

// over takes a call out of everything but the screen, and writes it down.
func (t *turn) over(c *call, s CallState, cause Cause) {
	c.Cause, c.EndedAt = cause, t.at
	t.stopCall(c.ID)
	c.HeldSince, c.OnHold = time.Time{}, false
	t.setState(c, s)
	t.order = slices.DeleteFunc(t.order, func(id CallID) bool { return id == c.ID })
	t.ended = true
	t.noticeOver(c)
	t.callbackOver(c)
	t.record(CallRecord{
		Call: c.ID, Line: c.Line, Direction: c.Direction, Party: c.Party, CallerID: c.identity.Number,
		Outcome: cause, StartedAt: c.StartedAt, AnsweredAt: c.AnsweredAt, EndedAt: c.EndedAt,
	})
	switch c.ID {
	case t.pending.call:
		t.dropPending()
	case t.pending.wait:
		t.pendingDue()
	}
}

// record keeps a finished call for the history pages and the store.
func (t *turn) record(r CallRecord) {
	if t.settings.HistoryOff {
		t.emit(SaveCall{r})
		return
	}
	t.choice = 0
	recent := append(make([]CallRecord, 0, recentLimit), r)
	t.recent = append(recent, t.recent[:min(len(t.recent), recentLimit-1)]...)
	t.emit(SaveCall{r})
}

// afterEnd is what a person sees and hears when a call is over.
func (t *turn) afterEnd(c *call, talking, held, local bool) {
	switch c.Cause {
	case CauseTransferred:
		t.afterTransferred(c)
		return
	case CauseParked, CauseReplaced:
		t.afterMoved()
		return
	}
	t.referredGone(c)
	if !talking && !held { // it only rang
		t.afterRing(c)
		return
	}
	if t.anyLive() || !talking && t.station != stationNone {
		if !local {
			t.say(string(c.Cause), c.Party.label(), c.failed())
		}
		if talking && t.held() == nil && t.talking() == nil && t.onHandset() && t.pending.kind == pendingNone {
			t.quiet(false) // who waits rings now in full
		}
		return
	}
	t.shown = c.ID
	if t.path == PathGroup {
		t.setPath(PathHandset, "end")
	}
	switch {
	case t.path == PathNone:
		t.start(Timer{Kind: TimerEnded}, t.settings.Timers.Ended)
	case c.failed():
		t.failTone(c)
	case t.path != PathHandset:
		t.clearStation()
		t.setPath(PathNone, "end")
		t.start(Timer{Kind: TimerEnded}, t.settings.Timers.Ended)
	case local:
		t.quiet(false)
		t.start(Timer{Kind: TimerDialtone}, dialtoneAfter)
	default:
		t.quiet(true)
		t.tone = ToneDisconnect
		t.start(Timer{Kind: TimerTone}, disconnectTone)
		t.start(Timer{Kind: TimerEnded}, t.settings.Timers.Ended)
	}
}

// afterRing: a caller gave up, was refused, or somebody else took the call.
func (t *turn) afterRing(c *call) {
	if c.Cause == CauseMissed {
		t.missed++
		t.say(ToastMissed, c.Party.label(), false)
	}
	if t.station == stationQuiet && !t.anyLive() {
		t.quiet(true)
	}
}

// failTone plays why a call failed.
func (t *turn) failTone(c *call) {
	t.quiet(false)
	t.tone = ToneReorder
	limit := failSpeaker
	if c.Cause == CauseBusy {
		t.tone, limit = ToneBusy, failBusy
	}
	if t.path == PathHandset {
		limit = failHandset
		t.start(Timer{Kind: TimerReorder}, failHandset+t.settings.Timers.Howler)
	}
	t.start(Timer{Kind: TimerTone}, limit)
	t.start(Timer{Kind: TimerEnded}, limit)
}

// endedTimer takes the ENDED or FAILED screen away.
func (t *turn) endedTimer() {
	t.shown = 0
	if t.station == stationQuiet && (t.path == PathSpeaker || t.path == PathHeadset) {
		t.closePath("end")
	}
}

// dismiss takes the ENDED or FAILED screen and its tone away.
func (t *turn) dismiss() {
	if t.shown == 0 {
		return
	}
	t.shown = 0
	t.stop(Timer{Kind: TimerEnded})
	if t.station == stationQuiet {
		t.tone = ToneNone
		t.stop(Timer{Kind: TimerTone})
	}
}

// okEnded is the OK key of the ENDED and FAILED screens.
func (t *turn) okEnded() {
	t.dismiss()
	if t.station == stationQuiet && (t.path == PathSpeaker || t.path == PathHeadset) {
		t.closePath("key")
	}
}

// end is End by key or API for one call.
func (t *turn) end(c *call) {
	if t.xfer.stage == TransferConsult && t.xfer.other == c.ID {
		t.cancelTransfer()
		return
	}
	switch c.State {
	case Incoming:
		t.endCall(c, CauseRejected, t.settings.RejectCode)
	case Dialing, Alerting:
		t.endCall(c, CauseCancelled, 0)
	default:
		t.endCall(c, CauseHungUp, 0)
	}
}

func (t *turn) endCommand(id CallID) {
	c := t.pick(id, (*call).live)
	if c == nil {
		t.complain(id, "no call to end")
		return
	}
	t.end(c)
}

// endAll ends every call, at sign-out.
func (t *turn) endAll() {
	t.xfer = transfer{}
	t.stop(Timer{Kind: TimerTransfer})
	for i := range t.calls {
		t.end(&t.calls[i])
	}
}
