package phone

import (
	"errors"
	"fmt"
	"slices"
)

// Check reports every way in which a State contradicts itself; nil is a sound
// State. It is meant for tests, fuzzing and the field log.
func Check(s State) error {
	var c checker
	c.calls(&s)
	c.focus(&s)
	c.path(&s)
	c.plan(&s)
	c.timers(&s)
	c.softKeys(&s)
	c.desk(&s)
	c.moves(&s)
	return errors.Join(c.errs...)
}

type checker struct{ errs []error }

func (k *checker) must(ok bool, format string, a ...any) {
	if !ok {
		k.errs = append(k.errs, fmt.Errorf(format, a...))
	}
}

func (k *checker) calls(s *State) {
	talking := s.count((*call).talking)
	k.must(talking <= 1 || talking == len(s.conf) && s.inConf(s.talking().ID), "%d calls have the path", talking)
	seen := make(map[CallID]bool)
	legs := make(map[LegID]bool)
	for i := range s.calls {
		c := &s.calls[i]
		k.must(c.ID > 0 && c.ID <= s.nextCall && !seen[c.ID], "call %d: bad or double number", c.ID)
		seen[c.ID] = true
		k.must(c.gen > 0, "call %d: generation %d", c.ID, c.gen)
		if c.leg != "" && c.live() {
			k.must(!legs[c.leg], "leg %q has two calls", c.leg)
			legs[c.leg] = true
		}
		k.must(!c.OnHold || c.State == Active, "call %d: on hold while %s", c.ID, c.State)
		k.must(c.OnHold != c.HeldSince.IsZero(), "call %d: on hold %v since %v", c.ID, c.OnHold, c.HeldSince)
		k.must(c.State != Incoming && c.State != Answering || c.Direction == Inbound, "call %d: %s outbound", c.ID, c.State)
		k.must(c.State != Dialing && c.State != Alerting || c.Direction == Outbound, "call %d: %s inbound", c.ID, c.State)
		k.must(c.live() == c.EndedAt.IsZero(), "call %d: %s, ended at %v", c.ID, c.State, c.EndedAt)
		k.must(c.live() == (c.Cause == CauseNone), "call %d: %s with cause %q", c.ID, c.State, c.Cause)
		k.must(c.State != Active || !c.AnsweredAt.IsZero(), "call %d: active, never answered", c.ID)
		k.must(c.State != Ended || c.ID == s.shown, "call %d: ended but kept", c.ID)
		k.must(slices.Contains(s.order, c.ID) == c.live(), "call %d: %s, in focus order %v", c.ID, c.State, s.order)
		k.must(!c.talking() || s.path != PathNone, "call %d: %s without a path", c.ID, c.State)
	}
	k.must(len(s.order) == s.count((*call).live), "focus order %v for %d live calls", s.order, s.count((*call).live))
	if s.shown != 0 {
		c := s.call(s.shown)
		k.must(c != nil && !c.live(), "the ENDED screen shows call %d that is not over", s.shown)
	}
	k.must(!s.muted || s.find(func(c *call) bool { return c.State != Incoming }) != nil, "muted without a call")
	switch p := s.pending; p.kind {
	case pendingAnswer:
		c := s.call(p.call)
		k.must(c != nil && c.State == Answering, "call %d waits to be answered", p.call)
	case pendingResume:
		c := s.call(p.call)
		k.must(c != nil && isHeld(c), "call %d waits to be resumed", p.call)
	}
}

func (k *checker) focus(s *State) {
	if s.focus != 0 {
		c := s.call(s.focus)
		k.must(c != nil && c.live(), "focus on call %d that is not there", s.focus)
		return
	}
	k.must(len(s.order) == 0 || s.dialScreen(), "calls %v, but none has the focus", s.order)
}

