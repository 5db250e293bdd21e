package sip_test

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"phoned/internal/clock"
	"phoned/sip"
	"phoned/sip/siptest"
)

// percentiles reports p50 and p95 of what was measured, in microseconds.
func percentiles(b *testing.B, name string, d []time.Duration) {
	slices.Sort(d)
	at := func(p int) float64 { return float64(d[(len(d)-1)*p/100].Nanoseconds()) / 1e3 }
	b.ReportMetric(at(50), name+"-p50-µs")
	b.ReportMetric(at(95), name+"-p95-µs")
}

// oneCall is a call of theirs from INVITE to the end of it; it returns how
// long the 180 and the answer to the BYE took.
func oneCall(p *phone, peer *siptest.Peer, id string) (ring, bye time.Duration) {
	begin := time.Now()
	peer.Send(peer.Request("INVITE", "sip:1001@x.invalid", id, "b", "", 1, sdpOffer))
	e := want[sip.LegArrived](p)
	_ = p.Ring(e.Leg)
	peer.Expect("SIP/2.0 100")
	// sipgo says 100 by itself after 200 ms, should ours be late.
	for m := peer.Next(); !strings.HasPrefix(m.Start, "SIP/2.0 180"); m = peer.Next() {
		if !strings.HasPrefix(m.Start, "SIP/2.0 100") {
			p.t.Fatalf("want a 180, got\n%s", m.Raw)
		}
	}
	ring = time.Since(begin)
	_ = p.Answer(e.Leg, []byte(sdpAnswer))
	ok := peer.Expect("SIP/2.0 200")
	peer.Send(peer.Request("ACK", ok.Contact(), id, "b", ok.Tag("To"), 1, ""))
	want[sip.LegConfirmed](p)
	begin = time.Now()
	peer.Send(peer.Request("BYE", ok.Contact(), id, "b", ok.Tag("To"), 2, ""))
	peer.Expect("SIP/2.0 200")
	bye = time.Since(begin)
	want[sip.LegEnded](p)
	return ring, bye
}

// BenchmarkCall is INVITE to 180 and BYE to 200 over a WebSocket on loopback.
// The limit on INVITEs is kept by leaving real time out of it.
func BenchmarkCall(b *testing.B) {
	p, _, peer := registeredWith(b, "ws", func(c *sip.Config) { c.Clock = &runaway{} })
	var rings, byes []time.Duration
	for i := 0; b.Loop(); i++ {
		ring, bye := oneCall(p, peer, fmt.Sprint("bench-", i))
		rings, byes = append(rings, ring), append(byes, bye)
	}
	percentiles(b, "ring", rings)
	percentiles(b, "bye", byes)
}

// BenchmarkHundredCallsASecond sends 100 INVITEs a second for 10 s; each is
// refused by the phone's user, or by the phone's own limit with a 503.
func BenchmarkHundredCallsASecond(b *testing.B) {
	for b.Loop() {
		p, _, peer := registered(b, "ws")
		const calls = 1000
		go func() {
			for range calls {
				for e := range p.events {
					if a, ok := e.(sip.LegArrived); ok {
						_ = p.Refuse(a.Leg, 486, "")
						break
					}
				}
			}
		}()
		begin := time.Now()
		tick := time.NewTicker(10 * time.Millisecond)
		go func() {
			for i := range calls {
				<-tick.C
				if !peer.TrySend(peer.Request("INVITE", "sip:1001@x.invalid", fmt.Sprint("load-", i), "b", "", 1, sdpOffer)) {
					return
				}
			}
		}()
		count := map[string]int{}
		for final := 0; final < calls; {
			m := peer.Next()
			if m.Start == "SIP/2.0 100 Trying" {
				continue
			}
			final++
			count[m.Start[8:11]]++
			peer.TrySend(peer.Request("ACK", "sip:1001@x.invalid", m.Get("Call-ID"), "b", m.Tag("To"), 1, ""))
		}
		tick.Stop()
		b.ReportMetric(time.Since(begin).Seconds(), "s")
		b.ReportMetric(float64(count["486"]), "decided")
		b.ReportMetric(float64(count["503"]), "limited")
		_ = p.Close(b.Context())
		close(p.events)
	}
}

// TestThousandCallsLeaveNothing: after many calls as much runs as before.
func TestThousandCallsLeaveNothing(t *testing.T) {
	n := 1000
	if testing.Short() {
		n = 100
	}
	p, _, peer := registeredWith(t, "ws", func(c *sip.Config) { c.Clock = &runaway{} })
	for i := range 20 {
		oneCall(p, peer, fmt.Sprint("warm-", i))
	}
	before := runtime.NumGoroutine()
	for i := range n {
		oneCall(p, peer, fmt.Sprint("call-", i))
	}
	peer.Alive("sip:1001@x.invalid")
	if after := runtime.NumGoroutine(); after > before+before/20+2 {
		t.Errorf("%d goroutines before %d calls, %d after", before, n, after)
	}
	if legs, dialogs := sip.Held(p.Agent); legs+dialogs != 0 {
		t.Errorf("%d legs and %d dialogs are kept", legs, dialogs)
	}
}

// runaway is a clock on which a second passes between two looks; its timers
// never fire.
type runaway struct{ n atomic.Int64 }

func (r *runaway) Now() time.Time { return time.Unix(r.n.Add(1), 0) }

func (r *runaway) AfterFunc(time.Duration, func()) clock.Timer { return never{} }

type never struct{}

func (never) Stop() bool { return true }
