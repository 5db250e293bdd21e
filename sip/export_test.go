package sip

import (
	"context"
	"net/netip"
)

// SetDialer replaces how an Agent without lines connects.
func SetDialer(a *Agent, dial func(server string) Flow) { SetTransportDialer(a, "TCP", dial) }

// SetTransportDialer says by which transport that is.
func SetTransportDialer(a *Agent, transport string, dial func(server string) Flow) {
	a.dial = func(_ context.Context, server string, _ Line) (Flow, flowInfo, error) {
		f := dial(server)
		if f == nil {
			return nil, flowInfo{}, ErrUnreachable
		}
		return f, flowInfo{transport, "127.0.0.1:40000", "127.0.0.1:5060", 1}, nil
	}
}

// SetRandom replaces the source of jitter.
func SetRandom(a *Agent, f func() float64) { a.rand = f }

// Held says how many legs and dialogs an Agent keeps.
func Held(a *Agent) (legs, dialogs int) {
	a.wait(func() { legs, dialogs = len(a.legs), len(a.dialogs) })
	return legs, dialogs
}

// SetLocalDialer is SetDialer with a local address that may change.
func SetLocalDialer(a *Agent, dial func(server string) Flow, local func() string) {
	a.dial = func(_ context.Context, server string, _ Line) (Flow, flowInfo, error) {
		return dial(server), flowInfo{"TCP", local(), "127.0.0.1:5060", 1}, nil
	}
}

// ParseBinding is parseBinding.
func ParseBinding(b []byte) (netip.AddrPort, bool) {
	a, ok := parseBinding(b)
	return a.mapped, ok
}

// ForgetPanics sets their counter to 0.
func ForgetPanics(a *Agent) { a.counters.panics.Store(0) }
