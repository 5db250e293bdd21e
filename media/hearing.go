package media

import (
	"math"
	"sync/atomic"

	"phoned/media/audio"
)

// Hearing is what the engine found out about our own end of the call, for
// Quality.
type Hearing struct {
	// Speech is how loud our own voice goes out, in dB below a full-scale sine;
	// 0: nobody has spoken long enough to tell.
	Speech float64
	// Echo is how much quieter than it is played the loudspeaker arrives in the
	// microphone, in dB, on a path with echo cancelling; 0: not known.
	Echo float64
	// Overload: the loudspeaker alone drives the microphone to its limit.
	Overload bool
	// Silent: the microphone has given nothing but zeros for five seconds.
	Silent bool
}

// hearing is measured by the audio thread and read by anybody.
type hearing struct {
	speech, frames atomic.Int64 // mean square of frames with speech, and their number up to enough
	played, back   atomic.Int64 // mean squares of loudspeaker and microphone while it plays
	playing        atomic.Int64 // frames of that up to enough
	overload       atomic.Int64 // frames of that with samples at the limit, falling
	zeros          atomic.Int64 // frames in a row
}

const (
	hearingSpeech = 200   // frames of speech that are enough to judge it
	hearingEcho   = 200   // frames of loudspeaker
	hearingZeros  = 500   // frames of zeros that no microphone gives
	playedLeast   = 1e5   // mean square, -37 dBFS: what is quieter tells nothing
	nearLimit     = 32000 // samples there are cut off, or nearly
	overloadLeast = 5     // such frames, of late
	hearingPace   = 64    // frames that an average goes back
)

func (h *hearing) reset() {
	for _, v := range []*atomic.Int64{&h.speech, &h.frames, &h.played, &h.back, &h.playing, &h.overload, &h.zeros} {
		v.Store(0)
	}
}

// raw looks at the microphone before it is processed and at what was played.
// One writer: the audio thread.
func (h *hearing) raw(mic, speaker []int16) {
	m, peak := audio.Power(mic)
	if m == 0 {
		h.zeros.Add(1)
	} else {
		h.zeros.Store(0)
	}
	p, _ := audio.Power(speaker)
	if p < playedLeast {
		return
	}
	average(&h.played, p)
	average(&h.back, m)
	h.playing.Store(min(h.playing.Load()+1, hearingEcho))
	if peak >= nearLimit {
		h.overload.Store(min(h.overload.Load()+1, 10*overloadLeast))
	} else if n := h.playing.Load(); n == hearingEcho && h.overload.Load() > 0 && peak < nearLimit/2 {
		h.overload.Add(-1)
	}
}

// said looks at what goes out while somebody speaks.
func (h *hearing) said(mic []int16) {
	m, _ := audio.Power(mic)
	average(&h.speech, m)
	h.frames.Store(min(h.frames.Load()+1, hearingSpeech))
}

func average(a *atomic.Int64, v float64) {
	old := a.Load()
	a.Store(old + (int64(v)-old)/hearingPace)
}

// Hearing may be called at any time.
func (e *Engine) Hearing() Hearing {
	h, out := &e.hears, Hearing{}
	if h.frames.Load() == hearingSpeech {
		out.Speech = min(-0.1, 10*math.Log10(2*float64(h.speech.Load()+1)/(32768*32768)))
	}
	if h.playing.Load() == hearingEcho {
		out.Echo = 10 * math.Log10(float64(h.played.Load()+1)/float64(h.back.Load()+1))
		out.Overload = h.overload.Load() >= overloadLeast
	}
	out.Silent = h.zeros.Load() >= hearingZeros
	return out
}
