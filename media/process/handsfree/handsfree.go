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
	// loudspeaker that is open to the room. Standard is another word for it.
	Full     Kind = "full"
	Standard Kind = "standard"
	// Soft is Full with a gentler second step: the voice is wholest while both
	// talk; for a loudspeaker that hardly distorts, or an echo that is weak.
	Soft Kind = "soft"
	// Hard is Full with a harder one: for a loudspeaker that distorts, at the
	// price of the voice while both talk.
	Hard Kind = "hard"
	// Noise suppresses noise and controls the gain: for a headset in a noisy
	// room.
	Noise Kind = "noise"
	// Off passes the microphone as it is: for a handset, and for measuring.
	Off Kind = "off"
)

// ErrUnknownKind: the word is none of them.
var ErrUnknownKind = errors.New("no such audio processing")

// Check tells whether k is a kind; "" is, and stands for what suits the path.
func (k Kind) Check() error {
	switch k {
	case "", Full, Standard, Soft, Hard, Noise, Off:
		return nil
	}
	return fmt.Errorf("%q: %w (full, soft, standard, hard, noise, off)", string(k), ErrUnknownKind)
}

// New makes the processing of a kind. A library that refuses is an error; the
// microphone then passes as it is.
func New(k Kind) (process.Processor, error) {
	switch k {
	case Full, Standard, Soft, Hard:
		return full(k)
	case Noise:
		return noise()
	case Off:
		return process.None{}, nil
	}
	return nil, k.Check()
}
