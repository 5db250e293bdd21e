package sip_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"phoned/sip"
	"phoned/sip/siptest"
)

func TestRedirectedCallAsksFirst(t *testing.T) {
	p, _, peer := registered(t, "ws")
	id, inv := dial(p, peer)
	peer.Send(inv.Reply("302 Moved Temporarily", "x", "", `Contact: <sip:7@elsewhere.example>;q=0.3, "Desk" <sip:8@test.example;cause=486>;q=0.9`, "Contact: <mailto:a@b.example>"))
	peer.Expect("ACK")
	e := want[sip.LegRedirected](p)
	if e.Leg != id || e.Code != 302 || len(e.Contacts) != 2 || e.Contacts[0].User != "8" || e.Contacts[0].Display != "Desk" || !e.Contacts[0].Local || e.Contacts[1].Local {
		t.Fatalf("%+v", e)
	}
	if others := peer.Alive("sip:1001@x.invalid"); len(others) != 0 {
		t.Fatalf("called before anybody agreed: %s", others[0].Start)
	}
	if err := p.Redirect(id, e.Contacts[0].URI); err != nil {
		t.Fatal(err)
	}
	again := peer.Expect("INVITE sip:8@test.example")
	if again.Get("Call-ID") != inv.Get("Call-ID") || again.CSeq() != inv.CSeq()+1 || again.Tag("From") != inv.Tag("From") || again.Get("To") != inv.Get("To") || again.Body != sdpOffer {
		t.Errorf("INVITE:\n%s", again.Raw)
	}
	if d := again.Get("Diversion"); d != "<sip:9196@test.example>;reason=user-busy;counter=1" {
		t.Errorf("Diversion %q", d)
	}
	if h := again.Get("History-Info"); h != "<sip:9196@test.example?Reason=SIP%3Bcause%3D302>;index=1, <sip:8@test.example>;index=1.1" {
		t.Errorf("History-Info %q", h)
	}
	peer.Send(again.Reply("200 OK", "far", sdpAnswer, far))
	want[sip.LegAnswered](p)
	if err := p.Ack(id, nil); err != nil {
		t.Fatal(err)
	}
	peer.Expect("ACK")
}

