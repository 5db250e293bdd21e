package phone

import "slices"

// turn is one Step at work: a State that may be changed and the effects so far.
type turn struct {
	State
	out  []Effect
	hand bool // this event is a finger's or the hook's
	soon bool // who is left on hold recalls soon: the handset was put down on him
}

// Step is the phone. It returns the State after e and what the world has to
// do, in order; SetAudio comes first when there is one, so that microphones
// close before anything else happens. s is not changed. Step is safe for
// concurrent use because it shares nothing but immutable parts.
func Step(s State, e Event) (State, []Effect) {
	t := turn{State: s.clone()}
	if t.seq == 0 {
		t.at, t.boot, t.touched = e.At, e.At, e.At
	}
	if e.At.After(t.at) {
		t.at = e.At
	}
	t.seq++
	t.ended = false
	before := t.screen()
	beforeFocus := t.focus
	t.apply(e.What)
	t.settle(before, beforeFocus)
	return t.State, t.out
}

func (t *turn) emit(e Effect) { t.out = append(t.out, e) }

// apply hands the event to the user story that it belongs to.
func (t *turn) apply(w What) {
	switch w := w.(type) {
	case KeyDown, KeyUp, HookMoved, HeadsetPlugged:
		t.hand = true
		t.applyHand(w)
	case TimerFired:
		t.timerFired(w)
	case Heartbeat:
	case Dial, Answer, Reject, End, SetMute, SetHolding, Digits, Record, SetVolume, Reconnect,
		Transfer, Conference, Park, Retrieve:
		t.applyCommand(w)
	case LinesConfigured, EmergencyLineKept, LineChanged, SessionChanged, ProblemsChanged, SettingsChanged, MessageWaiting, HistoryLoaded:
		t.applyService(w)
	default:
		if !t.applyDesk(w) && !t.applySupport(w) {
			t.applyCall(w)
		}
	}
}

func (t *turn) applyHand(w What) {
	switch w := w.(type) {
	case KeyDown:
		t.keyDown(w.Key)
	case KeyUp:
		t.keyUp(w.Key)
	case HookMoved:
		t.hookMoved(w.OffHook)
	case HeadsetPlugged:
		t.headsetPlugged(w.In)
	}
}

func (t *turn) applyCommand(w What) {
	switch w := w.(type) {
	case Dial:
		t.dialCommand(w)
	case Answer:
		t.answerCommand(w.Call)
	case Reject:
		t.rejectCommand(w.Call)
	case End:
		t.endCommand(w.Call)
	case SetMute:
		t.muteCommand(w.On)
	case SetHolding:
		t.holdCommand(w)
	case Digits:
		t.digitsCommand(w)
	case Record:
		t.recordCommand(w)
	case SetVolume:
		t.setVolume(t.path, w.Percent)
	case Reconnect:
		t.emit(AskReconnect{})
	case Transfer:
		t.transferCommand(w)
	case Conference:
		t.conferenceCommand(w.On)
	case Park:
		t.parkCommand(w)
	case Retrieve:
		t.retrieveCommand(w)
	}
}

func (t *turn) applyService(w What) {
	switch w := w.(type) {
	case LinesConfigured:
		t.linesConfigured(w.Lines)
	case EmergencyLineKept:
		t.spare = w.Line
	case LineChanged:
		t.lineChanged(w)
	case SessionChanged:
		t.session = w.Session
	case ProblemsChanged:
		t.problems = slices.Clone(w.Problems)
	case SettingsChanged:
		t.settingsChanged(w.Settings)
	case MessageWaiting:
		t.messageWaiting(w)
	case HistoryLoaded:
		t.historyLoaded(w.Calls)
	}
}

func (t *turn) applyCall(w What) {
	switch w := w.(type) {
	case CallArrived:
		t.callArrived(w)
	case CallProgress:
		t.callProgress(w)
	case CallAnswered:
		t.callAnswered(w.Call)
	case CallConfirmed:
		t.callConfirmed(w.Call)
	case CallGone:
		t.callGone(w)
	case CallIdentified:
		t.callIdentified(w)
	case MediaUp:
		t.mediaUp(w)
	case MediaFailed:
		t.mediaFailed(w)
	case HoldDone:
		t.holdDone(w)
	case RemoteHeld:
		t.remoteHeld(w)
	case DigitSent:
		t.digitSent(w)
	case RecordingReported:
		t.recordingReported(w)
	case QualitySampled:
		t.qualitySampled(w)
	default:
		t.applyMove(w)
	}
}

