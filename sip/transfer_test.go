package sip_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"phoned/sip"
	"phoned/sip/siptest"
)

// fragment is a NOTIFY of the far end of a call of ours about a transfer.
func fragment(peer *siptest.Peer, inv siptest.Message, cseq int, status, state string, extra ...string) string {
	event := "Event: refer"
	for _, h := range extra {
		if strings.HasPrefix(h, "Event:") {
			event = h
		}
	}
	return inDialog(peer, inv, "NOTIFY", cseq, "SIP/2.0 "+status+"\r\n",
		event, "Subscription-State: "+state, "Content-Type: message/sipfrag;version=2.0")
}

const (
	active     = "active;expires=60"
	terminated = "terminated;reason=noresource"
)

func TestBlindTransfer(t *testing.T) {
	type step = func(*siptest.Peer, siptest.Message, siptest.Message) // INVITE, REFER
	accept := func(extra ...string) step {
		return func(p *siptest.Peer, _, refer siptest.Message) { p.Send(refer.Reply("202 Accepted", "", "", extra...)) }
	}
	answer := func(status string) step {
		return func(p *siptest.Peer, _, refer siptest.Message) { p.Send(refer.Reply(status, "", "")) }
	}
	notify := func(cseq int, status, state string, extra ...string) step {
		return func(p *siptest.Peer, inv, _ siptest.Message) {
			p.Send(fragment(p, inv, cseq, status, state, extra...))
			p.Expect("SIP/2.0 200")
		}
	}
	bye := func(p *siptest.Peer, inv, _ siptest.Message) {
		p.Send(inDialog(p, inv, "BYE", 99, ""))
		p.Expect("SIP/2.0 200")
	}
	for name, c := range map[string]struct {
		steps []step
		want  sip.TransferDone
		codes []int
		gone  bool
	}{
		"Asterisk: 202, 100, 200 (interop 15)": {steps: []step{accept(), notify(10, "100 Trying", active), notify(11, "200 OK", terminated)},
			codes: []int{100}, want: sip.TransferDone{OK: true, Code: 200, Reason: "OK"}},
		"FreeSWITCH: 200 before the 202, then BYE (interop 15)": {steps: []step{notify(10, "200 OK", terminated, "Event: refer;id=2"), accept(), bye},
			want: sip.TransferDone{OK: true, Code: 200, Reason: "OK"}, gone: true},
		"ringing, then busy": {steps: []step{accept(), notify(10, "180 Ringing", active), notify(11, "486 Busy Here", terminated)},
			codes: []int{180}, want: sip.TransferDone{Code: 486, Reason: "Busy Here", Recovered: true}},
		"not bridged: 403 at once (interop 15)": {steps: []step{accept(), notify(10, "403 Forbidden", terminated)},
			want: sip.TransferDone{Code: 403, Reason: "Forbidden", Recovered: true}},
		"Refer-Sub: false":           {steps: []step{accept("Refer-Sub: false")}, want: sip.TransferDone{OK: true, Code: 202}},
		"200 instead of 202":         {steps: []step{answer("200 OK"), notify(10, "200 OK", terminated)}, want: sip.TransferDone{OK: true, Code: 200, Reason: "OK"}},
		"BYE right behind the 202":   {steps: []step{accept(), bye}, want: sip.TransferDone{OK: true}, gone: true},
		"BYE after progress, no 202": {steps: []step{notify(10, "100 Trying", active), bye}, codes: []int{100}, want: sip.TransferDone{OK: true}, gone: true},
		"BYE before any answer":      {steps: []step{bye}, want: sip.TransferDone{Err: sip.ErrNoLeg}, gone: true},
		"refused":                    {steps: []step{answer("603 Decline")}, want: sip.TransferDone{Code: 603, Reason: "Decline", Recovered: true}},
		"not implemented":            {steps: []step{answer("501 Not Implemented")}, want: sip.TransferDone{Code: 501, Reason: "Not Implemented", Recovered: true}},
		"the dialog is unknown":      {steps: []step{answer("481 Gone")}, want: sip.TransferDone{Code: 481, Reason: "Gone"}, gone: true},
		"a fragment that is none, then the end": {steps: []step{accept(), notify(10, "hello", active), notify(11, "99 x", active), notify(12, "404 Not Found", terminated)},
			want: sip.TransferDone{Code: 404, Reason: "Not Found", Recovered: true}},
	} {
		t.Run(name, func(t *testing.T) {
			p, _, peer := registered(t, "ws")
			id, inv := connected(p, peer)
			if err := p.Refer(id, sip.ReferTo{Target: "1002"}); err != nil {
				t.Fatal(err)
			}
			refer := peer.Expect("REFER sip:9196@127.0.0.12:5060;transport=udp SIP/2.0")
			if refer.Get("Refer-To") != "<sip:1002@test.example>" || refer.Get("Referred-By") != "<sip:1001@test.example>" || refer.Contact() == "" || refer.CSeq() != 2 {
				t.Errorf("REFER:\n%s", refer.Raw)
			}
			if err := p.Refer(id, sip.ReferTo{Target: "1003"}); !errors.Is(err, sip.ErrState) {
				t.Errorf("a second transfer: %v", err)
			}
			for _, s := range c.steps {
				s(peer, inv, refer)
			}
			for _, code := range c.codes {
				if e := want[sip.TransferProgress](p); e != (sip.TransferProgress{Leg: id, Code: code}) {
					t.Errorf("%+v", e)
				}
			}
			got := want[sip.TransferDone](p)
			if c.want.Err != nil && !errors.Is(got.Err, c.want.Err) {
				t.Errorf("error %v, want %v", got.Err, c.want.Err)
			}
			got.Err, c.want.Err, c.want.Leg = nil, nil, id
			if got != c.want {
				t.Errorf("%+v, want %+v", got, c.want)
			}
			if c.gone {
				want[sip.LegEnded](p)
			} else if _, ok := p.CallID(id); !ok {
				t.Error("the leg is gone")
			}
		})
	}
}

