// Package handsfree chooses what cleans a microphone: which canceller, which
// settings, in which order. What was measured to choose them is in
// docs/decisions/0004-echo-in-two-steps.md. It starts no goroutine.
//
// Two build tags exchange the libraries, for systems that lack one: "speexdsp"
// uses libspeexdsp alone, "noaec" uses nothing and leaves echo to the sound
// card.
package handsfree

import (
	"errors"
	"fmt"

	"phoned/media/process"
)

// Kind is how much is done to a microphone; the words stand in board files.
type Kind string

const (
	// Full cancels echo, suppresses noise and controls the gain: for a
	// loudspeaker that is open to the room.
	Full Kind = "full"
	// Noise suppresses noise and controls the gain: for a headset in a noisy
	// room.
	Noise Kind = "noise"
	// Off passes the microphone as it is: for a handset, and for measuring.
	Off Kind = "off"
)

// ErrUnknownKind: the word is none of the three.
var ErrUnknownKind = errors.New("no such audio processing")

// Check tells whether k is a kind; "" is, and stands for what suits the path.
func (k Kind) Check() error {
	switch k {
	case "", Full, Noise, Off:
		return nil
	}
	return fmt.Errorf("%q: %w (full, noise, off)", string(k), ErrUnknownKind)
}

// New makes the processing of a kind. A library that refuses is an error; the
// microphone then passes as it is.
func New(k Kind) (process.Processor, error) {
	switch k {
	case Full:
		return full()
	case Noise:
		return noise()
	case Off:
		return process.None{}, nil
	}
	return nil, k.Check()
}
