package sip_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"phoned/internal/clock"
	"phoned/sip"
)

// BenchmarkInviteToRinging is INVITE to 180 over a WebSocket on loopback. The
// limit on INVITEs is kept by leaving real time out of it.
func BenchmarkInviteToRinging(b *testing.B) {
	p, _, peer := registeredWith(b, "ws", func(c *sip.Config) { c.Clock = &runaway{} })
	for i := 0; b.Loop(); i++ {
		id := fmt.Sprint("bench-", i)
		peer.Send(peer.Request("INVITE", "sip:1001@x.invalid", id, "b", "", 1, sdpOffer))
		e := want[sip.LegArrived](p)
		_ = p.Ring(e.Leg)
		peer.Expect("SIP/2.0 100")
		m := peer.Expect("SIP/2.0 180")
		b.StopTimer()
		_ = p.Refuse(e.Leg, 486, "")
		peer.Expect("SIP/2.0 486")
		peer.Send(peer.Request("ACK", "sip:1001@x.invalid", id, "b", m.Tag("To"), 1, ""))
		want[sip.LegEnded](p)
		b.StartTimer()
	}
}

// runaway is a clock on which a second passes between two looks; its timers
// never fire.
type runaway struct{ n atomic.Int64 }

func (r *runaway) Now() time.Time { return time.Unix(r.n.Add(1), 0) }

func (r *runaway) AfterFunc(time.Duration, func()) clock.Timer { return never{} }

type never struct{}

func (never) Stop() bool { return true }
