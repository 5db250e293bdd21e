package phone

import "time"

// Limits of C3.
const (
	cancelWait   = time.Second     // for the consultation to be given up before the REFER
	returnAfter  = time.Second     // the first caller comes back after the consultation hung up
	recallSoon   = 3 * time.Second // hung up while the target was asked for
	transferSure = 8 * time.Second // how long "call him back" is offered
)

// transfer is the transfer, or the adding of a third party, in progress. Of two
// calls that belong to it call is the one to be handed on.
type transfer struct {
	stage    TransferStage
	call     CallID
	other    CallID
	conf     bool
	back     bool // call was talked to when it began, not on hold
	joining  bool // other was there before; it is no consultation
	attended bool // pending: REFER with Replaces
	target   string
	ringing  bool
	unheard  bool // cancel: nothing had come back from there yet, so the CANCEL has to wait too
	index    int  // the selected row of the dial screen; 0: the number
	since    time.Time
}

// underway: it is out of our hands, and the path waits for the outcome.
func (x transfer) underway() bool {
	return x.stage == TransferCancel || x.stage == TransferPending || x.stage == TransferReturn
}

func (x transfer) has(id CallID) bool { return id != 0 && (id == x.call || id == x.other) }

func (s *State) transferView() TransferView {
	x := s.xfer
	if s.question.on {
		return TransferView{Call: s.question.Call.ID, Target: s.question.Number}
	}
	return TransferView{
		Stage: x.stage, Call: x.call, Other: x.other, Conference: x.conf, Target: x.target, Ringing: x.ringing, Since: x.since,
	}
}

// transferable: a call that may be handed on, or get a third party.
func (s *State) transferable(c *call) bool {
	if c == nil || c.State != Active || c.emergency || s.inConf(c.ID) || s.xfer.underway() || s.park.pending() {
		return false
	}
	a := s.talking()
	return a == nil || a == c || a.State == Active && !a.emergency
}

// startTransfer asks whom c is to be handed to, or who is to be added. The
// party is on hold from now on.
func (t *turn) startTransfer(c *call, conf bool) {
	if !t.transferable(c) || conf && len(t.conf) > 0 {
		t.blip()
		return
	}
	back := !c.OnHold
	if a := t.talking(); a != nil {
		t.hold(a)
	}
	t.openEntry(transfer{stage: TransferDial, call: c.ID, conf: conf, back: back})
}

// consult does the positive act of the dial screen: it calls the target, or
// connects with the held call that is selected.
func (t *turn) consult() {
	if r, ok := t.transferRowNow(); ok && r.call != 0 {
		t.connectHeld(t.call(r.call))
		return
	}
	t.consultNumber(t.entered())
}

func (t *turn) consultNumber(typed string) {
	x, a := t.xfer, t.call(t.xfer.call)
	number, blocked := t.rewritten(typed)
	switch {
	case typed == "" || a == nil:
		t.blip()
		return
	case blocked:
		t.say(ToastNotAllowed, typed, true)
		t.blip()
		return
	}
	if _, slot := slotIn(t.park.slots, typed); slot && !t.xfer.conf {
		t.transferToSlot(typed)
		return
	}
	line := t.dialLine
	if line == "" {
		line = a.Line
	}
	before := t.nextCall
	t.place(order{typed: typed, number: number, line: line, path: t.freePath(), cause: "transfer"})
	b := t.call(t.nextCall)
	if t.nextCall == before || b == nil {
		return // refused, and said why
	}
	if b.emergency {
		t.xfer = transfer{}
		return
	}
	x.stage, x.other, x.target, x.since = TransferConsult, b.ID, typed, t.at
	t.xfer = x
	t.publishCall("transfer-consult", b, detail{"phoneNumber": typed})
}

// rewritten is the number that is sent for what was typed.
func (t *turn) rewritten(typed string) (number string, blocked bool) {
	if !dialable(typed) {
		return typed, false
	}
	number, blocked = t.digits.Rewrite(typed)
	return number, blocked && !t.isEmergency(typed)
}

// connectHeld is Connect on a held call: the two are handed to each other, or
// joined with us.
func (t *turn) connectHeld(b *call) {
	a := t.call(t.xfer.call)
	if a == nil || b == nil {
		t.blip()
		return
	}
	if t.xfer.conf {
		t.join(a, b)
		return
	}
	x := t.xfer
	t.clearStation()
	x.joining, x.other, x.target = true, b.ID, b.Party.Number
	t.xfer = x
	t.refer(a, b)
}

// blind hands the call to the number that was entered, without asking there.
func (t *turn) blind() {
	if r, ok := t.transferRowNow(); ok && r.call != 0 {
		t.connectHeld(t.call(r.call))
		return
	}
	t.blindTo(t.entered())
}

