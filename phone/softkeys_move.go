package phone

// The soft keys of transfer, conference and parking (C0.3).

// moveRows are the pages of a screen of that kind; ok is false for others.
func (s *State) moveRows(screen Screen) (rows [][4]Action, ok bool) {
	x := s.xfer
	switch screen {
	case ScreenXferDial:
		return s.entryRows(), true
	case ScreenXferRinging:
		if x.conf {
			return one(ActNone, ActEnd, ActNone, ActCancel), true
		}
		return one(ActTransfer, ActEnd, ActNone, ActCancel), true
	case ScreenXferConsult:
		return s.consultRows(), true
	case ScreenXferPending:
		return one(ActNone, ActNone, ActNone, ActCancel), true
	case ScreenXferAsked:
		return one(ActAccept, ActReject, ActNone, ActNone), true
	case ScreenConference:
		return s.confRows(), true
	case ScreenParkPick:
		auto := ActNone
		for _, p := range s.park.slots {
			if !p.Occupied {
				auto = ActAuto
			}
		}
		park := ActPark
		if p, there := s.picked(); !there || p.Occupied {
			park = ActNone
		}
		return one(park, auto, ActNone, ActBack), true
	case ScreenParking:
		if s.park.stage == parkCheck {
			return one(ActNone, ActNone, ActNone, ActCancel), true
		}
		return one(ActNone, ActNone, ActNone, ActNone), true
	case ScreenParked:
		page := ActNone
		if s.settings.PageGroup != "" && !s.locked() {
			page = ActPage
		}
		return one(page, ActRetrieve, ActNone, ActOK), true
	case ScreenParkAsk:
		return one(ActDialIt, ActNone, ActNone, ActCancel), true
	case ScreenParkList:
		if len(s.parkedItems()) == 0 {
			return one(ActNone, ActRefresh, ActNone, ActBack), true
		}
		return one(ActRetrieve, ActRefresh, ActNone, ActBack), true
	}
	return nil, false
}

// entryRows: a consultation is the way that can't lose a caller, so it stands
// first.
func (s *State) entryRows() [][4]Action {
	r, selected := s.transferRowNow()
	switch {
	case selected && r.call != 0 && s.xfer.conf:
		return one(ActJoin, ActNone, s.contactsAct(), ActCancel)
	case selected && r.call != 0:
		return one(ActConnect, ActNone, s.contactsAct(), ActCancel)
	case s.entered() == "":
		return one(ActNone, ActNone, s.contactsAct(), ActCancel)
	case s.xfer.conf:
		return one(ActCall, ActNone, s.contactsAct(), ActCancel)
	}
	return one(ActConsult, ActBlind, s.contactsAct(), ActCancel)
}

func (s *State) consultRows() [][4]Action {
	swap := ActSwap
	if s.talking() == nil {
		swap = ActResume
	} else if s.held() == nil {
		swap = ActNone
	}
	if s.xfer.conf {
		return one(ActJoin, swap, ActNone, ActCancel)
	}
	conf := ActConf
	if len(s.conf) > 0 {
		conf = ActNone
	}
	return one(ActTransfer, swap, conf, ActCancel)
}

func (s *State) confRows() [][4]Action {
	first, mute := ActHold, ActMute
	if s.muted {
		mute = ActUnmute
	}
	if c := s.call(s.conf[0]); c != nil && c.OnHold {
		first = ActResume
	}
	return withMore(first, ActEnd, ActSplit, ActDrop, ActPrivate, mute, ActRecord, ActVolume)
}

