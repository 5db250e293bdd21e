package device

import (
	"testing"
	"time"

	"phoned/media/audio"
)

// The kernel's pace is never faster than the frames, ends when told, and begins
// again.
func TestRealPace(t *testing.T) {
	c := NewLoop().Real()
	defer c.Close()
	for range 2 {
		const frames = 20
		n, full := 0, make(chan struct{})
		start := time.Now()
		if err := c.Speaker().Start(func([]int16) {
			if n++; n == frames {
				close(full)
			}
		}); err != nil {
			t.Fatal(err)
		}
		<-full
		if got := time.Since(start); got < (frames-1)*audio.FrameTime {
			t.Errorf("%d frames in %v", frames, got)
		}
		if err := c.Speaker().Stop(); err != nil {
			t.Fatal(err)
		}
		if n < frames {
			t.Errorf("%d frames", n)
		}
	}
}

// Somebody may stop the card before its clock has been read for the first time.
func TestPaceIsStopped(t *testing.T) {
	for name, p := range map[string]func() pace{"timer": newTimerPace, "kernel": newKernelPace} {
		clock := p()
		clock.stop()
		for range 20 { // what was due already may be given once
			if clock.wait() == 0 {
				break
			}
			t.Logf("%s: a frame was due", name)
		}
		if clock.wait() != 0 {
			t.Errorf("%s goes on", name)
		}
	}
}
