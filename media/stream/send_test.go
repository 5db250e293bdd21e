package stream

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/rtp"

	"phoned/media/audio"
)

// prompt is a writer that says it is one that never waits; it may be a liar.
type prompt struct {
	capture
	never bool
	takes time.Duration
}

func (p *prompt) Prompt() bool { return !p.never }

func (p *prompt) WriteRTP(h *rtp.Header, payload []byte) error {
	time.Sleep(p.takes)
	return p.capture.WriteRTP(h, payload)
}

func (p *prompt) packets() []rtp.Packet {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.p
}

// sending is a stream that sends to a writer.
func sending(t *testing.T, name string, w Writer, watch *Watch) *Stream {
	t.Helper()
	s := New(Config{Watch: watch})
	s.SetWriter(w)
	if err := s.SetFormats(Formats{Send: formats[name]}); err != nil {
		t.Fatal(err)
	}
	return s
}

// tick gives a frame and says how many packets were there when WriteFrame
// returned, and how long it took.
func tick(s *Stream, p *prompt) (int, time.Duration) {
	begin := time.Now()
	s.WriteFrame(make([]int16, audio.FrameLen))
	n, took := len(p.packets()), time.Since(begin)
	time.Sleep(audio.FrameTime - took)
	synctest.Wait()
	return n, took
}

// A packet that costs nothing leaves with the frame that fills it, and its number
// and time are those of any other.
func TestQuickPacketsLeaveAtOnce(t *testing.T) {
	for name, step := range map[string]uint32{"PCMA": 160, "G722": 160, "opus": 960} {
		synctest.Test(t, func(t *testing.T) {
			p := &prompt{}
			s := sending(t, name, p, nil)
			defer s.Close()
			for i := 1; i <= 20; i++ {
				// The first packet shows how long one takes.
				if n, _ := tick(s, p); i > 2 && n != i/2 {
					t.Fatalf("%s: %d packets at frame %d", name, n, i)
				}
			}
			for i, q := range p.packets() {
				if before := p.p[max(i-1, 0)]; i > 0 && (q.Timestamp-before.Timestamp != step || q.SequenceNumber != before.SequenceNumber+1) {
					t.Errorf("%s: %+v after %+v", name, q.Header, before.Header)
				}
			}
		})
	}
}

// What takes long, may wait or is looked at is sent by the stream's own goroutine.
func TestSlowPacketsDoNotHoldUpTheSound(t *testing.T) {
	watch := &Watch{}
	watch.Look(func(bool, []byte, []byte) {})
	for what, c := range map[string]struct {
		p     *prompt
		watch *Watch
	}{
		"slow":    {p: &prompt{takes: 3 * time.Millisecond}},
		"waits":   {p: &prompt{never: true}},
		"watched": {p: &prompt{}, watch: watch},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := sending(t, "PCMA", c.p, c.watch)
			defer s.Close()
			for i := 1; i <= 20; i++ {
				if n, took := tick(s, c.p); took > 0 || n > (i-1)/2 {
					t.Fatalf("%s: frame %d took %v, %d packets", what, i, took, n)
				}
			}
			if n := len(c.p.packets()); n != 10 {
				t.Errorf("%s: %d packets of 20 frames", what, n)
			}
		})
	}
}

// One slow packet is all that the sound may be held up by, and a quick one after it
// is enough.
func TestSlownessIsNoticedAndForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &prompt{}
		s := sending(t, "PCMA", p, nil)
		defer s.Close()
		held := 0
		for i := 1; i <= 60; i++ {
			p.takes = 0
			if i > 20 && i <= 40 {
				p.takes = 2 * time.Millisecond
			}
			n, took := tick(s, p)
			if took > 0 {
				held++
			}
			if i > 44 && n != i/2 {
				t.Errorf("frame %d: %d packets", i, n)
			}
		}
		if held != 1 {
			t.Errorf("%d frames were held up", held)
		}
	})
}

// While another has the sender's lock the frame waits in the ring, not the sound.
func TestBusySenderDoesNotHoldUpTheSound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &prompt{}
		s := sending(t, "PCMA", p, nil)
		defer s.Close()
		for range 4 {
			tick(s, p)
		}
		s.smu.Lock()
		begin := time.Now()
		for range 2 {
			s.WriteFrame(make([]int16, audio.FrameLen))
		}
		if took, n := time.Since(begin), len(p.packets()); took > 0 || n != 2 {
			t.Errorf("%d packets after %v", n, took)
		}
		s.smu.Unlock()
		synctest.Wait()
		if n := len(p.packets()); n != 3 {
			t.Errorf("%d packets once the lock was free", n)
		}
	})
}

// swallow is a prompt writer that keeps nothing.
type swallow struct{ n int }

func (*swallow) Prompt() bool { return true }

func (s *swallow) WriteRTP(*rtp.Header, []byte) error { s.n++; return nil }

// The sound's own thread makes packets: it allocates nothing.
func TestQuickPacketsAllocateNothing(t *testing.T) {
	for _, name := range []string{"PCMA", "G722", "opus"} {
		w := &swallow{}
		s := sending(t, name, w, nil)
		frame := make([]int16, audio.FrameLen)
		// By hand what WriteFrame does while packets are quick, whatever this machine is.
		packet := func() {
			for range 2 {
				s.ring[s.w.Load()%ringLen] = [audio.FrameLen]int16(frame)
				s.w.Add(1)
			}
			s.drain()
		}
		s.smu.Lock()
		for range 10 {
			packet()
		}
		before := w.n
		if n := testing.AllocsPerRun(100, packet); n != 0 {
			t.Errorf("%s: %v allocations a packet", name, n)
		}
		if got := w.n - before; got != 101 { // AllocsPerRun tries once first
			t.Errorf("%s: %d packets", name, got)
		}
		s.smu.Unlock()
		s.Close()
	}
}

// What has piled up is no work for the sound's thread.
func TestPiledUpPacketsAreTheSenders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &prompt{}
		s := sending(t, "PCMA", p, nil)
		defer s.Close()
		for range 4 {
			tick(s, p)
		}
		s.w.Add(3) // as if the sender had been held up for them
		s.WriteFrame(make([]int16, audio.FrameLen))
		if n := len(p.packets()); n != 2 {
			t.Errorf("%d packets when WriteFrame returned", n)
		}
		synctest.Wait()
		if n := len(p.packets()); n != 4 {
			t.Errorf("%d packets in the end", n)
		}
	})
}
