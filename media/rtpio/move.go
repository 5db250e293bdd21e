package rtpio

import (
	"context"
	"net/netip"

	"phoned/media"
)

var _ media.Mover = (*Session)(nil)

// Move implements media.Mover: new sockets on the address that now leads to
// the far end. Until the next Move or Close the old ones are still heard, as
// long as their address is there.
func (s *Session) Move(ctx context.Context) ([]byte, error) {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil, media.ErrClosed
	}
	was, older := s.socks, s.before
	s.socks = nil
	if err := s.open(netip.Addr{}); err != nil {
		s.socks = was
		s.mu.Unlock()
		return nil, err
	}
	s.before = was
	s.mu.Unlock()
	if older != nil {
		_ = older.close()
	}
	return s.Offer(ctx)
}
