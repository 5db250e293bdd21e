package sip_test

import (
	"strings"
	"testing"

	"phoned/sip"
)

func TestRefusalSaysWhy(t *testing.T) {
	p, _, peer := registered(t, "ws")
	for _, c := range []struct {
		headers []string
		q850    int
		warning string
	}{
		{nil, 0, ""},
		{[]string{`Reason: Q.850;cause=17;text="USER_BUSY"`, `Warning: 370 pbx.example "Insufficient \"bandwidth\""`}, 17, `370 Insufficient "bandwidth"`},
		{[]string{"Reason: SIP;cause=404, Q.850;cause=1"}, 1, ""},
		{[]string{"Reason: Q.850;cause=999", "Warning: what"}, 0, ""},
		{[]string{"Warning: 399 a " + strings.Repeat("x", 1000)}, 0, "399 " + strings.Repeat("x", 196)},
	} {
		_, inv := dial(p, peer)
		peer.Send(inv.Reply("480 Temporarily Unavailable", "x", "", c.headers...))
		peer.Expect("ACK")
		if e := want[sip.LegEnded](p); e.Q850 != c.q850 || e.Warning != c.warning || e.Code != 480 {
			t.Errorf("%q: %+v", c.headers, e)
		}
	}
}
