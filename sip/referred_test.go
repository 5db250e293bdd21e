package sip_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"phoned/sip"
)

func TestWeAreTransferred(t *testing.T) {
	for _, c := range []struct{ answer, last string }{{"200 OK", "SIP/2.0 200 OK"}, {"486 Busy Here", "SIP/2.0 486 Busy Here"}} {
		t.Run(c.answer, func(t *testing.T) {
			p, _, peer := registered(t, "ws")
			id, inv := connected(p, peer)
			peer.Send(inDialog(peer, inv, "REFER", 10, "", `Refer-To: "Carol" <sip:3003@test.example?Replaces=abc%40h%3Bto-tag%3D1%3Bfrom-tag%3D2&X-Evil=1>`,
				`Referred-By: "Bob" <sip:2002@test.example>`))
			e := want[sip.ReferReceived](p)
			if e.Leg != id || e.Target != "sip:3003@test.example" || e.Replaces == nil || *e.Replaces != (sip.Replaces{CallID: "abc@h", ToTag: "1", FromTag: "2"}) || e.By.User != "2002" {
				t.Fatalf("%+v", e)
			}
			if _, err := p.Invite("line1", e.Target, sip.InviteOptions{Refer: e.Refer}); !errors.Is(err, sip.ErrNoRefer) {
				t.Errorf("called before it was accepted: %v", err)
			}
			if err := p.AcceptRefer(e.Refer); err != nil {
				t.Fatal(err)
			}
			if m := peer.Expect("SIP/2.0 202"); m.Contact() == "" {
				t.Errorf("202:\n%s", m.Raw)
			}
			n := peer.Expect("NOTIFY sip:9196@127.0.0.12")
			if n.Body != "SIP/2.0 100 Trying\r\n" || n.Get("Event") != "refer" || !strings.HasPrefix(n.Get("Subscription-State"), "active;expires=") || n.Get("Content-Type") != "message/sipfrag;version=2.0" {
				t.Errorf("NOTIFY:\n%s", n.Raw)
			}
			leg, err := p.Invite("line1", e.Target, sip.InviteOptions{Offer: []byte(sdpOffer), Refer: e.Refer})
			if err != nil {
				t.Fatal(err)
			}
			call := peer.Expect("INVITE sip:3003@test.example SIP/2.0")
			if call.Get("Replaces") != "abc@h;to-tag=1;from-tag=2" || call.Get("Require") != "replaces" || call.Get("Referred-By") != `"Bob" <sip:2002@test.example>` || call.Get("X-Evil") != "" {
				t.Errorf("INVITE:\n%s", call.Raw)
			}
			// One NOTIFY at a time: this news waits for the first one's answer.
			peer.Send(call.Reply("180 Ringing", "c", ""))
			want[sip.LegProgress](p)
			if others := peer.Alive("sip:1001@x.invalid"); len(others) > 0 {
				t.Errorf("sent: %s", others[0].Start)
			}
			peer.Send(n.Reply("200 OK", "", ""))
			n = peer.Expect("NOTIFY")
			if n.Body != "SIP/2.0 180 Ringing\r\n" {
				t.Errorf("NOTIFY:\n%s", n.Raw)
			}
			peer.Send(n.Reply("200 OK", "", ""))
			peer.Send(call.Reply(c.answer, "c", sdpAnswer, "Contact: <sip:3003@127.0.0.14>"))
			if c.answer == "200 OK" {
				want[sip.LegAnswered](p)
				n = peer.Expect("NOTIFY")
				_ = p.Ack(leg, nil)
				peer.Expect("ACK")
			} else {
				peer.Expect("ACK")
				want[sip.LegEnded](p)
				n = peer.Expect("NOTIFY")
			}
			if n.Body != c.last+"\r\n" || !strings.HasPrefix(n.Get("Subscription-State"), "terminated") {
				t.Errorf("NOTIFY:\n%s", n.Raw)
			}
			if err := p.RefuseRefer(e.Refer, 603); !errors.Is(err, sip.ErrNoRefer) {
				t.Errorf("settled twice: %v", err)
			}
		})
	}
}

