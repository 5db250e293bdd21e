package phone

// screen is what the display is about now.
func (s *State) screen() Screen { return s.screenFor(s.focus) }

// screenFor is the screen that a focus makes.
func (s *State) screenFor(focus CallID) Screen {
	if c := s.call(focus); c != nil && c.live() {
		if s.page.call == focus {
			return s.page.screen
		}
		return s.callScreen(c)
	}
	switch s.station {
	case stationPredial:
		return ScreenPredial
	case stationDialtone:
		if !s.service() {
			return ScreenNoService
		}
		return ScreenDialtone
	case stationDialing:
		return ScreenDialing
	case stationTransfer:
		if s.picking() {
			return s.page.screen
		}
		return ScreenXferDial
	case stationReorder, stationHowler:
		return ScreenHangUp
	}
	if p := s.parkScreen(); p != "" {
		return p
	}
	if s.page.screen != "" {
		return s.page.screen
	}
	if c := s.call(s.shown); c != nil {
		if c.failed() {
			return ScreenFailed
		}
		return ScreenEnded
	}
	return s.idleScreen()
}

func (s *State) callScreen(c *call) Screen {
	if p := s.moveScreen(c); p != "" {
		return p
	}
	switch c.State {
	case Dialing:
		return ScreenCalling
	case Alerting:
		return ScreenRingback
	case Incoming:
		if s.talking() != nil || s.knocking(c) {
			return ScreenWaiting
		}
		return ScreenIncoming
	}
	switch {
	case c.OnHold:
		return ScreenHeld
	case c.RemoteHold:
		return ScreenRemoteHeld
	case s.held() != nil:
		return ScreenActiveHeld
	}
	return ScreenActive
}

// moveScreen is the screen of a call that is being handed on, joined or parked,
// "" if it is none of them.
func (s *State) moveScreen(c *call) Screen {
	x := s.xfer
	switch {
	case c.State == Incoming || c.State == Answering:
		return ""
	case s.question.on && s.question.Call.ID == c.ID:
		return ScreenXferAsked
	case s.park.call == c.ID && s.park.stage == parkPick:
		return ScreenParkPick
	case s.park.call == c.ID && s.park.pending():
		return ScreenParking
	case s.park.call == c.ID && s.park.stage == parkDone:
		return ScreenParked
	case x.has(c.ID) && (x.stage == TransferPending || x.stage == TransferCancel):
		return ScreenXferPending
	case x.stage == TransferConsult && c.ID == x.other && c.State != Active:
		return ScreenXferRinging
	case x.stage == TransferConsult && x.has(c.ID):
		if b := s.call(x.other); b != nil && b.State == Active {
			return ScreenXferConsult
		}
	case s.inConf(c.ID):
		return ScreenConference
	}
	return ""
}

// idleScreen: nobody calls and nobody dials.
func (s *State) idleScreen() Screen {
	switch {
	case s.locked():
		return ScreenLocked
	case s.session.State == SessionPending:
		return ScreenSigningIn
	case s.session.State == SessionLost, len(s.lines) == 0:
		return ScreenUnprovisioned
	case s.noService():
		return ScreenNoService
	}
	return ScreenIdle
}

// View is the immutable snapshot that everybody else sees.
func (s State) View() View {
	v := View{
		At: s.at, Seq: s.seq,
		Screen: s.screen(), SoftKeys: s.softKeys(),
		Lines: s.lines, Calls: make([]CallView, len(s.calls)),
		Focus: s.focus, Path: s.path, OffHook: s.offHook, Headset: s.headset, Muted: s.muted,
		DND: s.settings.DND, Session: s.session, Problems: s.problems, Settings: s.settings,
		Input: s.input, Toast: s.toast, Volume: s.volume, MWI: s.mwiView(), Missed: s.missed,
		Plan: s.plan, LastNumber: s.last.typed, Recall: s.recall.call, Recent: s.recent,
	}
	s.deskView(&v)
	v.Transfer, v.Conference, v.Park = s.transferView(), s.conf, s.parkView()
	switch v.Screen {
	case ScreenXferDial:
		v.Menu = s.transferMenu()
	case ScreenParkPick:
		v.Menu = s.parkMenu()
	}
	for i := range s.calls {
		v.Calls[i] = s.calls[i].CallView
	}
	if v.Focus == 0 && (v.Screen == ScreenEnded || v.Screen == ScreenFailed) {
		v.Focus = s.shown
	}
	return v
}

// Call returns a call of the View.
func (v View) Call(id CallID) (CallView, bool) {
	for _, c := range v.Calls {
		if c.ID == id {
			return c, true
		}
	}
	return CallView{}, false
}