// applyMove is what moves calls about: transfers, redirection, parking.
func (t *turn) applyMove(w What) {
	switch w := w.(type) {
	case TransferNews:
		t.transferNews(w)
	case TransferDone:
		t.transferDone(w)
	case TransferAsked:
		t.transferAsked(w)
	case CallMoved:
		t.callMoved(w)
	case CallRedirected:
		t.callRedirected(w)
	case ParkSlots:
		t.parkSlots(w)
	case ParkResult:
		t.parkResult(w)
	case MediaSilent:
		t.mediaSilent(w)
	case MutedSpeech:
		t.mutedSpeech()
	}
}

// of returns the live call that a result is about, nil if the result is stale.
func (t *turn) of(r CallRef) *call {
	if c := t.call(r.ID); c != nil && c.gen == r.Gen && c.live() {
		return c
	}
	return nil
}

// settle derives everything that is a function of the State: the focus, the
// recall and waiting timers, the soft keys and the audio plan.
func (t *turn) settle(before Screen, beforeFocus CallID) {
	if t.choice > 0 && t.choice > len(t.suggestions()) { // a list that went away
		t.choice = 0
	}
	t.settlePark()
	t.settleTransfer()
	t.settleConf()
	t.settleAsked()
	t.sweep()
	t.settleFocus()
	t.settlePath()
	t.settleMute()
	t.settleMuteReminder()
	t.settleWaiting()
	t.settleRecall()
	t.settlePage()
	t.settleWatches()
	t.settleConfig()
	t.settleOffer()
	t.settleSignIn()
	t.settleConsent()
	t.settleAutoLock()
	t.settleDisplay()
	t.settleParkWatch()
	if s := t.screen(); s != before || t.focus != beforeFocus {
		t.morePage = 0
		t.closeLetters()
	}
	t.settleLabels()
	if p := t.audioPlan(); !p.Equal(t.plan) {
		t.plan = p
		t.out = slices.Insert(t.out, 0, Effect(SetAudio{Plan: p}))
	}
}

// sweep forgets calls that are over and not on the screen.
func (t *turn) sweep() {
	t.calls = slices.DeleteFunc(t.calls, func(c call) bool { return c.State == Ended && c.ID != t.shown })
}

// settleFocus gives the focus to the call that had it last, unless somebody
// is dialling.
func (t *turn) settleFocus() {
	if t.focus != 0 && !slices.Contains(t.order, t.focus) {
		t.focus = 0
	}
	if t.focus == 0 && len(t.order) > 0 && !t.dialScreen() {
		t.focus = t.order[0]
	}
}

// dialScreen: the dial screen may keep the focus from the calls.
func (s *State) dialScreen() bool { return s.station != stationNone && s.station != stationQuiet }

// settlePath closes a loudspeaker or headset that nobody uses any more. Only a
// lifted handset stays open by itself; it goes quiet.
func (t *turn) settlePath() {
	if t.path == PathNone || t.station != stationNone || t.busyPath() {
		return
	}
	handset := t.path == PathHandset || t.path == PathGroup
	switch held := t.held() != nil; {
	case held && (handset || !t.ended):
		// The ear, or the hand that pressed Hold, is still there.
	case handset:
		t.setPath(PathHandset, "end")
		t.quiet(!t.anyLive())
	default:
		t.setPath(PathNone, "end")
	}
}

// setFocus moves the focus and remembers it.
func (t *turn) setFocus(id CallID) {
	t.focus = id
	if i := slices.Index(t.order, id); i > 0 {
		t.order = slices.Insert(slices.Delete(t.order, i, i+1), 0, id)
	}
}

func (t *turn) setPath(p Path, cause string) {
	if p == t.path {
		return
	}
	t.publish("path-changed", "", detail{"from": t.path.String(), "to": p.String(), "cause": cause})
	t.path = p
}

// setState moves a call on and publishes the change if its word changed.
func (t *turn) setState(c *call, s CallState) {
	was := statusWord(c)
	c.State = s
	if now := statusWord(c); now != was {
		t.publishCall("state-change", c, detail{"oldState": was, "newState": now})
	}
}
