package phone

import (
	"slices"
	"time"
)

// applyDesk hands on what neither hands nor calls bring.
func (t *turn) applyDesk(w What) bool {
	if t.displayCommand(w) {
		return true
	}
	switch w := w.(type) {
	case WatchChanged:
		t.watchChanged(w)
	case ContactsLoaded:
		t.contactsLoaded(w)
	case PINChecked:
		t.pinChecked(w)
	case PINSaved:
		t.pinSaved(w)
	case CallerIDsLoaded:
		t.ids = slices.Clone(w.Numbers)
	case DeviceChanged:
		t.device = w.Device
	case ConfigAsked:
		t.configAsked(w)
	case Offered:
		t.offered(w)
	case StickChanged:
		t.stickChanged(w.In)
	case ReportSaved:
		t.reportSaved(w.OK)
	case LicenceRead:
		t.licenceRead(w)
	case OfferEnded:
		t.offerEnded(w)
	case RemoteControl:
		t.remoteControl(w)
	case SignInWaysChanged:
		t.ways = w.Ways
	case SignInResult:
		t.signInResult(w)
	case WiFiHeard:
		t.wifiHeard(w)
	case NetworkRefused:
		t.say(ToastNetworkRefused, "", true)
	default:
		return false
	}
	return true
}

// deskView fills in what the View tells beside calls and lines.
func (s *State) deskView(v *View) {
	v.Keys = s.keyViews()
	v.Locked, v.Display = s.settings.Locked, s.display
	v.Lock = LockView{PINSet: s.settings.PINSet, Until: s.lockUntil}
	v.CallerIDs, v.Withhold, v.Device = s.ids, s.withhold || s.settings.Withhold, s.device
	v.Callback = s.callback.left > 0 || s.callback.call != 0
	v.NoEmergency = len(s.settings.Emergency) > 0 && !s.emergencyReady()
	switch {
	case s.page.screen != "":
		v.Menu = s.menuView()
	case s.station == stationPredial || s.station == stationDialing:
		v.Menu = s.suggestionView()
	}
	if s.page.form != nil {
		f := s.page.form.view()
		f.Busy = s.typed.busy
		v.Form = &f
	}
	v.Record, v.Text = s.page.record, s.page.text
	if s.page.screen == ScreenContact {
		v.Contact = s.contact(s.page.arg)
	}
	v.Filter, v.Remote = s.page.filter, s.remote
}

// pageRows are the soft keys of pages; nil: another screen is on.
func (s *State) pageRows(screen Screen) [][4]Action {
	row := func(is bool, a Action) Action {
		if is {
			return a
		}
		return ActNone
	}
	switch screen {
	case ScreenMenu:
		return one(row(len(s.menuEntries()) > 0, ActSelect), ActNone, ActNone, ActBack)
	case ScreenHistory:
		rows := s.historyRows()
		if len(rows) == 0 {
			return one(ActNone, ActNone, ActNone, ActBack)
		}
		return one(ActCall, ActOpen, s.saveAct(s.selectedID()), ActBack)
	case ScreenRecord:
		return s.recordRows()
	case ScreenQuality:
		return one(ActNone, ActEnd, ActNone, ActBack)
	case ScreenContacts:
		c := s.contact(s.selectedID())
		if s.picking() {
			return one(row(c != nil && len(c.Numbers) > 0, ActSelect), row(c != nil, ActOpen), ActNone, ActBack)
		}
		return one(row(c != nil && len(c.Numbers) > 0, ActCall), ActOpen, ActNone, ActBack)
	case ScreenContact:
		return one(ActSelect, ActNone, ActNone, ActBack)
	case ScreenVoicemail, ScreenEmergency:
		return one(row(s.selectedID() != "", ActCall), ActNone, ActNone, ActBack)
	case ScreenAbout:
		return one(row(s.selectedID() == licencesRow, ActSelect), ActNone, ActNone, ActBack)
	case ScreenLicences:
		return one(row(s.selectedID() != "", ActOpen), ActNone, ActNone, ActBack)
	case ScreenStatus, ScreenNetwork, ScreenLicence, ScreenCertificate:
		return one(ActNone, ActNone, ActNone, ActBack)
	case ScreenOffer:
		return one(row(s.offer != nil && s.offer.Kind != OfferAccess, ActYes), ActNone, ActNone, ActNo)
	case ScreenConfirm:
		return one(ActYes, ActNone, ActNone, ActNo)
	case ScreenForm:
		return s.formRows()
	case ScreenLocked:
		return one(ActUnlock, row(len(s.settings.Emergency) > 0, ActEmergency), ActNone, ActNone)
	}
	return nil
}

func (s *State) formRows() [][4]Action {
	f := s.page.form
	del, mode, done := ActNone, ActNone, ActSave
	if len(f.text) > 0 {
		del = ActDelete
	}
	if f.kind.byTaps() {
		mode = ActMode
	}
	if s.typed.busy {
		return one(ActNone, ActNone, ActNone, ActCancel)
	}
	switch f.id {
	case formEmail:
		done = ActNext
	case formPassword:
		return one(ActSignIn, del, mode, ActBack)
	case "unlock":
		done = ActUnlock
	case "forward_call":
		done = ActForward
	}
	return one(done, del, mode, ActCancel)
}

