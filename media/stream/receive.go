package stream

import (
	"time"

	"github.com/pion/rtp"

	"phoned/media/codec"
	"phoned/media/jitter"
)

// reception counts as RFC 3550 appendix A does.
type reception struct {
	ssrc       uint32
	have       bool
	base, high int64  // extended sequence numbers
	before     uint64 // expected under earlier SSRCs
	beforeRecv uint64
	recv       uint64 // under this SSRC
	bytes      uint64
	dups, late uint64
	transit    float64 // ms
	jitter     float64 // ms
	loss       float64 // smoothed, 0–1
	last       time.Time

	priorExpected, priorRecv uint64 // of the last report
}

func (r *reception) restart(ssrc uint32, seq uint16) {
	if r.have {
		r.before += uint64(r.high - r.base + 1)
		r.beforeRecv += r.recv
	}
	r.ssrc, r.have = ssrc, true
	r.base, r.high, r.recv = int64(seq), int64(seq)-1, 0
	r.transit = 0
}

func (r *reception) count(h *rtp.Header, n int, now time.Time, since time.Duration, clock int) {
	seq := r.high + int64(int16(h.SequenceNumber-uint16(r.high)))
	if seq > r.high {
		for range min(seq-r.high-1, 50) {
			r.loss += (1 - r.loss) / 256
		}
		r.loss -= r.loss / 256
		r.high = seq
	} else if r.recv > 0 {
		r.loss = max(r.loss-1.0/256, 0) // not lost, only late
	}
	r.recv++
	r.bytes += uint64(n)
	r.last = now
	if clock > 0 {
		t := since.Seconds()*1e3 - float64(h.Timestamp)*1e3/float64(clock)
		if d := t - r.transit; r.recv > 1 && d > -1e4 && d < 1e4 {
			r.jitter += (max(d, -d) - r.jitter) / 16
		}
		r.transit = t
	}
}

func (r *reception) expected() uint64 {
	if !r.have {
		return 0
	}
	return r.before + uint64(r.high-r.base+1)
}

func (r *reception) stats() Stats {
	got, lost := r.beforeRecv+r.recv, uint64(0)
	if e := r.expected(); e > got {
		lost = e - got
	}
	return Stats{
		PacketsRecv: got, BytesRecv: r.bytes, Lost: lost, Late: r.late, Duplicates: r.dups,
		LossPercent: 100 * r.loss, Jitter: time.Duration(r.jitter * 1e6), LastPacket: r.last,
	}
}

// Report is the contents of an RTCP reception report (RFC 3550 section 6.4.1).
type Report struct {
	SSRC         uint32
	FractionLost uint8
	TotalLost    uint32
	HighestSeq   uint32
	Jitter       time.Duration
}

// Report gives the figures since the last call; ok is false before any packet.
func (s *Stream) Report() (rep Report, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := &s.rx
	if !r.have {
		return rep, false
	}
	exp, got := r.expected(), r.beforeRecv+r.recv
	de, dg := exp-r.priorExpected, got-r.priorRecv
	r.priorExpected, r.priorRecv = exp, got
	rep = Report{SSRC: r.ssrc, HighestSeq: uint32(r.high), Jitter: time.Duration(r.jitter * 1e6)}
	if de > dg && de > 0 {
		rep.FractionLost = uint8(min((de-dg)<<8/de, 255))
	}
	if exp > got {
		rep.TotalLost = uint32(min(exp-got, 0x7fffff))
	}
	return rep, true
}

// Receive takes one RTP packet (already decrypted). Anything that is not one
// is counted and ignored. b is not kept.
func (s *Stream) Receive(b []byte) {
	defer func() {
		// One packet that we cannot cope with must not end the phone.
		if recover() != nil {
			s.faults.Add(1)
		}
	}()
	first, digit := s.take(b)
	if first && s.OnFirst != nil {
		s.OnFirst()
	}
	if digit != 0 && s.OnDigit != nil {
		s.OnDigit(digit)
	}
}

// take sorts a packet in; it says whether it is the first, and which digit began.
func (s *Stream) take(b []byte) (first bool, digit byte) {
	now, since := s.clk.Now(), s.now()
	var h rtp.Header
	n, err := h.Unmarshal(b)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil || h.Version != 2 || n > len(b) {
		s.bad++
		return false, 0
	}
	s.cfg.Watch.received(b, n)
	payload, ok := unpad(&h, b[n:])
	f, known := s.recv[h.PayloadType]
	if !ok || !known {
		s.bad++
		return false, 0
	}
	first = !s.rx.have
	return first, s.accept(&h, payload, f, now, since)
}

// unpad takes the padding off (RFC 3550 section 5.1).
func unpad(h *rtp.Header, p []byte) ([]byte, bool) {
	if !h.Padding {
		return p, true
	}
	if len(p) == 0 || int(p[len(p)-1]) > len(p) || p[len(p)-1] == 0 {
		return nil, false
	}
	return p[:len(p)-int(p[len(p)-1])], true
}

// accept routes a good packet; it gives a digit that began with it.
func (s *Stream) accept(h *rtp.Header, p []byte, f Format, now time.Time, since time.Duration) byte {
	if !s.rx.have || h.SSRC != s.rx.ssrc {
		if s.rx.have {
			s.jb.Restart(0)
			s.ev = eventIn{}
		}
		s.rx.restart(h.SSRC, h.SequenceNumber)
	}
	clock := f.ClockRate
	switch f.Name {
	case "telephone-event", "CN":
		clock = 0
	}
	s.rx.count(h, len(p), now, since, clock)
	switch f.Name {
	case "telephone-event":
		d, ok := s.ev.take(h.Timestamp, p)
		if !ok {
			s.bad++
		}
		return d
	case "CN": // RFC 3389: the gap itself says it; its noise is below a handset's own
		return 0
	}
	if len(p) == 0 {
		return 0 // a keep-alive
	}
	if len(p) > codec.MaxPayload { // no voice; it would set an adaptive decoder to noise
		s.bad++
		return 0
	}
	if f.ClockRate != s.jbClock {
		s.jb.Restart(f.ClockRate)
		s.jbClock = f.ClockRate
		s.jb.SetRedundant(f.Name == "opus")
	}
	switch s.jb.Put(since, jitter.Packet{Seq: h.SequenceNumber, Timestamp: h.Timestamp, Type: h.PayloadType, Payload: p}) {
	case jitter.Duplicate:
		s.rx.dups++
		s.rx.recv--
	case jitter.TooLate, jitter.Overflow:
		s.rx.late++
	}
	return 0
}
