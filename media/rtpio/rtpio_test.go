package rtpio

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtp"

	"phoned/media"
	"phoned/media/audio"
)

var loopback = netip.MustParseAddr("127.0.0.1")

func session(t *testing.T, c Config) *Session {
	t.Helper()
	c.Address = loopback
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s.(*Session)
}

// far is a bare socket with a description of its own.
type far struct {
	t    *testing.T
	c    *net.UDPConn
	port int
	seq  uint16
}

func newFar(t *testing.T) *far {
	c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return &far{t: t, c: c, port: c.LocalAddr().(*net.UDPAddr).Port}
}

func (f *far) offer(lines ...string) []byte {
	return []byte(fmt.Sprintf("v=0\r\no=x 1 1 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio %d RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\n", f.port) + strings.Join(lines, ""))
}

func (f *far) send(s *Session) {
	f.seq++
	b, _ := (&rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: 8, SequenceNumber: f.seq, Timestamp: uint32(f.seq) * 160, SSRC: 5}, Payload: make([]byte, 160)}).Marshal()
	if _, err := f.c.WriteToUDPAddrPort(b, netip.AddrPortFrom(loopback, uint16(s.socks.port))); err != nil {
		f.t.Fatal(err)
	}
}

// eventually polls a counter that another goroutine moves.
func eventually(t *testing.T, what string, cond func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for range 2000 {
		if cond() {
			return
		}
		<-tick.C
	}
	t.Fatal(what)
}

func TestOnlyTheNegotiatedPortIsHeard(t *testing.T) {
	s, peer, stranger := session(t, Config{}), newFar(t), newFar(t)
	if _, err := s.Answer(t.Context(), peer.offer()); err != nil {
		t.Fatal(err)
	}
	peer.send(s)
	eventually(t, "the peer is not heard", func() bool { return s.Stats().PacketsRecv == 1 })
	for range 3 {
		stranger.send(s)
	}
	eventually(t, "strangers are not counted", func() bool { return s.Stats().Bad == 3 })
	peer.send(s)
	eventually(t, "the peer is not heard any more", func() bool { return s.Stats().PacketsRecv == 2 })
	if got := s.Stats().RemoteAddress; got != fmt.Sprintf("127.0.0.1:%d", peer.port) {
		t.Errorf("we send to %s", got)
	}
}

// Symmetric RTP: the peer sends from another port than it wrote.
func TestLatchesOntoThePortHeard(t *testing.T) {
	s, written, real := session(t, Config{}), newFar(t), newFar(t)
	if _, err := s.Answer(t.Context(), written.offer()); err != nil {
		t.Fatal(err)
	}
	real.send(s)
	eventually(t, "not heard", func() bool { return s.Stats().PacketsRecv == 1 })
	for range 2 {
		s.Port().WriteFrame(make([]int16, audio.FrameLen))
	}
	b := make([]byte, 1500)
	_ = real.c.SetReadDeadline(time.Now().Add(5 * time.Second))
	if n, _, err := real.c.ReadFromUDP(b); err != nil || n != 172 {
		t.Errorf("%d bytes, %v", n, err)
	}
}

func TestAnotherHostIsAStranger(t *testing.T) {
	s, peer := session(t, Config{}), newFar(t)
	offer := bytes.Replace(peer.offer(), []byte("c=IN IP4 127.0.0.1"), []byte("c=IN IP4 127.0.0.9"), 1)
	if _, err := s.Answer(t.Context(), offer); err != nil {
		t.Fatal(err)
	}
	peer.send(s)
	eventually(t, "not counted", func() bool { return s.Stats().Bad == 1 })
	if n := s.Stats().PacketsRecv; n != 0 {
		t.Errorf("%d packets of a stranger", n)
	}
}