func (t *turn) blindTo(typed string) {
	a := t.call(t.xfer.call)
	number, blocked := t.rewritten(typed)
	switch {
	case typed == "" || a == nil || t.xfer.conf:
		t.blip()
		return
	case blocked || t.isEmergency(typed) || t.isEmergency(number):
		t.say(ToastNotAllowed, typed, true)
		t.blip()
		return
	}
	if _, slot := slotIn(t.park.slots, typed); slot {
		t.stop(Timer{Kind: TimerTransfer})
		t.transferToSlot(typed)
		return
	}
	t.clearStation()
	t.xfer.other, t.xfer.target = 0, typed
	t.xfer.stage, t.xfer.since = TransferPending, t.at
	t.setFocus(a.ID)
	t.emit(TransferCall{Call: a.ref(), Target: number})
	t.publishCall("transfer-started", a, detail{"phoneNumber": typed, "attended": false})
	t.start(Timer{Kind: TimerTransfer}, t.settings.Timers.Transfer)
}

// refer hands a to the party of b: REFER with Replaces.
func (t *turn) refer(a, b *call) {
	t.xfer.stage, t.xfer.attended, t.xfer.since = TransferPending, true, t.at
	if t.talking() == nil {
		t.setFocus(a.ID)
	}
	t.emit(TransferCall{Call: a.ref(), Consult: b.ref()})
	t.start(Timer{Kind: TimerTransfer}, t.settings.Timers.Transfer)
}

// transferNow is Transfer while the consultation goes on: attended once it was
// answered, otherwise semi-attended, where the consultation is cancelled first.
// RFC 3891 lets nobody but its caller replace an early dialog.
func (t *turn) transferNow() {
	a, b := t.call(t.xfer.call), t.call(t.xfer.other)
	switch {
	case a == nil || b == nil || t.xfer.stage != TransferConsult || a.State != Active:
		t.blip()
	case t.xfer.conf && b.State == Active:
		t.join(a, b)
	case t.xfer.conf:
		t.blip()
	case b.State == Active:
		t.refer(a, b)
	default:
		t.xfer.stage, t.xfer.unheard = TransferCancel, b.State == Dialing
		t.start(Timer{Kind: TimerTransfer}, cancelWait)
		t.endCall(b, CauseCancelled, 0)
		t.setFocus(a.ID)
	}
}

// transferKey is TRANSFER: it asks for the target, and pressed again it hands
// on: blindly from the dial screen, otherwise to the consultation.
func (t *turn) transferKey() {
	switch {
	case t.picking():
		t.selectItem()
		return
	case t.station == stationTransfer && t.focus == 0:
		t.blind()
		return
	case t.xfer.stage == TransferConsult && t.xfer.has(t.focus):
		t.transferNow()
		return
	}
	c := t.call(t.focus)
	if c == nil || c.State == Incoming {
		c = t.talking()
	}
	t.startTransfer(c, false)
}

// cancelTransfer is the way out: the consultation ends and the first party is
// taken back at once, unless he was on hold before all this.
func (t *turn) cancelTransfer() {
	x := t.xfer
	a, b := t.call(x.call), t.call(x.other)
	t.stop(Timer{Kind: TimerTransfer})
	t.xfer = transfer{}
	if t.station == stationTransfer {
		t.clearStation()
	}
	if b != nil && b.live() && x.stage == TransferConsult {
		cause := CauseHungUp
		if b.State != Active {
			cause = CauseCancelled
		}
		t.endCall(b, cause, 0)
	}
	if a == nil || a.State != Active {
		return
	}
	if x.back || x.stage != TransferDial {
		t.takeBackFirst(a)
	} else {
		t.setFocus(a.ID)
	}
}

// takeBackFirst resumes the first party of a transfer if an ear is free for
// him, and reports whether he is heard.
func (t *turn) takeBackFirst(a *call) bool {
	if a.State != Active || t.path == PathNone || t.pending.kind != pendingNone || t.dialScreen() {
		return false
	}
	if c := t.talking(); c != nil {
		return c == a
	}
	t.clearStation()
	t.setFocus(a.ID)
	t.takeBack(a)
	return true
}

// consultGone: the consultation's leg is free; who was cancelled is rung anew
// by the party that is handed to him. A leg that nothing was heard of yet is free before
// its CANCEL may be sent (RFC 3261 §9.1): then the timer says when.
func (t *turn) consultGone(c *call) {
	if t.xfer.stage == TransferCancel && t.xfer.other == c.ID && !t.xfer.unheard {
		t.stop(Timer{Kind: TimerTransfer})
		t.blindTo(t.xfer.target)
	}
}

