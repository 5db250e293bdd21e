package phone

import (
	"slices"
	"time"
)

// Limits of C4.
const (
	parkLimit    = 5 * time.Second // for the server to answer
	parkBye      = 2 * time.Second // for its BYE
	parkedShown  = 8 * time.Second // of "Parked on 701"
	parkLong     = 3 * time.Minute // parked for long
	parkReminder = time.Minute
)

// noSlot marks an order whose number is what it is, also if a slot has it too.
const noSlot = "-"

// parkStage says how far parking or retrieving is.
type parkStage int

const (
	parkNone  parkStage = iota
	parkPick            // the slot is being chosen; the call goes on
	parkFresh           // the slots are asked for anew before the call is moved
	parkSent            // the server was asked to move it
	parkDone            // it is parked: "Parked on 701"
	parkCheck           // the slots are asked for anew before a slot is dialled
	parkAsk             // nobody knows whether the slot is taken: the person decides
)

// parking is what is known of the slots, and the one thing that goes on.
type parking struct {
	known    bool
	slots    []ParkSlot // replaced, never changed
	stage    parkStage
	call     CallID
	slot     string
	index    int
	ask      int // the newest ParkListWanted
	wanted   int // the one that stage waits for
	verify   int // the one that tells whether a retrieved call is one
	verified CallID
	order    order // what to dial once the slot is known to be taken
	party    Party
	since    time.Time
	watched  bool
}

// pending: the server is asked, and the call must not change meanwhile.
func (p parking) pending() bool { return p.stage == parkFresh || p.stage == parkSent }

func (s *State) parkView() ParkView {
	p := s.park
	v := ParkView{Known: p.known, Slots: p.slots, Slot: p.slot, Pending: p.pending() || p.stage == parkCheck, Party: p.party, Since: p.since}
	if p.stage == parkPick || p.pending() {
		v.Call = p.call
	}
	return v
}

// parkScreen is the park screen where no call has the focus.
func (s *State) parkScreen() Screen {
	switch s.park.stage {
	case parkDone:
		return ScreenParked
	case parkSent, parkCheck:
		return ScreenParking
	case parkAsk:
		return ScreenParkAsk
	}
	return ""
}

// parkable: the exchange has slots and the call may be parked.
func (s *State) parkable(c *call) bool {
	return len(s.park.slots) > 0 && c != nil && c.State == Active && !c.emergency && !s.inConf(c.ID) && !s.xfer.has(c.ID) &&
		!s.park.pending()
}

// parkOrder are the slots as the screen lists them: free ones first.
func (s *State) parkOrder() []ParkSlot {
	rows := slices.Clone(s.park.slots)
	slices.SortStableFunc(rows, func(a, b ParkSlot) int {
		switch {
		case a.Occupied == b.Occupied:
			return 0
		case a.Occupied:
			return 1
		}
		return -1
	})
	return rows
}

// parkMenu is the list of PARK PICK.
func (s *State) parkMenu() MenuView {
	v := MenuView{Title: "@park", Index: s.park.index}
	for _, p := range s.parkOrder() {
		v.Items = append(v.Items, slotItem(p))
	}
	v.Index = min(v.Index, max(0, len(v.Items)-1))
	return v
}

func slotItem(p ParkSlot) MenuItem {
	it := MenuItem{ID: p.Extension, Label: p.name(), Value: "@free"}
	if p.Occupied {
		it.Value = p.Party.label()
	}
	return it
}

// parkedItems are the rows of PARK LIST: who is parked where.
func (s *State) parkedItems() []MenuItem {
	var items []MenuItem
	for _, p := range s.park.slots {
		if p.Occupied {
			items = append(items, slotItem(p))
		}
	}
	return items
}

// openPick asks in which slot to park.
func (t *turn) openPick(c *call) {
	if !t.parkable(c) {
		t.blip()
		return
	}
	if c = t.partFromParked(c); c == nil {
		t.blip()
		return
	}
	t.closePage()
	t.endParking()
	t.park.stage, t.park.call, t.park.index, t.park.since = parkPick, c.ID, 0, t.at
	t.wantSlots(c.Line)
}

// wantSlots asks for a fresh list and gives the number of the question.
func (t *turn) wantSlots(line LineID) int {
	t.park.ask++
	t.emit(ParkListWanted{Ask: t.park.ask, Line: line})
	return t.park.ask
}

// picked is the slot that is selected.
func (s *State) picked() (ParkSlot, bool) {
	rows := s.parkOrder()
	if len(rows) == 0 {
		return ParkSlot{}, false
	}
	return rows[min(s.park.index, len(rows)-1)], true
}

func (t *turn) movePark(by int) bool {
	n := t.park.index + by
	if n < 0 || n >= len(t.park.slots) {
		return false
	}
	t.park.index = n
	return true
}

// parkPicked is Park on the selected slot.
func (t *turn) parkPicked() {
	p, ok := t.picked()
	if !ok {
		t.blip()
		return
	}
	t.parkIn(t.call(t.park.call), p.Extension)
}

