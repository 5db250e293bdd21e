package device

import (
	"sync"
	"time"

	"phoned/media/audio"
)

// Card is a sound card made of software, paced by the clock: each 10 ms it
// first gives a frame to its microphone's callback and then asks its
// loudspeaker's callback for one. Deadlines are absolute, so it does not
// drift; when the machine was away for longer than maxBehind the frames missed
// are skipped and counted as an xrun, as a real card would.
//
// It implements Driver: any id opens the same two halves.
type Card struct {
	name string
	src  audio.Source // what the microphone hears; nil: silence
	sink audio.Sink   // where the sound goes; nil: nowhere
	done func() error // frees src and sink
	pace func() pace

	mu      sync.Mutex // guards what follows; never held in a callback
	running int
	clock   pace
	ended   chan struct{}

	halves [2]half
	frame  []int16 // used by run only
}

// maxBehind is how late the card may be and still catch up.
const maxBehind = 100 * time.Millisecond

// half is one direction of a Card.
type half struct {
	card *Card
	dir  Direction
	lost chan struct{}

	mu     sync.Mutex // held while the callback runs
	f      Callback
	closed bool
	stats  Stats
	last   time.Time
}

// NewCard makes a card whose microphone hears src and whose loudspeaker's
// sound goes to sink; either may be nil. Both are called on the card's
// goroutine only.
func NewCard(name string, src audio.Source, sink audio.Sink) *Card {
	c := &Card{name: name, src: src, sink: sink, pace: newTimerPace, frame: make([]int16, audio.FrameLen)}
	for d := range c.halves {
		c.halves[d].card, c.halves[d].dir = c, Direction(d)
		c.halves[d].lost = make(chan struct{})
	}
	return c
}

// NewNull makes a card that hears silence and plays to nobody.
func NewNull() *Card { return NewCard("null", nil, nil) }

// NewLoop makes a card whose microphone hears what its loudspeaker played in
// the period before, sample for sample.
func NewLoop() *Card {
	l := &loop{frame: make([]int16, audio.FrameLen)}
	return NewCard("loop", l, l)
}

// loop is the air between loudspeaker and microphone.
type loop struct{ frame []int16 }

func (l *loop) WriteFrame(src []int16)     { copy(l.frame, src) }
func (l *loop) ReadFrame(dst []int16) bool { copy(dst, l.frame); return true }

// Real has the card paced by the kernel instead of by package time, whose clock a
// test may have in its hands. It takes effect with the next Start and returns c.
func (c *Card) Real() *Card {
	c.pace = newKernelPace
	return c
}

// Speaker is the card's loudspeaker.
func (c *Card) Speaker() Device { return &c.halves[Playback] }

// Microphone is the card's microphone.
func (c *Card) Microphone() Device { return &c.halves[Capture] }

// List implements Driver.
func (c *Card) List() ([]Info, error) {
	return []Info{
		{ID: c.name, Name: c.name, Direction: Playback, Default: true},
		{ID: c.name, Name: c.name, Direction: Capture, Default: true},
	}, nil
}

// Open implements Driver. What was closed before is opened again: the card
// itself lives until Close.
func (c *Card) Open(d Direction, _ string) (Device, error) {
	h := &c.halves[d]
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.f != nil {
		return nil, ErrBusy
	}
	h.closed, h.stats = false, Stats{}
	return h, nil
}

// Close closes both halves and frees what stands behind them (files).
func (c *Card) Close() error {
	c.halves[Playback].Close()
	c.halves[Capture].Close()
	c.mu.Lock()
	done := c.done
	c.done = nil
	c.mu.Unlock()
	if done != nil {
		return done()
	}
	return nil
}

// Start implements Device.
func (h *half) Start(f Callback) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.closed:
		return ErrClosed
	case h.f != nil:
		return ErrStarted
	}
	h.f, h.last = f, time.Time{}
	h.card.retain()
	return nil
}

// Stop implements Device.
func (h *half) Stop() error {
	h.mu.Lock()
	was := h.f != nil
	h.f = nil
	h.mu.Unlock()
	if was {
		h.card.release()
	}
	return nil
}

// Close implements Device.
func (h *half) Close() error {
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	return h.Stop()
}

// Latency implements Device. A frame is in the air for one period.
func (h *half) Latency() time.Duration {
	if h.dir == Capture {
		return audio.FrameTime
	}
	return 0
}

// Lost implements Device; a Card is never lost.
func (h *half) Lost() <-chan struct{} { return h.lost }

// Stats implements Device.
func (h *half) Stats() Stats { h.mu.Lock(); defer h.mu.Unlock(); return h.stats }

// retain starts the clock with the first direction that runs.
func (c *Card) retain() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.running++; c.running == 1 {
		before := c.ended // a run that is about to end, or nil
		c.clock, c.ended = c.pace(), make(chan struct{})
		go c.run(before, c.clock, c.ended)
	}
}

// release ends the clock with the last direction, and waits for its end.
func (c *Card) release() {
	c.mu.Lock()
	var ended chan struct{}
	if c.running--; c.running == 0 {
		c.clock.stop()
		ended = c.ended
	}
	c.mu.Unlock()
	if ended != nil {
		<-ended
	}
}

// run moves frames as the clock says.
func (c *Card) run(before <-chan struct{}, clock pace, ended chan<- struct{}) {
	defer close(ended)
	if before != nil {
		<-before
	}
	for {
		due := clock.wait()
		if due == 0 {
			return
		}
		missed := time.Duration(due-1)*audio.FrameTime > maxBehind
		if missed {
			due = 1
		}
		for range due {
			c.tick(missed)
			missed = false
		}
	}
}

// tick moves one frame each way: the microphone first, so that what it heard
// is there when the loudspeaker's callback looks for it.
func (c *Card) tick(missed bool) {
	clear(c.frame)
	if c.src != nil && c.halves[Capture].runs() {
		c.src.ReadFrame(c.frame)
	}
	c.halves[Capture].move(c.frame, missed)
	clear(c.frame)
	c.halves[Playback].move(c.frame, missed)
	if c.sink != nil {
		c.sink.WriteFrame(c.frame)
	}
}

// runs reports whether somebody listens; a source is not used up unheard.
func (h *half) runs() bool { h.mu.Lock(); defer h.mu.Unlock(); return h.f != nil }

// move runs the callback, if there is one.
func (h *half) move(frame []int16, missed bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.f == nil {
		return
	}
	now := time.Now()
	if !h.last.IsZero() {
		h.stats.LongestGap = max(h.stats.LongestGap, now.Sub(h.last))
	}
	h.last = now
	h.stats.Frames++
	if missed {
		h.stats.Xruns++
	}
	h.f(frame)
}
