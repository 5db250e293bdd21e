//go:build !speexdsp && !noaec

package handsfree

import (
	"testing"

	"phoned/media/audio"
	"phoned/media/process"
	"phoned/media/process/apm"
	"phoned/media/process/speex"
)

// BenchmarkFloor is what the two libraries alone take, in the same settings, for
// BenchmarkFull to be compared with: the rest is ours.
func BenchmarkFloor(b *testing.B) {
	first, err := speex.New(speex.Config{Linear: true, Tail: room})
	if err != nil {
		b.Fatal(err)
	}
	second, err := apm.New(apm.Config{Echo: apm.Moderate, ExtendedFilter: true, Noise: steady, HighPass: true})
	if err != nil {
		b.Fatal(err)
	}
	p := process.Chain{first, second}
	defer p.Close()
	far := said(1)
	mic := echoing(far, 2)
	at := 0
	for b.Loop() {
		p.Process(mic[at:at+audio.FrameLen], far[at:at+audio.FrameLen])
		if at += audio.FrameLen; at+audio.FrameLen > len(far) {
			at = 0
		}
	}
}
