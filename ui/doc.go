// Package ui says what a screen shows: Build turns a phone.View into a Screen
// of words, tones and icons, ready for any panel. It knows languages, dates
// and the person's words for what the protocol says; it knows no pixel.
//
// Everything here is a pure function of its arguments: no goroutine, no clock,
// no I/O. The message catalogues are data files in catalogue/; a further
// language is one further file. Section numbers (C0 … C12) refer to
// docs/spec/user-interface.md.
package ui
