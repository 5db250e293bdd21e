// Package phone is the pure core of the telephone: call control, the audio
// path, soft keys and timers. It decides; others do.
//
// Step(State, Event) (State, []Effect) has no I/O, no clock, no goroutine and
// no randomness: the time is in the event, timers are effects that come back
// as events, look-ups are effects whose results come back as events. A field
// bug is an event log; a test is a list of events.
//
// Loop is the only file with a goroutine: it owns one State, feeds it events
// in order and hands the effects on. The package imports the standard library
// only. Section numbers (C0 … C12) refer to docs/spec/user-interface.md.
package phone
