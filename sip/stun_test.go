package sip_test

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"testing"
	"time"

	"phoned/sip"
	"phoned/sip/siptest"
)

// binding answers a STUN request as RFC 8489 writes it.
func binding(request string, at netip.AddrPort) string {
	b := []byte(request[:20])
	binary.BigEndian.PutUint16(b, 0x0101)
	binary.BigEndian.PutUint16(b[2:], 12)
	ip := at.Addr().As4()
	attr := []byte{0, 0x20, 0, 8, 0, 1, byte(at.Port()>>8) ^ b[4], byte(at.Port()) ^ b[5]}
	for i := range ip {
		attr = append(attr, ip[i]^b[4+i])
	}
	return string(append(b, attr...))
}

func isBinding(m siptest.Message) bool {
	return len(m.Raw) == 20 && m.Raw[0] == 0 && m.Raw[1] == 1 && binary.BigEndian.Uint32([]byte(m.Raw[4:8])) == 0x2112A442
}

func TestKeepAliveBySTUN(t *testing.T) {
	start := func(t *testing.T, pong time.Duration) (*phone, *siptest.Exchange, *siptest.Peer) {
		r := testRegistrar()
		r.Extra = []string{"Require: outbound"}
		x := siptest.New(t, "udp", r)
		p := newPhone(t, nil)
		l := testLine(x)
		l.KeepAlive, l.Pong, l.Backoff = 20*time.Millisecond, pong, time.Millisecond
		p.SetLines([]sip.Line{l})
		peer := x.Peer()
		peer.Registered()
		p.line(sip.Registered)
		return p, x, peer
	}
	next := func(t *testing.T, peer *siptest.Peer) siptest.Message {
		for {
			m := peer.Next()
			if m.Method() == "OPTIONS" { // KeepAlive is given, so there are those too
				peer.Send(m.Reply("200 OK", "x", ""))
				continue
			}
			if !isBinding(m) {
				t.Fatalf("want STUN, got %q", m.Raw)
			}
			return m
		}
	}
	here := netip.MustParseAddrPort("192.0.2.7:4711")
	t.Run("answered", func(t *testing.T) {
		_, x, peer := start(t, time.Minute)
		for range 3 {
			peer.Send(binding(next(t, peer).Raw, here))
		}
		if !x.None() {
			t.Error("a new flow for nothing")
		}
	})
	t.Run("another address", func(t *testing.T) {
		p, x, peer := start(t, time.Minute)
		peer.Send(binding(next(t, peer).Raw, here))
		peer.Send(binding(next(t, peer).Raw, netip.MustParseAddrPort("192.0.2.7:4712")))
		if c := p.line(sip.Connecting); !errors.Is(c.Err, sip.ErrFlowDown) {
			t.Errorf("%+v", c)
		}
		x.Peer().Registered()
	})
	t.Run("dead", func(t *testing.T) {
		p, x, peer := start(t, 10*time.Millisecond)
		next(t, peer)
		p.line(sip.Connecting)
		x.Peer().Registered()
	})
	t.Run("not agreed", func(t *testing.T) {
		x := siptest.New(t, "udp", testRegistrar())
		p := newPhone(t, nil)
		l := testLine(x)
		l.KeepAlive = 0
		p.SetLines([]sip.Line{l})
		peer := x.Peer()
		peer.Registered()
		p.line(sip.Registered)
		peer.Send("\x00\x01\x00\x00\x21\x12\xa4\x42aaaabbbbcccc") // STUN of theirs is no message
		peer.Alive("sip:1001@x.invalid")
		if n := p.Counters().Malformed; n != 0 {
			t.Errorf("%d malformed", n)
		}
	})
}

func FuzzBinding(f *testing.F) {
	f.Add([]byte(binding("\x00\x01\x00\x00\x21\x12\xa4\x42aaaabbbbcccc", netip.MustParseAddrPort("192.0.2.7:4711"))))
	f.Add([]byte("\x01\x01\x00\x18\x21\x12\xa4\x42aaaabbbbcccc\x00\x20\x00\x14\x00\x020000000000000000000"))
	f.Fuzz(func(t *testing.T, b []byte) { sip.ParseBinding(b) })
}

func TestParseBinding(t *testing.T) {
	at := netip.MustParseAddrPort("192.0.2.7:4711")
	good := binding("\x00\x01\x00\x00\x21\x12\xa4\x42aaaabbbbcccc", at)
	if got, ok := sip.ParseBinding([]byte(good)); !ok || got != at {
		t.Errorf("%v %v", got, ok)
	}
	for name, bad := range map[string]string{
		"cut": good[:25], "a request": "\x00\x01" + good[2:], "an error": "\x01\x11" + good[2:], "no cookie": good[:4] + "0000" + good[8:],
		"an attribute beyond the end": good[:22] + "\x00\xff" + good[24:],
	} {
		if _, ok := sip.ParseBinding([]byte(bad)); ok {
			t.Errorf("took %s", name)
		}
	}
}
