package device

import (
	"time"

	"phoned/media/audio"
)

// pace tells when a Card's frames are due.
type pace interface {
	// wait returns when there are frames to be moved, and how many; 0 when stop
	// was called.
	wait() int
	// stop ends wait. It is called once, by anybody.
	stop()
}

// timerPace takes its time from package time, and so obeys a test's clock.
type timerPace struct {
	next  time.Time
	timer *time.Timer
	quit  chan struct{}
}

func newTimerPace() pace {
	return &timerPace{next: time.Now(), timer: time.NewTimer(audio.FrameTime), quit: make(chan struct{})}
}

func (p *timerPace) wait() int {
	p.next = p.next.Add(audio.FrameTime)
	p.timer.Reset(time.Until(p.next))
	select {
	case <-p.timer.C:
	case <-p.quit:
		p.timer.Stop()
		return 0
	}
	late := int(max(time.Since(p.next), 0) / audio.FrameTime)
	p.next = p.next.Add(time.Duration(late) * audio.FrameTime)
	return 1 + late
}

func (p *timerPace) stop() { close(p.quit) }
