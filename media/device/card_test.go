package device

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"phoned/media/audio"
)

// A loop gives back what was played, one period later, sample for sample.
func TestLoopIsExact(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewLoop()
		defer c.Close()
		var played, heard []int16
		n := int16(0)
		if err := c.Microphone().Start(func(f []int16) { heard = append(heard, f...) }); err != nil {
			t.Fatal(err)
		}
		if err := c.Speaker().Start(func(f []int16) {
			for i := range f {
				f[i] = n
				n++
			}
			played = append(played, f...)
		}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second + time.Millisecond)
		c.Speaker().Stop()
		c.Microphone().Stop()
		if len(played) != audio.Rate || len(heard) != audio.Rate {
			t.Fatalf("in one second %d samples were played and %d heard", len(played), len(heard))
		}
		for i := range audio.FrameLen {
			if heard[i] != 0 {
				t.Fatal("something was heard before it was played")
			}
		}
		for i, v := range heard[audio.FrameLen:] {
			if v != played[i] {
				t.Fatalf("sample %d: played %d, heard %d", i, played[i], v)
			}
		}
	})
}

// The pace is that of the clock over hours, whatever the callback costs.
func TestCardDoesNotDrift(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewNull()
		defer c.Close()
		frames := 0
		start := time.Now()
		c.Speaker().Start(func([]int16) {
			frames++
			if frames%7 == 0 {
				time.Sleep(9 * time.Millisecond)
			}
		})
		time.Sleep(10 * time.Minute)
		c.Speaker().Stop()
		if want := int(time.Since(start) / audio.FrameTime); frames < want-1 || frames > want {
			t.Errorf("%d frames in ten minutes, want %d", frames, want)
		}
		if s := c.Speaker().Stats(); s.Xruns != 0 || s.Frames != uint64(frames) {
			t.Errorf("stats %+v", s)
		}
	})
}

// After a long absence the missed frames are skipped, not played in a burst.
func TestCardSkipsWhatItMissed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewNull()
		defer c.Close()
		frames, burst := 0, 0
		var last time.Time
		c.Speaker().Start(func([]int16) {
			frames++
			if time.Since(last) < time.Millisecond {
				burst++
			}
			if last = time.Now(); frames == 10 {
				time.Sleep(2 * time.Second)
				last = time.Now()
			}
		})
		time.Sleep(4*time.Second + 5*time.Millisecond)
		c.Speaker().Stop()
		if burst > 1 {
			t.Errorf("%d frames in a burst after a stop", burst)
		}
		s := c.Speaker().Stats()
		if s.Xruns != 1 || s.LongestGap < 1900*time.Millisecond {
			t.Errorf("stats %+v, want one xrun and a gap of two seconds", s)
		}
		if frames < 199 || frames > 203 {
			t.Errorf("%d frames", frames)
		}
	})
}

func TestCardSourceWaitsForItsListener(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := &counter{}
		c := NewCard("test", src, nil)
		defer c.Close()
		c.Speaker().Start(func([]int16) {})
		time.Sleep(time.Second)
		if src.n != 0 {
			t.Errorf("%d frames were used up before the microphone was opened", src.n)
		}
		if err := c.Speaker().Start(func([]int16) {}); !errors.Is(err, ErrStarted) {
			t.Errorf("second start: %v", err)
		}
	})
}

type counter struct{ n int }

func (c *counter) ReadFrame([]int16) bool { c.n++; return true }