func TestRedirectionRefused(t *testing.T) {
	for name, give := range map[string]func(*phone, sip.LegID){
		"by End":   func(p *phone, id sip.LegID) { _ = p.End(id, "") },
		"by Close": func(p *phone, _ sip.LegID) { _ = p.Close(t.Context()) },
	} {
		t.Run(name, func(t *testing.T) {
			p, _, peer := registered(t, "ws")
			id, inv := dial(p, peer)
			peer.Send(inv.Reply("301 Moved Permanently", "x", "", "Contact: <sip:8@test.example>"))
			peer.Expect("ACK")
			want[sip.LegRedirected](p)
			give(p, id)
			if e := want[sip.LegEnded](p); e.Code != 301 || !e.Remote || len(e.Targets) != 1 || e.Err != nil {
				t.Errorf("%+v", e)
			}
			if err := p.Redirect(id, "8"); err == nil {
				t.Error("followed after the end")
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		p, _, peer := registered(t, "pipe")
		_, inv := dial(p, peer)
		peer.Send(inv.Reply("302 Moved Temporarily", "x", "", "Contact: <sip:8@test.example>"))
		peer.Expect("ACK")
		want[sip.LegRedirected](p)
		start := time.Now()
		if e := want[sip.LegEnded](p); e.Code != 302 || time.Since(start) != 60*time.Second {
			t.Errorf("after %v: %+v", time.Since(start), e)
		}
	})
}

func TestRedirectionWithNobodyToCall(t *testing.T) {
	p, _, peer := registered(t, "ws")
	for _, status := range []string{"302 Moved Temporarily", "300 Multiple Choices", "380 Alternative Service", "305 Use Proxy"} {
		_, inv := dial(p, peer)
		contact := []string(nil)
		if strings.HasPrefix(status, "305") {
			contact = []string{"Contact: <sip:proxy.example>"}
		}
		peer.Send(inv.Reply(status, "x", "", contact...))
		peer.Expect("ACK")
		if e := want[sip.LegEnded](p); !strings.HasPrefix(status, string([]byte{'3', byte('0' + e.Code/10%10), byte('0' + e.Code%10)})) {
			t.Errorf("%s: %+v", status, e)
		}
	}
}

func TestRedirectionInACircle(t *testing.T) {
	p, _, peer := registered(t, "ws")
	id, inv := dial(p, peer)
	peer.Send(inv.Reply("302 Moved Temporarily", "x", "", "Contact: <sip:8@test.example>"))
	peer.Expect("ACK")
	want[sip.LegRedirected](p)
	_ = p.Redirect(id, "sip:8@test.example")
	again := peer.Expect("INVITE sip:8@test.example")
	peer.Send(again.Reply("302 Moved Temporarily", "x", "", "Contact: <sip:9196@test.example>, <sip:8@TEST.example>"))
	peer.Expect("ACK")
	if e := want[sip.LegEnded](p); !errors.Is(e.Err, sip.ErrRedirectLoop) || e.Code != 302 {
		t.Errorf("%+v", e)
	}
	// Ever new targets end as well.
	id, inv = dial(p, peer)
	for i := range 6 {
		target := "sip:77" + strings.Repeat("1", i) + "@test.example"
		peer.Send(inv.Reply("302 Moved Temporarily", "x", "", "Contact: <"+target+">"))
		peer.Expect("ACK")
		if i == 5 {
			if e := want[sip.LegEnded](p); !errors.Is(e.Err, sip.ErrRedirectLoop) {
				t.Errorf("%+v", e)
			}
			break
		}
		want[sip.LegRedirected](p)
		if err := p.Redirect(id, target); err != nil {
			t.Fatal(err)
		}
		inv = peer.Expect("INVITE " + target)
	}
	if n := len(strings.Split(inv.Get("History-Info"), ",")); n != 6 || len(inv.All("Diversion")) != 5 {
		t.Errorf("%d entries of history, %d diversions:\n%s", n, len(inv.All("Diversion")), inv.Raw)
	}
	legs, dialogs := sip.Held(p.Agent)
	if legs != 0 || dialogs != 0 {
		t.Errorf("%d legs, %d dialogs left", legs, dialogs)
	}
}

func TestDivert(t *testing.T) {
	p, _, peer := registered(t, "ws")
	e := arrived(p, peer, "d1", "Diversion: <sip:500@test.example>;reason=no-answer;counter=2")
	if e.Via != "500" || e.Diverted != 2 {
		t.Errorf("%+v", e)
	}
	if err := p.Divert(e.Leg, "705", sip.DivertBusy); err != nil {
		t.Fatal(err)
	}
	r := peer.Expect("SIP/2.0 302")
	if d := r.All("Diversion"); r.Contact() != "sip:705@test.example" || len(d) != 2 || d[0] != "<sip:1001@test.example>;reason=user-busy;counter=1" || !strings.HasPrefix(d[1], "<sip:500@") {
		t.Errorf("\n%s", r.Raw)
	}
	if end := want[sip.LegEnded](p); end.Code != 302 || end.Remote {
		t.Errorf("%+v", end)
	}
}

func TestPresentedNumber(t *testing.T) {
	desk := sip.Identity{User: "+15550100", Display: "Front desk"}
	const asserted = `"Front desk" <sip:+15550100@test.example>`
	own := `"Alice" <sip:1001@test.example>`
	for _, c := range []struct {
		form    sip.Present
		o       sip.InviteOptions
		from    string
		headers map[string]string
	}{
		{"", sip.InviteOptions{}, own, nil},
		{"", sip.InviteOptions{Identity: desk}, own, map[string]string{"P-Asserted-Identity": asserted}},
		{sip.PresentPreferred, sip.InviteOptions{Identity: desk}, own, map[string]string{"P-Preferred-Identity": asserted}},
		{sip.PresentRemote, sip.InviteOptions{Identity: desk}, own, map[string]string{"Remote-Party-ID": asserted + ";party=calling;privacy=off;screen=no"}},
		{sip.PresentFrom, sip.InviteOptions{Identity: desk}, asserted, nil},
		{sip.PresentFrom, sip.InviteOptions{}, own, nil},
		{"", sip.InviteOptions{Private: true}, "anonymous", map[string]string{"P-Asserted-Identity": own, "Privacy": "id"}},
		{sip.PresentFrom, sip.InviteOptions{Private: true, Identity: desk}, "anonymous", map[string]string{"P-Asserted-Identity": asserted, "Privacy": "id"}},
		{sip.PresentRemote, sip.InviteOptions{Private: true, Identity: desk}, "anonymous", map[string]string{"Remote-Party-ID": asserted + ";party=calling;privacy=full;screen=no", "Privacy": "id"}},
		{sip.PresentPreferred, sip.InviteOptions{Private: true}, "anonymous", map[string]string{"P-Preferred-Identity": own, "Privacy": "id"}},
	} {
		t.Run(string(c.form), func(t *testing.T) {
			x := siptest.New(t, "ws", testRegistrar())
			p := newPhone(t, nil)
			l := testLine(x)
			l.Present = c.form
			p.SetLines([]sip.Line{l})
			peer := x.Peer()
			peer.Registered()
			p.line(sip.Registered)
			c.o.Offer = []byte(sdpOffer)
			if _, err := p.Invite("line1", "9196", c.o); err != nil {
				t.Fatal(err)
			}
			inv := peer.Expect("INVITE")
			from, _, _ := strings.Cut(inv.Get("From"), ";tag=")
			if c.from == "anonymous" {
				if from != `"Anonymous" <sip:anonymous@anonymous.invalid>` || strings.Contains(inv.Get("Contact"), "1001") {
					t.Errorf("%s private: From %s, Contact %s", c.form, from, inv.Get("Contact"))
				}
			} else if from != c.from {
				t.Errorf("%s: From %s", c.form, from)
			}
			for _, h := range []string{"P-Asserted-Identity", "P-Preferred-Identity", "Remote-Party-ID", "Privacy"} {
				if got := inv.Get(h); got != c.headers[h] {
					t.Errorf("%s %+v: %s is %q, want %q", c.form, c.o.Identity, h, got, c.headers[h])
				}
			}
		})
	}
}
