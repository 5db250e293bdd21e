package sip_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"phoned/sip"
	"phoned/sip/siptest"
)

// TestCallGoesToTheNextServer: once, and only if no other call is in the way.
func TestCallGoesToTheNextServer(t *testing.T) {
	type pair struct {
		p    *phone
		b    *siptest.Exchange
		peer *siptest.Peer
	}
	start := func(t *testing.T, up bool) pair {
		a, b := siptest.New(t, "pipe", testRegistrar()), siptest.New(t, "pipe", testRegistrar())
		p := newPhone(t, nil)
		p.patience = time.Hour
		sip.SetDialer(p.Agent, func(s string) sip.Flow {
			switch {
			case strings.HasSuffix(s, "//a"):
				return a.Dial()
			case up:
				return b.Dial()
			}
			return nil
		})
		l := testLine(a)
		l.Servers = []string{"tcp://a", "tcp://b"}
		p.SetLines([]sip.Line{l})
		peer := a.Peer()
		p.line(sip.Registered)
		return pair{p, b, peer}
	}
	for _, dropped := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := start(t, true)
			id, inv := dial(s.p, s.peer)
			code := 503
			if dropped {
				code = 0
				s.peer.Drop()
			} else {
				s.peer.Send(inv.Reply("503 Service Unavailable", "x", ""))
				s.peer.Expect("ACK")
			}
			if e := want[sip.LegMoved](s.p); e != (sip.LegMoved{Leg: id, Code: code}) {
				t.Errorf("%+v", e)
			}
			begin := time.Now()
			peer := s.b.Peer()
			again := peer.Expect("INVITE sip:9196@test.example")
			if time.Since(begin) > time.Second || again.Get("Call-ID") != inv.Get("Call-ID") || again.CSeq() != inv.CSeq()+1 || again.Body != sdpOffer || len(again.All("Contact")) != 1 {
				t.Errorf("after %v:\n%s", time.Since(begin), again.Raw)
			}
			peer.Send(again.Reply("503 Service Unavailable", "x", "")) // it is not sent round for ever
			peer.Expect("ACK")
			if e := want[sip.LegEnded](s.p); e.Leg != id || e.Code != 503 {
				t.Errorf("%+v", e)
			}
		})
	}
	t.Run("no other server works", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := start(t, false)
			_, inv := dial(s.p, s.peer)
			begin := time.Now()
			s.peer.Send(inv.Reply("503 Service Unavailable", "x", ""))
			want[sip.LegMoved](s.p)
			for {
				// The first server takes the line back, and the call with it.
				e := <-s.p.events
				if ended, ok := e.(sip.LegEnded); ok {
					if !errors.Is(ended.Err, sip.ErrUnreachable) && !errors.Is(ended.Err, sip.ErrTimeout) || time.Since(begin) > time.Minute {
						t.Errorf("after %v: %+v", time.Since(begin), ended)
					}
					return
				}
			}
		})
	})
	t.Run("another call is in progress", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := start(t, true)
			connected(s.p, s.peer)
			id, inv := dial(s.p, s.peer)
			s.peer.Send(inv.Reply("503 Service Unavailable", "x", ""))
			s.peer.Expect("ACK")
			if e := want[sip.LegEnded](s.p); e.Leg != id || e.Code != 503 || !s.b.None() {
				t.Errorf("%+v", e)
			}
		})
	})
	t.Run("given up meanwhile", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := start(t, true)
			id, inv := dial(s.p, s.peer)
			s.peer.Send(inv.Reply("503 Service Unavailable", "x", ""))
			want[sip.LegMoved](s.p)
			_ = s.p.End(id, "")
			// The next server may register the line before or after the end is told.
			var over, back bool
			for !over || !back {
				switch e := want[sip.Event](s.p).(type) {
				case sip.LegEnded:
					over = true
				case sip.LineChanged:
					back = back || e.State == sip.Registered
				default:
					t.Fatalf("%#v", e)
				}
			}
			peer := s.b.Peer()
			// An INVITE that went out before the end is cancelled, none goes out after.
			if others := peer.Alive("sip:1001@x.invalid"); len(others) != 0 {
				peer.Send(others[0].Reply("180 Ringing", "y", ""))
				peer.Expect("CANCEL")
			}
		})
	})
}
