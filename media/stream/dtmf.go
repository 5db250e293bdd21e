package stream

import (
	"encoding/binary"
	"strings"
	"time"

	"github.com/pion/rtp"

	"phoned/media/audio"
)

// digits in the order of their event codes (RFC 4733 section 3.2).
const digits = "0123456789*#ABCD"

// eventIn follows the far end's events: each has one timestamp and many packets.
type eventIn struct {
	have bool
	ts   uint32
}

// take gives the digit of an event's first packet seen, else 0; ok is false if
// the payload is no event.
func (e *eventIn) take(ts uint32, p []byte) (digit byte, ok bool) {
	if len(p) < 4 {
		return 0, false
	}
	if int(p[0]) >= len(digits) || (e.have && e.ts == ts) {
		return 0, true
	}
	e.have, e.ts = true, ts
	return digits[p[0]], true
}

// eventOut is a digit being sent.
type eventOut struct {
	code  byte
	total int // steps of 10 ms
	done  int
	ends  int // end packets sent
	ts    uint32
	pause int // steps of silence after it
}

const (
	eventEvery = 2 // packets each 20 ms
	eventPause = 6 // 60 ms between two digits
	eventEnds  = 3 // RFC 4733 section 2.5.1.4
)

// SendDTMF queues a digit of length d (40 ms to 1.2 s; 0: 160 ms). It is sent
// by the clock, whether sound flows or not; our voice pauses meanwhile.
func (s *Stream) SendDTMF(digit byte, d time.Duration) error {
	i := strings.IndexByte(digits, digit&^0x20)
	if digit < 'A' {
		i = strings.IndexByte(digits, digit)
	}
	if i < 0 {
		return ErrBadDigit
	}
	if d == 0 {
		d = 160 * time.Millisecond
	}
	d = min(max(d, 40*time.Millisecond), 1200*time.Millisecond)
	s.smu.Lock()
	defer s.smu.Unlock()
	if s.formats.SendEvents.Name == "" {
		return ErrNoEvents
	}
	s.events = append(s.events, eventOut{code: byte(i), total: int(d / audio.FrameTime)})
	if len(s.events) == 1 {
		s.eventTimer()
	}
	return nil
}

// eventTimer asks for the next step of the first digit.
func (s *Stream) eventTimer() {
	s.clk.AfterFunc(audio.FrameTime*eventEvery, func() {
		s.smu.Lock()
		defer s.smu.Unlock()
		select {
		case <-s.quit:
			s.events = nil
			return
		default:
		}
		if len(s.events) > 0 && !s.stepEvent(&s.events[0]) {
			s.events = s.events[1:]
		}
		if len(s.events) > 0 {
			s.eventTimer()
		}
	})
}

// stepEvent sends what is due each 20 ms; false when the digit and its pause
// are over.
func (s *Stream) stepEvent(e *eventOut) bool {
	f := s.formats.SendEvents
	if e.ends >= eventEnds {
		e.pause += eventEvery
		return e.pause < eventPause
	}
	if e.done == 0 {
		e.ts = s.timestampNow()
	}
	e.done += eventEvery
	end := e.done >= e.total
	p := [4]byte{e.code, 10} // -10 dBm0
	n := 1
	if end {
		p[1] |= 0x80
		n = eventEnds
	}
	units := min(e.done, e.total) * f.ClockRate / 100
	binary.BigEndian.PutUint16(p[2:], uint16(min(units, 0xffff)))
	for i := range n {
		s.write(&rtp.Header{Version: 2, PayloadType: f.Type, Timestamp: e.ts, Marker: e.done == eventEvery && i == 0}, p[:])
	}
	if end {
		e.ends = eventEnds
	}
	return true
}
