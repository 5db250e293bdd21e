package phone

import "time"

// Calling back a party that was busy (C8): how often, and how long between.
const (
	callbackTries = 10
	callbackEvery = 10 * time.Second
)

// callback is an automatic repetition that is under way.
type callback struct {
	order order
	left  int
	call  CallID // the attempt in progress
}

// startCallback repeats a call that failed until it gets through; any key
// stops it.
func (t *turn) startCallback(c *call) {
	if c == nil || !t.mayCallBack(c) {
		t.blip()
		return
	}
	t.callback = callback{order: order{typed: c.Party.Number, number: c.dialled, line: c.Line, path: t.freePath(), cause: "callback"}, left: callbackTries}
	t.okEnded()
	t.start(Timer{Kind: TimerCallback}, callbackEvery)
	t.say(ToastCallback, c.Party.label(), false)
}

func (s *State) mayCallBack(c *call) bool {
	return c.Direction == Outbound && !c.emergency && (c.Cause == CauseBusy || c.Cause == CauseNoAnswer || c.Cause == CauseNotAvailable)
}

// stopCallback: a key was pressed, or it got through.
func (t *turn) stopCallback(say bool) {
	if t.callback.left == 0 && t.callback.call == 0 {
		return
	}
	t.callback = callback{}
	t.stop(Timer{Kind: TimerCallback})
	if say {
		t.say(ToastCallbackOff, "", false)
	}
}

func (t *turn) callbackDue() {
	cb := &t.callback
	if cb.left == 0 {
		return
	}
	if t.anyLive() || t.path != PathNone && t.station != stationQuiet || t.station == stationPredial {
		t.start(Timer{Kind: TimerCallback}, callbackEvery) // somebody uses the phone
		return
	}
	cb.left--
	before := t.nextCall
	t.place(cb.order)
	if t.nextCall == before { // no line just now
		t.callbackAgain()
		return
	}
	t.callback.call = t.nextCall
}

// callbackOver: the attempt ended.
func (t *turn) callbackOver(c *call) {
	if t.callback.call != c.ID {
		return
	}
	t.callback.call = 0
	if !t.mayCallBack(c) || t.callback.left == 0 {
		t.stopCallback(false)
		return
	}
	t.callbackAgain()
}

func (t *turn) callbackAgain() {
	if t.callback.left == 0 {
		t.stopCallback(false)
		return
	}
	t.start(Timer{Kind: TimerCallback}, callbackEvery)
}
