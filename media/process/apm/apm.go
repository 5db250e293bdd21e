// Package apm is echo cancelling, noise suppression and gain control by
// webrtc-audio-processing 0.3 (process.Processor), over a small C face. It
// works on the whole band at the graph's rate: the canceller on the lowest
// 8 kHz, its suppression and the rest on all of it. It starts no goroutine; it
// needs cgo, a C++ compiler and the library (Debian:
// libwebrtc-audio-processing-dev). Version 1 and later have another API and
// are not what this package is for.
package apm

/*
#cgo CXXFLAGS: -std=c++17 -O2 -Wno-unused-parameter
#cgo pkg-config: webrtc-audio-processing
#include "shim.h"

// The arguments of a frame, for package ccall.
typedef struct {
	struct apm *apm;
	int16_t *mic;
	const int16_t *far_end;
	int delay, refused;
} phoned_apm;

static void phoned_frame(void *arg) {
	phoned_apm *a = arg;
	a->refused = apm_process(a->apm, a->mic, a->far_end, a->delay);
}

static void *phoned_framer(void) { return phoned_frame; }
*/
import "C"

import (
	"errors"
	"sync/atomic"
	"unsafe"

	"phoned/media/audio"
	"phoned/media/ccall"
)

// Suppression is how hard residual echo is pushed down.
type Suppression int

const (
	// NoEchoControl leaves the canceller out.
	NoEchoControl Suppression = iota
	// Gentle keeps the near voice best while both talk.
	Gentle
	// Moderate is the library's middle.
	Moderate
	// Hard cuts the near voice while both talk.
	Hard
)

// Config says what is done; the zero Config does nothing.
type Config struct {
	Echo Suppression
	// ExtendedFilter cancels long echoes, and such whose delay wanders.
	ExtendedFilter bool
	// DelayAgnostic looks for the delay itself, in place of SetDelay's.
	DelayAgnostic bool
	// Noise suppression, 0 (off) to 4.
	Noise int
	// Target of the gain control in dB below full scale, 0 is off, at most 31.
	Target int
	// HighPass takes out rumble below 80 Hz.
	HighPass bool
}

// ErrRefused: the library took the configuration for nonsense, or had no memory.
var ErrRefused = errors.New("webrtc-audio-processing refused the configuration")

// maxDelay is the longest delay that the library takes, in ms.
const maxDelay = 500

// Processor implements process.Processor. Not safe for concurrent use.
type Processor struct {
	a      *C.struct_apm
	echo   bool
	delay  C.int
	args   C.phoned_apm
	errors atomic.Uint64
}

// New makes a processor.
func New(cfg Config) (*Processor, error) {
	c := C.struct_apm_config{
		rate: audio.Rate, suppression: C.int(cfg.Echo - 1), extended_filter: flag(cfg.ExtendedFilter),
		delay_agnostic: flag(cfg.DelayAgnostic), noise: C.int(cfg.Noise - 1), gain_control: C.int(cfg.Target),
		high_pass: flag(cfg.HighPass),
	}
	if cfg.Echo < NoEchoControl || cfg.Echo > Hard || cfg.Noise < 0 || cfg.Noise > 4 || cfg.Target < 0 || cfg.Target > 31 {
		return nil, ErrRefused
	}
	p := &Processor{a: C.apm_new(&c), echo: cfg.Echo > NoEchoControl}
	if p.a == nil {
		return nil, ErrRefused
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

// Process implements process.Processor.
func (p *Processor) Process(mic, far []int16) {
	if p.a == nil || len(mic) < audio.FrameLen || len(far) < audio.FrameLen {
		return
	}
	p.args = C.phoned_apm{
		apm: p.a, mic: (*C.int16_t)(unsafe.Pointer(&mic[0])), far_end: (*C.int16_t)(unsafe.Pointer(&far[0])), delay: p.delay,
	}
	ccall.Call(framer, unsafe.Pointer(&p.args))
	p.args.mic, p.args.far_end = nil, nil
	if p.args.refused != 0 {
		p.errors.Add(1)
	}
}

// SetEcho changes how hard residual echo is pushed down, on the thread of Process,
// between two frames; it neither allocates nor forgets what was learned. A
// processor made without echo control stays so. ErrRefused.
func (p *Processor) SetEcho(s Suppression) error {
	if p.a == nil || s <= NoEchoControl || s > Hard {
		return ErrRefused
	}
	if !p.echo {
		return nil
	}
	if C.apm_set_suppression(p.a, C.int(s-1)) != 0 {
		return ErrRefused
	}
	return nil
}

// SetDelay implements process.Processor.
func (p *Processor) SetDelay(samples int) {
	p.delay = C.int(min(max(0, samples*1000/audio.Rate), maxDelay))
}

// Errors counts frames that the library did not take; the microphone passed as
// it was.
func (p *Processor) Errors() uint64 { return p.errors.Load() }

// Close implements process.Processor.
func (p *Processor) Close() error {
	C.apm_free(p.a)
	p.a = nil
	return nil
}
