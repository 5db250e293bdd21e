package rtc

import (
	"context"
	"fmt"

	"github.com/pion/webrtc/v4"

	"phoned/media"
	"phoned/media/sdp"
)

var _ media.Mover = (*Session)(nil)

// Move implements media.Mover by an ICE restart.
func (s *Session) Move(ctx context.Context) ([]byte, error) {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil, media.ErrClosed
	}
	if s.peer == nil || s.pending == realOffer {
		s.mu.Unlock()
		return s.Offer(ctx)
	}
	l, err := s.peer.restart(ctx, s)
	if err != nil {
		s.mu.Unlock()
		return nil, err
	}
	s.local, s.pending = l, realOffer
	s.mu.Unlock()
	return s.Offer(ctx)
}

// restart gathers candidates anew, on the interfaces that there are now.
func (p *peer) restart(ctx context.Context, s *Session) (sdp.Local, error) {
	if err := p.net.UpdateInterfaces(); err != nil {
		return sdp.Local{}, fmt.Errorf("network interfaces: %w", err)
	}
	d, err := p.pc.CreateOffer(&webrtc.OfferOptions{ICERestart: true})
	if err != nil {
		return sdp.Local{}, fmt.Errorf("ICE restart: %w", err)
	}
	return p.setLocal(ctx, s.cfg.GatherTimeout, d)
}
