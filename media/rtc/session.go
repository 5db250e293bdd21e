package rtc

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	mrand "math/rand/v2"
	"sync"
	"time"

	"github.com/pion/webrtc/v4"

	"phoned/internal/clock"
	"phoned/media"
	"phoned/media/agree"
	"phoned/media/audio"
	"phoned/media/sdp"
	"phoned/media/stream"
)

// Session is one call over WebRTC; it implements media.Session.
type Session struct {
	cfg    Config
	clk    clock.Clock
	log    *slog.Logger
	cert   webrtc.Certificate
	voice  *stream.Stream
	events *agree.Events

	mu      sync.Mutex
	closed  bool
	peer    *peer // nil before the first description
	local   sdp.Local
	remote  *sdp.Remote // the last that counted
	codecs  []sdp.Codec // of our last description
	pending offerKind
	ours    media.Direction
	theirs  media.Direction // seen from our side
	version uint64
	id      uint64
	watch   watch
}

// offerKind is what our unanswered offer is to Pion.
type offerKind int

const (
	noOffer offerKind = iota
	// realOffer: Pion waits for the answer.
	realOffer
	// ownOffer: ours alone, the transport stays as it is.
	ownOffer
)

// New makes a Session. Nothing is sent or gathered before the first Offer or
// Answer.
func New(c Config) (media.Session, error) {
	c = c.withDefaults()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("key for DTLS: %w", err)
	}
	cert, err := webrtc.GenerateCertificate(key)
	if err != nil {
		return nil, fmt.Errorf("certificate for DTLS: %w", err)
	}
	id, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		return nil, fmt.Errorf("session id: %w", err)
	}
	sc := c.Stream
	sc.Clock = c.Clock
	s := &Session{
		cfg: c, clk: c.Clock, log: c.Log, cert: *cert,
		voice: stream.New(sc), events: agree.NewEvents(), id: id.Uint64(), version: uint64(mrand.Uint32()),
	}
	s.voice.OnDigit = func(d byte) { s.events.Put(media.DigitReceived, string(d)) }
	s.voice.OnFirst = s.flowing
	return s, nil
}

// withDefaults fills in the zero values.
func (c Config) withDefaults() Config {
	def := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	def(&c.DTLSRetransmission, 100*time.Millisecond)
	def(&c.GatherTimeout, 3*time.Second)
	def(&c.ConnectTimeout, 12*time.Second)
	def(&c.StallTimeout, 5*time.Second)
	if c.Clock == nil {
		c.Clock = clock.Real{}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

// Offer implements media.Session.
func (s *Session) Offer(ctx context.Context) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, media.ErrClosed
	}
	if s.peer == nil {
		if err := s.firstOffer(ctx); err != nil {
			return nil, err
		}
	} else if s.pending != realOffer {
		s.pending = ownOffer
	}
	l := s.local
	l.Setup = "actpass"
	l.To = nil
	return s.describe(l, s.ours)
}

func (s *Session) firstOffer(ctx context.Context) error {
	p, err := s.newPeer(nil)
	if err != nil {
		return err
	}
	l, err := p.offer(ctx, s.cfg.GatherTimeout)
	if err != nil {
		p.close()
		return err
	}
	s.peer, s.local, s.pending = p, l, realOffer
	s.codecs = sdp.Offer(s.cfg.Codecs)
	// Early sound may come before the answer does.
	return s.voice.SetFormats(stream.Formats{Recv: agree.Formats(s.codecs)})
}

// describe writes our description, a new version each time.
func (s *Session) describe(l sdp.Local, d media.Direction) ([]byte, error) {
	s.version++
	l.ID, l.Version, l.Direction, l.Codecs = s.id, s.version, d, s.codecs
	l.RTCPMux = true
	return l.Marshal()
}

// Answer implements media.Session.
func (s *Session) Answer(ctx context.Context, offer []byte) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, media.ErrClosed
	}
	if s.pending == realOffer {
		return nil, fmt.Errorf("%w: an offer while ours is unanswered", media.ErrBadDescription)
	}
	r, err := sdp.Parse(offer)
	if err == nil {
		err = r.WebRTC()
	}
	if err != nil {
		return nil, err
	}
	common, err := sdp.Common(r.Codecs, s.cfg.Codecs)
	if err != nil {
		return nil, err
	}
	if err := s.answerTransport(ctx, r); err != nil {
		return nil, err
	}
	s.pending = noOffer
	s.codecs = common
	if err := s.agree(r, common); err != nil {
		return nil, err
	}
	l := s.local
	l.To = r
	return s.describe(l, sdp.AnswerDirection(r.Direction, s.ours))
}

