package media

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"phoned/media/audio"
)

// TapPoint is a place in the graph one can listen at.
type TapPoint int

const (
	TapMicrophone   TapPoint = iota // before processing
	TapSend                         // what the far end gets: processed, muted
	TapReceive                      // the far ends, mixed, before volume
	TapSpeaker                      // what the loudspeaker in use plays
	TapConversation                 // everybody: what is sent and what is received, mixed
	tapPoints
)

var tapNames = [tapPoints]string{"microphone", "send", "receive", "speaker", "conversation"}

// String gives the lower-case word.
func (p TapPoint) String() string {
	if p < 0 || p >= tapPoints {
		return "unknown"
	}
	return tapNames[p]
}

// TapPoints are all points, in the order of the way of sound.
func TapPoints() []TapPoint {
	return []TapPoint{TapMicrophone, TapSend, TapReceive, TapSpeaker, TapConversation}
}

// tap carries frames from the audio thread to a writer's goroutine.
type tap struct {
	ring  *audio.Ring
	lost  atomic.Uint64
	once  sync.Once
	quit  chan struct{}
	ended chan struct{}
	err   error // after ended
}

// tapPoll is how often a tap's writer looks; its ring holds much more.
const tapPoll = 50 * time.Millisecond

// Tap gives w what passes a point from now on, one frame at a time, on a
// goroutine of its own. A tap on a point that has one replaces it. stop ends
// it, after all has been written, and returns an error if frames were lost
// because w was too slow.
func (e *Engine) Tap(point TapPoint, w audio.Sink) (stop func() error, err error) {
	if point < 0 || point >= tapPoints {
		return nil, fmt.Errorf("tap %d: %w", point, ErrNoTapPoint)
	}
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		return nil, ErrEngineClosed
	}
	t := &tap{ring: audio.NewRing(2 * audio.Rate), quit: make(chan struct{}), ended: make(chan struct{})}
	e.tapping.Go(func() { t.run(w) })
	old := e.taps[point].Swap(t)
	e.mu.Unlock()
	if old != nil {
		e.settle()
		old.end()
	}
	return func() error {
		e.taps[point].CompareAndSwap(t, nil)
		e.settle() // the last frame is in the ring
		t.end()
		return t.err
	}, nil
}

// end returns when everything has been written.
func (t *tap) end() {
	t.once.Do(func() { close(t.quit) })
	<-t.ended
}

func (t *tap) run(w audio.Sink) {
	defer close(t.ended)
	tick := time.NewTicker(tapPoll)
	defer tick.Stop()
	frame := make([]int16, audio.FrameLen)
	for last := false; ; {
		for t.ring.Len() >= audio.FrameLen {
			t.ring.Read(frame)
			w.WriteFrame(frame)
		}
		if last {
			if n := t.lost.Load(); n > 0 {
				t.err = fmt.Errorf("tap: %d frames were lost, the writer was too slow", n)
			}
			return
		}
		select {
		case <-tick.C:
		case <-t.quit:
			last = true
		}
	}
}

// tapFrame is the audio thread's side.
func (e *Engine) tapFrame(p TapPoint, frame []int16) {
	if t := e.taps[p].Load(); t != nil {
		if t.ring.Cap()-t.ring.Len() < len(frame) {
			t.lost.Add(1)
			return
		}
		t.ring.Write(frame)
	}
}