func (k *checker) path(s *State) {
	k.must(s.path != PathHandset && s.path != PathGroup || s.offHook || s.running(Timer{Kind: TimerOnHook}),
		"path %s with the handset down", s.path)
	open := s.station != stationNone && s.station != stationPredial
	k.must(!open || s.path != PathNone, "station %d without a path", s.station)
	k.must(s.station != stationPredial || s.path == PathNone, "on-hook dialling on path %s", s.path)
	k.must(s.path == PathNone || open || s.busyPath() || s.held() != nil, "path %s is open for nobody", s.path)
	k.must(s.talking() == nil || s.station == stationNone, "station %d beside a call in progress", s.station)
	k.must(s.input.Text == "" || s.station == stationPredial || s.station == stationDialing || s.station == stationTransfer, "input %q at station %d", s.input.Text, s.station)
	k.must(s.input.Cursor >= 0 && s.input.Cursor <= len(s.input.Text), "cursor %d in %q", s.input.Cursor, s.input.Text)
}

func (k *checker) plan(s *State) {
	p := s.plan
	k.must(p.Equal(s.audioPlan()), "audio plan %+v, derived is %+v", p, s.audioPlan())
	if p.Path == PathNone {
		k.must(p.Mic == 0 && len(p.Listen) == 0 && p.Tone == ToneNone, "sound without a path: %+v", p)
	}
	if p.Mic != 0 {
		c := s.call(p.Mic)
		k.must(c != nil && c.talking() && !c.OnHold, "microphone to call %d", p.Mic)
	}
	k.must(p.Conference == (len(s.conf) > 0 && s.talking() != nil && s.inConf(s.talking().ID)) || s.path == PathNone, "conference in the plan: %v, of calls %v", p.Conference, s.conf)
	k.must(p.Conference && len(p.Listen) == len(s.conf) || len(p.Listen) <= 1, "heard at once: %v", p.Listen)
	for _, id := range p.Listen {
		c := s.call(id)
		k.must(c != nil && c.talking(), "call %d is heard", id)
	}
	k.must(!p.Ring.On || s.find(isRinging) != nil || s.recall.call != 0 || s.preview, "it rings for nobody")
	k.must(s.recall.call == 0 || s.heldOnly(), "recall of call %d while it is not the only thing", s.recall.call)
}

func (k *checker) timers(s *State) {
	gens := make(map[int]bool)
	for i, r := range s.timers {
		k.must(r.gen > 0 && r.gen <= s.gen && !gens[r.gen], "timer %+v: generation %d of %d", r.Timer, r.gen, s.gen)
		gens[r.gen] = true
		k.must(s.timerIndex(r.Timer) == i, "timer %+v runs twice", r.Timer)
		if r.Call != 0 {
			c := s.call(r.Call)
			k.must(c != nil && c.State != Ended && (c.State != Ending || r.Kind == TimerEnding), "timer %s of call %d outlives it", r.Kind, r.Call)
		}
		if r.Key != "" {
			_, held := s.keyHeld(r.Key)
			k.must(held, "timer %s of key %s that is up", r.Kind, r.Key)
		}
	}
	needs := func(when bool, tm Timer) {
		k.must(!when || s.running(tm), "timer %+v should run", tm)
	}
	for i := range s.calls {
		c := &s.calls[i]
		needs(c.State == Ending, Timer{Kind: TimerEnding, Call: c.ID})
		needs(c.State == Incoming, Timer{Kind: TimerRing, Call: c.ID})
		needs(c.State == Dialing || c.State == Alerting, Timer{Kind: TimerNoAnswer, Call: c.ID})
		needs(c.State == Active && !c.MediaUp, Timer{Kind: TimerMedia, Call: c.ID})
		needs(c.OnHold, Timer{Kind: TimerHoldRemind, Call: c.ID})
	}
	same := func(is bool, kind TimerKind) {
		k.must(is == s.running(Timer{Kind: kind}), "timer %s: runs %v, wanted %v", kind, !is, is)
	}
	same(s.pending.kind != pendingNone, TimerHoldWait)
	same(s.toast != nil, TimerToast)
	same(s.volume != nil, TimerOverlay)
	same(s.page.screen != "", TimerMenu)
	same(s.letters, TimerLetters)
	same(s.page.form != nil && (s.page.form.tap.key != 0 || s.page.form.peek), TimerTap)
	same(s.callback.left > 0 && s.callback.call == 0, TimerCallback)
	same(s.lockedOut(), TimerLockOut)
	same(s.preview, TimerPreview)
	inter := s.running(Timer{Kind: TimerInterDigit})
	k.must(inter == (s.station == stationDialing) || s.station == stationTransfer && s.input.Text != "", "timer inter_digit runs: %v at station %d", inter, s.station)
	same(s.xfer.underway(), TimerTransfer)
	same(s.question.on, TimerAsked)
	needs(s.park.pending() || s.park.stage == parkCheck, Timer{Kind: TimerPark})
	same(s.park.stage == parkDone || s.park.stage == parkAsk, TimerParked)
	same(len(s.mine()) > 0, TimerParkRemind)
	same(s.station == stationPredial, TimerPredial)
	same(s.heldOnly() && !s.recall.done, TimerHoldRecall)
	needs(s.station == stationReorder, Timer{Kind: TimerReorder})
	needs(s.shown != 0 && !s.running(Timer{Kind: TimerDialtone}), Timer{Kind: TimerEnded})
	k.must(s.station != stationDialtone || s.running(Timer{Kind: TimerFirstDigit}) || s.running(Timer{Kind: TimerReorder}),
		"dial tone without an end")
}

