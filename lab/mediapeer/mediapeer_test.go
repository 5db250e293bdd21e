package mediapeer

import (
	"math"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtp"
)

func TestG711RoundTrip(t *testing.T) {
	for _, c := range []g711{{ulaw: true}, {}} {
		for s := -32000; s <= 32000; s += 37 {
			p, _ := c.encode([]int16{int16(s)})
			out, _ := c.decode(p)
			if d := math.Abs(float64(int(out[0]) - s)); d > math.Max(20, math.Abs(float64(s))*0.04) {
				t.Fatalf("µ %v: %d became %d", c.ulaw, s, out[0])
			}
		}
	}
	if fromULaw(0xff) != 0 || fromULaw(0x00) != -32124 || fromALaw(0xd5) != 8 || fromALaw(0xaa) != 32256 {
		t.Error("corner codes of G.711", fromULaw(0x00), fromALaw(0xd5), fromALaw(0xaa))
	}
}

// Plain RTP: the echo keeps payload, gaps and marker, and DTMF is heard once.
func TestPlainEcho(t *testing.T) {
	heard := make(chan byte, 10)
	e := New(Config{Digit: func(d byte) { heard <- d }}, false)
	defer e.Close()
	c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	own := &plain{conn: c}
	a, err := e.Answer(t.Context(), []byte(strings.Replace(own.describe(nil), "RTP/AVP", "RTP/AVP 8 101", 1)+
		"a=rtpmap:101 telephone-event/8000\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	far := &plain{}
	if err := far.apply(t.Context(), string(a)); err != nil {
		t.Fatal(err)
	}
	e.Echo()
	for _, p := range []rtp.Packet{
		{Header: rtp.Header{Version: 2, PayloadType: 8, SequenceNumber: 65535, Timestamp: 4294967200, Marker: true}, Payload: []byte{1, 2}},
		{Header: rtp.Header{Version: 2, PayloadType: 8, SequenceNumber: 2, Timestamp: 320}, Payload: []byte{3}},
		{Header: rtp.Header{Version: 2, PayloadType: 101, SequenceNumber: 3, Timestamp: 480}, Payload: []byte{11, 0x8a, 3, 32}},
		{Header: rtp.Header{Version: 2, PayloadType: 101, SequenceNumber: 4, Timestamp: 480}, Payload: []byte{11, 0x8a, 3, 32}},
	} {
		raw, err := p.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.WriteToUDP(raw, far.to); err != nil {
			t.Fatal(err)
		}
	}
	var got []rtp.Packet
	buf := make([]byte, 1500)
	for len(got) < 4 {
		_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
		n, _, err := c.ReadFromUDP(buf)
		if err != nil {
			t.Fatal(err)
		}
		var p rtp.Packet
		if err := p.Unmarshal(append([]byte(nil), buf[:n]...)); err != nil {
			t.Fatal(err)
		}
		got = append(got, p)
	}
	if got[1].SequenceNumber-got[0].SequenceNumber != 3 || got[1].Timestamp-got[0].Timestamp != 416 || !got[0].Marker ||
		string(got[0].Payload) != "\x01\x02" || got[2].PayloadType != 101 {
		t.Fatalf("%+v", got)
	}
	if d := <-heard; d != '#' || len(heard) != 0 {
		t.Fatalf("%c, %d more", d, len(heard))
	}
}

func FuzzSRTPProfile(f *testing.F) {
	f.Add(append([]byte{22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 80, 2}, make([]byte, 90)...))
	f.Fuzz(func(_ *testing.T, b []byte) { srtpProfile(b) })
}
