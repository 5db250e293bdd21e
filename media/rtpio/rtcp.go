package rtpio

import (
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"time"

	"github.com/pion/rtcp"

	"phoned/media/datagram"
)

// reports is what RTCP told; under the Session's mutex.
type reports struct {
	rtt    time.Duration
	loss   float64 // percent, of ours at their end
	lastSR uint32  // middle bits of their last sender report
	srAt   time.Time
}

// ntp is the time as RTCP writes it (RFC 3550 section 4).
func ntp(t time.Time) uint64 {
	const epoch = 2208988800 // 1900 to 1970
	s := uint64(t.Unix()) + epoch
	return s<<32 | uint64(t.Nanosecond())<<32/1e9
}

// schedule sends the next report after half to one and a half of the interval
// (RFC 3550 section 6.2); s.mu is held.
func (s *Session) schedule() {
	d := s.cfg.ReportInterval
	d = d/2 + rand.N(d)
	s.report = s.clk.AfterFunc(d, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.closed {
			return
		}
		s.send(s.compound())
		s.schedule()
	})
}

// compound is a sender or receiver report with the CNAME.
func (s *Session) compound() []rtcp.Packet {
	now := s.clk.Now()
	var blocks []rtcp.ReceptionReport
	if r, ok := s.voice.Report(); ok {
		clockRate := 8000.0
		if len(s.codecs) > 0 {
			clockRate = float64(s.codecs[0].Clock)
		}
		b := rtcp.ReceptionReport{
			SSRC: r.SSRC, FractionLost: r.FractionLost, TotalLost: r.TotalLost,
			LastSequenceNumber: r.HighestSeq, Jitter: uint32(r.Jitter.Seconds() * clockRate),
		}
		if !s.rtcp.srAt.IsZero() {
			b.LastSenderReport = s.rtcp.lastSR
			b.Delay = uint32(now.Sub(s.rtcp.srAt).Seconds() * 65536)
		}
		blocks = append(blocks, b)
	}
	packets, bytes, ts := s.voice.Sent()
	var first rtcp.Packet
	if packets > 0 {
		first = &rtcp.SenderReport{SSRC: s.ssrc, NTPTime: ntp(now), RTPTime: ts, PacketCount: uint32(packets), OctetCount: uint32(bytes), Reports: blocks}
	} else {
		first = &rtcp.ReceiverReport{SSRC: s.ssrc, Reports: blocks}
	}
	return []rtcp.Packet{first, rtcp.NewCNAMESourceDescription(s.ssrc, s.cname)}
}

// send writes a compound packet; s.mu is held.
func (s *Session) send(p []rtcp.Packet) {
	rt := s.route.Load()
	if rt == nil {
		return
	}
	b, err := rtcp.Marshal(p)
	if err == nil && rt.out != nil {
		b, err = rt.out.encryptRTCP(b)
	}
	if err != nil {
		s.log.Debug("RTCP not sent", "err", err)
		return
	}
	c := s.socks.rtcp
	if rt.mux {
		c = s.socks.rtp
	}
	if to := rt.rtcpTo(); to.Port() != 0 && !to.Addr().IsUnspecified() {
		_ = c.Send(b, to) // the next report tries again
	}
}

// sendBye takes leave (RFC 3550 section 6.6); s.mu is held.
func (s *Session) sendBye() {
	if s.route.Load() != nil {
		s.send(append(s.compound(), &rtcp.Goodbye{Sources: []uint32{s.ssrc}}))
	}
}

func (s *Session) readRTCP(c *datagram.Conn) {
	b := make([]byte, 2048)
	for {
		n, from, err := c.Receive(b)
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return
			}
			continue
		}
		rt := s.route.Load()
		if rt == nil || rt.mux || !isRTCP(b[:n]) {
			continue
		}
		s.guard(func() { s.takeRTCP(rt, from, b[:n]) })
	}
}

func (s *Session) takeRTCP(rt *route, from netip.AddrPort, b []byte) {
	latch := &rt.latchedC
	if rt.mux {
		latch = &rt.latched
	}
	var open func([]byte) ([]byte, error)
	if rt.in != nil {
		open = rt.in.decryptRTCP
	}
	if b, ok := rt.admit(from, rt.control, b, latch, open); ok {
		s.reported(b)
	}
}

// reported reads a compound packet (RFC 3550 section 6.1); anything else is
// ignored.
func (s *Session) reported(b []byte) {
	packets, err := rtcp.Unmarshal(b)
	if err != nil {
		return
	}
	now := s.clk.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range packets {
		switch p := p.(type) {
		case *rtcp.SenderReport:
			s.rtcp.lastSR, s.rtcp.srAt = uint32(p.NTPTime>>16), now
			s.takeBlocks(p.Reports, now)
		case *rtcp.ReceiverReport:
			s.takeBlocks(p.Reports, now)
		}
	}
}

// takeBlocks reads loss and round trip (RFC 3550 section 6.4.1) of our packets.
func (s *Session) takeBlocks(list []rtcp.ReceptionReport, now time.Time) {
	for _, r := range list {
		if r.SSRC != s.ssrc {
			continue
		}
		s.rtcp.loss = float64(r.FractionLost) * 100 / 256
		s.voice.SetRemoteLoss(s.rtcp.loss)
		if r.LastSenderReport == 0 {
			continue
		}
		d := uint32(ntp(now)>>16) - r.LastSenderReport - r.Delay
		if rtt := time.Duration(d) * time.Second / 65536; rtt < 10*time.Second {
			s.rtcp.rtt = rtt
		}
	}
}
