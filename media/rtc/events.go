package rtc

import (
	"fmt"
	"time"

	"phoned/internal/clock"
	"phoned/media"
	"phoned/media/sdp"
)

// watch are the timers of a Session; under its mutex.
type watch struct {
	deadline  clock.Timer
	tick      clock.Timer
	connected bool
	told      bool // Flowing was told since the last Stalled
	failed    bool
	lastRecv  time.Time
}

func (w *watch) stop() {
	if w.deadline != nil {
		w.deadline.Stop()
	}
	if w.tick != nil {
		w.tick.Stop()
	}
}

// watchConnect gives the connection its deadline, counted from the last
// description; s.mu is held.
func (s *Session) watchConnect() {
	w := &s.watch
	if w.deadline != nil {
		w.deadline.Stop()
	}
	if w.tick == nil {
		s.watchTick()
	}
	if w.connected {
		return
	}
	w.failed = false
	p := s.peer
	w.deadline = s.clk.AfterFunc(s.cfg.ConnectTimeout, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.closed || s.peer != p || s.watch.connected {
			return
		}
		s.fail(fmt.Sprintf("no media after %v: %s", s.cfg.ConnectTimeout, p.states()))
	})
}

// fail tells of a dead transport, once; s.mu is held.
func (s *Session) fail(why string) {
	if s.watch.failed {
		return
	}
	s.watch.failed, s.watch.told = true, false
	s.log.Info("media failed", "err", why)
	s.events.Put(media.Failed, why)
}

// connectionUp is told by the peer when DTLS is done.
func (s *Session) connectionUp(p *peer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.peer != p {
		return
	}
	s.watch.connected, s.watch.failed = true, false
	if s.watch.deadline != nil {
		s.watch.deadline.Stop()
	}
	s.tellFlowing("DTLS connected, " + p.candidateTypes())
}

// connectionDown is told when ICE or DTLS gave up.
func (s *Session) connectionDown(p *peer, why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.peer != p {
		return
	}
	s.watch.connected = false
	s.fail(why)
}

// tellFlowing reports Flowing once until the next Stalled or Failed.
func (s *Session) tellFlowing(detail string) {
	if s.watch.told {
		return
	}
	s.watch.told = true
	s.peer.profile()
	s.log.Info("media flow", "detail", detail)
	s.events.Put(media.Flowing, detail)
}

// flowing is called with the first packet.
func (s *Session) flowing() { s.log.Debug("first packet") }

// watchTick looks once a second for silence on the wire and feeds the encoder
// with the far end's loss; s.mu is held.
func (s *Session) watchTick() {
	s.watch.tick = s.clk.AfterFunc(time.Second, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.closed {
			return
		}
		s.checkStall()
		if s.peer != nil {
			_, loss := s.peer.remoteView()
			s.voice.SetRemoteLoss(loss)
		}
		s.watchTick()
	})
}

// checkStall compares the last packet with the time; a far end that said it
// sends nothing is not waited for.
func (s *Session) checkStall() {
	w := &s.watch
	last := s.voice.Stats().LastPacket
	if last.IsZero() || !w.connected {
		return
	}
	fresh := last.After(w.lastRecv)
	w.lastRecv = last
	if fresh && !w.told {
		s.tellFlowing("packets again")
		return
	}
	expected := sdp.Receives(sdp.Meet(s.ours, s.theirs))
	if silent := s.clk.Now().Sub(last); w.told && expected && silent >= s.cfg.StallTimeout {
		w.told = false
		s.log.Info("media stalled", "dur", silent)
		s.events.Put(media.Stalled, fmt.Sprintf("nothing received for %v", silent.Round(time.Second)))
	}
}
