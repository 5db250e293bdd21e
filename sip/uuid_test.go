package sip_test

import (
	"testing"
	"testing/synctest"

	"phoned/sip"
	"phoned/sip/siptest"
)

// The exchange's own name of a call is taken from the header that the line
// names, of calls in both directions; else it is the Call-ID.
func TestUUIDOfACall(t *testing.T) {
	for _, c := range []struct{ named, header, want string }{
		{"X-UUID", "X-UUID: 4c353a18-6ff4", "4c353a18-6ff4"},
		{"X-UUID", "X-Other: 1", ""},
		{"", "X-UUID: 4c353a18-6ff4", ""},
	} {
		synctest.Test(t, func(t *testing.T) {
			p, x, peer := registered(t, "pipe")
			line := testLine(x)
			if c.named != "" {
				line.UUIDHeader = c.named
				p.SetLines([]sip.Line{line})
				peer = renewed(p, x)
			}
			out, inv := connected(p, peer, c.header)
			in := arrived(p, peer, "theirs", c.header)
			for leg, callID := range map[sip.LegID]string{out: inv.Get("Call-ID"), in.Leg: "theirs"} {
				want := c.want
				if want == "" {
					want = callID
				}
				if got, ok := p.UUID(leg); !ok || got != want {
					t.Errorf("%+v: %q, %v, wanted %q", c, got, ok, want)
				}
			}
		})
	}
}

// renewed waits for the line's new registration.
func renewed(p *phone, x *siptest.Exchange) *siptest.Peer {
	peer := x.Peer()
	peer.Registered()
	p.line(sip.Registered)
	return peer
}
