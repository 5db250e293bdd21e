package media

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"phoned/internal/health"
	"phoned/media/audio"
	"phoned/media/device"
	"phoned/media/process"
)

// Errors of the Engine; test with errors.Is.
var (
	// ErrUnknownPort: the plan names a port that was not added, or not any
	// more. The rest of the plan is done all the same.
	ErrUnknownPort = errors.New("port was not added to the engine")
	// ErrEngineClosed: the Engine was closed.
	ErrEngineClosed = errors.New("audio engine is closed")
	// ErrNoTapPoint: there is no such point to listen at.
	ErrNoTapPoint = errors.New("no such tap point")
)

// EngineConfig says what an Engine works with.
type EngineConfig struct {
	// Devices opens sound cards. Required.
	Devices device.Driver
	// Paths are the devices of each path; handset, headset and speaker are
	// looked at (a group is the handset's and the speaker's). A path that is
	// missing uses the driver's default devices.
	Paths map[Path]Endpoint
	// Ringer is the playback device that rings; "" is the driver's default.
	Ringer string
	// Country chooses the tones: ISO 3166-1 alpha-2, "" is the US.
	Country string
	// Processor makes the processing of a path's microphone, nil for none. It
	// is called when a path is entered; the result is closed when it is left.
	Processor func(Path) (process.Processor, error)
	// Tuning fits each path's loudspeaker and microphone; see SetTuning.
	Tuning map[Path]Tuning
	// Voice hears, on the engine's own goroutine, that somebody has spoken
	// into a muted microphone for a second; nil for nobody. Not more often than
	// each ten seconds.
	Voice func()
	// Problems hears of missing devices, nil for nobody.
	Problems *health.Registry
	// Log is the logger, nil for none.
	Log *slog.Logger
}

// Engine connects the ports of calls with microphones and loudspeakers. It is
// pulled by the clock of the loudspeaker in use: each time that asks for 10 ms,
// one frame goes all the way through:
//
//	microphone thread → Elastic ─┐ (drift)
//	                             ▼
//	             gain, equaliser → mic ─→ Processor ─→ meter ─→ mute ─→ Mic port
//	                             ▲                  ▲  (in a conference: + the other
//	                             │                  │            ports, through a limiter)
//	                             │ sidetone         │ far
//	 ports ─ReadFrame→ gains ─→ Mixer ─→ equaliser, volume ─→ limiter ─→ meter ─→ loudspeaker in use
//	                             ▲                  │
//	        tone · digit · beep ─┘                  └→ Elastic → group's loudspeaker
//	                                  melody ─→ volume ─→ Elastic → ringer (or mixed in)
//
// Goroutines: one that opens and closes devices, one for each open device that
// waits for its loss, one for each tap; all end with Close. Everything on the
// audio thread runs under tick's lock, which others hold only to exchange
// pointers. All methods are safe for concurrent use; none blocks for longer
// than a tick, except Close.
type Engine struct {
	cfg   EngineConfig
	log   *slog.Logger
	tones audio.ToneSet

	mu     sync.Mutex // guards what follows
	closed bool
	plan   Plan
	ports  []*portState
	gone   []*portState
	paths  map[Path]Endpoint
	ringer string
	tuning [pathCount]*tuned

	graph   atomic.Pointer[graph]   // what the plan asks, for the audio thread
	routing atomic.Pointer[routing] // the devices, for the audio thread
	oneShot chan *audio.Tone        // digits and beeps
	beeps   atomic.Int32            // of them waiting or playing
	spoke   atomic.Bool             // into a muted microphone, and nobody was told yet
	hurry   atomic.Int64            // UnixNano until which missing devices are looked for often

	bay  *patchbay // the control goroutine's
	wake chan struct{}
	quit chan struct{}
	done chan struct{}

	tickMu sync.Mutex // held for a tick
	t      tickState  // the audio thread's, under tickMu

	meters  struct{ mic, far, speaker audio.Meter }
	hears   hearing
	counts  counters
	taps    [tapPoints]atomic.Pointer[tap]
	tapping sync.WaitGroup
}

