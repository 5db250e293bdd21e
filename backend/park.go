package backend

import "time"

// ParkSlot is one place to park a call.
type ParkSlot struct {
	Extension string
	Label     string
	Occupied  bool
	Parked    *ParkedCall // nil: nothing known of a call
}

// ParkedCall is the call in an occupied slot.
type ParkedCall struct {
	PhoneNumber string
	ParkedBy    string
	ParkedAt    time.Time // zero: not told
}