func TestTransferRequestsThatAreRefused(t *testing.T) {
	p, _, peer := registered(t, "ws")
	_, inv := connected(p, peer)
	for i, c := range []struct {
		want  string
		extra []string
	}{
		{"400", []string{"X: 1"}},
		{"400", []string{"Refer-To: <sip:a@b>", "Refer-To: <sip:c@d>"}},
		{"603", []string{"Refer-To: <http://example.com>"}},
		{"603", []string{"Refer-To: <sip:a@b;method=BYE>"}},
		{"603", []string{"Refer-To: <sip:a@b?Replaces=x>"}},
	} {
		peer.Send(inDialog(peer, inv, "REFER", 10+i, "", c.extra...))
		if m := peer.Next(); !strings.HasPrefix(m.Start, "SIP/2.0 "+c.want) {
			t.Errorf("%q: %s", c.extra, m.Start)
		}
	}
	peer.Send(inDialog(peer, inv, "REFER", 30, "", "Refer-To: sip:3003@d;x=y"))
	e := want[sip.ReferReceived](p)
	peer.Send(inDialog(peer, inv, "REFER", 31, "", "Refer-To: <sip:4@d>"))
	peer.Expect("SIP/2.0 491")
	if err := p.RefuseRefer(e.Refer, 200); !errors.Is(err, sip.ErrState) {
		t.Error(err)
	}
	if err := p.RefuseRefer(e.Refer, 403); err != nil {
		t.Fatal(err)
	}
	peer.Expect("SIP/2.0 403")
	// A second transfer of the dialog names itself; without a subscription
	// there is no NOTIFY.
	peer.Send(inDialog(peer, inv, "REFER", 32, "", "Refer-To: <tel:+331;phone-context=x>"))
	e = want[sip.ReferReceived](p)
	_ = p.AcceptRefer(e.Refer)
	peer.Expect("SIP/2.0 202")
	if n := peer.Expect("NOTIFY"); n.Get("Event") != "refer;id=32" {
		t.Errorf("Event %s", n.Get("Event"))
	}
	_ = p.RefuseRefer(e.Refer, 603)
	peer.Send(inDialog(peer, inv, "REFER", 33, "", "Refer-To: <sip:5@d>", "Refer-Sub: false"))
	e = want[sip.ReferReceived](p)
	_ = p.AcceptRefer(e.Refer)
	if m := peer.Expect("SIP/2.0 202"); m.Get("Refer-Sub") != "false" {
		t.Errorf("202:\n%s", m.Raw)
	}
	if others := peer.Alive("sip:1001@x.invalid"); len(others) > 0 {
		t.Errorf("sent: %s", others[0].Start)
	}
}

func TestTransferRequestIsDeclinedInTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _, peer := registered(t, "pipe")
		_, inv := connected(p, peer)
		peer.Send(inDialog(peer, inv, "REFER", 10, "", "Refer-To: <sip:3003@d>"))
		want[sip.ReferReceived](p)
		peer.Expect("SIP/2.0 603")
		peer.Send(inDialog(peer, inv, "REFER", 11, "", "Refer-To: <sip:3003@d>"))
		e := want[sip.ReferReceived](p)
		_ = p.AcceptRefer(e.Refer)
		peer.Expect("SIP/2.0 202")
		n := peer.Expect("NOTIFY")
		peer.Send(n.Reply("200 OK", "", ""))
		if n = peer.Expect("NOTIFY"); n.Body != "SIP/2.0 603 Decline\r\n" {
			t.Errorf("accepted, but nobody called:\n%s", n.Raw)
		}
	})
}