// actMove does the actions of these screens and reports whether a was one that
// meant something here.
func (t *turn) actMove(a Action, c *call) bool {
	switch a {
	case ActTransfer:
		switch {
		case t.xfer.stage == TransferConsult && c != nil && t.xfer.has(c.ID):
			t.transferNow()
		case c != nil:
			t.startTransfer(c, false)
		}
	case ActConsult:
		t.consult()
	case ActConnect:
		t.consult()
	case ActBlind:
		t.blind()
	case ActConf:
		t.confAct(c)
	case ActJoin:
		t.joinAct()
	case ActSplit:
		t.split()
	case ActDrop:
		t.dropLast()
	case ActPrivate:
		if c != nil {
			t.private(c)
		}
	case ActAccept:
		t.answerAsked(true)
	case ActPark, ActAuto, ActRetrieve, ActRefresh, ActDialIt, ActPage:
		t.actPark(a, c)
	case ActCall:
		if t.station != stationTransfer || t.focus != 0 {
			return false
		}
		t.consult()
	case ActCancel:
		return t.cancelMove(c)
	case ActBack, ActOK:
		return t.moveBack()
	case ActReject:
		if !t.question.on || c == nil || c.State == Incoming {
			return false
		}
		t.answerAsked(false)
	case ActEnd:
		if c == nil || !t.inConf(c.ID) {
			return false
		}
		t.endConf()
	default:
		return false
	}
	return true
}

// confAct is Conf: with the consultation that goes on, or it asks whom to add.
func (t *turn) confAct(c *call) {
	if t.xfer.stage == TransferConsult && c != nil && t.xfer.has(c.ID) {
		if a, b := t.call(t.xfer.call), t.call(t.xfer.other); a != nil && b != nil {
			t.join(a, b)
			return
		}
	}
	t.startTransfer(c, true)
}

// joinAct is Join: of the consultation, of the selected held call, or of the
// call in progress and the one that was held last.
func (t *turn) joinAct() {
	switch {
	case t.station == stationTransfer && t.focus == 0:
		t.consult()
	case t.xfer.stage == TransferConsult && t.xfer.conf:
		t.transferNow()
	default:
		a, b := t.joinableNow()
		if a == nil {
			t.blip()
			return
		}
		t.join(b, a)
	}
}

func (t *turn) actPark(a Action, c *call) {
	switch a {
	case ActPark:
		switch {
		case t.park.stage == parkPick && c != nil && c.ID == t.park.call:
			t.parkPicked()
		case c != nil && c.live():
			t.openPick(c)
		default:
			t.openParked()
		}
	case ActAuto:
		t.parkAuto()
	case ActRefresh:
		t.start(Timer{Kind: TimerMenu}, t.settings.Timers.Menu)
		t.wantSlots("")
	case ActDialIt:
		t.dialAnyway()
	case ActPage:
		t.leaveParked()
		t.dialNumber(t.settings.PageGroup, "")
	case ActRetrieve:
		if t.park.stage == parkDone {
			slot := t.park.slot
			t.endParking()
			t.retrieve(order{typed: slot, number: slot, cause: "key"})
			return
		}
		t.retrieveSelected(PathNone, "key")
	}
}

// cancelMove is the way out of a transfer or of the question about a slot.
func (t *turn) cancelMove(c *call) bool {
	switch {
	case t.park.stage == parkCheck || t.park.stage == parkAsk:
		return t.moveBack()
	case t.xfer.stage == TransferNone || t.xfer.stage == TransferDial || c == nil || !t.xfer.has(c.ID):
		return false
	}
	t.cancelTransfer()
	return true
}

// moveOK is the OK key on one of these screens.
func (t *turn) moveOK() bool {
	switch t.screen() {
	case ScreenXferDial:
		t.consult()
	case ScreenXferAsked:
		t.answerAsked(true)
	case ScreenParkPick:
		t.parkPicked()
	case ScreenParkAsk:
		t.dialAnyway()
	case ScreenParked:
		t.leaveParked()
	default:
		return false
	}
	return true
}

// moveBack is Back on one of these screens.
func (t *turn) moveBack() bool {
	switch t.screen() {
	case ScreenXferDial:
		if !t.deleteDigit() {
			t.cancelTransfer()
		}
	case ScreenXferAsked:
		t.answerAsked(false)
	case ScreenParkPick:
		t.endParking()
	case ScreenParkAsk, ScreenParking:
		if t.park.pending() {
			return false
		}
		t.endParking()
		t.idleAfterCheck()
	case ScreenParked:
		t.leaveParked()
	default:
		return false
	}
	return true
}

// leaveParked takes "Parked on 701" away. While the server's BYE is waited for
// the call is ended, which it would be anyhow.
func (t *turn) leaveParked() {
	c := t.call(t.park.call)
	if c != nil && c.live() {
		t.endCall(c, CauseParked, 0)
	}
	t.endParking()
}
