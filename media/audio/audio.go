// Package audio is the vocabulary of sound: frames, sources, sinks and the
// pure parts of the graph (mixing, resampling, levels, tones). It owns no
// device, no socket and starts no goroutine.
//
// The graph runs at Rate, mono, 16-bit, in frames of FrameLen samples (10 ms).
package audio

import "time"

const (
	// Rate is the sampling rate of the graph in Hz.
	Rate = 48000
	// FrameLen is the length of a Frame in samples: 10 ms.
	FrameLen = Rate / 100
	// FrameTime is the length of a Frame.
	FrameTime = 10 * time.Millisecond
)

// Source gives sound when it is asked, one frame at a time. ReadFrame fills
// all FrameLen samples of dst, with silence if there is nothing; it is called
// on the audio thread every 10 ms: it must not block, allocate, lock for long
// or log. It reports whether there was any sound to give.
type Source interface{ ReadFrame(dst []int16) bool }

// Sink takes sound, one frame of FrameLen samples at a time, under the same
// rules. It must not keep src.
type Sink interface{ WriteFrame(src []int16) }
