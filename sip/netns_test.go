package sip_test

import (
	"context"
	"strings"
	"testing"

	"phoned/internal/netwatch"
	"phoned/internal/netwatch/netnstest"
	"phoned/sip"
)

// TestAddressChangeOfTheMachine changes the real address of a machine, in a
// network namespace of its own: the kernel tells, the flow is made anew from
// the other address, and the call is found again.
func TestAddressChangeOfTheMachine(t *testing.T) {
	if !netnstest.Own(t) {
		return
	}
	ip := func(args string) { t.Helper(); netnstest.IP(t, args) }
	const server = "route replace local 127.0.0.1 dev lo table local src "
	ip("link set lo up")
	ip("addr add 10.9.0.2/32 dev lo")
	ip(server + "10.9.0.2")
	for _, transport := range []string{"udp", "tcp", "wss"} {
		t.Run(transport, func(t *testing.T) {
			p, x, peer := registered(t, transport)
			ctx, cancel := context.WithCancel(t.Context())
			watching := make(chan error, 1)
			go func() { watching <- netwatch.Watch(ctx, p.AddressChanged) }()
			defer func() {
				cancel()
				if err := <-watching; err != nil {
					t.Error(err)
				}
			}()
			id, inv := connected(p, peer)
			ip("addr add 10.9.0.3/32 dev lo")
			ip(server + "10.9.0.3")
			ip("addr del 10.9.0.2/32 dev lo")
			defer func() {
				ip("addr add 10.9.0.2/32 dev lo")
				ip(server + "10.9.0.2")
				ip("addr del 10.9.0.3/32 dev lo")
			}()
			peer = x.Peer()
			reg := peer.Registered()
			if transport != "wss" && !strings.Contains(reg.Contact(), "@10.9.0.3:") {
				t.Errorf("registered %s", reg.Contact())
			}
			if e := wantRestored(p); e.Leg != id || !e.Moved {
				t.Errorf("%+v", e)
			}
			if probe := peer.Expect("OPTIONS"); probe.Get("Call-ID") != inv.Get("Call-ID") {
				t.Errorf("\n%s", probe.Raw)
			}
			_ = p.End(id, "")
			peer.Expect("BYE")
		})
	}
}

func wantRestored(p *phone) sip.LegRestored {
	p.t.Helper()
	return want[sip.LegRestored](p)
}
