package phone

import (
	"slices"
	"time"
)

// ParkSlot is one place to park a call (contract §4).
type ParkSlot struct {
	Extension string // what is dialled to take the call back
	Label     string // "" where the exchange has none
	Occupied  bool
	Party     Party     // who is parked, if the server tells
	By        string    // the number that parked him, if the server tells
	Since     time.Time // zero: not told
}

// name is what a slot is called on the screen.
func (s ParkSlot) name() string {
	if s.Label != "" {
		return s.Label
	}
	return s.Extension
}

type (
	// ParkListWanted asks for a fresh list of the park slots, never a cached
	// one, of the domain of a line ("": the default line's). Result: ParkSlots
	// with this Ask.
	ParkListWanted struct {
		Ask  int
		Line LineID
	}
	// ParkCall asks the server to move the call into a slot. Result: ParkResult;
	// the call's own leg is not ended by it.
	ParkCall struct {
		Call CallRef
		Slot string
	}
	// ParkWatch says whether the slots matter now (a park screen is open, or a
	// call is up), so that they are asked for often, or not so often. Results:
	// ParkSlots with Ask 0.
	ParkWatch struct{ On bool }
)

type (
	// ParkSlots is the list of slots: the answer to ParkListWanted with the same
	// Ask, or, with Ask 0, what polling or a subscription brought.
	ParkSlots struct {
		Ask   int
		Slots []ParkSlot
		Cause Cause // why there is no list; CauseNone: there is
	}
	// ParkResult is the outcome of ParkCall.
	ParkResult struct {
		Call  CallRef
		Slot  string
		OK    bool
		Cause Cause // why not
	}
)

// Commands of the API and of keys.
type (
	// Park parks a call in a slot; Slot "" opens the list to choose from.
	Park struct {
		Call CallID
		Slot string
	}
	// Retrieve takes back who is parked in a slot; Slot "" opens the list.
	Retrieve struct{ Slot string }
)

// ParkView is what is known of the park slots.
type ParkView struct {
	Known   bool // the list has been read
	Slots   []ParkSlot
	Call    CallID // being parked: it is chosen where, or the server is asked
	Slot    string // being parked in, retrieved from, or (screen parked) parked in
	Pending bool   // the server is being asked
	Party   Party  // who was parked, or is being retrieved
	Since   time.Time
}

// Occupied counts the slots that are taken.
func (v ParkView) Occupied() int {
	n := 0
	for _, s := range v.Slots {
		if s.Occupied {
			n++
		}
	}
	return n
}

func (ParkListWanted) effect() {}
func (ParkCall) effect()       {}
func (ParkWatch) effect()      {}
func (ParkSlots) what()        {}
func (ParkResult) what()       {}
func (Park) what()             {}
func (Retrieve) what()         {}

func slotIn(slots []ParkSlot, ext string) (ParkSlot, bool) {
	i := slices.IndexFunc(slots, func(s ParkSlot) bool { return s.Extension == ext })
	if i < 0 {
		return ParkSlot{}, false
	}
	return slots[i], true
}
