// Package mediatest helps tests to say whether sound arrived: detectors of
// tones and levels, correlation of what was sent with what came back, and the
// conformance suite of media sessions. It is for tests and for the
// self-checking demo, never for the firmware's audio path.
package mediatest