func (s *State) contactsAct() Action {
	if s.locked() {
		return ActNone
	}
	return ActContacts
}

// saveAct is Save for a number that nobody in the contacts has.
func (s *State) saveAct(number string) Action {
	if s.locked() || Anonymous(number) || s.contactOf(number) != nil || s.isEmergency(number) {
		return ActNone
	}
	return ActSave
}

// endedRows are those of a call that is over (C0.3).
func (s *State) endedRows(screen Screen) [][4]Action {
	c := s.call(s.shown)
	if c == nil || Anonymous(c.Party.Number) || s.locked() {
		return one(ActNone, ActNone, ActNone, ActOK)
	}
	if s.forwardedShown() { // the person may follow
		return one(ActCall, ActNone, ActContacts, ActOK)
	}
	if screen == ScreenEnded {
		return one(ActRedial, s.saveAct(c.Party.Number), ActReport, ActOK)
	}
	if s.mayCallBack(c) {
		return one(ActRedial, ActCallback, ActContacts, ActOK)
	}
	return one(ActRedial, ActNone, ActContacts, ActOK)
}

// actDesk are the soft keys of pages and of what leads to them.
func (t *turn) actDesk(a Action) {
	switch a {
	case ActContacts:
		if t.station == stationTransfer { // it goes on; a target is looked for, what was begun is not sent
			t.stop(Timer{Kind: TimerInterDigit})
			t.openPage(page{screen: ScreenContacts})
			return
		}
		if t.dialScreen() && t.path == PathNone {
			t.clearStation()
		} else if t.dialScreen() {
			t.quiet(true)
		}
		t.openContacts()
	case ActSave:
		switch {
		case t.page.form != nil:
			t.formDone()
		case t.page.screen == ScreenHistory:
			t.saveNumber(t.selectedID())
		case t.page.record != nil:
			t.saveNumber(t.page.record.Party.Number)
		case t.shown != 0:
			t.saveNumber(t.call(t.shown).Party.Number)
		default:
			t.saveNumber(t.input.Text)
		}
	case ActMode:
		if t.page.form != nil {
			t.editForm(func(f *form) bool { f.nextMode(); return true })
		}
	case ActYes:
		t.confirmed()
	case ActNo:
		t.pageBack()
	case ActOpen:
		switch {
		case t.page.screen == ScreenHistory:
			t.openRecord()
		case t.page.screen == ScreenContacts:
			t.openContact(t.selectedID())
		default:
			t.selectItem()
		}
	case ActUnlock:
		if t.page.form != nil {
			t.formDone()
		} else {
			t.openUnlock()
		}
	case ActEmergency:
		t.openPage(page{screen: ScreenEmergency})
	case ActScan:
		t.emit(ScanCode{})
		t.say(ToastScanning, "", false)
	case ActNetwork:
		t.openPage(page{screen: ScreenNetwork, parent: t.page.screen == ScreenWhy})
	case ActCertificate:
		t.openPage(page{screen: ScreenCertificate})
	case ActCallback:
		t.startCallback(t.call(t.shown))
	}
}

// callRow is Call on a list; false: no list is open.
func (t *turn) callRow() bool {
	switch t.page.screen {
	case ScreenHistory:
		t.dialSelected()
	case ScreenRecord:
		if t.page.record == nil {
			return false
		}
		t.callRecord(*t.page.record)
	case ScreenContacts, ScreenContact:
		t.callContact()
	case ScreenVoicemail, ScreenEmergency:
		t.selectItem()
	default:
		return false
	}
	return true
}

// pageDigit is a digit while a page is open: it goes into a form, narrows the
// contacts, or steers the list on phones without arrow keys.
func (t *turn) pageDigit(d byte) {
	switch {
	case t.page.form != nil:
		t.formDigit(d)
	case t.page.screen == ScreenContacts && d >= '0' && d <= '9':
		t.start(Timer{Kind: TimerMenu}, t.settings.Timers.Menu)
		p := t.page
		p.filter, p.index = p.filter+string(rune(d)), 0
		if len(p.filter) > maxFormRunes || len(t.State.filtered(p)) == 0 {
			t.blip()
			return
		}
		t.page = p
	default:
		t.listDigit(d)
	}
}

func (s State) filtered(p page) []*ContactCard {
	s.page = p
	return s.contactRows()
}

// remember is what REDIAL repeats, unless the history is off.
func (t *turn) remember(o order, line LineID) {
	if t.settings.HistoryOff || o.pickup != "" || o.cause == "retrieve" {
		return
	}
	t.last = lastNumber{o.typed, o.number, line}
}

// callerID is the number that calls show: the chosen one, while it is one of
// those that were provisioned.
func (s *State) callerID() string {
	for _, n := range s.ids {
		if n.Number == s.settings.CallerID {
			return n.Number
		}
	}
	return ""
}

// startHotLine lets a lifted handset call by itself.
func (t *turn) startHotLine() {
	if n := t.settings.HotLine; n != "" && !t.locked() && t.held() == nil {
		t.start(Timer{Kind: TimerHotLine}, max(t.settings.HotLineAfter, time.Millisecond))
	}
}
