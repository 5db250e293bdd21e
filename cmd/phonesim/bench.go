package main

import (
	"math"
	"sync"
	"time"

	"phoned/media/audio"
	"phoned/media/device"
	"phoned/media/mediatest/sentence"
)

// bench stands where a sound card would: its microphone hears a spoken
// sentence, a tone or nothing, and what the loudspeaker plays is kept.
type bench struct {
	card *device.Card

	mu      sync.Mutex
	source  audio.Source // nil: silence
	keeping bool
	sent    []int16 // what the microphone heard, while keeping
	heard   []int16 // what was played, frame by frame beside sent
	recent  []int16 // the last seconds of what was played
	lastMic time.Time
	late    time.Duration // the longest wait for a frame while keeping, beyond its 10 ms
}

// recentLimit is how much of what was played can be listened to afterwards.
const recentLimit = 10 * audio.Rate

func newBench() *bench {
	b := &bench{source: sentence.NewSpeaker(true)}
	b.card = device.NewCard("bench", (*benchMic)(b), (*benchEar)(b)).Real()
	return b
}

// say makes the microphone hear src from now on; nil is silence.
func (b *bench) say(src audio.Source) { b.mu.Lock(); b.source = src; b.mu.Unlock() }

// keep begins a recording of both sides, with src as the microphone.
func (b *bench) keep(src audio.Source) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.source, b.keeping, b.sent, b.heard = src, true, nil, nil
	b.lastMic, b.late = time.Now(), 0
}

// kept ends the recording and returns it;
// late tells how long the PC kept the bench waiting.
func (b *bench) kept() (sent, heard []int16, late time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.keeping, b.source = false, nil
	return b.sent, b.heard, b.late
}

// last returns what was played in the last n samples.
func (b *bench) last(n int) []int16 {
	b.mu.Lock()
	defer b.mu.Unlock()
	n = min(n, len(b.recent))
	return append([]int16(nil), b.recent[len(b.recent)-n:]...)
}

type benchMic bench

// ReadFrame is the microphone.
func (m *benchMic) ReadFrame(dst []int16) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(dst)
	sound := m.source != nil && m.source.ReadFrame(dst)
	if m.keeping {
		now := time.Now()
		m.late = max(m.late, now.Sub(m.lastMic)-audio.FrameTime)
		m.lastMic = now
		m.sent = append(m.sent, dst...)
	}
	return sound
}

type benchEar bench

// WriteFrame is the loudspeaker.
func (e *benchEar) WriteFrame(src []int16) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.keeping {
		e.heard = append(e.heard, src...)
	}
	e.recent = append(e.recent, src...)
	if len(e.recent) > 2*recentLimit {
		e.recent = append(e.recent[:0], e.recent[len(e.recent)-recentLimit:]...)
	}
}

// sine is a steady tone, -9 dBFS.
type sine struct {
	hz float64
	at int
}

const sineAmplitude = 11600

// ReadFrame implements audio.Source.
func (s *sine) ReadFrame(dst []int16) bool {
	for i := range dst {
		dst[i] = int16(math.Round(sineAmplitude * math.Sin(2*math.Pi*s.hz*float64(s.at)/audio.Rate)))
		s.at++
	}
	return true
}
