package phone

import (
	"errors"
	"fmt"
	"slices"
)

// Trace watches a run of Steps from outside and checks the promises that
// effects make to the world over time: every leg is either refused or rung,
// every call is freed exactly once and does nothing afterwards, timers that
// were started stop, fire or go stale, and what the audio engine was told last
// is what the State says. The zero Trace is ready for a State fresh from New.
type Trace struct {
	calls    map[CallRef]*tracedCall // those that are not freed
	newest   CallID
	timers   map[Timer]int
	gen      int
	plan     AudioPlan
	referred CallID          // of the TransferCall whose outcome is awaited
	parked   CallID          // of the ParkCall whose outcome is awaited
	asked    int             // the newest ParkListWanted
	listed   int             // the newest that was answered
	free     map[string]bool // the slots that were free in that answer
	watched  bool
	watch    map[LineID][]string // what each line was told to watch
	checker
}

type tracedCall struct {
	leg                          LegID
	rung, answered, ended, saved bool
	freed                        bool
	answeredThere                bool
	held                         bool
}

// Observe takes one Step: the event, what came out, and the State after it.
func (tr *Trace) Observe(e Event, out []Effect, after State) error {
	if tr.calls == nil {
		tr.calls = make(map[CallRef]*tracedCall)
		tr.timers = make(map[Timer]int)
		tr.watch = make(map[LineID][]string)
	}
	tr.errs = nil
	stale := tr.stale(e.What)
	tr.must(!stale || len(out) == 0, "stale %+v had effects: %+v", e.What, out)
	tr.move(e.What)
	due := tr.due(e.What)
	arrived, isNew := e.What.(CallArrived)
	isNew = isNew && !tr.legOpen(arrived.Leg)
	tr.holdFirst(out)
	decided := 0
	if f, ok := e.What.(TimerFired); ok && !stale {
		delete(tr.timers, f.Timer)
	}
	for i, x := range out {
		if _, ok := x.(SetAudio); ok {
			tr.must(i == 0, "SetAudio is effect %d, it must be the first", i)
		}
		switch x := x.(type) {
		case RingCall:
			if x.Leg == arrived.Leg {
				decided++
			}
		case RefuseLeg:
			tr.must(isNew && x.Leg == arrived.Leg, "refused leg %q that did not arrive", x.Leg)
			decided++
		}
		tr.effect(x)
	}
	if _, ok := e.What.(CallArrived); ok {
		want := 0
		if isNew {
			want = 1
		}
		tr.must(decided == want, "leg %q was decided %d times, want %d", arrived.Leg, decided, want)
	}
	if !stale {
		tr.answered(e.What, out)
	}
	if due != nil {
		tr.must(due.freed, "a call is over and was not freed")
	}
	tr.compare(e, &after)
	return errors.Join(tr.errs...)
}

// holdFirst: when one step both holds a call and takes another one, the hold
// comes first (C2).
func (tr *Trace) holdFirst(out []Effect) {
	took := false
	for _, x := range out {
		switch x := x.(type) {
		case AnswerCall, PlaceCall:
			took = true
		case HoldCall:
			tr.must(!x.On || !took, "call %v is held after another one was taken", x.Call)
			took = took || !x.On
		}
	}
}

// stale: the event is a late result that nobody waits for any more.
func (tr *Trace) stale(w What) bool {
	switch w := w.(type) {
	case TimerFired:
		gen, ok := tr.timers[w.Timer]
		return !ok || gen != w.Gen
	case CallGone:
		c := tr.calls[w.Call]
		return c == nil
	case CallAnswered:
		return tr.closed(w.Call)
	case CallConfirmed:
		return tr.closed(w.Call)
	case CallProgress:
		return tr.closed(w.Call)
	case HoldDone:
		return tr.closed(w.Call)
	case MediaUp:
		return tr.closed(w.Call)
	case MediaFailed:
		return tr.closed(w.Call)
	case MediaSilent:
		return tr.closed(w.Call)
	case DigitSent:
		return tr.closed(w.Call)
	case RemoteHeld:
		return tr.closed(w.Call)
	case RecordingReported:
		return tr.closed(w.Call)
	case TransferNews:
		return tr.closed(w.Call)
	case TransferDone:
		return tr.closed(w.Call)
	case TransferAsked:
		return tr.closed(w.Call)
	case CallRedirected:
		return tr.closed(w.Call)
	}
	return false
}

// closed: the call was never opened, or is over or being ended.
func (tr *Trace) closed(r CallRef) bool {
	c := tr.calls[r]
	return c == nil || c.ended
}

// due is the call that this event must free.
func (tr *Trace) due(w What) *tracedCall {
	switch w := w.(type) {
	case CallGone:
		return tr.calls[w.Call]
	case TimerFired:
		if gen, ok := tr.timers[w.Timer]; ok && gen == w.Gen && w.Timer.Kind == TimerEnding {
			for r, c := range tr.calls {
				if r.ID == w.Timer.Call {
					return c
				}
			}
		}
	}
	return nil
}

