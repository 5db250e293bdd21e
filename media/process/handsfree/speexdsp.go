//go:build speexdsp && !noaec

package handsfree

import (
	"time"

	"phoned/media/process"
	"phoned/media/process/speex"
)

// Engine names what is built in.
const Engine = "speexdsp"

// suppression of steady noise in dB: enough for a fan, little enough for
// speech.
const suppression = 12

// full has one strength: the library's suppressor is gentle by itself.
func full(Kind) (process.Processor, error) {
	return speex.New(speex.Config{Tail: 256 * time.Millisecond, NoiseSuppression: suppression, GainControl: true})
}

func noise() (process.Processor, error) {
	return speex.New(speex.Config{Tail: 50 * time.Millisecond, NoiseSuppression: suppression, GainControl: true, NoEcho: true})
}
