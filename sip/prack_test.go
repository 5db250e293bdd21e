package sip_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"phoned/sip"
)

func TestPrackOurs(t *testing.T) {
	p, _, peer := registered(t, "ws")
	id, inv := dial(p, peer)
	if !strings.Contains(inv.Get("Supported"), "100rel") {
		t.Errorf("Supported: %s", inv.Get("Supported"))
	}
	ring := func(tag, status string, rseq int) string {
		return inv.Reply(status, tag, "", "Contact: <sip:"+tag+"@127.0.0.5>", "Require: 100rel", fmt.Sprint("RSeq: ", rseq))
	}
	for i, c := range []struct {
		tag, status string
		rseq        int
		rack        string
		cseq        int
	}{
		{"a", "180 Ringing", 71, "71 1 INVITE", 2},
		{"b", "183 Session Progress", 5, "5 1 INVITE", 2}, // a fork has numbers of its own
		{"a", "180 Ringing", 71, "", 0},                   // repeated
		{"a", "183 Session Progress", 73, "", 0},          // 72 is missing
		{"a", "183 Session Progress", 72, "72 1 INVITE", 3},
	} {
		peer.Send(ring(c.tag, c.status, c.rseq))
		if c.rack == "" {
			if others := peer.Alive("sip:1001@x.invalid"); len(others) > 0 {
				t.Errorf("%d: sent\n%s", i, others[0].Raw)
			}
			continue
		}
		m := peer.Expect("PRACK sip:" + c.tag + "@127.0.0.5")
		if m.Get("RAck") != c.rack || m.CSeq() != c.cseq || m.Tag("To") != c.tag {
			t.Errorf("%d: PRACK\n%s", i, m.Raw)
		}
		peer.Send(m.Reply("200 OK", "", ""))
		want[sip.LegProgress](p)
	}
	peer.Send(inv.Reply("200 OK", "a", sdpAnswer, "Contact: <sip:a@127.0.0.5>"))
	want[sip.LegAnswered](p)
	_ = p.Ack(id, nil)
	if ack := peer.Expect("ACK"); ack.CSeq() != 1 {
		t.Errorf("ACK:\n%s", ack.Raw)
	}
	_ = p.End(id, "")
	if bye := peer.Expect("BYE"); bye.CSeq() != 4 {
		t.Errorf("BYE reuses a number:\n%s", bye.Raw)
	}
	// Without an offer of ours a PRACK would have to bring an answer.
	_, _ = p.Invite("line1", "1", sip.InviteOptions{})
	want[sip.LegEnded](p)
	if inv := peer.Expect("INVITE"); strings.Contains(inv.Get("Supported"), "100rel") {
		t.Errorf("Supported: %s", inv.Get("Supported"))
	}
}

func TestPrackTheirs(t *testing.T) {
	p, _, peer := registered(t, "ws")
	e := arrived(p, peer, "p1", "Require: 100rel")
	_ = p.Ring(e.Leg)
	ring := peer.Expect("SIP/2.0 180")
	if ring.Get("Require") != "100rel" || ring.Get("RSeq") == "" {
		t.Errorf("180:\n%s", ring.Raw)
	}
	prack := func(cseq int, rack, body string) string {
		return peer.Request("PRACK", ring.Contact(), "p1", "b", ring.Tag("To"), cseq, body, "RAck: "+rack)
	}
	peer.Send(prack(2, "1 1 INVITE", ""))
	if m := peer.Next(); !strings.HasPrefix(m.Start, "SIP/2.0 481") {
		t.Errorf("another number: %s", m.Start)
	}
	peer.Send(prack(3, ring.Get("RSeq")+" 1 INVITE", sdpOffer))
	peer.Expect("SIP/2.0 488")
	peer.Send(prack(4, ring.Get("RSeq")+"  1 INVITE", ""))
	peer.Expect("SIP/2.0 200")
	peer.Send(prack(5, ring.Get("RSeq")+" 1 INVITE", ""))
	peer.Expect("SIP/2.0 481")
	_ = p.Answer(e.Leg, []byte(sdpAnswer))
	ok := peer.Expect("SIP/2.0 200")
	peer.Send(peer.Request("ACK", ok.Contact(), "p1", "b", ok.Tag("To"), 1, ""))
	want[sip.LegConfirmed](p)
	// Who only supports it gets a plain 180.
	e = arrived(p, peer, "p2", "Supported: 100rel")
	_ = p.Ring(e.Leg)
	if ring := peer.Expect("SIP/2.0 180"); ring.Get("RSeq") != "" {
		t.Errorf("180:\n%s", ring.Raw)
	}
}

func TestNoPrackComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _, peer := registered(t, "pipe")
		e := arrived(p, peer, "p1", "Require: 100rel")
		begin := time.Now()
		_ = p.Ring(e.Leg)
		_ = p.Ring(e.Leg)
		for strings.HasPrefix(peer.Expect("SIP/2.0 ").Start, "SIP/2.0 180") {
		}
		if got := want[sip.LegEnded](p); got.Code != 504 || !errors.Is(got.Err, sip.ErrTimeout) || time.Since(begin) != 32*time.Second {
			t.Errorf("after %v: %+v", time.Since(begin), got)
		}
	})
}

func TestReasonIsSent(t *testing.T) {
	p, _, peer := registered(t, "ws")
	id, inv := dial(p, peer)
	peer.Send(inv.Reply("180 Ringing", "far", ""))
	want[sip.LegProgress](p)
	_ = p.End(id, `changed my "mind"`)
	if c := peer.Expect("CANCEL"); c.Get("Reason") != `Q.850;cause=16;text="changed my \"mind\""` {
		t.Errorf("CANCEL:\n%s", c.Raw)
	}
}

func TestProgressSaysWhoIsReached(t *testing.T) {
	p, _, peer := registered(t, "ws")
	_, inv := dial(p, peer)
	peer.Send(inv.Reply("180 Ringing", "far", "", `P-Asserted-Identity: "Echo" <sip:9196@d>`))
	if e := want[sip.LegProgress](p); e.Connected.User != "9196" || e.Connected.Display != "Echo" {
		t.Errorf("%+v", e)
	}
}