func TestTransferIsAuthenticated(t *testing.T) {
	for _, status := range []string{"401 Unauthorized", "407 Proxy Authentication Required"} {
		t.Run(status, func(t *testing.T) {
			p, _, peer := registered(t, "ws")
			id, inv := connected(p, peer)
			_ = p.Refer(id, sip.ReferTo{Target: "sip:bob@example.com;user=phone?Subject=x"})
			refer := peer.Expect("REFER")
			if refer.Get("Refer-To") != "<sip:bob@example.com;user=phone>" {
				t.Errorf("Refer-To %s", refer.Get("Refer-To"))
			}
			reg := testRegistrar()
			ask, reply := "WWW-Authenticate", "Authorization"
			if status[:3] == "407" {
				ask, reply = "Proxy-Authenticate", "Proxy-Authorization"
			}
			peer.Send(refer.Reply(status, "", "", reg.Challenge(ask)))
			again := peer.Expect("REFER")
			if again.CSeq() != refer.CSeq()+1 || !reg.Verify(again.Get(reply), "REFER") || again.Get("Refer-To") != refer.Get("Refer-To") {
				t.Errorf("REFER:\n%s", again.Raw)
			}
			peer.Send(again.Reply("202 Accepted", "", ""))
			peer.Send(fragment(peer, inv, 10, "200 OK", terminated, "Event: refer;id=3"))
			peer.Expect("SIP/2.0 200")
			if e := want[sip.TransferDone](p); !e.OK {
				t.Errorf("%+v", e)
			}
		})
	}
}

func TestTransferWithoutNews(t *testing.T) {
	for _, c := range []struct {
		name     string
		accept   bool
		progress bool
		after    time.Duration
	}{{"no answer at all", false, false, 32 * time.Second}, {"no NOTIFY", true, false, 32 * time.Second}, {"silence after ringing", true, true, 52 * time.Second}} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, _, peer := registered(t, "pipe")
				id, inv := connected(p, peer)
				begin := time.Now()
				_ = p.Refer(id, sip.ReferTo{Target: "1002"})
				refer := peer.Expect("REFER")
				if c.accept {
					peer.Send(refer.Reply("202 Accepted", "", ""))
				}
				if c.progress {
					time.Sleep(20 * time.Second)
					peer.Send(fragment(peer, inv, 10, "180 Ringing", active))
					peer.Expect("SIP/2.0 200")
					want[sip.TransferProgress](p)
				}
				e := want[sip.TransferDone](p)
				if d := time.Since(begin); e.OK || !e.Recovered || !errors.Is(e.Err, sip.ErrTimeout) || d != c.after {
					t.Errorf("after %v: %+v", d, e)
				}
				// News that come late change nothing, and the call can be
				// transferred again.
				peer.Send(fragment(peer, inv, 20, "486 Busy Here", terminated))
				peer.Expect("SIP/2.0 200")
				if err := p.Refer(id, sip.ReferTo{Target: "1003"}); err != nil {
					t.Fatal(err)
				}
				refer = peer.Expect("REFER")
				peer.Send(refer.Reply("202 Accepted", "", ""))
				peer.Send(fragment(peer, inv, 21, "486 Busy Here", terminated, "Event: refer;id=2"))
				peer.Expect("SIP/2.0 200")
				peer.Send(fragment(peer, inv, 22, "200 OK", terminated, "Event: refer;id=3"))
				peer.Expect("SIP/2.0 200")
				if e := want[sip.TransferDone](p); !e.OK {
					t.Errorf("news of the first transfer were taken for the second's: %+v", e)
				}
			})
		})
	}
}

