package stream

import (
	"testing"
	"time"

	"github.com/pion/rtp"

	"phoned/internal/clock"
)

// TestPanicOverAPacket: it is caught and counted, and the next packet is taken.
func TestPanicOverAPacket(t *testing.T) {
	s := New(Config{Clock: clock.NewFake(time.Unix(1e9, 0))})
	t.Cleanup(s.Close)
	if err := s.SetFormats(Formats{Send: formats["PCMU"], Recv: allFormats}); err != nil {
		t.Fatal(err)
	}
	s.OnFirst = func() { panic("put in by the test") }
	packet := func(seq uint16) []byte {
		p := rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: 0, SequenceNumber: seq, Timestamp: uint32(seq) * 160, SSRC: 1}, Payload: make([]byte, 160)}
		b, err := p.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	s.Receive(packet(1))
	s.Receive(packet(2))
	if st := s.Stats(); st.Faults != 1 || st.PacketsRecv != 2 {
		t.Errorf("%+v", st)
	}
}

// TestPadding: padding longer than the packet, or of nothing, makes a bad packet
// and no fault (RFC 3550 section 5.1; GHSA-f26w-gh5m-qq77 was one).
func TestPadding(t *testing.T) {
	s := New(Config{Clock: clock.NewFake(time.Unix(1e9, 0))})
	t.Cleanup(s.Close)
	if err := s.SetFormats(Formats{Send: formats["PCMU"], Recv: allFormats}); err != nil {
		t.Fatal(err)
	}
	head := []byte{0xa0, 0, 0, 1, 0, 0, 0, 160, 0, 0, 0, 1} // version 2, padding
	for _, tail := range [][]byte{nil, {0}, {255}, {1, 2, 3, 0}, {1, 2, 3, 5}, {9, 9, 9, 255}} {
		s.Receive(append(append([]byte(nil), head...), tail...))
	}
	s.Receive(append(append([]byte(nil), head...), 0x55, 0x55, 0, 2))
	if st := s.Stats(); st.Bad != 6 || st.PacketsRecv != 1 || st.Faults != 0 {
		t.Errorf("%+v", st)
	}
}
