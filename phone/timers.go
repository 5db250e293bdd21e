package phone

import (
	"slices"
	"time"
)

// runningTimer is a timer that was started and has neither fired nor been
// stopped. Generations count up over the whole life of the State, so a firing
// that crossed a stop or a restart is told from the one that is meant.
type runningTimer struct {
	Timer
	gen int
}

func (t *turn) start(tm Timer, after time.Duration) {
	t.gen++
	if i := t.timerIndex(tm); i >= 0 {
		t.timers[i].gen = t.gen
	} else {
		t.timers = append(t.timers, runningTimer{tm, t.gen})
	}
	t.emit(StartTimer{Timer: tm, Gen: t.gen, After: after})
}

func (t *turn) stop(tm Timer) {
	if i := t.timerIndex(tm); i >= 0 {
		t.timers = slices.Delete(t.timers, i, i+1)
		t.emit(StopTimer{Timer: tm})
	}
}

func (t *turn) stopKinds(kinds ...TimerKind) {
	for _, k := range kinds {
		t.stop(Timer{Kind: k})
	}
}

// stopCall stops every timer of a call.
func (t *turn) stopCall(id CallID) {
	t.timers = slices.DeleteFunc(t.timers, func(r runningTimer) bool {
		if r.Call != id {
			return false
		}
		t.emit(StopTimer{Timer: r.Timer})
		return true
	})
}

func (s *State) timerIndex(tm Timer) int {
	return slices.IndexFunc(s.timers, func(r runningTimer) bool { return r.Timer == tm })
}

func (s *State) running(tm Timer) bool { return s.timerIndex(tm) >= 0 }

// timerFired drops what is stale and hands the rest to its story.
func (t *turn) timerFired(f TimerFired) {
	i := t.timerIndex(f.Timer)
	if i < 0 || t.timers[i].gen != f.Gen {
		return
	}
	t.timers = slices.Delete(t.timers, i, i+1)
	if f.Timer.Call != 0 {
		if c := t.call(f.Timer.Call); c != nil {
			t.callTimer(f.Timer, c)
		}
		return
	}
	switch f.Timer.Kind {
	case TimerLongPress, TimerRepeat:
		t.hand = true
		t.keyTimer(f.Timer)
	case TimerOnHook:
		t.hand = true
		t.onHook()
	case TimerFirstDigit, TimerReorder, TimerHowler, TimerInterDigit, TimerPredial, TimerTone, TimerDialtone, TimerHotLine:
		t.stationTimer(f.Timer.Kind)
	case TimerEnded:
		t.endedTimer()
	case TimerMenu:
		if t.page.screen == ScreenOffer && t.offer != nil && t.offer.Kind == OfferAccess { // its end is told
			t.start(Timer{Kind: TimerMenu}, t.settings.Timers.Menu)
			break
		}
		t.closePage()
	case TimerOverlay:
		t.volume, t.volumeKeys = nil, false
	case TimerToast:
		t.toast = nil
	case TimerHoldWait:
		t.pendingDue()
	case TimerHoldRecall:
		t.recallDue()
	case TimerCallWaiting:
		t.waitingDue()
	case TimerPreview:
		t.preview = false
	case TimerTap:
		t.tapDue()
	case TimerLockOut:
		t.lockUntil = time.Time{}
	case TimerDisplay:
		t.displayTimer()
	case TimerAutoLock:
		t.autoLockDue()
	case TimerCallback:
		t.callbackDue()
	case TimerTransfer:
		t.transferTimer()
	case TimerAsked:
		t.answerAsked(false)
	case TimerLetters:
		t.letters = false
	case TimerMuteRemind:
		t.muteReminderDue()
	case TimerPark, TimerParked, TimerParkRemind:
		t.parkTimer(f.Timer.Kind)
	}
}

// callTimer is a timer that belongs to one call.
func (t *turn) callTimer(tm Timer, c *call) {
	switch tm.Kind {
	case TimerNoAnswer:
		if c.State == Dialing || c.State == Alerting {
			t.endCall(c, CauseNoAnswer, 0)
		}
	case TimerRing:
		if c.State == Incoming {
			t.endCall(c, CauseMissed, 480)
		}
	case TimerForward:
		t.forwardNoAnswer(c)
	case TimerMedia:
		if c.live() && !c.MediaUp {
			t.endCall(c, CauseNoMedia, 0)
		}
	case TimerEnding:
		t.goodbyeTimer(c)
	case TimerHoldRemind:
		t.holdRemind(c)
	case TimerBanner:
		t.collapseBanner(c)
	}
}
