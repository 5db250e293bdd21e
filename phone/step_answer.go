package phone

import (
	"slices"
	"time"
)

// What waits for the far end of another call to agree to be held. It waits at
// most Timers.HoldWait (C2).
type pendingKind int

const (
	pendingNone pendingKind = iota
	pendingAnswer
	pendingResume
)

type pending struct {
	kind pendingKind
	call CallID // what will be answered or resumed
	wait CallID // the call being held first
}

func (t *turn) await(k pendingKind, id, wait CallID) {
	t.pending = pending{k, id, wait}
	t.start(Timer{Kind: TimerHoldWait}, t.settings.Timers.HoldWait)
}

func (t *turn) dropPending() {
	t.pending = pending{}
	t.stop(Timer{Kind: TimerHoldWait})
}

// pendingDue: the other call is held, or has had its time.
func (t *turn) pendingDue() {
	p := t.pending
	t.dropPending()
	c := t.call(p.call)
	if c == nil {
		return
	}
	switch {
	case p.kind == pendingAnswer && c.State == Answering:
		t.emit(AnswerCall{c.ref()})
	case p.kind == pendingResume && isHeld(c) && t.talking() == nil:
		t.takeBack(c)
		t.publishCall("call-swapped", c, detail{"from": int(p.wait)})
	}
}

// answer takes a ringing call: stop the ring, open the path, 200 (C1). A call
// in progress is held first; one that is only being set up is given up,
// because it can't be held.
func (t *turn) answer(c *call, p Path, cause string) {
	a := t.talking()
	if a != nil && (a.emergency || a.State == Answering) {
		t.blip()
		t.say(ToastAnswerPending, "", true)
		return
	}
	if p == PathNone {
		p = t.freePath()
	}
	t.closePage()
	t.dismiss()
	t.clearStation()
	t.dropPending()
	t.setPath(p, cause)
	t.setMuted(false)
	t.stopCall(c.ID)
	t.setState(c, Answering)
	t.setFocus(c.ID)
	t.publishCall("call-started", c, detail{"phoneNumber": c.Party.Number, "direction": Inbound.String()})
	switch {
	case a == nil:
		t.emit(AnswerCall{c.ref()})
	case a.State == Active:
		t.hold(a)
		t.await(pendingAnswer, c.ID, a.ID)
	default:
		t.endCall(a, CauseCancelled, 0)
		t.emit(AnswerCall{c.ref()})
	}
}

// answerCommand is Answer of the API.
func (t *turn) answerCommand(id CallID) {
	c := t.pick(id, isIncoming)
	if c == nil {
		t.complain(id, "no ringing call to answer")
		return
	}
	t.answer(c, PathNone, "api")
}

// endAndAnswer ends the call in progress, then answers the one that waits.
func (t *turn) endAndAnswer(c *call) {
	if a := t.talking(); a != nil && !a.emergency {
		ids := []CallID{a.ID}
		if t.inConf(a.ID) { // who answers alone leaves nobody behind
			ids = slices.Clone(t.conf)
		}
		for _, id := range ids {
			t.endCall(t.call(id), CauseHungUp, 0)
		}
	}
	t.answer(c, PathNone, "key")
}

// intercom answers by itself on the loudspeaker with the microphone closed.
func (t *turn) intercom(c *call) {
	t.answer(c, PathSpeaker, "intercom")
	t.setMuted(!t.settings.AutoAnswerOpen)
	t.emit(PlayBeep{BeepPage})
	t.say(ToastIntercom, c.Party.label(), false)
}

// pick is the call that a command means: the one it names, or the focused one
// if f accepts it, or the first that f accepts.
func (t *turn) pick(id CallID, f func(*call) bool) *call {
	if id != 0 {
		if c := t.call(id); c != nil && f(c) {
			return c
		}
		return nil
	}
	if c := t.call(t.focus); c != nil && f(c) {
		return c
	}
	return t.find(f)
}