// answerTransport lets Pion answer, if anything changed that concerns it.
func (s *Session) answerTransport(ctx context.Context, r *sdp.Remote) error {
	old := s.peer
	switch {
	case old != nil && s.remote != nil && r.Fingerprint != s.remote.Fingerprint:
		old = nil // another machine: a new connection
	case old != nil && r.SameTransport(s.remote):
		s.local.Setup = old.setup
		return nil
	}
	p := old
	if p == nil {
		var err error
		if p, err = s.newPeer(nil); err != nil {
			return err
		}
	}
	l, err := p.answer(ctx, s.cfg.GatherTimeout, r)
	if err != nil {
		if old == nil {
			p.close()
		}
		return err
	}
	if p != s.peer {
		s.swap(p)
	}
	s.local = l
	s.local.Setup = p.setup
	return nil
}

// Apply implements media.Session.
func (s *Session) Apply(ctx context.Context, answer []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return media.ErrClosed
	}
	if s.peer == nil {
		return fmt.Errorf("%w: an answer without an offer", media.ErrBadDescription)
	}
	r, err := sdp.Parse(answer)
	if err == nil {
		err = r.WebRTC()
	}
	if err != nil {
		return err
	}
	common, err := sdp.Common(r.Codecs, nil)
	if err != nil {
		return err
	}
	switch {
	case s.pending == realOffer:
		if err := s.peer.setAnswer(r, s.codecs); err != nil {
			return err
		}
	case !r.SameTransport(s.remote):
		// Another fork answered the same offer: the same credentials and
		// certificate on a new connection.
		if err := s.applyFork(ctx, r); err != nil {
			return err
		}
	}
	s.pending = noOffer
	return s.agree(r, common)
}

func (s *Session) applyFork(ctx context.Context, r *sdp.Remote) error {
	if s.remote != nil && r.Fingerprint == s.remote.Fingerprint && r.Ufrag == s.remote.Ufrag {
		return s.peer.addCandidates(r)
	}
	p, err := s.newPeer(&s.local)
	if err != nil {
		return err
	}
	if _, err = p.offer(ctx, s.cfg.GatherTimeout); err == nil {
		err = p.setAnswer(r, s.codecs)
	}
	if err != nil {
		p.close()
		return err
	}
	s.swap(p)
	return nil
}

// swap makes p the connection and ends the old one.
func (s *Session) swap(p *peer) {
	if s.peer != nil {
		s.peer.close()
	}
	s.peer = p
	s.watch.connected = false
}

// agree takes what both descriptions say together.
func (s *Session) agree(r *sdp.Remote, common []sdp.Codec) error {
	s.remote = r
	s.theirs = sdp.Reverse(r.Direction)
	f := agree.Terms(s.codecs, common, r)
	if err := s.voice.SetFormats(f); err != nil {
		return err
	}
	s.voice.SetWriter(s.peer.track)
	s.gate()
	s.watchConnect()
	s.log.Info("media agreed", "codec", common[0].Name, "type", common[0].Type, "theirs", s.theirs.String())
	return nil
}

// SetDirection implements media.Session.
func (s *Session) SetDirection(d media.Direction) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ours = d
	s.gate()
}

// gate lets sound through as both directions say.
func (s *Session) gate() {
	s.voice.SetGates(agree.Gates(s.ours, s.theirs))
}

// Directions implements media.Session.
func (s *Session) Directions() (ours, theirs media.Direction) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ours, s.theirs
}

// SendDTMF implements media.Session.
func (s *Session) SendDTMF(digit byte, d time.Duration) error {
	err := s.voice.SendDTMF(digit, d)
	if errors.Is(err, stream.ErrNoEvents) {
		return media.ErrNoDTMF
	}
	return err
}

// port joins the two halves of the stream's sound.
type port struct {
	audio.Source
	audio.Sink
}

// Port implements media.Session.
func (s *Session) Port() media.Port { return port{s.voice, s.voice} }

// Events implements media.Session.
func (s *Session) Events() <-chan media.Event { return s.events.C() }

// Close implements media.Session.
func (s *Session) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	p := s.peer
	s.watch.stop()
	s.mu.Unlock()
	s.voice.SetGates(stream.GateShut, false)
	s.voice.SetWriter(nil)
	var err error
	if p != nil {
		err = p.close()
	}
	s.voice.Close()
	s.events.Close()
	return err
}
