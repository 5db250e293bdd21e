package sip_test

import (
	"strings"
	"testing"

	"phoned/sip"
)

func TestRegisterAndCall(t *testing.T) {
	for _, transport := range []string{"wss", "ws", "tcp", "tls", "udp"} {
		t.Run(transport, func(t *testing.T) {
			p, _, peer := registered(t, transport)
			id, err := p.Invite("line1", "9196", sip.InviteOptions{Offer: []byte(sdpOffer), Identity: sip.Identity{User: "100", Display: `A "B"`}})
			if err != nil {
				t.Fatal(err)
			}
			inv := peer.Expect("INVITE sip:9196@test.example SIP/2.0")
			if got := inv.Get("P-Asserted-Identity"); got != `"A \"B\"" <sip:100@test.example>` {
				t.Errorf("P-Asserted-Identity: %s", got)
			}
			if !strings.Contains(inv.Get("Via"), "SIP/2.0/"+strings.ToUpper(transport)+" ") {
				t.Errorf("Via: %s", inv.Get("Via"))
			}
			if inv.Body != sdpOffer {
				t.Errorf("body %q", inv.Body)
			}
			peer.Send(inv.Reply("100 Trying", "", ""))
			peer.Send(inv.Reply("180 Ringing", "far", ""))
			if e := want[sip.LegProgress](p); e.Code != 180 || e.Early != "far" || e.Leg != id {
				t.Errorf("%+v", e)
			}
			// A Contact that leads elsewhere, as FreeSWITCH writes it (interop 10).
			peer.Send(inv.Reply("200 OK", "far", sdpAnswer, "Contact: <sip:9196@127.0.0.12:5060;transport=udp>",
				"Record-Route: <sip:p2.example;lr>", "Record-Route: <sip:p1.example;lr;transport=ws>"))
			if e := want[sip.LegAnswered](p); string(e.SDP) != sdpAnswer {
				t.Errorf("%+v", e)
			}
			if err := p.Ack(id, nil); err != nil {
				t.Fatal(err)
			}
			ack := peer.Expect("ACK sip:9196@127.0.0.12:5060;transport=udp SIP/2.0")
			if r := ack.All("Route"); len(r) != 2 || r[0] != "<sip:p1.example;lr;transport=ws>" || r[1] != "<sip:p2.example;lr>" {
				t.Errorf("Route %q", r)
			}
			// The answer is repeated: so is the ACK.
			peer.Send(inv.Reply("200 OK", "far", sdpAnswer, "Contact: <sip:9196@127.0.0.12:5060;transport=udp>"))
			peer.Expect("ACK ")
			if err := p.End(id, ""); err != nil {
				t.Fatal(err)
			}
			if e := want[sip.LegEnded](p); e.Remote || e.Err != nil {
				t.Errorf("%+v", e)
			}
			bye := peer.Expect("BYE ")
			if bye.CSeq() != inv.CSeq()+1 || bye.Tag("To") != "far" {
				t.Errorf("BYE:\n%s", bye.Raw)
			}
			peer.Send(bye.Reply("200 OK", "", ""))
			p.SetLines(nil)
			if un := peer.Registered(); un.Get("Expires") != "0" {
				t.Errorf("not unregistered:\n%s", un.Raw)
			}
			p.line(sip.Off)
		})
	}
}

func TestIncomingCall(t *testing.T) {
	for _, transport := range []string{"wss", "udp"} {
		t.Run(transport, func(t *testing.T) {
			p, _, peer := registered(t, transport)
			inv := peer.Request("INVITE", "sip:1001@phone.invalid", "in-1", "b1", "", 7, sdpOffer)
			peer.Send(inv)
			peer.Expect("SIP/2.0 100")
			e := want[sip.LegArrived](p)
			if e.From.User != "2002" || e.From.Display != "Bob" || e.CallID != "in-1" || string(e.Offer) != sdpOffer {
				t.Errorf("%+v", e)
			}
			if err := p.Ring(e.Leg); err != nil {
				t.Fatal(err)
			}
			tag := peer.Expect("SIP/2.0 180").Tag("To")
			if err := p.Answer(e.Leg, []byte(sdpAnswer)); err != nil {
				t.Fatal(err)
			}
			ok := peer.Expect("SIP/2.0 200")
			if ok.Tag("To") != tag || ok.Body != sdpAnswer || ok.Contact() == "" {
				t.Errorf("200:\n%s", ok.Raw)
			}
			peer.Send(peer.Request("ACK", ok.Contact(), "in-1", "b1", tag, 7, ""))
			want[sip.LegConfirmed](p)
			peer.Send(peer.Request("BYE", ok.Contact(), "in-1", "b1", tag, 8, ""))
			if e := want[sip.LegEnded](p); !e.Remote || e.Code != 0 {
				t.Errorf("%+v", e)
			}
			peer.Expect("SIP/2.0 200")
		})
	}
}