// parkAuto is Auto: the first free slot.
func (t *turn) parkAuto() {
	for _, p := range t.park.slots {
		if !p.Occupied {
			t.parkIn(t.call(t.park.call), p.Extension)
			return
		}
	}
	t.blip()
	t.say(ToastNoSlot, "", true)
}

// parkIn parks a call. The exchange bridges the second call into a slot to the
// first, so the slots are asked for anew before anything is moved.
func (t *turn) parkIn(c *call, slot string) {
	if !t.parkable(c) {
		t.blip()
		return
	}
	p, _ := slotIn(t.park.slots, slot)
	if p.Occupied {
		t.blip()
		t.say(ToastSlotTaken, slot, true)
		return
	}
	if c = t.partFromParked(c); c == nil {
		t.blip()
		return
	}
	t.endParking()
	t.park.stage, t.park.call, t.park.slot, t.park.party, t.park.since = parkFresh, c.ID, slot, c.Party, t.at
	t.park.order = order{line: c.Line}
	t.park.wanted = t.wantSlots(c.Line)
	t.start(Timer{Kind: TimerPark}, parkLimit)
}

// partFromParked ends the call that was parked before c and still waits for the
// server's BYE; nil: that is c itself.
func (t *turn) partFromParked(c *call) *call {
	d := t.call(t.park.call)
	if t.park.stage != parkDone || d == nil || !d.live() {
		return c
	}
	if d == c {
		return nil
	}
	t.endCall(d, CauseParked, 0)
	return t.call(c.ID)
}

// parkSlots is the list, asked for or not.
func (t *turn) parkSlots(e ParkSlots) {
	if e.Ask > t.park.ask || e.Ask != 0 && e.Ask < t.park.wanted {
		return
	}
	if e.Cause == CauseNone {
		t.park.known, t.park.slots = true, slices.Clone(e.Slots)
		t.park.index = min(t.park.index, max(0, len(e.Slots)-1))
	}
	if e.Ask == 0 {
		return
	}
	if e.Ask == t.park.verify {
		t.verifyRetrieved()
	}
	if e.Ask != t.park.wanted {
		return
	}
	switch t.park.stage {
	case parkFresh:
		t.parkAfterCheck(e)
	case parkCheck:
		t.retrieveAfterCheck(e)
	}
}

// parkAfterCheck moves the call if its slot is still free.
func (t *turn) parkAfterCheck(e ParkSlots) {
	c := t.call(t.park.call)
	p, there := slotIn(e.Slots, t.park.slot)
	switch {
	case e.Cause != CauseNone:
		t.parkFailed(e.Cause)
	case !there:
		t.parkFailed(CauseNotFound)
	case p.Occupied:
		t.publish("park-conflict", "", detail{"parkExtension": t.park.slot})
		t.stop(Timer{Kind: TimerPark})
		t.park.stage, t.park.index = parkPick, 0 // the next free one stands first
		t.blip()
		if next := t.parkOrder(); !next[0].Occupied {
			t.say(ToastSlotJustTaken, p.name(), true)
			t.toast.Who = next[0].name()
			return
		}
		t.say(ToastSlotTaken, p.name(), true)
	case c == nil || c.State != Active:
		t.endParking()
	default:
		t.park.stage = parkSent
		t.emit(ParkCall{Call: c.ref(), Slot: t.park.slot})
	}
}

// parkFailed: the call goes on.
func (t *turn) parkFailed(why Cause) {
	if c := t.call(t.park.call); c != nil {
		t.publishCall("call-park-failed", c, detail{"error": string(why)})
	}
	t.endParking()
	t.blip()
	t.say(ToastParkFailed, "", true)
	t.toast.Why = why
}

// endParking forgets what went on; the list stays.
func (t *turn) endParking() {
	t.stopKinds(TimerPark, TimerParked)
	t.park.stage, t.park.call, t.park.slot, t.park.party, t.park.order = parkNone, 0, "", Party{}, order{}
	t.park.wanted, t.park.index = 0, 0
}

// parkResult is the server's answer; one that comes too late counts as well.
func (t *turn) parkResult(e ParkResult) {
	c := t.of(e.Call)
	ours := t.park.stage == parkSent && t.park.call == e.Call.ID && t.park.slot == e.Slot
	switch {
	case c == nil && !ours:
	case e.OK && c == nil: // the server's BYE was faster than its answer
		t.parkedOn(&call{CallView: CallView{ID: e.Call.ID, Line: t.park.order.line, Party: t.park.party}}, e.Slot)
	case e.OK:
		t.parkedOn(c, e.Slot)
	case ours:
		t.parkFailed(e.Cause)
	}
}