// portState is a port and its place in the graph. The gains belong to the audio
// thread.
type portState struct {
	port  Port
	input audio.Input // its place in what we hear
	frame [audio.FrameLen]int16
	send  sendMix // what it hears
	legs  []*leg  // the other ports' places in that; guarded by Engine.mu
}

// portRole is a port in a graph.
type portRole struct {
	*portState
	heard bool
	legs  []*leg
}

// graph is what the audio thread is asked to do; immutable.
type graph struct {
	ports      []portRole
	gone       []*portState // removed; what they left behind fades
	mic        *portState
	heard      int // how many ports are
	conference bool
	muted      bool
	path       Path
	tone       *audio.Tone
	ring       []int16
	ringGain   float32
	volume     [pathCount]float32
	tuning     [pathCount]*tuned
}

// NewEngine starts an engine; it is silent until Apply.
func NewEngine(cfg EngineConfig) (*Engine, error) {
	if cfg.Devices == nil {
		return nil, errors.New("audio engine: no device driver")
	}
	log := cfg.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	set, known := audio.Tones(cfg.Country)
	if !known && cfg.Country != "" {
		log.Info("no tones of this country, using those of the US", "country", cfg.Country)
	}
	e := &Engine{
		cfg: cfg, log: log, tones: set,
		paths: cfg.Paths, ringer: cfg.Ringer,
		oneShot: make(chan *audio.Tone, 16),
		wake:    make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{}),
	}
	if err := e.setTuningLocked(cfg.Tuning); err != nil {
		return nil, fmt.Errorf("audio engine: %w", err)
	}
	e.bay = newPatchbay(e)
	e.graph.Store(&graph{tuning: e.tuning})
	e.routing.Store(&routing{})
	go e.bay.run()
	return e, nil
}

// AddPort makes p known. From now on it is pulled every 10 ms (so that its
// jitter buffer keeps time) and given a frame, silence unless the plan says
// otherwise. Adding a port twice does nothing.
func (e *Engine) AddPort(p Port) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if p == nil || e.closed || e.find(p) != nil {
		return
	}
	e.ports = append(e.ports[:len(e.ports):len(e.ports)], &portState{port: p})
	e.rebuildLocked()
}

// RemovePort lets go of p: when it has returned the Engine does not call p
// any more.
func (e *Engine) RemovePort(p Port) {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := e.find(p)
	if s == nil {
		e.settle()
		return
	}
	e.ports = slices.DeleteFunc(slices.Clone(e.ports), func(o *portState) bool { return o == s })
	// Its own places go with it: else each port that left would hold those that
	// had left before it, and with them every call there ever was.
	s.legs = nil
	e.gone = append(slices.Clone(e.gone[max(0, len(e.gone)-3):]), s)
	e.rebuildLocked()
	e.tickMu.Lock() // no tick that began before goes on
	s.port = nil    // what fades is its last sample, which is not the port's
	e.tickMu.Unlock()
}

// settle returns when no tick is running that began before the call.
func (e *Engine) settle() {
	e.tickMu.Lock()
	defer e.tickMu.Unlock()
}

// Apply makes the engine do what p says, and nothing else. Muting, ports, tones
// and volumes change with the next frame; devices are opened and closed by the
// engine's own goroutine, the new one before the old, and it is told by
// EngineConfig.Problems, not here, if that fails. ErrUnknownPort, ErrEngineClosed.
func (e *Engine) Apply(p Plan) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return ErrEngineClosed
	}
	e.plan = p
	e.rebuildLocked()
	return e.unknownLocked()
}

// SetPaths exchanges the devices of the paths and the ringer, also in the
// middle of a call.
func (e *Engine) SetPaths(paths map[Path]Endpoint, ringer string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.paths, e.ringer = paths, ringer
	e.signal()
}