func (tr *Trace) legOpen(l LegID) bool {
	for _, c := range tr.calls {
		if c.leg == l && c.rung {
			return true
		}
	}
	return false
}

// effect follows one effect.
func (tr *Trace) effect(x Effect) {
	switch x := x.(type) {
	case PlaceCall:
		tr.open(x.Call, &tracedCall{})
	case RingCall:
		tr.open(x.Call, &tracedCall{leg: x.Leg, rung: true})
	case AnswerCall:
		if c := tr.use(x.Call, "answered"); c != nil {
			tr.must(c.rung && !c.answered && !c.ended, "call %v answered twice or out of turn", x.Call)
			c.answered = true
		}
	case EndCall:
		if c := tr.use(x.Call, "ended"); c != nil {
			tr.must(!c.ended, "call %v ended twice", x.Call)
			c.ended = true
		}
	case FreeCall:
		if c := tr.use(x.Call, "freed"); c != nil {
			tr.must(c.saved, "call %v freed before it was saved", x.Call)
			c.freed = true
			delete(tr.calls, x.Call)
		}
	case HoldCall:
		if c := tr.use(x.Call, "held"); c != nil {
			tr.must(!c.ended && c.held != x.On, "call %v: hold %v twice", x.Call, x.On)
			c.held = x.On
		}
	case SendDigit:
		tr.use(x.Call, "sent a digit")
	case AskRecording:
		tr.use(x.Call, "recorded")
	case TransferCall:
		tr.transfer(x)
	case AcceptTransfer:
		tr.use(x.Call, "transferred by the far end")
	case RefuseTransfer:
		tr.use(x.Call, "kept from a transfer")
	case FollowRedirect:
		if c := tr.use(x.Call, "redirected"); c != nil {
			tr.must(!c.ended && !c.rung, "call %v redirected", x.Call)
		}
	case ParkListWanted:
		tr.must(x.Ask > tr.asked, "slots asked for with number %d after %d", x.Ask, tr.asked)
		tr.asked, tr.listed = x.Ask, 0
	case ParkCall:
		c := tr.use(x.Call, "parked")
		tr.parked = x.Call.ID
		tr.must(c != nil && !c.ended && tr.listed == tr.asked && tr.free[x.Slot], "call %v parked in %s, which was not seen free", x.Call, x.Slot)
	case ParkWatch:
		tr.must(x.On != tr.watched, "slots watched twice: %v", x.On)
		tr.watched = x.On
	case LookUpParty:
		tr.use(x.Call, "looked up")
	case SaveCall:
		for r, c := range tr.calls {
			if r.ID == x.Record.Call {
				tr.must(!c.saved, "call %v saved twice", r)
				c.saved = true
			}
		}
	case SetAudio:
		tr.plan = x.Plan
	case SetWatches:
		tr.watch[x.Line] = x.Resources
	case StartTimer:
		tr.must(x.Gen > tr.gen, "timer %+v started with generation %d after %d", x.Timer, x.Gen, tr.gen)
		tr.must(x.After > 0, "timer %+v started with %v", x.Timer, x.After)
		tr.gen = max(tr.gen, x.Gen)
		tr.timers[x.Timer] = x.Gen
	case StopTimer:
		_, ok := tr.timers[x.Timer]
		tr.must(ok, "timer %+v stopped that does not run", x.Timer)
		delete(tr.timers, x.Timer)
	}
}

// answered: what the far end asks or reports must have a consequence.
func (tr *Trace) answered(w What, out []Effect) {
	count := func(is func(Effect) bool) int {
		n := 0
		for _, x := range out {
			if is(x) {
				n++
			}
		}
		return n
	}
	switch w := w.(type) {
	case TransferAsked:
		n := count(func(x Effect) bool {
			a, yes := x.(AcceptTransfer)
			r, no := x.(RefuseTransfer)
			s, later := x.(StartTimer)
			return yes && a.Call == w.Call || no && r.Call == w.Call || later && s.Timer.Kind == TimerAsked
		})
		tr.must(n >= 1, "transfer request of call %v has no answer", w.Call)
	case TransferDone:
		c := tr.calls[w.Call]
		tr.must(!w.OK || c == nil || c.ended, "call %v was handed on and is still there", w.Call)
	}
}

// move follows a call to its next server, where it is another generation, and
// notes which slots are free.
func (tr *Trace) move(w What) {
	switch w := w.(type) {
	case CallMoved:
		old := CallRef{w.Call.ID, w.Call.Gen - 1}
		if c := tr.calls[old]; c != nil && !c.ended && !c.rung && !c.answeredThere {
			delete(tr.calls, old)
			tr.calls[w.Call] = c
		}
	case CallAnswered:
		if c := tr.calls[w.Call]; c != nil {
			c.answeredThere = true
		}
	case ParkSlots:
		if w.Ask == tr.asked && w.Ask != 0 && w.Cause == CauseNone {
			tr.listed, tr.free = w.Ask, make(map[string]bool)
			for _, s := range w.Slots {
				tr.free[s.Extension] = !s.Occupied
			}
		}
	}
}

