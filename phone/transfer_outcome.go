package phone

// transferNews: the transferred call rings there.
func (t *turn) transferNews(e TransferNews) {
	c := t.of(e.Call)
	if c == nil || t.xfer.stage != TransferPending || t.xfer.call != c.ID {
		return
	}
	if e.Code >= 180 && e.Code < 200 {
		t.xfer.ringing = true
	}
	t.start(Timer{Kind: TimerTransfer}, t.settings.Timers.Transfer)
}

// transferDone is the outcome.
func (t *turn) transferDone(e TransferDone) {
	c := t.of(e.Call)
	if c == nil {
		return
	}
	ours := t.xfer.stage == TransferPending && t.xfer.call == c.ID
	switch {
	case e.OK:
		t.transferred(c, ours)
	case ours:
		t.transferFailed(c, e)
	}
}

// transferred: the two talk to each other, and we are out of it.
func (t *turn) transferred(a *call, ours bool) {
	x := t.xfer
	var b *call
	if ours {
		t.xfer = transfer{}
		t.stop(Timer{Kind: TimerTransfer})
		if x.attended {
			b = t.call(x.other)
		}
		a.unsure = !x.attended && !x.ringing
	}
	t.publishCall("call-transferred", a, detail{"phoneNumber": x.target})
	t.say(ToastTransferred, x.target, false)
	t.endCall(a, CauseTransferred, 0)
	if b != nil && b.live() {
		t.endCall(b, CauseTransferred, 0)
	}
}

// transferFailed takes the caller back wherever his dialog still lives.
func (t *turn) transferFailed(a *call, e TransferDone) {
	x := t.xfer
	t.stop(Timer{Kind: TimerTransfer})
	cause := CauseOf(e.Code)
	if e.Code == 0 || cause == CauseNone {
		cause = CauseNotAvailable
	}
	t.publishCall("transfer-failed", a, detail{"reason": string(cause), "code": e.Code, "phoneNumber": x.target, "recovered": e.Recovered})
	t.blip()
	b := t.call(x.other)
	consulting := x.attended && !x.joining && b != nil && b.State == Active
	t.xfer = transfer{}
	if consulting && e.Recovered {
		x.stage, x.attended, x.ringing = TransferConsult, false, false
		t.xfer = x
	}
	if !e.Recovered {
		t.endCall(a, CauseTransferFailed, e.Code)
		return
	}
	a.returned = t.at
	switch {
	case consulting && t.path != PathNone:
		t.failToast(ToastTransferFailed, x.target, cause, a)
	case !consulting && t.takeBackFirst(a):
		t.failToast(ToastTransferBack, x.target, cause, a)
	case t.heldOnly():
		t.recall = recall{call: a.ID}
		t.setFocus(a.ID)
		t.failToast(ToastTransferRecall, x.target, cause, a)
		t.start(Timer{Kind: TimerHoldRecall}, t.settings.Timers.Ring)
	default:
		t.failToast(ToastTransferHeld, x.target, cause, a)
	}
}

// failToast says who could not be reached, why, and where the caller is.
func (t *turn) failToast(code, target string, why Cause, a *call) {
	t.say(code, target, true)
	t.toast.Why, t.toast.Who = why, a.Party.label()
}

// transferTimer is a step of the transfer that took too long, or long enough.
func (t *turn) transferTimer() {
	a := t.call(t.xfer.call)
	switch t.xfer.stage {
	case TransferCancel:
		t.blindTo(t.xfer.target)
	case TransferPending:
		if a != nil && a.State == Active {
			t.transferFailed(a, TransferDone{Call: a.ref(), Recovered: true})
		}
	case TransferReturn:
		t.xfer = transfer{}
		t.tone = ToneNone
		if a != nil {
			t.takeBackFirst(a)
		}
	}
}

// comeBack: the consultation is over by itself. The ear hears that, and after a
// second the first party.
func (t *turn) comeBack(a, b *call) {
	t.stop(Timer{Kind: TimerTransfer})
	if t.path == PathNone || t.talking() != nil || t.dialScreen() {
		t.xfer = transfer{}
		return
	}
	t.clearStation()
	t.tone = ToneDisconnect
	if b != nil && b.Cause == CauseBusy {
		t.tone = ToneBusy
	}
	t.xfer = transfer{stage: TransferReturn, call: a.ID, back: true, since: t.at}
	t.setFocus(a.ID)
	t.start(Timer{Kind: TimerTransfer}, returnAfter)
}

// afterTransferred is what a person sees and hears when a call was handed on.
// An exchange that never said that it rang there may have spoken too early:
// then calling him back is offered.
func (t *turn) afterTransferred(c *call) {
	if t.anyLive() || t.station != stationNone {
		return
	}
	if c.unsure {
		t.shown = c.ID
		t.start(Timer{Kind: TimerEnded}, transferSure)
	}
	switch {
	case t.path == PathNone:
	case t.path == PathHandset || t.path == PathGroup:
		t.setPath(PathHandset, "end")
		t.quiet(c.unsure)
		if !c.unsure {
			t.start(Timer{Kind: TimerDialtone}, dialtoneAfter)
		}
	default:
		t.setPath(PathNone, "end")
	}
}