func TestReportsGiveRoundTripAndLoss(t *testing.T) {
	for _, sec := range []Security{Plain, Require} {
		for _, noMux := range []bool{false, true} {
			c := Config{ReportInterval: 60 * time.Millisecond, Security: sec, NoMux: noMux}
			a, b := session(t, c), session(t, c)
			offer, err := a.Offer(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			answer, err := b.Answer(t.Context(), offer)
			if err != nil {
				t.Fatal(err)
			}
			if err := a.Apply(t.Context(), answer); err != nil {
				t.Fatal(err)
			}
			frame := make([]int16, audio.FrameLen)
			eventually(t, "no round trip", func() bool {
				a.Port().WriteFrame(frame)
				b.Port().WriteFrame(frame)
				return a.Stats().RoundTrip > 0 && b.Stats().RoundTrip > 0
			})
			if rtt := a.Stats().RoundTrip; rtt > time.Second {
				t.Errorf("round trip %v", rtt)
			}
			a.Close()
			b.Close()
		}
	}
}

var suiteLine = regexp.MustCompile(`(?m)^a=crypto:.*\r\n`)

func TestEverySuite(t *testing.T) {
	for _, suite := range suites {
		a, b := session(t, Config{Security: Require}), session(t, Config{})
		offer, err := a.Offer(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		only := suiteLine.ReplaceAllFunc(offer, func(l []byte) []byte {
			if bytes.Contains(l, []byte(suite.name+" ")) {
				return l
			}
			return nil
		})
		answer, err := b.Answer(t.Context(), only)
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Apply(t.Context(), answer); err != nil {
			t.Fatal(err)
		}
		frame := make([]int16, audio.FrameLen)
		eventually(t, suite.name+": nothing came", func() bool {
			a.Port().WriteFrame(frame)
			b.Port().WriteFrame(frame)
			return a.Stats().PacketsRecv > 2 && b.Stats().PacketsRecv > 2
		})
		if p := a.Stats().Profile; p != suite.name || a.Stats().Bad+b.Stats().Bad > 0 {
			t.Errorf("%s: profile %s, %+v", suite.name, p, a.Stats())
		}
	}
}

func TestSecurityPolicy(t *testing.T) {
	peer := newFar(t)
	sdes := bytes.Replace(peer.offer("a=crypto:7 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20|1:4\r\n"), []byte("RTP/AVP"), []byte("RTP/SAVP"), 1)
	none := bytes.Replace(peer.offer(), []byte("RTP/AVP"), []byte("RTP/SAVP"), 1)
	for name, c := range map[string]struct {
		sec   Security
		offer []byte
		ok    bool
	}{
		"plain for plain": {Plain, peer.offer(), true}, "SRTP for plain only": {Plain, sdes, false},
		"plain for required": {Require, peer.offer(), false}, "SRTP for required": {Require, sdes, true},
		"SRTP accepted": {Accept, sdes, true}, "SAVP without keys": {Accept, none, false},
	} {
		answer, err := session(t, Config{Security: c.sec}).Answer(t.Context(), c.offer)
		if (err == nil) != c.ok || (err != nil && !errors.Is(err, media.ErrBadDescription)) {
			t.Errorf("%s: %v", name, err)
		}
		if c.ok && bytes.Contains(c.offer, []byte("SAVP")) && !(bytes.Contains(answer, []byte("a=crypto:7 AES_CM_128_HMAC_SHA1_80 inline:")) && bytes.Contains(answer, []byte("RTP/SAVP"))) {
			t.Errorf("%s answered\n%s", name, answer)
		}
	}
}

func TestParseCrypto(t *testing.T) {
	for line, ok := range map[string]bool{
		"1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz":                  true,
		"1 AES_CM_128_HMAC_SHA1_32 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20|1:4":         true,
		"1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20|9:999":       false,
		"1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz UNENCRYPTED_SRTP": false,
		"1 F8_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz":                      false,
		"1 AES_CM_128_HMAC_SHA1_80 inline:c2hvcnQ=":                                                  false,
		"x AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz":                  false,
		"": false,
	} {
		if _, err := parseCrypto(line); (err == nil) != ok {
			t.Errorf("%q: %v", line, err)
		}
	}
}

func FuzzParseCrypto(f *testing.F) {
	f.Add("1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20|1:4")
	f.Add("2 AEAD_AES_128_GCM inline:")
	f.Fuzz(func(t *testing.T, line string) {
		c, err := parseCrypto(line)
		if err != nil {
			return
		}
		if _, err := newCipher(c); err != nil {
			t.Fatalf("accepted but unusable: %v", err)
		}
	})
}

func TestPortRange(t *testing.T) {
	a := session(t, Config{PortMin: 42000, PortMax: 42019})
	offer, err := a.Offer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if a.socks.port < 42000 || a.socks.port > 42018 || a.socks.port%2 != 0 {
		t.Errorf("port %d", a.socks.port)
	}
	if !strings.Contains(string(offer), "a=rtcp-mux") {
		t.Error("no rtcp-mux")
	}
	b := session(t, Config{PortMin: uint16(a.socks.port), PortMax: uint16(a.socks.port) + 1})
	if _, err := b.Offer(t.Context()); !errors.Is(err, errNoPort) {
		t.Errorf("a taken range: %v", err)
	}
}

// The sound's own thread may send: it allocates nothing.
func TestPlainPacketsAreSentWithoutAllocating(t *testing.T) {
	s, f := session(t, Config{}), newFar(t)
	if _, err := s.Answer(t.Context(), f.offer()); err != nil {
		t.Fatal(err)
	}
	w := writer{s}
	if !w.Prompt() {
		t.Fatal("a plain packet may wait")
	}
	h, payload := &rtp.Header{Version: 2, PayloadType: 8}, make([]byte, 160)
	if n := testing.AllocsPerRun(100, func() {
		h.SequenceNumber++
		if err := w.WriteRTP(h, payload); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations a packet", n)
	}
	b := make([]byte, 2000)
	n, err := f.c.Read(b)
	if err != nil || n != 172 || b[1] != 8 {
		t.Errorf("%d bytes, %v: % x", n, err, b[:12])
	}
}
