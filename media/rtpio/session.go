package rtpio

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"phoned/internal/clock"
	"phoned/media"
	"phoned/media/agree"
	"phoned/media/audio"
	"phoned/media/datagram"
	"phoned/media/sdp"
	"phoned/media/stream"
)

// Session is one call over classic RTP; it implements media.Session.
type Session struct {
	cfg    Config
	clk    clock.Clock
	log    *slog.Logger
	voice  *stream.Stream
	events *agree.Events
	ssrc   uint32
	cname  string
	wg     sync.WaitGroup
	faults atomic.Uint64 // panics over a packet

	// route is what readers and the sender need; replaced, never changed.
	route atomic.Pointer[route]

	mu       sync.Mutex
	closed   bool
	socks    *sockets // nil before the first description
	before   *sockets // those of the address before the last Move
	sends    atomic.Pointer[datagram.Conn]
	packet   [1600]byte // WriteRTP's
	offered  []crypto
	used     crypto // ours in use
	remote   *sdp.Remote
	theirKey string // their a=crypto in use
	codecs   []sdp.Codec
	secure   bool // our offers say SAVP
	pending  bool
	ours     media.Direction
	theirs   media.Direction
	id       uint64
	version  uint64
	report   clock.Timer
	tick     clock.Timer
	told     bool
	lastRecv time.Time
	rtcp     reports
}

// New makes a Session. Sockets are opened by the first Offer or Answer.
func New(c Config) (media.Session, error) {
	c = c.withDefaults()
	var r [24]byte
	if _, err := rand.Read(r[:]); err != nil {
		return nil, fmt.Errorf("session id: %w", err)
	}
	sc := c.Stream
	sc.Clock = c.Clock
	s := &Session{
		cfg: c, clk: c.Clock, log: c.Log, voice: stream.New(sc), events: agree.NewEvents(),
		ssrc: binary.BigEndian.Uint32(r[:]), cname: fmt.Sprintf("%x", r[16:]),
		id: binary.BigEndian.Uint64(r[4:]) >> 2, version: uint64(binary.BigEndian.Uint32(r[12:])),
		secure: c.Security == Require,
	}
	s.voice.OnDigit = func(d byte) { s.events.Put(media.DigitReceived, string(d)) }
	s.voice.OnFirst = func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.tellFlowing("first packet")
	}
	return s, nil
}

// Offer implements media.Session.
func (s *Session) Offer(ctx context.Context) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, media.ErrClosed
	}
	if err := s.open(netip.Addr{}); err != nil {
		return nil, err
	}
	if s.codecs == nil {
		s.codecs = sdp.Offer(s.cfg.Codecs)
		if err := s.voice.SetFormats(stream.Formats{Recv: agree.Formats(s.codecs)}); err != nil {
			return nil, err
		}
	}
	if s.secure && s.offered == nil {
		var err error
		if s.offered, err = newCryptos(); err != nil {
			return nil, err
		}
	}
	s.pending = true
	l := sdp.Local{Profile: "RTP/AVP", RTCPMux: !s.cfg.NoMux}
	if s.secure {
		l.Profile = "RTP/SAVP"
		list := s.offered
		if s.used.key != nil {
			list = []crypto{s.used} // a re-offer keeps the key
		}
		for _, c := range list {
			l.Crypto = append(l.Crypto, c.line())
		}
	}
	return s.describe(l, s.ours)
}

func (s *Session) describe(l sdp.Local, d media.Direction) ([]byte, error) {
	s.version++
	l.ID, l.Version, l.Direction, l.Codecs = s.id, s.version, d, s.codecs
	l.Address, l.Port = s.socks.address, s.socks.port
	return l.Marshal()
}

// Answer implements media.Session.
func (s *Session) Answer(ctx context.Context, offer []byte) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, media.ErrClosed
	}
	r, common, err := s.read(offer, s.cfg.Codecs)
	if err != nil {
		return nil, err
	}
	theirs, err := s.choose(r)
	if err != nil {
		return nil, err
	}
	if err := s.open(r.Address); err != nil {
		return nil, err
	}
	l := sdp.Local{To: r, RTCPMux: r.RTCPMux}
	if theirs.key != nil {
		if s.used.suite != theirs.suite || s.used.key == nil {
			s.used = theirs
			if err := s.used.fill(); err != nil {
				return nil, err
			}
		}
		s.used.tag = theirs.tag
		l.Crypto = []string{s.used.line()}
	}
	s.codecs, s.pending = common, false
	if err := s.take(r, common, theirs); err != nil {
		return nil, err
	}
	return s.describe(l, sdp.AnswerDirection(r.Direction, s.ours))
}

// Apply implements media.Session.
func (s *Session) Apply(ctx context.Context, answer []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return media.ErrClosed
	}
	if s.socks == nil || (!s.pending && s.remote == nil) {
		return fmt.Errorf("%w: an answer without an offer", media.ErrBadDescription)
	}
	r, common, err := s.read(answer, nil)
	if err != nil {
		return err
	}
	var theirs crypto
	if s.secure {
		if theirs, err = s.match(r); err != nil {
			return err
		}
	} else if r.Secure() {
		return fmt.Errorf("%w: SRTP in answer to plain RTP", media.ErrBadDescription)
	}
	s.pending = false
	if s.cfg.NoMux {
		r.RTCPMux = false
	}
	return s.take(r, common, theirs)
}

