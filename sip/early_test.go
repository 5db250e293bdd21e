package sip_test

import (
	"fmt"
	"strings"
	"testing"

	"phoned/sip"
	"phoned/sip/siptest"
)

const sdpSecond = "v=0\r\no=- 3 3 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4004 RTP/AVP 8\r\n"

// reliably answers an INVITE of ours with a 183 that has to be confirmed.
func reliably(p *phone, peer *siptest.Peer, inv siptest.Message, tag, body string) {
	p.t.Helper()
	peer.Send(inv.Reply("183 Session Progress", tag, body, "Contact: <sip:"+tag+"@127.0.0.5>", "Require: 100rel", "RSeq: 1"))
	peer.Send(peer.Expect("PRACK").Reply("200 OK", "", ""))
	if e := want[sip.LegProgress](p); string(e.SDP) != body || e.Early != tag {
		p.t.Errorf("%+v", e)
	}
}

func early(peer *siptest.Peer, inv siptest.Message, tag string, cseq int, body string, extra ...string) string {
	return peer.Request("UPDATE", inv.Contact(), inv.Get("Call-ID"), tag, inv.Tag("From"), cseq, body, extra...)
}

// TestAnswerOfAReliableResponse: the 2xx need not repeat it, and what it says
// otherwise does not count (RFC 3261 §13.2.1).
func TestAnswerOfAReliableResponse(t *testing.T) {
	for name, body := range map[string]string{"not repeated": "", "repeated": sdpAnswer, "another": sdpSecond} {
		t.Run(name, func(t *testing.T) {
			p, _, peer := registered(t, "ws")
			_, inv := dial(p, peer)
			reliably(p, peer, inv, "a", sdpAnswer)
			peer.Send(inv.Reply("200 OK", "a", body, "Contact: <sip:a@127.0.0.5>"))
			if e := want[sip.LegAnswered](p); string(e.SDP) != sdpAnswer || e.Agreed {
				t.Errorf("%+v", e)
			}
		})
	}
	t.Run("another fork's", func(t *testing.T) {
		p, _, peer := registered(t, "ws")
		_, inv := dial(p, peer)
		reliably(p, peer, inv, "a", sdpAnswer)
		peer.Send(inv.Reply("200 OK", "b", sdpSecond, "Contact: <sip:b@127.0.0.5>"))
		if e := want[sip.LegAnswered](p); string(e.SDP) != sdpSecond {
			t.Errorf("%+v", e)
		}
	})
}

func TestOfferInAnEarlyDialog(t *testing.T) {
	p, _, peer := registered(t, "ws")
	id, inv := dial(p, peer)
	// Our own offer is not answered yet: 491, also by an 18x that nobody confirms.
	peer.Send(inv.Reply("183 Session Progress", "a", sdpAnswer, "Contact: <sip:a@127.0.0.5>"))
	want[sip.LegProgress](p)
	peer.Send(early(peer, inv, "a", 1, sdpSecond))
	peer.Expect("SIP/2.0 491")

	reliably(p, peer, inv, "b", sdpAnswer)
	peer.Send(early(peer, inv, "b", 7, sdpSecond, `P-Asserted-Identity: "Carol" <sip:3003@test.example>`))
	if e := want[sip.LegIdentified](p); e.Leg != id || e.Connected.User != "3003" || e.Connected.Display != "Carol" {
		t.Errorf("%+v", e)
	}
	if e := want[sip.LegOffered](p); e.Leg != id || string(e.SDP) != sdpSecond {
		t.Errorf("%+v", e)
	}
	// Another before our answer is too soon (RFC 3311 §5.2).
	peer.Send(early(peer, inv, "b", 8, sdpSecond))
	if m := peer.Expect("SIP/2.0 500"); m.Get("Retry-After") == "" {
		t.Errorf("500:\n%s", m.Raw)
	}
	if err := p.AnswerOffer(id, []byte(sdpAnswer)); err != nil {
		t.Fatal(err)
	}
	if m := peer.Expect("SIP/2.0 200"); m.Body != sdpAnswer || m.Contact() == "" {
		t.Errorf("200:\n%s", m.Raw)
	}
	// An old number does not count in this dialog, and does in the other.
	peer.Send(early(peer, inv, "b", 7, "", "X-Again: 1"))
	if m := peer.Next(); !strings.HasPrefix(m.Start, "SIP/2.0 500") {
		t.Errorf("an old CSeq: %s", m.Start)
	}
	peer.Send(early(peer, inv, "a", 2, ""))
	peer.Expect("SIP/2.0 200")

	peer.Send(inv.Reply("200 OK", "b", sdpAnswer, "Contact: <sip:b@127.0.0.5>"))
	if e := want[sip.LegAnswered](p); !e.Agreed || len(e.SDP) != 0 {
		t.Errorf("%+v", e)
	}
	_ = p.Ack(id, nil)
	peer.Expect("ACK sip:b@127.0.0.5")
	_ = p.End(id, "")
	want[sip.LegEnded](p)
}

// TestOfferBeforeOurAnswer: their INVITE's offer waits, so another is too soon.
func TestOfferBeforeOurAnswer(t *testing.T) {
	p, _, peer := registered(t, "ws")
	e := arrived(p, peer, "c1")
	_ = p.Ring(e.Leg)
	ring := peer.Expect("SIP/2.0 180")
	peer.Send(peer.Request("UPDATE", ring.Contact(), "c1", "b", ring.Tag("To"), 2, sdpSecond))
	if m := peer.Next(); !strings.HasPrefix(m.Start, "SIP/2.0 500") || m.Get("Retry-After") == "" {
		t.Errorf("UPDATE:\n%s", m.Raw)
	}
	// One without an offer says who calls by now.
	peer.Send(peer.Request("UPDATE", ring.Contact(), "c1", "b", ring.Tag("To"), 3, "", "P-Asserted-Identity: <sip:4004@test.example>"))
	if got := want[sip.LegIdentified](p); got.Connected.User != "4004" {
		t.Errorf("%+v", got)
	}
	peer.Expect("SIP/2.0 200")
}

// TestConnectedLine: in a call the exchange says by UPDATE or re-INVITE whom we
// talk to now.
func TestConnectedLine(t *testing.T) {
	for _, header := range []string{"P-Asserted-Identity", "Remote-Party-ID"} {
		for i, c := range []struct{ method, body string }{{"UPDATE", ""}, {"UPDATE", sdpSecond}, {"INVITE", sdpSecond}} {
			t.Run(fmt.Sprint(header, " ", c.method, " ", i), func(t *testing.T) {
				p, _, peer := registered(t, "ws")
				id, inv := connected(p, peer)
				peer.Send(inDialog(peer, inv, c.method, 5, c.body, header+`: "Dora" <sip:5005@test.example>`))
				if c.method == "INVITE" {
					peer.Expect("SIP/2.0 100")
				}
				if e := want[sip.LegIdentified](p); e.Leg != id || e.Connected.User != "5005" || e.Connected.Display != "Dora" {
					t.Errorf("%+v", e)
				}
				if c.body != "" {
					want[sip.LegOffered](p)
					_ = p.AnswerOffer(id, []byte(sdpAnswer))
				}
				peer.Expect("SIP/2.0 200")
				_ = p.End(id, "")
				want[sip.LegEnded](p)
			})
		}
	}
}
