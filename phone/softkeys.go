package phone

import (
	"slices"
	"time"
)

// softKeys are the labels that stand under the display now.
func (s *State) softKeys() [4]Action {
	rows := s.rows(s.focus)
	return rows[s.morePage%len(rows)]
}

// withMore puts further actions on pages of three, behind More.
func withMore(a, b, c Action, more ...Action) [][4]Action {
	if len(more) == 0 {
		return [][4]Action{{a, b, c, ActNone}}
	}
	rows := [][4]Action{{a, b, c, ActMore}}
	for chunk := range slices.Chunk(more, 3) {
		row := [4]Action{3: ActMore}
		copy(row[:3], chunk)
		rows = append(rows, row)
	}
	return rows
}

func one(a, b, c, d Action) [][4]Action { return [][4]Action{{a, b, c, d}} }

// rows are all pages of soft keys of the screen that the given focus makes
// (C0.3). A key that could do nothing is left out; contacts take their places
// when they exist.
func (s *State) rows(focus CallID) [][4]Action {
	screen := s.screenFor(focus)
	if rows, ok := s.moveRows(screen); ok {
		return rows
	}
	if rows := s.pageRows(screen); rows != nil {
		return rows
	}
	if c := s.call(focus); c != nil && c.live() {
		return s.callRows(screen, c)
	}
	switch screen {
	case ScreenUnprovisioned:
		if e := s.emergencyAct(); e != ActNone {
			return withMore(ActSignIn, s.scanAct(), ActNetwork, ActMenu, e)
		}
		return one(ActSignIn, s.scanAct(), ActNetwork, ActMenu)
	case ScreenSigningIn:
		return s.signingInRows()
	case ScreenHangUp:
		return one(ActNone, ActNone, ActNone, ActCancel)
	case ScreenNoService:
		if s.station == stationDialtone {
			return one(ActWhy, ActNone, ActRetry, ActCancel)
		}
		return one(ActWhy, s.contactsAct(), ActRetry, ActMenu)
	case ScreenWhy:
		network := ActNetwork
		if s.locked() {
			network = ActNone
		}
		return one(ActRetry, ActNone, network, ActBack)
	case ScreenPredial, ScreenDialing:
		if s.input.Text == "" {
			return one(ActNone, ActNone, ActNone, ActCancel)
		}
		if screen == ScreenPredial {
			return one(ActCall, ActDelete, s.saveAct(s.input.Text), ActCancel)
		}
		return one(ActCall, ActDelete, s.contactsAct(), ActCancel)
	case ScreenDialtone:
		return one(s.dialtoneAct(), s.contactsAct(), s.parkedAct(), ActCancel)
	case ScreenEnded, ScreenFailed:
		if c := s.call(s.shown); c != nil && (c.unsure || c.Cause == CauseTransferFailed) && c.Party.Number != "" && !s.locked() {
			return one(ActCallBack, ActNone, ActNone, ActOK)
		}
		return s.endedRows(screen)
	}
	return one(ActHistory, s.contactsAct(), s.parkedAct(), ActMenu)
}

// parkedAct opens the list of who is parked, where the exchange has slots.
func (s *State) parkedAct() Action {
	if len(s.park.slots) == 0 || s.locked() {
		return ActNone
	}
	return ActPark
}

// dialtoneAct is SK1 with dial tone.
func (s *State) dialtoneAct() Action {
	switch {
	case s.held() != nil:
		return ActResume
	case s.last.typed != "" && !s.locked() && !s.settings.HistoryOff:
		return ActRedial
	}
	return ActNone
}