// callProgress is a provisional response. 180 and 183 both mean that the far
// end is being rung; early media replace our own ringback.
func (t *turn) callProgress(e CallProgress) {
	c := t.of(e.Call)
	if c == nil || c.State != Dialing && c.State != Alerting {
		return
	}
	c.early = c.early || e.EarlyMedia
	if c.State == Dialing && (e.Code == 180 || e.Code == 183 || c.early) {
		t.setState(c, Alerting)
		t.publishCall("call-ringing", c, detail{"earlyMedia": c.early})
	}
}

func (t *turn) callAnswered(r CallRef) {
	if c := t.of(r); c != nil && (c.State == Dialing || c.State == Alerting) {
		t.connected(c)
	}
}

func (t *turn) callConfirmed(r CallRef) {
	if c := t.of(r); c != nil && c.State == Answering && (t.pending.kind != pendingAnswer || t.pending.call != c.ID) {
		t.connected(c)
	}
}

// connected: the dialog is confirmed. A 200 is not a call yet: the media have
// a deadline of their own.
func (t *turn) connected(c *call) {
	t.stop(Timer{Kind: TimerNoAnswer, Call: c.ID})
	if t.callback.call == c.ID {
		t.stopCallback(false)
	}
	c.AnsweredAt = t.at
	t.setState(c, Active)
	t.publishCall("call-answered", c, detail{"phoneNumber": c.Party.Number, "direction": c.Direction.String()})
	t.retrieved(c)
	if !c.MediaUp {
		t.start(Timer{Kind: TimerMedia, Call: c.ID}, t.settings.Timers.Media)
	}
}

func (t *turn) mediaUp(e MediaUp) {
	c := t.of(e.Call)
	if c == nil {
		return
	}
	c.MediaUp, c.Secure = true, e.Secure
	t.stop(Timer{Kind: TimerMedia, Call: c.ID})
}

// mediaFailed gives the media the same time to come back as they had to come.
func (t *turn) mediaFailed(e MediaFailed) {
	c := t.of(e.Call)
	if c == nil {
		return
	}
	c.MediaUp = false
	if c.State == Active {
		t.start(Timer{Kind: TimerMedia, Call: c.ID}, t.settings.Timers.Media)
	}
}

// returnedTime is how long after a failed transfer silence means that the
// caller is not really back.
const returnedTime = 20 * time.Second

// mediaSilent: silence may be nothing but a far end that does not speak. Right
// after a failed transfer it is not: the exchange has left nobody there (C3),
// and what does not come back in time is over.
func (t *turn) mediaSilent(e MediaSilent) {
	c := t.of(e.Call)
	if c == nil || c.State != Active || c.OnHold || c.returned.IsZero() || t.at.Sub(c.returned) > returnedTime {
		return
	}
	t.mediaFailed(MediaFailed{Call: e.Call})
}

func (t *turn) callIdentified(e CallIdentified) {
	c := t.call(e.Call.ID)
	if c == nil || c.gen != e.Call.Gen {
		return
	}
	if c.slot != "" && e.Party.Number == c.slot {
		return // the exchange names the slot, not who was in it
	}
	if e.Party.Number != "" {
		c.Party.Number = e.Party.Number
	}
	if e.Party.Name != "" {
		c.Party.Name = e.Party.Name
	}
	c.Party = t.named(c.Party)
}

func (t *turn) qualitySampled(e QualitySampled) {
	if c := t.of(e.Call); c != nil {
		c.Quality = e.Quality
		t.publishCall("quality", c, qualityDetail(e.Quality))
	}
}

// Duration is how long the call was or has been connected at an instant, 0
// before the answer.
func (v CallView) Duration(at time.Time) time.Duration {
	if v.AnsweredAt.IsZero() {
		return 0
	}
	if !v.EndedAt.IsZero() {
		at = v.EndedAt
	}
	return at.Sub(v.AnsweredAt)
}

// mutedSpeech: whoever speaks in a call and is muted should know (C10).
func (t *turn) mutedSpeech() {
	if c := t.talking(); c != nil && c.State == Active && t.muted && t.path != PathNone {
		t.say(ToastMuted, "", true)
	}
}