// DevicesChanged says that something was plugged in or out: missing devices
// are looked for at once, and often for some seconds, because the kernel tells
// of a card before all of it can be opened.
func (e *Engine) DevicesChanged() {
	e.hurry.Store(time.Now().Add(hurryTime).UnixNano())
	e.signal()
}

// PrepareRing renders a ringer melody in advance, so that ringing begins at
// once; call it with the phone's own melody at start and when it changes.
func (e *Engine) PrepareRing(melody string) {
	e.bay.melodies.prepare(melody)
	e.signal()
}

// PlayDigit gives the local echo of a digit on the path in use, 120 ms. It
// never reaches a port. Anything but a DTMF digit is ignored.
func (e *Engine) PlayDigit(digit byte) { e.playOnce(audio.DTMF(digit, digitEcho, digitLevel)) }

// Beep plays a short tone (confirm, error, page …) once on the path in use, or
// on the ringer if there is none. Names whose tone has no end are ignored.
func (e *Engine) Beep(name audio.ToneName) {
	if t := e.tones[name]; t != nil && t.Len() > 0 {
		e.playOnce(t)
	}
}

func (e *Engine) playOnce(t *audio.Tone) {
	if t == nil {
		return
	}
	e.beeps.Add(1)
	select {
	case e.oneShot <- t:
		e.signal()
	default: // sixteen beeps are waiting: enough
		e.beeps.Add(-1)
	}
}

// Close stops everything and waits for its goroutines.
func (e *Engine) Close() error {
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		<-e.done
		return nil
	}
	e.closed = true
	e.mu.Unlock()
	close(e.quit)
	<-e.done
	for i := range e.taps {
		if t := e.taps[i].Swap(nil); t != nil {
			t.end()
		}
	}
	e.tapping.Wait()
	return nil
}

// find looks a port up; e.mu is held.
func (e *Engine) find(p Port) *portState {
	for _, s := range e.ports {
		if s.port == p {
			return s
		}
	}
	return nil
}

// signal wakes the control goroutine.
func (e *Engine) signal() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// rebuildLocked turns the plan into a graph; e.mu is held.
func (e *Engine) rebuildLocked() {
	p, old := &e.plan, e.graph.Load()
	path := p.Path
	if path == "" {
		path = PathNone
	}
	g := &graph{
		gone: append([]*portState(nil), e.gone...), conference: p.Conference, muted: p.Muted, path: path,
		tone: e.tones[p.Tone],
	}
	for i, q := range soundingPaths {
		g.volume[i] = speechGain(volume(p.Volumes, q))
		g.tuning[i] = e.tuning[i]
	}
	for _, s := range e.ports {
		heard := slices.Contains(p.Listen, s.port)
		if heard {
			g.heard++
		}
		g.ports = append(g.ports, portRole{portState: s, heard: heard, legs: e.legsOf(s)})
	}
	g.mic = e.find(p.Mic)
	if p.Ring.On { // not rendered yet: the control goroutine does it and comes back
		g.ring = e.bay.melodies.get(p.Ring.Melody)
		g.ringGain = ringGain(volume(p.Volumes, PathNone), p.Ring.Soft)
	}
	e.graph.Store(g)
	if old.path != g.path {
		e.log.LogAttrs(context.Background(), slog.LevelInfo, "audio path changed", slog.String("path", string(g.path)))
	}
	e.signal()
}

// unknownLocked tells of a port in the plan that was not added; e.mu is held.
func (e *Engine) unknownLocked() error {
	for _, l := range e.plan.Listen {
		if e.find(l) == nil {
			return fmt.Errorf("listen: %w", ErrUnknownPort)
		}
	}
	if e.plan.Mic != nil && e.find(e.plan.Mic) == nil {
		return fmt.Errorf("microphone: %w", ErrUnknownPort)
	}
	return nil
}
