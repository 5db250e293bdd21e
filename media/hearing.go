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
	played, back   atomic.Int64 // mean squares of loudspeaker and microphone while it plays and nobody speaks here
	alone          atomic.Int64 // frames of that up to enough
	playing        atomic.Int64 // frames while it plays, up to enough
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
	for _, v := range []*atomic.Int64{&h.speech, &h.frames, &h.played, &h.back, &h.alone, &h.playing, &h.overload, &h.zeros} {
		v.Store(0)
	}
}

// raw looks at the microphone before it is processed and at what was played, and gives
// their mean squares. One writer: the audio thread.
func (h *hearing) raw(mic, speaker []int16) (m, p float64) {
	m, peak := audio.Power(mic)
	if m == 0 {
		h.zeros.Add(1)
	} else {
		h.zeros.Store(0)
	}
	if p, _ = audio.Power(speaker); p < playedLeast {
		return m, p
	}
	h.playing.Store(min(h.playing.Load()+1, hearingEcho))
	if peak >= nearLimit {
		h.overload.Store(min(h.overload.Load()+1, 10*overloadLeast))
	} else if n := h.playing.Load(); n == hearingEcho && h.overload.Load() > 0 && peak < nearLimit/2 {
		h.overload.Add(-1)
	}
	return m, p
}

// echo takes the mean squares of a frame in which nobody spoke here: what the microphone
// then hears is the loudspeaker. A talker beside a quiet far end is no echo.
func (h *hearing) echo(mic, speaker float64) {
	if speaker < playedLeast {
		return
	}
	average(&h.played, speaker)
	average(&h.back, mic)
	h.alone.Store(min(h.alone.Load()+1, hearingEcho))
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
	if h.alone.Load() == hearingEcho {
		out.Echo = 10 * math.Log10(float64(h.played.Load()+1)/float64(h.back.Load()+1))
	}
	if h.playing.Load() == hearingEcho {
		out.Overload = h.overload.Load() >= overloadLeast
	}
	out.Silent = h.zeros.Load() >= hearingZeros
	return out
}