// TestReplaces walks through RFC 3891 §3.
func TestReplaces(t *testing.T) {
	p, _, peer := registered(t, "ws")
	invite := func(callID string, extra ...string) string {
		return peer.Request("INVITE", "sip:1001@phone.invalid", callID, "r", "", 1, sdpOffer, extra...)
	}
	refused := func(code string, extra ...string) {
		t.Helper()
		id := "no-" + code + extra[0][:12]
		peer.Send(invite(id, extra...))
		m := peer.Next()
		if !strings.HasPrefix(m.Start, "SIP/2.0 "+code) {
			t.Errorf("%q: %s, want %s", extra, m.Start, code)
		}
		peer.Send(peer.Request("ACK", "sip:1001@phone.invalid", id, "r", m.Tag("To"), 1, ""))
	}
	first, ok := talking(p, peer, "t1")
	name := "Replaces: t1;to-tag=" + ok.Tag("To") + ";from-tag=b"
	refused("486", name+";early-only")
	refused("400", name, "Replaces: x;to-tag=1;from-tag=2")
	refused("400", "Replaces: t1;to-tag="+ok.Tag("To"))
	refused("400", name, "Join: t1;to-tag=1;from-tag=2")
	refused("481", "Replaces: t1;to-tag=b;from-tag="+ok.Tag("To")) // the tags the wrong way round
	// A call that rings here began elsewhere: its caller alone may give it up.
	ringing := arrived(p, peer, "t2")
	_ = p.Ring(ringing.Leg)
	tag := peer.Expect("SIP/2.0 180").Tag("To")
	refused("481", "Replaces: t2;to-tag="+tag+";from-tag=b")
	_ = p.Refuse(ringing.Leg, 486, "")
	peer.Expect("SIP/2.0 486")
	want[sip.LegEnded](p)

	peer.Send(invite("t3", name))
	peer.Expect("SIP/2.0 100")
	e := want[sip.LegArrived](p)
	if e.Replaces != first {
		t.Errorf("%+v", e)
	}
	_ = p.Answer(e.Leg, []byte(sdpAnswer))
	peer.Expect("SIP/2.0 200")
	bye := peer.Expect("BYE")
	if bye.Get("Call-ID") != "t1" {
		t.Errorf("BYE:\n%s", bye.Raw)
	}
	if got := want[sip.LegEnded](p); got.Leg != first || got.ReplacedBy != e.Leg {
		t.Errorf("%+v", got)
	}
	peer.Send(bye.Reply("200 OK", "", ""))
	peer.Alive("sip:1001@x.invalid")
	refused("603", name)

	// A call of ours that rings is ours to give up (call pickup).
	id, inv := dial(p, peer)
	peer.Send(inv.Reply("180 Ringing", "far", ""))
	want[sip.LegProgress](p)
	peer.Send(invite("t4", "Replaces: "+inv.Get("Call-ID")+";to-tag="+inv.Tag("From")+";from-tag=far;early-only"))
	peer.Expect("SIP/2.0 100")
	e = want[sip.LegArrived](p)
	_ = p.Answer(e.Leg, []byte(sdpAnswer))
	peer.Expect("SIP/2.0 200")
	if c := peer.Expect("CANCEL"); c.Get("Call-ID") != inv.Get("Call-ID") {
		t.Errorf("CANCEL:\n%s", c.Raw)
	}
	if got := want[sip.LegEnded](p); got.Leg != id || got.ReplacedBy != e.Leg {
		t.Errorf("%+v", got)
	}
}

func TestPickupAndPrivacy(t *testing.T) {
	p, _, peer := registered(t, "ws")
	_, err := p.Invite("line1", "sip:2002@127.0.0.5", sip.InviteOptions{Offer: []byte(sdpOffer), Private: true,
		Replaces: &sip.Replaces{CallID: "c", ToTag: "a", FromTag: "b", EarlyOnly: true}})
	if err != nil {
		t.Fatal(err)
	}
	inv := peer.Expect("INVITE sip:2002@127.0.0.5 SIP/2.0")
	if inv.Get("Replaces") != "c;to-tag=a;from-tag=b;early-only" || inv.Get("Require") != "replaces" {
		t.Errorf("INVITE:\n%s", inv.Raw)
	}
	if !strings.HasPrefix(inv.Get("From"), `"Anonymous" <sip:anonymous@anonymous.invalid>;tag=`) || inv.Get("Privacy") != "id" || inv.Get("P-Asserted-Identity") != `"Alice" <sip:1001@test.example>` {
		t.Errorf("INVITE:\n%s", inv.Raw)
	}
	if strings.Contains(inv.Contact(), "1001") {
		t.Errorf("Contact %s", inv.Contact())
	}
}