// softKeys: a label must be something that can be done.
func (k *checker) softKeys(s *State) {
	c := s.call(s.focus)
	in := func(states ...CallState) bool { return c != nil && slices.Contains(states, c.State) }
	for _, a := range s.softKeys() {
		ok := a == ActNone || s.legal(a, s.focus)
		switch a {
		case ActAnswer, ActReject, ActSilence:
			ok = ok && (in(Incoming) || a == ActReject && s.question.on)
		case ActEndAnswer:
			ok = ok && in(Incoming) && s.talking() != nil
		case ActEnd:
			ok = ok && in(Dialing, Alerting, Answering, Active)
		case ActHold:
			ok = ok && in(Active) && !c.OnHold && !c.emergency
		case ActResume:
			ok = ok && s.held() != nil
		case ActSwap:
			ok = ok && s.held() != nil && s.talking() != nil
		case ActTransfer:
			ok = ok && (s.transferable(c) || s.xfer.stage == TransferConsult && s.xfer.has(s.focus))
		case ActConnect:
			r, selected := s.transferRowNow()
			h := s.call(r.call)
			ok = ok && selected && h != nil && isHeld(h)
		case ActConsult, ActBlind:
			ok = ok && s.station == stationTransfer && s.entered() != ""
		case ActJoin:
			a, _ := s.joinableNow()
			ok = ok && (a != nil || s.xfer.conf)
		case ActSplit, ActDrop, ActPrivate:
			ok = ok && s.inConf(s.focus)
		case ActAccept:
			ok = ok && s.question.on
		case ActA, ActB, ActC, ActD:
			ok = ok && c != nil && c.takesDigits() && s.letters
		case ActRecord, ActMute, ActUnmute, ActQuality:
			ok = ok && in(Active)
		case ActDelete:
			ok = ok && (s.input.Text != "" || s.page.form != nil && len(s.page.form.text) > 0)
		case ActCall:
			ok = ok && (s.input.Text != "" || s.selectedID() != "" || s.station == stationTransfer && s.entered() != "" || s.forwardedShown() || s.page.record != nil)
		case ActForward:
			ok = ok && in(Incoming)
		case ActUnlock:
			ok = ok && s.locked()
		case ActMode:
			ok = ok && s.page.form != nil && s.page.form.kind.byTaps()
		case ActMenu, ActHistory, ActContacts, ActCallback:
			ok = ok && !s.locked()
		case ActYes, ActNo:
			ok = ok && (s.page.screen == ScreenConfirm || s.page.screen == ScreenOffer)
		}
		k.must(ok, "soft key %q on screen %s", a, s.screen())
	}
	now := s.labels.now()
	k.must(now.keys == s.softKeys() && now.focus == s.focus, "labels %v for call %d are not what is shown", now.keys, now.focus)
}
