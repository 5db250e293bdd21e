package sip_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"phoned/sip"
	"phoned/sip/siptest"
)

// A fault of ours in handling one message is caught at each boundary of the
// network, counted, and the next message is handled. The faults are put in by
// what a Config lets in: the log, the trace, the resolver, the receiver.

// faulty is a log handler that panics on one message.
type faulty struct{ on string }

func (faulty) Enabled(context.Context, slog.Level) bool { return true }
func (f faulty) Handle(_ context.Context, r slog.Record) error {
	if r.Message == f.on {
		panic("put in by the test")
	}
	return nil
}
func (f faulty) WithAttrs([]slog.Attr) slog.Handler { return f }
func (f faulty) WithGroup(string) slog.Handler      { return f }

// caught checks and takes back what the phone counted: its cleanup wants none.
func caught(t *testing.T, p *phone, want uint64) {
	t.Helper()
	if n := p.Counters().Panics; n != want {
		t.Errorf("%d panics counted, want %d", n, want)
	}
	sip.ForgetPanics(p.Agent)
}

func TestPanicOverARequest(t *testing.T) {
	for _, transport := range []string{"ws", "tcp", "udp"} {
		t.Run(transport, func(t *testing.T) {
			p, _, peer := registeredWith(t, transport, func(c *sip.Config) { c.Log = slog.New(faulty{"incoming call"}) })
			peer.Send(peer.Request("INVITE", "sip:1001@x.invalid", "bad", "b", "", 1, sdpOffer))
			peer.Alive("sip:1001@x.invalid")
			caught(t, p, 1)
		})
	}
}

func TestPanicOverAResponse(t *testing.T) {
	p, _, peer := registeredWith(t, "ws", func(c *sip.Config) { c.Log = slog.New(faulty{"leg ended"}) })
	_, inv := dial(p, peer)
	peer.Send(inv.Reply("486 Busy Here", "x", ""))
	peer.Expect("ACK")
	peer.Alive("sip:1001@x.invalid")
	caught(t, p, 1)
}

func TestPanicInReading(t *testing.T) {
	var once atomic.Bool
	p, _, peer := registeredWith(t, "ws", func(c *sip.Config) {
		c.Trace = func(m sip.TraceMessage) {
			if !m.Sent && strings.HasPrefix(m.Text, "NOTIFY") && once.CompareAndSwap(false, true) {
				panic("put in by the test")
			}
		}
	})
	peer.Send(peer.Request("NOTIFY", "sip:1001@x.invalid", "bad", "b", "", 1, "Messages-Waiting: yes\r\n", "Event: message-summary"))
	peer.Alive("sip:1001@x.invalid")
	caught(t, p, 1)
}

// failing is a flow whose reading panics once.
type failing struct {
	sip.Flow
	once *atomic.Bool
}

func (f failing) Recv() ([]byte, error) {
	b, err := f.Flow.Recv()
	if strings.HasPrefix(string(b), "NOTIFY") && f.once.CompareAndSwap(false, true) {
		panic("put in by the test")
	}
	return b, err
}

// TestPanicInAFlow: what a flow is in by then nobody knows, so it is made anew.
func TestPanicInAFlow(t *testing.T) {
	x := siptest.New(t, "pipe", testRegistrar())
	p := newPhone(t, nil)
	var once atomic.Bool
	sip.SetDialer(p.Agent, func(string) sip.Flow { return failing{x.Dial(), &once} })
	p.SetLines([]sip.Line{testLine(x)})
	peer := x.Peer()
	peer.Registered()
	p.line(sip.Registered)
	peer.TrySend(peer.Request("NOTIFY", "sip:1001@x.invalid", "bad", "b", "", 1, ""))
	p.line(sip.Connecting)
	x.Peer().Registered()
	p.line(sip.Registered)
	caught(t, p, 1)
}

// broken is a resolver with a fault in it.
type broken struct{ calls *atomic.Int32 }

func (b broken) LookupSRV(context.Context, string, string, string) (string, []*net.SRV, error) {
	return "", nil, errors.New("none")
}

func (b broken) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	if b.calls.Add(1) == 1 {
		panic("put in by the test")
	}
	return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
}

func TestPanicInDialling(t *testing.T) {
	x := siptest.New(t, "udp", testRegistrar())
	p := newPhone(t, func(c *sip.Config) { c.Resolver = broken{new(atomic.Int32)} })
	l := testLine(x)
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(x.URL, "udp://"))
	l.Servers = []string{"udp://server.test:" + port}
	p.SetLines([]sip.Line{l})
	x.Peer().Registered()
	p.line(sip.Registered)
	caught(t, p, 1)
}

func TestPanicOfTheReceiver(t *testing.T) {
	var once atomic.Bool
	p, _, peer := registeredWith(t, "ws", func(c *sip.Config) {
		events := c.Events
		c.Events = func(e sip.Event) {
			if _, ok := e.(sip.LegArrived); ok && once.CompareAndSwap(false, true) {
				panic("put in by the test")
			}
			events(e)
		}
	})
	peer.Send(peer.Request("INVITE", "sip:1001@x.invalid", "bad", "b", "", 1, sdpOffer))
	peer.Expect("SIP/2.0 100")
	peer.Send(peer.Request("CANCEL", "sip:1001@x.invalid", "bad", "b", "", 1, ""))
	if e := want[sip.LegEnded](p); !e.Remote {
		t.Errorf("%+v", e)
	}
	caught(t, p, 1)
}