// callRows are the pages of a call that has the focus.
func (s *State) callRows(screen Screen, c *call) [][4]Action {
	speaker := ActSpeaker
	if s.path == PathSpeaker {
		speaker = ActNone
	}
	switch screen {
	case ScreenCalling, ScreenRingback:
		if c.emergency {
			return one(ActNone, ActEnd, speaker, ActNone)
		}
		if s.letters {
			return [][4]Action{letterRow}
		}
		var more []Action
		if c.takesDigits() { // somebody may be asking for them before the call is answered
			more = append(more, ActKeypad)
		}
		if speaker != ActNone {
			more = append(more, speaker)
		}
		return withMore(ActNone, ActEnd, ActNone, append(more, ActVolume)...)
	case ScreenIncoming, ScreenWaiting:
		return s.ringRows(c)
	case ScreenHeld:
		return withMore(ActResume, ActEnd, s.newAct(), s.heldMore(c)...)
	}
	if c.State == Answering {
		return one(ActNone, ActEnd, ActNone, ActNone)
	}
	if c.emergency {
		return one(ActNone, ActEnd, speaker, ActNone)
	}
	if s.letters {
		return [][4]Action{letterRow}
	}
	mute := ActMute
	if s.muted {
		mute = ActUnmute
	}
	var more []Action
	first, xfer := ActHold, ActNone
	if s.transferable(c) {
		xfer = ActTransfer
	}
	if s.held() != nil {
		first = ActSwap
		if a, _ := s.joinableNow(); a != nil {
			more = append(more, ActJoin)
		}
		more = append(more, ActHold)
	}
	if s.parkable(c) {
		more = append(more, ActPark)
	}
	if xfer != ActNone && s.held() == nil {
		more = append(more, ActConf)
	}
	more = append(more, ActRecord)
	if n := s.newAct(); n != ActNone {
		more = append(more, n)
	}
	more = append(more, mute, ActQuality, ActKeypad, ActVolume)
	if s.settings.FewKeys && speaker != ActNone {
		more = append(more, speaker)
	}
	return withMore(first, ActEnd, xfer, more...)
}

// heldMore are the further actions for a call on hold.
func (s *State) heldMore(c *call) []Action {
	var more []Action
	if s.transferable(c) {
		more = append(more, ActTransfer)
	}
	if s.parkable(c) {
		more = append(more, ActPark)
	}
	return more
}

func (s *State) ringRows(c *call) [][4]Action {
	silence := ActSilence
	if c.Silenced {
		silence = ActNone
	}
	if a := s.talking(); a != nil {
		if a.emergency || a.State == Answering {
			return one(ActNone, ActReject, silence, ActNone)
		}
		if s.locked() {
			return withMore(ActAnswer, ActReject, silence, ActEndAnswer)
		}
		return withMore(ActAnswer, ActReject, silence, ActForward, ActEndAnswer)
	}
	if s.locked() {
		return one(ActAnswer, ActReject, silence, ActNone)
	}
	return one(ActAnswer, ActReject, silence, ActForward)
}

// newAct is New, where there is room for another call.
func (s *State) newAct() Action {
	if s.count((*call).live) >= s.settings.MaxCalls {
		return ActNone
	}
	if a := s.talking(); a != nil && (a.State != Active || a.emergency) {
		return ActNone
	}
	return ActNew
}

// legal: the action may still be done for what had the focus.
func (s *State) legal(a Action, focus CallID) bool {
	if focus != 0 {
		if c := s.call(focus); c == nil || !c.live() {
			return false
		}
	} else if s.focus != 0 && !s.dialScreen() {
		return false
	}
	return slices.ContainsFunc(s.rows(focus), func(r [4]Action) bool { return slices.Contains(r[:], a) })
}

// labels remember what stood under the display lately, and for which call:
// what an eye has seen is older than the last change (C0.1).
type labels struct{ eras []era }

// era is a time in which the labels stayed the same.
type era struct {
	from  time.Time
	keys  [4]Action
	focus CallID
}

func (l *labels) reset(k [4]Action, focus CallID) {
	l.eras = []era{{keys: k, focus: focus}}
}

func (l labels) now() era { return l.eras[len(l.eras)-1] }

// seen is what stood there at t.
func (l labels) seen(t time.Time) era {
	for i := len(l.eras) - 1; i > 0; i-- {
		if !l.eras[i].from.After(t) {
			return l.eras[i]
		}
	}
	return l.eras[0]
}

// settleLabels notes a change of the labels. A change that the hand itself
// made counts at once: it knows what it did.
func (t *turn) settleLabels() {
	k, now := t.softKeys(), t.labels.now()
	if k == now.keys && t.focus == now.focus {
		return
	}
	if t.hand {
		t.labels.reset(k, t.focus)
		return
	}
	eras := make([]era, 0, 4)
	edge := t.at.Add(-t.settings.Timers.Settle)
	for i, e := range t.labels.eras {
		if i+1 == len(t.labels.eras) || t.labels.eras[i+1].from.After(edge) {
			eras = append(eras, e)
		}
	}
	t.labels.eras = append(eras, era{t.at, k, t.focus})
}

// meant is the action that a finger on soft key i means now.
func (s *State) meant(i int) Action {
	return s.labels.seen(s.at.Add(-s.settings.Timers.Settle)).keys[i]
}

