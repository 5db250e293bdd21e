package phone

import (
	"slices"
	"time"
)

// Limits of C2.
const (
	maxWaiting    = 2 // callers that wait beside a call, or beside the first that rings
	waitingTones  = 6
	waitingPeriod = 10 * time.Second
)

// waiting counts call-waiting tones.
type waiting struct {
	on    bool
	tones int
}

// callArrived decides about an INVITE: refuse, ring, or let it wait.
func (t *turn) callArrived(e CallArrived) {
	if slices.ContainsFunc(t.calls, func(c call) bool { return c.leg == e.Leg && c.Direction == Inbound && c.State != Ended }) {
		return
	}
	if old := t.of(e.Replaces); old != nil && old.talking() {
		t.takeOver(e, old)
		return
	}
	waits := t.count(isIncoming)
	if v := t.screenCaller(e); !v.ring {
		t.refuse(e, v)
		return
	}
	free := !t.anyLive() && (t.path == PathNone || t.station == stationQuiet)
	if free {
		t.closePage()
		t.dismiss()
		t.makeQuietForRing()
	}
	c := t.newCall(CallView{
		Line: e.Line, Direction: Inbound, State: Incoming, Party: t.named(e.From), Via: e.Via, StartedAt: t.at,
	})
	c.leg, c.melody, c.knocks = e.Leg, e.Melody, free && t.onHandset()
	if who := t.contactOf(e.From.Number); who != nil && c.melody == "" {
		if c.melody = who.Melody; c.melody == "" && who.VIP {
			c.melody = melodyVIP
		}
	}
	if _, slot := slotIn(t.park.slots, e.From.Number); slot {
		c.Slot = e.From.Number
	}
	t.emit(RingCall{Call: c.ref(), Leg: e.Leg})
	t.emit(LookUpParty{c.ref(), e.From.Number})
	d := detail{"phoneNumber": e.From.Number}
	if e.From.Name != "" {
		d["callerName"] = e.From.Name
	}
	t.publishCall("incoming-call", c, d)
	t.publishCall("state-change", c, detail{"oldState": "idle", "newState": statusWord(c)})
	t.start(Timer{Kind: TimerRing, Call: c.ID}, t.settings.Timers.Ring)
	if t.settings.Forward.NoAnswer != "" {
		t.start(Timer{Kind: TimerForward, Call: c.ID}, t.settings.Forward.NoAnswerAfter)
	}
	if free && e.AutoReply && t.settings.AutoAnswer {
		t.intercom(c)
		return
	}
	t.waiting.tones = 0
	if t.talking() != nil || t.dialScreen() {
		t.setFocus(c.ID)
		t.start(Timer{Kind: TimerBanner, Call: c.ID}, t.settings.Timers.Banner)
	} else if waits == 0 {
		t.setFocus(c.ID)
	}
}

// makeQuietForRing ends the tones of a call that is over.
func (t *turn) makeQuietForRing() {
	if t.station != stationQuiet {
		return
	}
	t.quiet(false)
	if t.path == PathSpeaker || t.path == PathHeadset {
		t.clearStation()
		t.setPath(PathNone, "ring")
	}
}

// refuse turns an INVITE down before it became a call.
func (t *turn) refuse(e CallArrived, v verdict) {
	target := v.target
	if dialable(target) {
		target, _ = t.digits.Rewrite(target)
	}
	t.emit(RefuseLeg{Leg: e.Leg, Code: v.code, Target: target})
	t.nextCall++
	t.record(CallRecord{
		Call: t.nextCall, Line: e.Line, Direction: Inbound, Party: t.named(e.From),
		Outcome: v.cause, StartedAt: t.at, EndedAt: t.at,
	})
	if v.cause == CauseMissed {
		t.missed++
		t.say(ToastMissed, t.named(e.From).label(), false)
	}
}

// silence stops the local ring only; the caller still hears ringback.
func (t *turn) silence(c *call) {
	c.Silenced = true
}

// silenceAll is MUTE, or VOL− held for a second, while the phone rings.
func (t *turn) silenceAll() {
	for i := range t.calls {
		if isRinging(&t.calls[i]) {
			t.silence(&t.calls[i])
		}
	}
}

// rejectCommand refuses a ringing call.
func (t *turn) rejectCommand(id CallID) {
	c := t.pick(id, isIncoming)
	if c == nil {
		t.complain(id, "no ringing call to reject")
		return
	}
	t.endCall(c, CauseRejected, t.settings.RejectCode)
}

// collapseBanner: ten seconds without action, the caller becomes a row.
func (t *turn) collapseBanner(c *call) {
	if c.State != Incoming || t.focus != c.ID {
		return
	}
	if a := t.talking(); a != nil {
		t.setFocus(a.ID)
	} else if t.dialScreen() {
		t.focus = 0
	}
}

// tonesWait: somebody waits and the ear is on a path, so it gets the tone.
func (s *State) tonesWait() bool {
	return s.find(func(c *call) bool { return isRinging(c) && s.knocking(c) }) != nil
}

// knocking: a caller is told by a tone on the path, because an ear may be there.
// A handset at which nothing goes on any more is no reason to leave those unheard
// who waited already; a new caller is told at it until it is put down (C6).
func (s *State) knocking(c *call) bool {
	return s.path != PathNone && (s.station != stationQuiet || c.knocks)
}

// settleWaiting runs the six call-waiting tones, one each ten seconds.
func (t *turn) settleWaiting() {
	on := t.tonesWait()
	if on && (!t.waiting.on || t.waiting.tones == 0) {
		t.waiting = waiting{on: true, tones: 1}
		t.start(Timer{Kind: TimerCallWaiting}, waitingPeriod)
	} else if !on && t.waiting.on {
		t.waiting = waiting{}
		t.stop(Timer{Kind: TimerCallWaiting})
	}
}

func (t *turn) waitingDue() {
	t.waiting.tones++
	if t.waiting.tones <= waitingTones {
		t.start(Timer{Kind: TimerCallWaiting}, waitingPeriod)
	}
}
