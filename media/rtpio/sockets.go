package rtpio

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"github.com/pion/rtp"

	"phoned/media/datagram"
	"phoned/media/dscp"
	"phoned/media/sdp"
)

// sockets are an even port for RTP and the next one for RTCP.
type sockets struct {
	rtp, rtcp *datagram.Conn
	address   netip.Addr
	port      int
}

func (s *sockets) close() error { return errors.Join(s.rtp.Close(), s.rtcp.Close()) }

// errNoPort: all ports of the range are taken.
var errNoPort = errors.New("no free pair of ports for RTP")

// open binds the sockets, once; s.mu is held.
func (s *Session) open(toward netip.Addr) error {
	if s.socks != nil {
		return nil
	}
	addr := s.cfg.Address
	if !addr.IsValid() {
		if s.cfg.Toward.IsValid() {
			toward = s.cfg.Toward
		}
		var err error
		if addr, err = localFor(toward); err != nil {
			return err
		}
	}
	k, err := bind(addr, int(s.cfg.PortMin), int(s.cfg.PortMax))
	if err != nil {
		return err
	}
	for _, c := range []*datagram.Conn{k.rtp, k.rtcp} {
		if err := dscp.Mark(c); err != nil {
			s.log.Debug("no DSCP on media", "err", err)
		}
	}
	s.socks = k
	s.sends.Store(k.rtp)
	s.wg.Go(func() { s.readRTP(k.rtp) })
	s.wg.Go(func() { s.readRTCP(k.rtcp) })
	return nil
}

// localFor gives the local address of the route to an address; nothing is sent.
func localFor(to netip.Addr) (netip.Addr, error) {
	if !to.IsValid() || to.IsUnspecified() {
		to = netip.MustParseAddr("192.0.2.1") // any address of the default route (RFC 5737)
	}
	c, err := net.Dial("udp", netip.AddrPortFrom(to, 9).String())
	if err != nil {
		return netip.Addr{}, fmt.Errorf("local address toward %s: %w", to, err)
	}
	defer c.Close()
	return c.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap(), nil
}

// bind finds a free even port and the one after it (RFC 3550 section 11).
func bind(addr netip.Addr, lo, hi int) (*sockets, error) {
	try := func(port int) *sockets {
		a, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(addr, uint16(port))))
		if err != nil {
			return nil
		}
		got := a.LocalAddr().(*net.UDPAddr).Port
		if got%2 == 0 {
			b, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(addr, uint16(got+1))))
			if err == nil {
				return &sockets{rtp: datagram.New(a), rtcp: datagram.New(b), address: addr, port: got}
			}
		}
		a.Close()
		return nil
	}
	if hi == 0 {
		for range 64 {
			if k := try(0); k != nil {
				return k, nil
			}
		}
		return nil, fmt.Errorf("%w on %s", errNoPort, addr)
	}
	for p := (lo + 1) &^ 1; p+1 <= hi; p += 2 {
		if k := try(p); k != nil {
			return k, nil
		}
	}
	return nil, fmt.Errorf("%w on %s between %d and %d", errNoPort, addr, lo, hi)
}

// route is where packets go and from where they may come.
type route struct {
	peer    netip.AddrPort // as negotiated
	control netip.AddrPort
	mux     bool
	in, out *cipher // nil: plain

	mu       sync.Mutex
	latched  netip.AddrPort // from where the first good packet came
	latchedC netip.AddrPort // RTCP
	stranger atomic.Uint64
}

// newRoute makes the route to a description; keys that did not change keep
// their state, or replay protection would start anew.
func (s *Session) newRoute(r *sdp.Remote, theirs crypto) (*route, error) {
	rt := &route{peer: netip.AddrPortFrom(r.Address.Unmap(), uint16(r.Port)), mux: r.RTCPMux}
	cport := r.RTCPPort
	if cport == 0 {
		cport = r.Port + 1
	}
	rt.control = netip.AddrPortFrom(rt.peer.Addr(), uint16(min(cport, 65535)))
	if rt.mux {
		rt.control = rt.peer
	}
	old := s.route.Load()
	if old != nil && old.peer == rt.peer {
		old.mu.Lock()
		rt.latched, rt.latchedC = old.latched, old.latchedC
		old.mu.Unlock()
	}
	if theirs.key == nil {
		return rt, nil
	}
	key := theirs.suite + string(theirs.key) + string(s.used.key)
	if old != nil && old.in != nil && s.theirKey == key {
		rt.in, rt.out = old.in, old.out
		return rt, nil
	}
	var err error
	if rt.in, err = newCipher(theirs); err != nil {
		return nil, err
	}
	if rt.out, err = newCipher(s.used); err != nil {
		return nil, err
	}
	s.theirKey = key
	return rt, nil
}