// parkedOn shows "Parked on 701" and waits for the server's BYE.
func (t *turn) parkedOn(c *call, slot string) {
	own := ""
	if l := t.line(c.Line); l != nil {
		own = l.Number
	}
	t.endParking()
	t.park.stage, t.park.call, t.park.slot, t.park.party, t.park.since = parkDone, c.ID, slot, c.Party, t.at
	t.park.slots = slices.Clone(t.park.slots)
	for i := range t.park.slots {
		if p := &t.park.slots[i]; p.Extension == slot {
			p.Occupied, p.Party, p.By, p.Since = true, c.Party, own, t.at
		}
	}
	t.publishCall("call-parked", c, detail{"parkExtension": slot, "phoneNumber": c.Party.Number, "parkedBy": own})
	t.emit(PlayBeep{BeepConfirm})
	if !c.AnsweredAt.IsZero() { // else it is over already
		t.start(Timer{Kind: TimerPark}, parkBye)
	}
	t.start(Timer{Kind: TimerParked}, parkedShown)
}

// parkTimer is a limit of C4.
func (t *turn) parkTimer(k TimerKind) {
	switch {
	case k == TimerParkRemind:
		t.remindParked()
	case k == TimerParked:
		t.endParking()
	case t.park.pending():
		t.parkFailed(CauseNotAvailable)
	case t.park.stage == parkCheck:
		t.retrieveAfterCheck(ParkSlots{Cause: CauseNotAvailable})
	case t.park.stage == parkDone:
		if c := t.call(t.park.call); c != nil && c.live() {
			t.endCall(c, CauseParked, 0)
		}
	}
}

// afterMoved: a call is over because it waits elsewhere, or another one has its
// place. There is nothing to show.
func (t *turn) afterMoved() {
	if t.anyLive() || t.station != stationNone || t.path == PathNone {
		return
	}
	if t.path == PathHandset || t.path == PathGroup {
		t.setPath(PathHandset, "end")
		t.quiet(true)
		return
	}
	t.setPath(PathNone, "end")
}

// parkKey is a key K1–K8 that stands for a slot. In a call an unlit one parks;
// otherwise a lit one takes back.
func (t *turn) parkKey(slot string) {
	p, ok := slotIn(t.park.slots, slot)
	c := t.call(t.focus)
	if c == nil || c.State != Active {
		c = t.talking()
	}
	switch {
	case c == nil && t.held() == nil && !t.busyPath():
		t.retrieve(order{typed: slot, number: slot, path: t.freePath(), cause: "key"})
	case !ok || !t.parkable(c):
		t.blip()
	default:
		t.parkIn(c, p.Extension)
	}
}

// parkCommand is Park of the API.
func (t *turn) parkCommand(e Park) {
	c := t.pick(e.Call, func(c *call) bool { return c.State == Active })
	switch {
	case !t.parkable(c):
		t.complain(e.Call, "no call to park")
	case e.Slot == "":
		t.openPick(c)
	default:
		t.parkIn(c, e.Slot)
	}
}

// settlePark follows what happened to the call that is being parked.
func (t *turn) settlePark() {
	c := t.call(t.park.call)
	if t.park.stage == parkPick || t.park.stage == parkFresh {
		if c == nil || c.State != Active {
			t.endParking()
		}
	}
	if t.park.stage == parkCheck && t.path == PathNone && t.talking() == nil {
		t.endParking()
	}
	if t.park.stage == parkDone && (t.talking() != nil && t.talking().ID != t.park.call || t.dialScreen() || t.incoming() != nil) {
		if c != nil && c.live() {
			t.endCall(c, CauseParked, 0)
		}
		t.endParking()
	}
	t.settleParkRemind()
}

// settleParkWatch says when the list of slots matters. Pages have been settled before.
func (t *turn) settleParkWatch() {
	on := t.page.screen == ScreenParkList || t.park.stage == parkPick || t.find(func(c *call) bool { return c.State == Active }) != nil
	if on != t.park.watched {
		t.park.watched = on
		t.emit(ParkWatch{On: on})
	}
}

// mine are the slots that hold who was parked by this phone.
func (s *State) mine() []ParkSlot {
	return slices.DeleteFunc(slices.Clone(s.park.slots), func(p ParkSlot) bool {
		return !p.Occupied || p.By == "" || p.Since.IsZero() ||
			!slices.ContainsFunc(s.lines, func(l LineView) bool { return l.Number == p.By })
	})
}

// settleParkRemind reminds of who has been parked here for long, each minute.
func (t *turn) settleParkRemind() {
	tm := Timer{Kind: TimerParkRemind}
	mine := t.mine()
	if len(mine) == 0 {
		t.stop(tm)
		return
	}
	if t.running(tm) {
		return
	}
	oldest := slices.MinFunc(mine, func(a, b ParkSlot) int { return a.Since.Compare(b.Since) })
	t.start(tm, max(oldest.Since.Add(parkLong).Sub(t.at), parkReminder))
}

func (t *turn) remindParked() {
	for _, p := range t.mine() {
		if t.at.Sub(p.Since) >= parkLong {
			t.say(ToastStillParked, p.name(), false)
			t.toast.Who = p.Party.label()
			return
		}
	}
}
