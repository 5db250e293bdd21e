package phone_test

import (
	"context"
	"math"
	"sync"

	"phoned/media/audio"
	"phoned/media/device"
)

// bench is a sound card made of software: the test speaks into its microphone
// and listens at its loudspeaker, frame by frame.
type bench struct {
	card *device.Card

	mu     sync.Mutex
	source audio.Source
	sent   []int16 // the microphone's side since keep
	heard  []int16 // the loudspeaker's side since keep
	keeps  bool
	frames int
	tick   chan struct{}
}

func newBench() *bench {
	b := &bench{tick: make(chan struct{})}
	b.card = device.NewCard("bench", (*benchMic)(b), (*benchEar)(b))
	return b
}

type (
	benchMic bench
	benchEar bench
)

func (m *benchMic) ReadFrame(dst []int16) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(dst)
	sound := m.source != nil && m.source.ReadFrame(dst)
	if m.keeps {
		m.sent = append(m.sent, dst...)
	}
	return sound
}

func (e *benchEar) WriteFrame(src []int16) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.keeps {
		e.heard = append(e.heard, src...)
	}
	e.frames++
	close(e.tick)
	e.tick = make(chan struct{})
}

// say makes the microphone hear src; nil is silence.
func (b *bench) say(src audio.Source) { b.mu.Lock(); b.source = src; b.mu.Unlock() }

// listen keeps both sides for so many seconds of the card's own time.
func (b *bench) listen(ctx context.Context, seconds float64) (sent, heard []int16, err error) {
	b.mu.Lock()
	b.keeps, b.sent, b.heard = true, nil, nil
	b.mu.Unlock()
	n := int(seconds * audio.Rate)
	err = b.await(ctx, func() bool { return len(b.heard) >= n })
	b.mu.Lock()
	defer b.mu.Unlock()
	b.keeps = false
	return b.sent, b.heard, err
}

// await looks at a condition after each frame, with the lock held.
func (b *bench) await(ctx context.Context, is func() bool) error {
	for {
		b.mu.Lock()
		done, tick := is(), b.tick
		b.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-tick:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// until looks at a condition outside of the card after each frame.
func (b *bench) until(ctx context.Context, is func() bool) error {
	for {
		b.mu.Lock()
		tick := b.tick
		b.mu.Unlock()
		if is() {
			return nil
		}
		select {
		case <-tick:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// sine is a steady tone of -9 dBFS.
type sine struct {
	hz float64
	at int
}

func (s *sine) ReadFrame(dst []int16) bool {
	for i := range dst {
		dst[i] = int16(math.Round(11600 * math.Sin(2*math.Pi*s.hz*float64(s.at)/audio.Rate)))
		s.at++
	}
	return true
}