// rtpTo is where we send: symmetric RTP (RFC 4961) once the peer was heard.
func (rt *route) rtpTo() netip.AddrPort {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	if rt.latched.IsValid() {
		return rt.latched
	}
	return rt.peer
}

func (rt *route) rtcpTo() netip.AddrPort {
	if rt.mux {
		return rt.rtpTo()
	}
	rt.mu.Lock()
	defer rt.mu.Unlock()
	if rt.latchedC.IsValid() {
		return rt.latchedC
	}
	return rt.control
}

// admit opens a packet from an address; ok is false for strangers. Plain RTP is
// taken from the negotiated host only: from the port exact, or else from the
// first port heard, until exact is heard. SRTP is taken from wherever a packet
// authenticates, for a NAT may stand between.
func (rt *route) admit(from, exact netip.AddrPort, b []byte, latch *netip.AddrPort, open func([]byte) ([]byte, error)) ([]byte, bool) {
	if rt.in == nil && from.Addr() != rt.peer.Addr() {
		rt.stranger.Add(1)
		return nil, false
	}
	rt.mu.Lock()
	known := *latch
	rt.mu.Unlock()
	if rt.in == nil && known.IsValid() && known != from && from != exact {
		rt.stranger.Add(1)
		return nil, false
	}
	if open != nil {
		var err error
		if b, err = open(b); err != nil {
			rt.stranger.Add(1)
			return nil, false
		}
	}
	if known != from {
		rt.mu.Lock()
		*latch = from
		rt.mu.Unlock()
	}
	return b, true
}

// isRTCP tells RTCP from RTP on one port (RFC 5761 section 4).
func isRTCP(b []byte) bool { return len(b) >= 2 && b[1] >= 192 && b[1] <= 223 }

func (s *Session) readRTP(c *datagram.Conn) {
	b := make([]byte, 2048)
	for {
		n, from, err := c.Receive(b)
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return
			}
			continue // an ICMP error of an earlier packet
		}
		s.guard(func() { s.takeRTP(from, b[:n]) })
	}
}

// guard runs a step that a panic must not leave: one packet that we cannot cope
// with must not end the phone.
func (s *Session) guard(step func()) {
	defer func() {
		if r := recover(); r != nil {
			s.faults.Add(1)
			s.log.Error("a packet could not be handled", "err", r, "stack", string(debug.Stack()))
		}
	}()
	step()
}

func (s *Session) takeRTP(from netip.AddrPort, b []byte) {
	rt := s.route.Load()
	if rt == nil || len(b) < 8 || b[0]>>6 != 2 {
		return
	}
	if isRTCP(b) {
		if rt.mux {
			s.takeRTCP(rt, from, b)
		}
		return
	}
	var open func([]byte) ([]byte, error)
	if rt.in != nil {
		open = rt.in.decrypt
	}
	if p, ok := rt.admit(from, rt.peer, b, &rt.latched, open); ok {
		s.voice.Receive(p)
	}
}

// writer is where the stream sends.
type writer struct{ s *Session }

// Prompt implements stream.Prompt: a datagram that can't leave at once is lost.
// Encryption is not always free of allocations.
func (w writer) Prompt() bool {
	rt := w.s.route.Load()
	return rt.out == nil && w.s.sends.Load().Prompt()
}

// WriteRTP implements stream.Writer. It has one caller at a time.
func (w writer) WriteRTP(h *rtp.Header, payload []byte) error {
	rt := w.s.route.Load()
	h.SSRC = w.s.ssrc
	to := rt.rtpTo()
	if to.Port() == 0 || to.Addr().IsUnspecified() {
		return errNowhere
	}
	if rt.out != nil {
		return rt.out.encrypt(h, payload, func(b []byte) error { return w.s.sends.Load().Send(b, to) })
	}
	b := w.s.packet[:]
	n, err := h.MarshalTo(b)
	if err != nil {
		return err
	}
	return w.s.sends.Load().Send(b[:n+copy(b[n:], payload)], to)
}

// errNowhere: the far end gave no address to send to (hold of RFC 2543).
var errNowhere = errors.New("no address to send to")