// pressSoft does what the label said 300 ms ago, if that is still possible.
func (t *turn) pressSoft(i int) {
	was, now := t.labels.seen(t.at.Add(-t.settings.Timers.Settle)), t.labels.now()
	a := was.keys[i]
	same := was.keys == now.keys && was.focus == now.focus
	if a == ActNone || !same && !t.legal(a, was.focus) {
		t.blip()
		return
	}
	t.act(a, was.focus)
}

// act does a soft key's action for the call that had the focus.
func (t *turn) act(a Action, focus CallID) {
	c := t.call(focus)
	if t.actMove(a, c) {
		return
	}
	switch a {
	case ActMore:
		t.morePage++
	case ActCall, ActDelete, ActCancel, ActRedial, ActCallBack:
		t.actDial(a)
	case ActHistory:
		t.openHistory(false)
	case ActMenu:
		t.openPage(page{screen: ScreenMenu, menu: menuMain})
	case ActContacts, ActSave, ActMode, ActYes, ActNo, ActOpen, ActUnlock, ActEmergency, ActCallback, ActScan, ActNetwork, ActCertificate:
		t.actDesk(a)
	case ActSelect:
		t.selectItem()
	case ActBack:
		t.pageBack()
	case ActReport:
		t.emit(MakeReport{})
	case ActOK:
		t.okEnded()
	case ActWhy:
		t.openWhy()
	case ActRetry:
		t.retry()
	case ActSignIn, ActNext:
		if t.page.form != nil {
			t.formDone()
		} else {
			t.askSignIn()
		}
	case ActTypeIn:
		t.openEmail()
	case ActSpeaker:
		t.setPath(PathSpeaker, "key")
	case ActVolume:
		t.volumeKeys = true
		t.showVolume(t.volumePath())
	case ActMute, ActUnmute:
		t.setMuted(a == ActMute)
	case ActNew:
		t.newFromCall()
	case ActSwap:
		t.swap()
	case ActResume:
		if c == nil || !isHeld(c) {
			c = t.held()
		}
		if c != nil {
			t.resume(c, PathNone, "key")
		}
	default:
		if c != nil && c.live() {
			t.actCall(a, c)
		}
	}
}

// openWhy explains why there is no service; off hook it gives up dial tone.
func (t *turn) openWhy() {
	if t.station == stationDialtone {
		t.quiet(true)
	}
	t.openPage(page{screen: ScreenWhy})
}

func (t *turn) actDial(a Action) {
	switch a {
	case ActCall:
		if t.callRow() {
			return
		}
		if t.forwardedShown() && !t.dialScreen() {
			t.callForwarded(t.call(t.shown))
			return
		}
		t.sendInput(t.freePath(), "key")
	case ActDelete:
		if t.page.form != nil {
			t.editForm((*form).remove)
		} else if !t.deleteDigit() {
			t.blip()
		}
	case ActCancel:
		if t.page.form != nil && t.typed.busy {
			t.stopTrying()
		} else if t.page.form != nil {
			t.pageBack()
		} else if t.dialScreen() {
			t.cancelDialling()
		} else {
			t.emit(AskSignOut{})
		}
	case ActRedial, ActCallBack:
		if c := t.call(t.shown); c != nil {
			t.redialShown(c)
			return
		}
		t.redialLast()
	}
}

// actCall are the actions that need a call.
func (t *turn) actCall(a Action, c *call) {
	switch a {
	case ActEnd:
		t.end(c)
	case ActAnswer:
		if c.State == Incoming {
			t.answer(c, PathNone, "key")
		}
	case ActReject:
		if c.State == Incoming {
			t.endCall(c, CauseRejected, t.settings.RejectCode)
		}
	case ActSilence:
		t.silence(c)
	case ActForward:
		if t.page.form != nil {
			t.formDone()
		} else if c.State == Incoming {
			t.openForwardTo(c)
		}
	case ActEndAnswer:
		if c.State == Incoming {
			t.endAndAnswer(c)
		}
	case ActHold:
		if c.State == Active && !c.OnHold {
			t.hold(c)
		}
	case ActRecord:
		t.toggleRecording(c, Flip)
	case ActQuality:
		t.openQuality(c)
	case ActKeypad:
		t.openLetters()
	case ActA, ActB, ActC, ActD:
		d, _ := letter(a)
		t.sendLetter(c, d)
	}
}