// transfer: who is handed on waits on hold, or hears whom he is handed to.
func (tr *Trace) transfer(x TransferCall) {
	tr.referred = x.Call.ID
	a := tr.use(x.Call, "transferred")
	tr.must(a != nil && !a.ended, "call %v is transferred and over", x.Call)
	if x.Consult == (CallRef{}) {
		tr.must(x.Target != "" && (a == nil || a.held), "call %v blindly transferred to %q, on hold: %v", x.Call, x.Target, a != nil && a.held)
		return
	}
	b := tr.use(x.Consult, "transferred to")
	tr.must(b != nil && !b.ended && x.Call != x.Consult && x.Target == "", "call %v transferred to call %v", x.Call, x.Consult)
}

func (tr *Trace) open(r CallRef, c *tracedCall) {
	tr.must(r.ID > tr.newest, "call %v opened after call %d", r, tr.newest)
	tr.newest = max(tr.newest, r.ID)
	tr.calls[r] = c
}

func (tr *Trace) use(r CallRef, what string) *tracedCall {
	c := tr.calls[r]
	tr.must(c != nil, "call %v %s, but it does not exist", r, what)
	return c
}

// compare holds what the world was told against what the State believes.
func (tr *Trace) compare(e Event, s *State) {
	tr.must(tr.plan.Equal(s.plan), "the audio engine was told %+v, the plan is %+v", tr.plan, s.plan)
	tr.must(len(tr.timers) == len(s.timers), "the world runs %d timers, the state %d", len(tr.timers), len(s.timers))
	for _, r := range s.timers {
		gen, ok := tr.timers[r.Timer]
		tr.must(ok && gen == r.gen, "timer %+v: the world has generation %d, the state %d", r.Timer, gen, r.gen)
	}
	for _, w := range s.asked {
		tr.must(slices.Equal(tr.watch[w.line], w.resources), "line %q was told to watch %v, the keys need %v", w.line, tr.watch[w.line], w.resources)
	}
	x := s.xfer
	if x.stage != TransferPending {
		tr.referred = 0
	}
	if s.park.stage != parkSent {
		tr.parked = 0
	}
	tr.must(x.stage != TransferPending || tr.referred == x.call, "call %d is said to be transferred, the far end was asked about call %d", x.call, tr.referred)
	tr.must(s.park.stage != parkSent || tr.parked == s.park.call, "call %d is said to be parked, the server was asked about call %d", s.park.call, tr.parked)
	tr.must(tr.asked == s.park.ask, "slots: question %d, the world heard %d", s.park.ask, tr.asked)
	tr.must(tr.watched == s.park.watched, "slots are watched: %v, the world heard %v", s.park.watched, tr.watched)
	for r, c := range tr.calls {
		x := s.call(r.ID)
		if x == nil || x.State == Ended {
			tr.must(false, "call %v is gone and was never freed", r)
			continue
		}
		tr.must(c.ended == (x.State == Ending), "call %v is %s; ended: %v", r, x.State, c.ended)
		tr.must(c.saved == (x.State == Ending), "call %v is %s; saved: %v", r, x.State, c.saved)
		tr.must(!c.rung || x.State != Active || c.answered, "call %v is active and was never answered", r)
		if h, ok := e.What.(HoldDone); ok && !h.OK && h.Call == r {
			c.held = x.OnHold
		}
		tr.must(x.State != Active || c.held == x.OnHold, "call %v: on hold %v, the far end was told %v", r, x.OnHold, c.held)
	}
	for i := range s.calls {
		if x := &s.calls[i]; x.State != Ended {
			tr.must(tr.calls[x.ref()] != nil, "call %d has no owner for its media", x.ID)
		}
	}
}

// Open are the calls that have not been freed, in order.
func (tr *Trace) Open() []CallRef {
	var refs []CallRef
	for r := range tr.calls {
		refs = append(refs, r)
	}
	slices.SortFunc(refs, func(a, b CallRef) int { return int(a.ID - b.ID) })
	return refs
}

// Running are the timers that have been started and neither fired nor stopped,
// with their generations, in the order they were started.
func (tr *Trace) Running() []TimerFired {
	var fs []TimerFired
	for tm, gen := range tr.timers {
		fs = append(fs, TimerFired{tm, gen})
	}
	slices.SortFunc(fs, func(a, b TimerFired) int { return a.Gen - b.Gen })
	return fs
}

// String names a reference in messages.
func (r CallRef) String() string { return fmt.Sprintf("%d/%d", r.ID, r.Gen) }
