//go:build !speexdsp && !noaec

package handsfree

import (
	"errors"
	"fmt"
	"time"

	"phoned/media/process"
	"phoned/media/process/apm"
	"phoned/media/process/level"
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

// strength of the second step, by kind.
var strength = map[Kind]apm.Suppression{Soft: apm.Gentle, Full: apm.Moderate, Standard: apm.Moderate, Hard: apm.Hard}

// full first subtracts the echo, which keeps our voice whole while both talk,
// then suppresses what is left of it: what the loudspeaker distorted, and all of
// it until the first step has learned the room; and brings our voice, not the
// echo, to a level.
func full(k Kind) (process.Processor, error) {
	first, err := speex.New(speex.Config{Linear: true, Tail: room})
	if err != nil {
		return nil, fmt.Errorf("echo cancelling: %w", err)
	}
	second, err := apm.New(apm.Config{Echo: apm.Hard, ExtendedFilter: true, Noise: steady, HighPass: true})
	if err != nil {
		return nil, fmt.Errorf("echo suppression: %w", errors.Join(err, first.Close()))
	}
	return process.Chain{first, &settling{Processor: second, then: strength[k], left: learning}, level.New()}, nil
}

const (
	// learning is how much of the far end's speech, in frames, the first step needs
	// to know the room: until then the second one suppresses hard.
	learning = 300
	// learnFrom is the mean square of a frame that teaches it something: -50 dBFS.
	learnFrom = 1e4
)

// settling is a suppressor that begins hard.
type settling struct {
	*apm.Processor
	then apm.Suppression
	left int
}

// Process implements process.Processor.
func (s *settling) Process(mic, far []int16) {
	s.Processor.Process(mic, far)
	if s.left == 0 {
		return
	}
	sum := 0.0
	for _, v := range far {
		sum += float64(v) * float64(v)
	}
	if sum < learnFrom*float64(len(far)) {
		return
	}
	if s.left--; s.left == 0 {
		_ = s.SetEcho(s.then) // if it is refused it stays hard, which works too
	}
}

func noise() (process.Processor, error) {
	return apm.New(apm.Config{Noise: steady, Target: voice, HighPass: true})
}
