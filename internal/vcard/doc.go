// Package vcard reads and writes address books as vCards: version 3.0 (RFC
// 2426) and 4.0 (RFC 6350) in, 3.0 or 4.0 out. Of a card it keeps what a
// telephone has use for: the name, the numbers with their kinds, and marks of
// the phone's own in X- properties.
//
// It holds no goroutine and does no I/O but on the reader and writer it is
// given. What it reads is bounded whatever comes; see the Max constants.
package vcard

import "errors"

// Bounds of what is read.
const (
	MaxBytes   = 16 << 20 // of a whole file: photographs come along
	MaxLine    = 4 << 20  // bytes of an unfolded line, likewise
	MaxCards   = 5000
	MaxNumbers = 20  // of a card
	MaxName    = 200 // runes
	MaxNumber  = 100 // runes
)

// Errors of Read. ErrTooLarge and ErrNoCard name what is wrong with the whole
// file; a card that can't be used is counted, not an error.
var (
	ErrTooLarge = errors.New("the address book is too large")
	ErrNoCard   = errors.New("there is no vCard in the file")
)

// Card is a person with numbers.
type Card struct {
	UID     string // "": none
	Name    string
	Numbers []Number
	// Favourite stands first, VIP may ring in spite of do not disturb, Blocked
	// is turned away; Melody is the ringing of its own.
	Favourite, VIP, Blocked bool
	Melody                  string
}

// Number is one of them. Kind is "work", "home", "mobile", "fax", "pager", a
// label that a person gave, or "".
type Number struct{ Number, Kind string }
