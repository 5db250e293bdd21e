// Package speex is echo cancelling, noise suppression and gain control by
// libspeexdsp (process.Processor). It works at 16 kHz: wide band is what a
// hands-free phone needs, and a third of the work. It is transparent while both
// talk, and weaker than others on cheap loudspeakers that distort. It starts no
// goroutine; it needs cgo and libspeexdsp.
package speex

/*
#cgo pkg-config: speexdsp
#include <speex/speex_echo.h>
#include <speex/speex_preprocess.h>

static int set_int(SpeexPreprocessState *p, int what, int value) { return speex_preprocess_ctl(p, what, &value); }
static int set_float(SpeexPreprocessState *p, int what, float value) { return speex_preprocess_ctl(p, what, &value); }
static int set_echo(SpeexPreprocessState *p, SpeexEchoState *e) { return speex_preprocess_ctl(p, SPEEX_PREPROCESS_SET_ECHO_STATE, e); }

// The arguments of a frame, for package ccall; a part that is NULL is left out.
typedef struct {
	void *echo, *pre;
	const spx_int16_t *mic, *far_end;
	spx_int16_t *out;
} phoned_speex;

static void phoned_frame(void *arg) {
	phoned_speex *a = arg;
	if (a->echo)
		speex_echo_cancellation(a->echo, a->mic, a->far_end, a->out);
	if (a->pre)
		speex_preprocess_run(a->pre, a->out);
}

static void *phoned_framer(void) { return phoned_frame; }

static int set_rate(SpeexEchoState *e, int rate) { return speex_echo_ctl(e, SPEEX_ECHO_SET_SAMPLING_RATE, &rate); }
*/
import "C"

import (
	"errors"
	"fmt"
	"time"
	"unsafe"

	"phoned/media/audio"
	"phoned/media/ccall"
)

const (
	rate     = 16000
	frameLen = rate / 100
	// maxDelay bounds the delay line for the far end.
	maxDelay = rate / 2
	// early is how much earlier than reported the echo may come and still be
	// cancelled.
	early = rate / 50
)

// ErrNoMemory: the library could not allocate its state.
var ErrNoMemory = errors.New("speexdsp: out of memory")

// Config says what is done. The zero Config only suppresses echo.
type Config struct {
	// Tail is how long an echo may last, 50 to 500 ms; 0 is 200 ms.
	Tail time.Duration
	// NoiseSuppression in dB, 0 (off) to 40.
	NoiseSuppression int
	// GainControl brings quiet talkers up to a common level.
	GainControl bool
	// Linear only subtracts the echo and does nothing else: for a chain whose
	// next processor suppresses what is left.
	Linear bool
	// NoEcho leaves the echo where it is: for a microphone that hears none.
	NoEcho bool
}

// Processor implements process.Processor. Not safe for concurrent use.
type Processor struct {
	echo *C.SpeexEchoState
	pre  *C.SpeexPreprocessState

	linear, noEcho bool
	args           C.phoned_speex

	micDown, farDown, up *audio.Resampler
	mic, far, out        []int16
	wide                 []int16 // result at the graph's rate
	line                 []int16 // the far end, waiting for its echo
	at, delay            int
}

// New makes a processor.
func New(cfg Config) (*Processor, error) {
	if cfg.Tail == 0 {
		cfg.Tail = 200 * time.Millisecond
	}
	if cfg.Tail < 50*time.Millisecond || cfg.Tail > 500*time.Millisecond || cfg.NoiseSuppression < 0 || cfg.NoiseSuppression > 40 {
		return nil, fmt.Errorf("speexdsp: tail %v or noise suppression %d dB is out of range", cfg.Tail, cfg.NoiseSuppression)
	}
	p := &Processor{
		linear: cfg.Linear, noEcho: cfg.NoEcho,
		echo:    C.speex_echo_state_init(frameLen, C.int(cfg.Tail*rate/time.Second)),
		pre:     C.speex_preprocess_state_init(frameLen, rate),
		micDown: audio.NewResampler(audio.Rate, rate), farDown: audio.NewResampler(audio.Rate, rate),
		up:  audio.NewResampler(rate, audio.Rate),
		mic: make([]int16, 0, frameLen), far: make([]int16, 0, frameLen), out: make([]int16, frameLen),
		wide: make([]int16, 0, audio.FrameLen), line: make([]int16, maxDelay+frameLen),
	}
	if p.echo == nil || p.pre == nil {
		p.Close()
		return nil, ErrNoMemory
	}
	C.set_rate(p.echo, rate)
	if !cfg.NoEcho {
		C.set_echo(p.pre, p.echo)
	}
	C.set_int(p.pre, C.SPEEX_PREPROCESS_SET_ECHO_SUPPRESS, -60)
	C.set_int(p.pre, C.SPEEX_PREPROCESS_SET_ECHO_SUPPRESS_ACTIVE, -30)
	C.set_int(p.pre, C.SPEEX_PREPROCESS_SET_DENOISE, flag(cfg.NoiseSuppression > 0))
	if cfg.NoiseSuppression > 0 {
		C.set_int(p.pre, C.SPEEX_PREPROCESS_SET_NOISE_SUPPRESS, C.int(-cfg.NoiseSuppression))
	}
	C.set_int(p.pre, C.SPEEX_PREPROCESS_SET_AGC, flag(cfg.GainControl))
	if cfg.GainControl {
		C.set_float(p.pre, C.SPEEX_PREPROCESS_SET_AGC_LEVEL, 8000)
		C.set_int(p.pre, C.SPEEX_PREPROCESS_SET_AGC_MAX_GAIN, 18)
	}
	return p, nil
}

func flag(on bool) C.int {
	if on {
		return 1
	}
	return 0
}

var framer = C.phoned_framer()

// Process implements process.Processor. The result is about 2 ms late, for the
// two conversions of rate.
func (p *Processor) Process(mic, far []int16) {
	p.mic = p.micDown.Append(p.mic[:0], mic)
	p.far = p.farDown.Append(p.far[:0], far)
	for i, v := range p.far {
		p.line[p.at] = v
		j := p.at - p.delay
		if j < 0 {
			j += len(p.line)
		}
		p.far[i] = p.line[j]
		if p.at++; p.at == len(p.line) {
			p.at = 0
		}
	}
	p.args = C.phoned_speex{
		mic: (*C.spx_int16_t)(unsafe.Pointer(&p.mic[0])), far_end: (*C.spx_int16_t)(unsafe.Pointer(&p.far[0])),
		out: (*C.spx_int16_t)(unsafe.Pointer(&p.out[0])),
	}
	if p.noEcho {
		copy(p.out, p.mic)
	} else {
		p.args.echo = unsafe.Pointer(p.echo)
	}
	if !p.linear {
		p.args.pre = unsafe.Pointer(p.pre)
	}
	ccall.Call(framer, unsafe.Pointer(&p.args))
	p.wide = p.up.Append(p.wide[:0], p.out)
	copy(mic, p.wide)
}

// SetDelay implements process.Processor: the far end is held back so that the
// tail is left for the room.
func (p *Processor) SetDelay(samples int) {
	p.delay = min(max(0, samples*rate/audio.Rate-early), maxDelay)
}

// Close implements process.Processor.
func (p *Processor) Close() error {
	if p.echo != nil {
		C.speex_echo_state_destroy(p.echo)
		p.echo = nil
	}
	if p.pre != nil {
		C.speex_preprocess_state_destroy(p.pre)
		p.pre = nil
	}
	return nil
}
