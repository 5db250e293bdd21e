// Package sentence holds a spoken test sentence (Harvard sentences, synthetic
// voice): what a phone without a microphone says, and what tests look for at
// the other end. It starts no goroutine.
package sentence

import (
	"bytes"
	_ "embed"
	"slices"
	"sync"

	"phoned/media/audio"
	"phoned/media/audio/wav"
)

//go:generate ./make.sh

//go:embed sentence.wav
var file []byte

// Rate is the file's rate in Hz.
const Rate = 16000

var decoded = sync.OnceValue(func() []int16 {
	s, rate, err := wav.Decode(bytes.NewReader(file))
	if err != nil || rate != Rate {
		panic("sentence.wav was built wrong; run go generate")
	}
	return s
})

var graphRate = sync.OnceValue(func() []int16 {
	s := decoded()
	r := audio.NewResampler(Rate, audio.Rate)
	return r.Append(make([]int16, 0, r.OutLen(len(s))), s)
})

// Samples gives a copy of the sentence at 16 kHz.
func Samples() []int16 { return slices.Clone(decoded()) }

// GraphSamples gives a copy of the sentence at audio.Rate.
func GraphSamples() []int16 { return slices.Clone(graphRate()) }

// Speaker is a Source that says the sentence, and again after a pause if it is
// to repeat. Use NewSpeaker.
type Speaker struct {
	samples []int16
	pause   int
	repeat  bool
	at      int
}

// NewSpeaker starts at the sentence's beginning.
func NewSpeaker(repeat bool) *Speaker {
	return &Speaker{samples: graphRate(), pause: audio.Rate / 2, repeat: repeat}
}

// Restart begins the sentence again. Not at the same time as ReadFrame.
func (s *Speaker) Restart() { s.at = 0 }

// ReadFrame implements audio.Source.
func (s *Speaker) ReadFrame(dst []int16) bool {
	clear(dst)
	if s.at >= len(s.samples) {
		if !s.repeat {
			return false
		}
		if s.at += len(dst); s.at >= len(s.samples)+s.pause {
			s.at = 0
		}
		return false
	}
	s.at += copy(dst, s.samples[s.at:])
	return true
}