// read parses a description and finds what is common.
func (s *Session) read(b []byte, order []string) (*sdp.Remote, []sdp.Codec, error) {
	r, err := sdp.Parse(b)
	if err != nil {
		return nil, nil, err
	}
	if !r.Address.IsValid() {
		return nil, nil, fmt.Errorf("%w: no address", media.ErrBadDescription)
	}
	if r.Fingerprint != "" && r.Secure() && len(r.Crypto) == 0 {
		return nil, nil, fmt.Errorf("%w: DTLS-SRTP on a classic line", media.ErrBadDescription)
	}
	common, err := sdp.Common(r.Codecs, order)
	return r, common, err
}

// choose picks the offer's first usable a=crypto.
func (s *Session) choose(r *sdp.Remote) (crypto, error) {
	switch {
	case !r.Secure() && s.cfg.Security == Require:
		return crypto{}, fmt.Errorf("%w: plain RTP offered, encryption required", media.ErrBadDescription)
	case !r.Secure():
		s.secure, s.used = false, crypto{}
		return crypto{}, nil
	case s.cfg.Security == Plain:
		return crypto{}, fmt.Errorf("%w: SRTP offered, only plain RTP allowed", media.ErrBadDescription)
	}
	for _, line := range r.Crypto {
		if c, err := parseCrypto(line); err == nil {
			s.secure = true
			return c, nil
		}
	}
	return crypto{}, fmt.Errorf("%w: no a=crypto that we can use", media.ErrBadDescription)
}

// match finds which of our lines the answer took and reads their key.
func (s *Session) match(r *sdp.Remote) (crypto, error) {
	for _, line := range r.Crypto {
		c, err := parseCrypto(line)
		if err != nil {
			continue
		}
		if s.used.key != nil && s.used.tag == c.tag && s.used.suite == c.suite {
			return c, nil
		}
		for _, o := range s.offered {
			if o.tag == c.tag && o.suite == c.suite {
				s.used = o
				return c, nil
			}
		}
	}
	return crypto{}, fmt.Errorf("%w: the answer takes none of our a=crypto", media.ErrBadDescription)
}

// take makes the remote description the one that counts; s.mu is held.
func (s *Session) take(r *sdp.Remote, common []sdp.Codec, theirs crypto) error {
	rt, err := s.newRoute(r, theirs)
	if err != nil {
		return err
	}
	if err := s.voice.SetFormats(agree.Terms(s.codecs, common, r)); err != nil {
		return err
	}
	s.remote, s.theirs = r, sdp.Reverse(r.Direction)
	s.route.Store(rt)
	s.voice.SetWriter(writer{s})
	s.voice.SetGates(agree.Gates(s.ours, s.theirs))
	if s.report == nil {
		s.schedule()
		s.watch()
	}
	s.log.Info("media agreed", "codec", common[0].Name, "type", common[0].Type, "theirs", s.theirs.String(), "secure", rt.in != nil)
	return nil
}

// SetDirection implements media.Session.
func (s *Session) SetDirection(d media.Direction) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ours = d
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
	for _, t := range []clock.Timer{s.report, s.tick} {
		if t != nil {
			t.Stop()
		}
	}
	socks, before := s.socks, s.before
	s.sendBye()
	s.mu.Unlock()
	s.voice.SetGates(stream.GateShut, false)
	s.voice.SetWriter(nil)
	s.voice.Close()
	var err error
	if socks != nil {
		err = socks.close()
	}
	if before != nil {
		err = errors.Join(err, before.close())
	}
	s.wg.Wait()
	s.events.Close()
	return err
}

// tellFlowing reports Flowing once until the next Stalled; s.mu is held.
func (s *Session) tellFlowing(why string) {
	if s.told || s.closed {
		return
	}
	s.told = true
	s.log.Info("media flow", "detail", why)
	s.events.Put(media.Flowing, why)
}

// watch looks once a second for silence on the wire; s.mu is held.
func (s *Session) watch() {
	s.tick = s.clk.AfterFunc(time.Second, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.closed {
			return
		}
		last := s.voice.Stats().LastPacket
		fresh := last.After(s.lastRecv)
		s.lastRecv = last
		silent := s.clk.Now().Sub(last)
		switch expected := sdp.Receives(sdp.Meet(s.ours, s.theirs)); {
		case fresh:
			s.tellFlowing("packets again")
		case s.told && expected && silent >= s.cfg.StallTimeout:
			s.told = false
			s.log.Info("media stalled", "dur", silent)
			s.events.Put(media.Stalled, fmt.Sprintf("nothing received for %v", silent.Round(time.Second)))
		}
		s.watch()
	})
}

// Stats implements media.Session.
func (s *Session) Stats() media.Stats {
	v := s.voice.Stats()
	st := media.Stats{
		Codec: v.Codec, RecvCodec: v.RecvCodec,
		PacketsSent: v.PacketsSent, PacketsRecv: v.PacketsRecv,
		BytesSent: v.BytesSent, BytesRecv: v.BytesRecv,
		PacketsLost: v.Lost, Concealed: v.Concealed, Late: v.Late, Bad: v.Bad, Faults: v.Faults,
		LossPercent: v.LossPercent, Jitter: v.Jitter, JitterDelay: v.Delay, Level: v.Level,
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	st.RoundTrip, st.RemoteLoss = s.rtcp.rtt, s.rtcp.loss
	st.Faults += s.faults.Load()
	if s.socks != nil {
		st.LocalAddress = netip.AddrPortFrom(s.socks.address, uint16(s.socks.port)).String()
	}
	if rt := s.route.Load(); rt != nil {
		st.RemoteAddress = rt.rtpTo().String()
		st.Bad += rt.stranger.Load()
		if rt.in != nil {
			st.Secure, st.Profile = true, rt.in.suite
		}
	}
	return st
}