// hangUpTransfer is the handset put down in a transfer, and reports whether it
// was one (C3, C6): it completes what can be completed, and a held caller is
// never dropped.
func (t *turn) hangUpTransfer() bool {
	x := t.xfer
	a, b := t.call(x.call), t.call(x.other)
	finish := !t.settings.NoTransferOnHook && !x.conf
	switch {
	case x.stage == TransferDial && t.station == stationTransfer:
		t.soon = true
		t.closePage()
		if finish && t.input.Text != "" { // a row that only stands there is no word of the person
			t.blind()
		}
		if t.station == stationTransfer { // nothing entered, or not allowed
			t.xfer = transfer{}
			t.closePath("on_hook")
			return true
		}
	case x.stage == TransferConsult && finish && a != nil && b != nil && b.live() && (t.talking() == a || t.talking() == b):
		if c := t.talking(); c.State == Active {
			t.hold(c)
		}
		t.transferNow()
	default:
		return false
	}
	t.setPath(PathNone, "on_hook")
	return true
}

// settleTransfer follows what happened to the calls of the transfer.
func (t *turn) settleTransfer() {
	x := t.xfer
	if x.stage == TransferNone {
		return
	}
	a, b := t.call(x.call), t.call(x.other)
	up := a != nil && a.State == Active
	drop := func() {
		t.xfer = transfer{}
		t.stop(Timer{Kind: TimerTransfer})
	}
	switch x.stage {
	case TransferDial:
		if !up || t.station != stationTransfer {
			drop()
		}
		if !up && t.station == stationTransfer {
			t.leaveEntry()
		}
	case TransferConsult:
		switch {
		case !up:
			drop()
		case b == nil || !b.live():
			t.comeBack(a, b)
		}
	case TransferReturn:
		if !up || t.talking() != nil || t.path == PathNone || t.dialScreen() {
			drop()
			t.tone = ToneNone
		}
	default:
		if !up {
			drop()
		}
	}
}

// leaveEntry: who was to be handed on has hung up.
func (t *turn) leaveEntry() {
	if t.onHandset() {
		t.openDialtone(t.path, "end")
		return
	}
	t.clearStation()
}

// transferToKey makes a key K1–K8 the target: who is on it is called first, a
// slot takes the call, and a held call is connected. It reports whether k is
// such a key.
func (t *turn) transferToKey(k ProgKey) bool {
	switch k.Function {
	case KeySpeedDial, KeyBLF:
		t.xfer.index = 0
		t.consultNumber(cleanNumber(k.Value))
	case KeyPark:
		t.transferToSlot(k.Value)
	case KeyLine:
		h := t.find(func(c *call) bool {
			return c.Line == LineID(k.Value) && isHeld(c) && c.ID != t.xfer.call && !t.inConf(c.ID) && !c.emergency
		})
		if h != nil {
			t.connectHeld(h)
		} else if t.line(LineID(k.Value)) != nil {
			t.dialLine = LineID(k.Value)
		}
	default:
		return false
	}
	return true
}

// transferToSlot parks who was to be handed on.
func (t *turn) transferToSlot(slot string) {
	a := t.call(t.xfer.call)
	if _, known := slotIn(t.park.slots, slot); !known || a == nil || t.xfer.conf {
		t.blip()
		return
	}
	t.xfer = transfer{}
	t.clearStation()
	t.setFocus(a.ID)
	t.parkIn(a, slot)
}

// transferCommand is Transfer of the API.
func (t *turn) transferCommand(e Transfer) {
	c := t.pick(e.Call, func(c *call) bool { return c.State == Active })
	switch {
	case t.xfer.stage == TransferConsult && e.Target == "" && (e.Call == 0 || e.Call == t.xfer.call) && (e.With == 0 || e.With == t.xfer.other):
		t.transferNow()
		return
	case !t.transferable(c):
		t.complain(e.Call, "no call to transfer")
		return
	}
	with := t.call(e.With)
	if e.With != 0 && (with == nil || with == c || with.State != Active || with.emergency || t.inConf(with.ID)) {
		t.complain(e.With, "no call to transfer to")
		return
	}
	number := cleanNumber(e.Target)
	if a := t.talking(); a != nil {
		t.hold(a)
	}
	if with == nil && number == "" {
		t.openEntry(transfer{stage: TransferDial, call: c.ID, back: true})
		return
	}
	t.clearStation()
	t.dropPending()
	if _, slot := slotIn(t.park.slots, number); slot && with == nil {
		t.setFocus(c.ID)
		t.parkIn(c, number)
		return
	}
	t.xfer = transfer{call: c.ID, back: true, since: t.at}
	if with == nil {
		t.blindTo(number)
		if t.xfer.stage == TransferNone { // not allowed
			t.xfer = transfer{}
			t.complain(c.ID, "number not allowed")
		}
		return
	}
	t.xfer.joining, t.xfer.other, t.xfer.target = true, with.ID, with.Party.Number
	t.refer(c, with)
}