// TestAttendedTransfer: the consultation is named as its other end sees it,
// for a call of ours and for one of theirs.
func TestAttendedTransfer(t *testing.T) {
	for _, incoming := range []bool{false, true} {
		t.Run(fmt.Sprint("theirs ", incoming), func(t *testing.T) {
			p, _, peer := registered(t, "ws")
			first, _ := connected(p, peer)
			var consult sip.LegID
			var want1 string
			if incoming {
				id, ok := talking(p, peer, "cid@host%1")
				consult = id
				want1 = "<sip:2002@127.0.0.9:5060;transport=udp?Replaces=cid%40host%251%3Bto-tag%3Db%3Bfrom-tag%3D" + ok.Tag("To") + ">"
			} else {
				id, err := p.Invite("line1", "1003", sip.InviteOptions{Offer: []byte(sdpOffer)})
				if err != nil {
					t.Fatal(err)
				}
				inv := peer.Expect("INVITE")
				if err := p.Refer(first, sip.ReferTo{Consult: id}); !errors.Is(err, sip.ErrState) {
					t.Errorf("a consultation that is not answered: %v", err)
				}
				peer.Send(inv.Reply("200 OK", "tag", sdpAnswer, "Contact: <sip:1003@h.example;gr=urn:uuid:1>"))
				want[sip.LegAnswered](p)
				_ = p.Ack(id, nil)
				peer.Expect("ACK")
				consult = id
				want1 = "<sip:1003@h.example;gr=urn:uuid:1?Replaces=" + inv.Get("Call-ID") + "%3Bto-tag%3Dtag%3Bfrom-tag%3D" + inv.Tag("From") + ">"
			}
			if err := p.Refer(first, sip.ReferTo{Consult: consult}); err != nil {
				t.Fatal(err)
			}
			if refer := peer.Expect("REFER sip:9196@"); refer.Get("Refer-To") != want1 {
				t.Errorf("Refer-To %s\nwant     %s", refer.Get("Refer-To"), want1)
			}
		})
	}
}

func TestTransferToNobody(t *testing.T) {
	p, _, peer := registered(t, "ws")
	id, _ := connected(p, peer)
	for _, c := range []struct {
		to   sip.ReferTo
		want error
	}{{sip.ReferTo{Consult: id}, sip.ErrState}, {sip.ReferTo{Consult: "nobody"}, sip.ErrNoLeg}, {sip.ReferTo{}, sip.ErrState}} {
		if err := p.Refer(id, c.to); !errors.Is(err, c.want) {
			t.Errorf("%+v: %v", c.to, err)
		}
	}
}

func TestTransferredByUsWhenWeHangUp(t *testing.T) {
	p, _, peer := registered(t, "ws")
	id, _ := connected(p, peer)
	_ = p.Refer(id, sip.ReferTo{Target: "1002"})
	refer := peer.Expect("REFER")
	peer.Send(refer.Reply("202 Accepted", "", ""))
	peer.Alive("sip:1001@x.invalid")
	_ = p.End(id, "")
	if e := want[sip.TransferDone](p); !e.OK || e.Recovered {
		t.Errorf("%+v", e)
	}
	want[sip.LegEnded](p)
	peer.Expect("BYE")
}

// TestByeRightBehindTheAnswer: what follows a 200 on the flow finds its dialog.
func TestByeRightBehindTheAnswer(t *testing.T) {
	p, _, peer := registered(t, "ws")
	for range 50 {
		id, inv := dial(p, peer)
		peer.Send(inv.Reply("200 OK", "far", sdpAnswer, far))
		peer.Send(inDialog(peer, inv, "BYE", 7, ""))
		peer.Expect("SIP/2.0 200")
		want[sip.LegAnswered](p)
		if e := want[sip.LegEnded](p); e.Leg != id || !e.Remote {
			t.Fatalf("%+v", e)
		}
	}
}

// TestCapturedTransfers: what FreeSWITCH and Asterisk wrote after a REFER.
func TestCapturedTransfers(t *testing.T) {
	for name, ends := range map[string]bool{"asterisk-22.10.1-outbound-hold-transfer.txt": false, "freeswitch-1.11.1-outbound-hold-transfer.txt": true} {
		t.Run(name, func(t *testing.T) {
			p, _, peer := registered(t, "wss")
			id, inv := connected(p, peer)
			_ = p.Refer(id, sip.ReferTo{Target: "9502"})
			refer := peer.Expect("REFER")
			ours := map[string]string{"From": refer.Get("To"), "To": refer.Get("From"), "Call-ID": inv.Get("Call-ID")}
			seen := 0
			for _, m := range captured(t, name) {
				switch {
				case strings.HasPrefix(m.Start, "SIP/2.0 202") && strings.HasSuffix(m.Get("CSeq"), "REFER"):
					seen++
					peer.Send(as(m, map[string]string{"Via": refer.Get("Via"), "From": refer.Get("From"), "To": refer.Get("To"), "Call-ID": inv.Get("Call-ID"), "CSeq": refer.Get("CSeq")}))
				case seen > 0 && (m.Method() == "NOTIFY" && strings.HasPrefix(m.Get("Event"), "refer") || m.Method() == "BYE" && !strings.HasPrefix(m.Start, "SIP/2.0")):
					seen++
					peer.Send(as(m, ours))
					peer.Expect("SIP/2.0 200")
				}
			}
			if !ends {
				want[sip.TransferProgress](p)
			}
			if e := want[sip.TransferDone](p); !e.OK || e.Leg != id {
				t.Errorf("%+v", e)
			}
			if ends {
				want[sip.LegEnded](p)
			}
			if seen != 3 {
				t.Errorf("the recording has %d messages of a transfer", seen)
			}
		})
	}
}
