//go:build !speexdsp && !noaec

package handsfree

import (
	"errors"
	"fmt"
	"time"

	"phoned/media/process"
	"phoned/media/process/apm"
	"phoned/media/process/speex"
)

// Engine names what is built in.
const Engine = "speexdsp and webrtc-audio-processing"

const (
	// room is how long an echo may last: a furnished office's.
	room = 256 * time.Millisecond
	// voice is where the gain control brings a talker, in dB below full scale.
	voice = 9
	// steady is how hard noise is suppressed, of 4: about 15 dB.
	steady = 3
)

// full first subtracts the echo, which keeps our voice whole while both talk,
// and then suppresses what is left of it: what the loudspeaker distorted, and
// all of it until the first step has learned the room.
func full() (process.Processor, error) {
	first, err := speex.New(speex.Config{Linear: true, Tail: room})
	if err != nil {
		return nil, fmt.Errorf("echo cancelling: %w", err)
	}
	second, err := apm.New(apm.Config{Echo: apm.Moderate, ExtendedFilter: true, Noise: steady, Target: voice, HighPass: true})
	if err != nil {
		return nil, fmt.Errorf("echo suppression: %w", errors.Join(err, first.Close()))
	}
	return process.Chain{first, second}, nil
}

func noise() (process.Processor, error) {
	return apm.New(apm.Config{Noise: steady, Target: voice, HighPass: true})
}
