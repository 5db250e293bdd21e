package sip_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"phoned/internal/secret"
	"phoned/sip"
	"phoned/sip/siptest"
)

// One test per published advisory of the SIP library that this package is
// built on, and per fault of its parser that was reported in public. They are
// about our use of it: every transport, the phone alive after it.

// TestAdvisoryMissingTo: GHSA-c623-f998-8hhv, a request without To made the
// answer panic. The same for the other headers that an answer copies.
func TestAdvisoryMissingTo(t *testing.T) {
	for _, transport := range []string{"ws", "tcp", "udp"} {
		t.Run(transport, func(t *testing.T) {
			p, _, peer := registered(t, transport)
			for i, name := range []string{"To", "From", "Call-ID", "CSeq", "Via"} {
				for _, method := range []string{"INVITE", "OPTIONS", "BYE", "ACK", "CANCEL", "NOTIFY", "REFER", "NONE"} {
					full := peer.Request(method, "sip:1001@x.invalid", fmt.Sprint("missing", i), "b", "", 1, "")
					var kept []string
					for _, l := range strings.Split(full, "\r\n") {
						if !strings.HasPrefix(l, name+":") {
							kept = append(kept, l)
						}
					}
					peer.Send(strings.Join(kept, "\r\n"))
				}
				for _, m := range peer.Alive("sip:1001@x.invalid") {
					if !strings.HasPrefix(m.Start, "SIP/2.0 4") {
						t.Errorf("without %s: %s", name, m.Start)
					}
				}
			}
			// A response that lacks them finds no call to hurt.
			_, inv := dial(p, peer)
			for _, name := range []string{"To", "From", "Call-ID", "CSeq", "Via"} {
				var kept []string
				for _, l := range strings.Split(inv.Reply("200 OK", "x", sdpAnswer), "\r\n") {
					if !strings.HasPrefix(l, name+":") {
						kept = append(kept, l)
					}
				}
				peer.Send(strings.Join(kept, "\r\n"))
			}
			peer.Alive("sip:1001@x.invalid")
		})
	}
}

// TestAdvisoryContentLength: GHSA-pg59-5vwg-4jxq (streams) and issue 342
// (datagrams), memory for a body that was only announced.
func TestAdvisoryContentLength(t *testing.T) {
	for _, transport := range []string{"ws", "tcp", "udp"} {
		for _, length := range []string{"4294967295", "2147483647", "99999999999999999999", "-1", "65536"} {
			t.Run(transport+"/"+length, func(t *testing.T) {
				x := siptest.New(t, transport, testRegistrar())
				p := newPhone(t, nil)
				p.SetLines([]sip.Line{testLine(x)})
				peer := x.Peer()
				p.line(sip.Registered)
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				for i := range 4 {
					peer.TrySend(strings.Replace(peer.Request("OPTIONS", "sip:1001@x.invalid", fmt.Sprint("big", i), "b", "", 1, ""), "Content-Length: 0", "Content-Length: "+length, 1))
				}
				if transport == "tcp" && length != "-1" {
					// Nobody knows where the next message begins: a new flow.
					x.Peer().Registered()
				} else if transport != "tcp" {
					peer.Alive("sip:1001@x.invalid")
				}
				runtime.ReadMemStats(&after)
				if n := after.TotalAlloc - before.TotalAlloc; n > 32<<20 {
					t.Errorf("%d MB were taken", n>>20)
				}
			})
		}
	}
}

// TestOneBadPeerDoesNotStarveAnother: one exchange floods; calls by the other
// come through, and find room.
func TestOneBadPeerDoesNotStarveAnother(t *testing.T) {
	bad, good := siptest.New(t, "tcp", testRegistrar()), siptest.New(t, "tcp", testRegistrar())
	p := newPhone(t, nil)
	line := func(id string, x *siptest.Exchange) sip.Line {
		return sip.Line{ID: id, User: "1001", Domain: "test.example", Password: secret.New("pässword"), Servers: []string{x.URL}}
	}
	p.SetLines([]sip.Line{line("bad", bad), line("good", good)})
	flood, peer := bad.Peer(), good.Peer()
	for range 2 {
		p.line(sip.Registered)
	}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for i := 0; ; i++ {
			select {
			case <-stop:
				flood.Drop()
				return
			default:
			}
			id := fmt.Sprint("flood", i)
			for _, raw := range []string{
				flood.Request("INVITE", "sip:1001@x", id, "b", "", 1, sdpOffer), flood.Request("NONSENSE", "sip:1001@x", id, "b", "", 1, ""),
				"garbage\r\n\r\n", flood.Request("NOTIFY", "sip:1001@x", id, "b", "", 2, "Messages-Waiting: x\r\n", "Event: message-summary"),
			} {
				if !flood.TrySend(raw) {
					return
				}
			}
		}
	}()
	for p.Counters().Limited == 0 { // until it is one
		select {
		case <-p.events:
		default:
			runtime.Gosched()
		}
	}
	for i := range 12 { // more than one line may let ring at once
		id := fmt.Sprint("good", i)
		peer.Send(peer.Request("INVITE", "sip:1001@x.invalid", id, "b", "", 1, sdpOffer))
		peer.Expect("SIP/2.0 100")
		for {
			e := <-p.events
			if a, ok := e.(sip.LegArrived); ok && a.Line == "good" {
				_ = p.Refuse(a.Leg, 486, "")
				break
			}
		}
		m := peer.Expect("SIP/2.0 486")
		peer.Send(peer.Request("ACK", "sip:1001@x.invalid", id, "b", m.Tag("To"), 1, ""))
	}
	close(stop)
	<-stopped
}
