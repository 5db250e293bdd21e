package sip_test

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"phoned/sip"
	"phoned/sip/siptest"
)

// TestFleetReturnsSpread: an exchange with a thousand phones restarts. They
// must not come back in one wave, whether it is away for a moment or longer.
func TestFleetReturnsSpread(t *testing.T) {
	const phones = 1000
	for _, away := range []time.Duration{3 * time.Second, 20 * time.Second} {
		t.Run(fmt.Sprint(away), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				x := siptest.New(t, "pipe", nil)
				var up atomic.Bool
				up.Store(true)
				var mu sync.Mutex
				var first []time.Time // each phone's first connection after the restart
				var gone time.Time
				agents := make([]*sip.Agent, phones)
				for i := range agents {
					a, err := sip.New(sip.Config{InstanceID: "urn:uuid:x", Events: func(sip.Event) {}})
					if err != nil {
						t.Fatal(err)
					}
					agents[i] = a
					sip.SetDialer(a, func(string) sip.Flow {
						if !up.Load() {
							return nil
						}
						if !gone.IsZero() {
							mu.Lock()
							first = append(first, time.Now())
							mu.Unlock()
						}
						return x.Dial()
					})
				}
				serve := func() *siptest.Peer {
					peer := x.Peer()
					r := peer.Expect("REGISTER")
					peer.Send(r.Reply("200 OK", "x", "", "Contact: <"+r.Contact()+">;expires=3600"))
					return peer
				}
				peers := make([]*siptest.Peer, phones)
				for i, a := range agents {
					a.SetLines([]sip.Line{testLine(x)})
					peers[i] = serve()
				}
				synctest.Wait()
				gone = time.Now()
				up.Store(false)
				for _, p := range peers {
					p.Drop()
				}
				time.Sleep(away)
				up.Store(true)
				for range phones {
					serve()
				}
				slices.SortFunc(first, time.Time.Compare)
				if len(first) != phones {
					t.Fatalf("%d connections of %d phones", len(first), phones)
				}
				busiest := 0
				for i := range first {
					n := 0
					for n < len(first)-i && first[i+n].Sub(first[i]) < time.Second {
						n++
					}
					busiest = max(busiest, n)
				}
				spread := first[phones-1].Sub(first[0])
				t.Logf("FIGURE %d phones, their exchange away for %v: back %v after it went, from %v to %v, at most %d in one second", phones, away,
					first[phones/2].Sub(gone).Round(100*time.Millisecond), first[0].Sub(gone).Round(100*time.Millisecond), first[phones-1].Sub(gone).Round(100*time.Millisecond), busiest)
				// A wave waits at the door when an exchange comes up: a tenth
				// of all in one second is the limit.
				if spread < 30*time.Second || busiest > phones/10 {
					t.Errorf("spread over %v, at most %d in one second", spread, busiest)
				}
				for _, a := range agents {
					_ = a.Close(cancelled(t))
				}
			})
		})
	}
}

// TestWaitsStayBelowAMinute: the limit holds for the jitter too.
func TestWaitsStayBelowAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPhone(t, nil)
		dialed := make(chan time.Time, 100)
		sip.SetDialer(p.Agent, func(string) sip.Flow { dialed <- time.Now(); return nil })
		p.SetLines([]sip.Line{{ID: "line1", User: "1", Domain: "d", Servers: []string{"tcp://a"}}})
		last := <-dialed
		var waits []time.Duration
		for range 60 {
			at := <-dialed
			if d := at.Sub(last); d > 60*time.Second {
				t.Errorf("waited %v", d)
			} else {
				waits = append(waits, d)
			}
			last = at
		}
		waits = waits[10:]
		if low, high := slices.Min(waits), slices.Max(waits); low < 30*time.Second || high-low < 15*time.Second {
			t.Errorf("waits of %v to %v", low, high)
		}
	})
}

func TestSilentServerOverUDP(t *testing.T) {
	for _, c := range []struct {
		name    string
		answers int // OPTIONS that are answered before it falls silent
		lost    bool
	}{{"that answered before", 2, true}, {"that never answers OPTIONS", 0, false}} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				x := siptest.New(t, "pipe", testRegistrar())
				p := newPhone(t, nil)
				p.patience = time.Hour
				sip.SetTransportDialer(p.Agent, "UDP", func(string) sip.Flow { return x.Dial() })
				l := testLine(x)
				l.KeepAlive = 5 * time.Second
				p.SetLines([]sip.Line{l})
				peer := x.Peer()
				p.line(sip.Registered)
				for range c.answers {
					m := peer.Expect("OPTIONS sip:test.example SIP/2.0")
					peer.Send(m.Reply("405 Method Not Allowed", "x", "")) // any answer is life
				}
				begin := time.Now()
				if !c.lost {
					time.Sleep(5 * time.Minute)
					synctest.Wait()
					if !x.None() {
						t.Error("a living server was given up")
					}
					return
				}
				for e := p.line(sip.Connecting); e.Err == nil; e = p.line(sip.Connecting) {
				}
				if d := time.Since(begin); d > 10*time.Second {
					t.Errorf("noticed after %v", d)
				}
				x.Peer()
			})
		})
	}
}
