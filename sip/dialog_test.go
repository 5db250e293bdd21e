package sip_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"phoned/sip"
	"phoned/sip/siptest"
)

func dial(p *phone, peer *siptest.Peer) (sip.LegID, siptest.Message) {
	p.t.Helper()
	id, err := p.Invite("line1", "9196", sip.InviteOptions{Offer: []byte(sdpOffer)})
	if err != nil {
		p.t.Fatal(err)
	}
	return id, peer.Expect("INVITE")
}

const far = "Contact: <sip:9196@127.0.0.12:5060;transport=udp>"

// connected is a call of ours in progress.
func connected(p *phone, peer *siptest.Peer, extra ...string) (sip.LegID, siptest.Message) {
	p.t.Helper()
	id, inv := dial(p, peer)
	peer.Send(inv.Reply("200 OK", "far", sdpAnswer, append(extra, far)...))
	want[sip.LegAnswered](p)
	if err := p.Ack(id, nil); err != nil {
		p.t.Fatal(err)
	}
	peer.Expect("ACK")
	return id, inv
}

// inDialog writes a request of the far end of a call of ours.
func inDialog(peer *siptest.Peer, inv siptest.Message, method string, cseq int, body string, extra ...string) string {
	return peer.Request(method, inv.Contact(), inv.Get("Call-ID"), "far", inv.Tag("From"), cseq, body, extra...)
}

// arrived is a call of theirs that waits.
func arrived(p *phone, peer *siptest.Peer, callID string, extra ...string) sip.LegArrived {
	p.t.Helper()
	peer.Send(peer.Request("INVITE", "sip:1001@phone.invalid", callID, "b", "", 1, sdpOffer, extra...))
	peer.Expect("SIP/2.0 100")
	return want[sip.LegArrived](p)
}

// talking is a call of theirs in progress; it returns our answer.
func talking(p *phone, peer *siptest.Peer, callID string, extra ...string) (sip.LegID, siptest.Message) {
	p.t.Helper()
	e := arrived(p, peer, callID, extra...)
	if err := p.Answer(e.Leg, []byte(sdpAnswer)); err != nil {
		p.t.Fatal(err)
	}
	ok := peer.Expect("SIP/2.0 200")
	peer.Send(peer.Request("ACK", ok.Contact(), callID, "b", ok.Tag("To"), 1, ""))
	want[sip.LegConfirmed](p)
	return e.Leg, ok
}

func TestInviteAnswersChallengeAndAckCarriesIt(t *testing.T) {
	p, _, peer := registered(t, "ws")
	reg := testRegistrar()
	id, inv := dial(p, peer)
	peer.Send(inv.Reply("407 Proxy Authentication Required", "p", "", reg.Challenge("Proxy-Authenticate")))
	peer.Expect("ACK")
	again := peer.Expect("INVITE")
	if again.CSeq() != inv.CSeq()+1 || again.Get("Call-ID") != inv.Get("Call-ID") || again.Tag("From") != inv.Tag("From") || again.Get("Via") == inv.Get("Via") {
		t.Errorf("INVITE:\n%s", again.Raw)
	}
	if !reg.Verify(again.Get("Proxy-Authorization"), "INVITE") {
		t.Errorf("credentials %s", again.Get("Proxy-Authorization"))
	}
	peer.Send(again.Reply("200 OK", "far", sdpAnswer, far))
	want[sip.LegAnswered](p)
	_ = p.Ack(id, nil)
	if ack := peer.Expect("ACK"); ack.Get("Proxy-Authorization") == "" || ack.CSeq() != again.CSeq() {
		t.Errorf("ACK:\n%s", ack.Raw)
	}
	// In the dialog a challenged request is repeated with the next number.
	_ = p.End(id, "")
	bye := peer.Expect("BYE")
	peer.Send(bye.Reply("401 Unauthorized", "", "", reg.Challenge("WWW-Authenticate")))
	if b := peer.Expect("BYE"); b.CSeq() != bye.CSeq()+1 || !reg.Verify(b.Get("Authorization"), "BYE") {
		t.Errorf("BYE:\n%s", b.Raw)
	}
}

func TestCancel(t *testing.T) {
	t.Run("waits for a provisional answer", func(t *testing.T) {
		p, _, peer := registered(t, "ws")
		id, inv := dial(p, peer)
		if err := p.End(id, ""); err != nil {
			t.Fatal(err)
		}
		want[sip.LegEnded](p)
		if others := peer.Alive("sip:1001@x.invalid"); len(others) != 0 {
			t.Fatalf("sent before any answer: %s", others[0].Start)
		}
		peer.Send(inv.Reply("100 Trying", "", ""))
		c := peer.Expect("CANCEL")
		if c.Get("Via") != inv.Get("Via") || c.CSeq() != inv.CSeq() || c.URI() != inv.URI() {
			t.Errorf("CANCEL:\n%s", c.Raw)
		}
		peer.Send(c.Reply("200 OK", "x", ""))
		peer.Send(inv.Reply("487 Request Terminated", "x", ""))
		peer.Expect("ACK")
		if err := p.End(id, ""); !errors.Is(err, sip.ErrNoLeg) {
			t.Errorf("second End: %v", err)
		}
	})
	t.Run("crosses a 200", func(t *testing.T) {
		p, _, peer := registered(t, "ws")
		id, inv := dial(p, peer)
		peer.Send(inv.Reply("180 Ringing", "far", ""))
		want[sip.LegProgress](p)
		_ = p.End(id, "")
		want[sip.LegEnded](p)
		c := peer.Expect("CANCEL")
		peer.Send(inv.Reply("200 OK", "far", sdpAnswer, far))
		peer.Expect("ACK sip:9196@127.0.0.12")
		bye := peer.Expect("BYE sip:9196@127.0.0.12")
		peer.Send(c.Reply("200 OK", "far", ""))
		peer.Send(bye.Reply("200 OK", "", ""))
	})
	for _, c := range []struct {
		reason    string
		elsewhere bool
	}{{"", false}, {`Reason: SIP;cause=200;text="Call completed elsewhere"`, true}, {"Reason: Q.850;cause=26", true}, {"Reason: Q.850;cause=16", false}} {
		t.Run("theirs "+c.reason, func(t *testing.T) {
			p, _, peer := registered(t, "ws")
			e := arrived(p, peer, "c1")
			extra := []string{}
			if c.reason != "" {
				extra = append(extra, c.reason)
			}
			peer.Send(peer.Request("CANCEL", "sip:1001@phone.invalid", "c1", "b", "", 1, "", extra...))
			peer.Expect("SIP/2.0 200")
			peer.Expect("SIP/2.0 487")
			got := want[sip.LegEnded](p)
			if got.Leg != e.Leg || !got.Remote || got.Elsewhere != c.elsewhere || got.Code != 487 {
				t.Errorf("%q: %+v", c.reason, got)
			}
		})
	}
	t.Run("theirs for nothing", func(t *testing.T) {
		_, _, peer := registered(t, "ws")
		peer.Send(peer.Request("CANCEL", "sip:1001@phone.invalid", "none", "b", "", 1, ""))
		peer.Expect("SIP/2.0 481")
	})
	t.Run("right behind the INVITE", func(t *testing.T) {
		p, _, peer := registered(t, "ws")
		for i := range 20 {
			id := fmt.Sprintf("fast-%d", i)
			peer.Send(peer.Request("INVITE", "sip:1001@phone.invalid", id, "b", "", 1, sdpOffer))
			peer.Send(peer.Request("CANCEL", "sip:1001@phone.invalid", id, "b", "", 1, ""))
			peer.Expect("SIP/2.0 100")
			peer.Expect("SIP/2.0 200")
			peer.Expect("SIP/2.0 487")
			want[sip.LegArrived](p)
			want[sip.LegEnded](p)
		}
	})
}

func TestForkedAnswersAreAckedAndEnded(t *testing.T) {
	p, _, peer := registered(t, "ws")
	id, inv := dial(p, peer)
	peer.Send(inv.Reply("180 Ringing", "a", ""))
	peer.Send(inv.Reply("183 Session Progress", "b", sdpAnswer))
	if e := want[sip.LegProgress](p); e.Early != "a" {
		t.Errorf("%+v", e)
	}
	if e := want[sip.LegProgress](p); e.Early != "b" || string(e.SDP) != sdpAnswer {
		t.Errorf("%+v", e)
	}
	peer.Send(inv.Reply("200 OK", "a", sdpAnswer, "Contact: <sip:a@127.0.0.3>"))
	want[sip.LegAnswered](p)
	_ = p.Ack(id, nil)
	peer.Expect("ACK sip:a@127.0.0.3")
	peer.Send(inv.Reply("200 OK", "b", sdpAnswer, "Contact: <sip:b@127.0.0.4>"))
	if ack := peer.Expect("ACK sip:b@127.0.0.4"); ack.Tag("To") != "b" {
		t.Errorf("ACK:\n%s", ack.Raw)
	}
	if bye := peer.Expect("BYE sip:b@127.0.0.4"); bye.Tag("To") != "b" {
		t.Errorf("BYE:\n%s", bye.Raw)
	}
	_ = p.End(id, "")
	if bye := peer.Expect("BYE sip:a@127.0.0.3"); bye.Tag("To") != "a" {
		t.Errorf("BYE:\n%s", bye.Raw)
	}
}

func TestRefusals(t *testing.T) {
	p, _, peer := registered(t, "ws")
	_, inv := dial(p, peer)
	peer.Send(inv.Reply("486 Busy Here", "x", ""))
	peer.Expect("ACK")
	if e := want[sip.LegEnded](p); e.Code != 486 || !e.Remote || e.Reason != "Busy Here" {
		t.Errorf("%+v", e)
	}
	e := arrived(p, peer, "r1")
	if err := p.Refuse(e.Leg, 302, "705"); err != nil {
		t.Fatal(err)
	}
	if r := peer.Expect("SIP/2.0 302"); r.Contact() != "sip:705@test.example" {
		t.Errorf("Contact %q (interop 25)", r.Get("Contact"))
	}
	want[sip.LegEnded](p)
	peer.Send(peer.Request("ACK", "sip:1001@phone.invalid", "r1", "b", "", 1, ""))
	e = arrived(p, peer, "r2")
	_ = p.Refuse(e.Leg, 486, "")
	peer.Expect("SIP/2.0 486")
	if e := want[sip.LegEnded](p); e.Remote {
		t.Errorf("%+v", e)
	}
}

func TestAnswerIsRepeatedUntilAcked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _, peer := registered(t, "pipe")
		e := arrived(p, peer, "u1")
		begin := time.Now()
		_ = p.Answer(e.Leg, []byte(sdpAnswer))
		n := 0
		for {
			m := peer.Next()
			if m.Method() == "BYE" {
				break
			}
			if m.Method() == "INVITE" {
				n++
			}
		}
		if d := time.Since(begin); d != 32*time.Second || n != 11 {
			t.Errorf("%d answers, BYE after %v; RFC 3261 §13.3.1.4 makes that 11 and 32 s", n, d)
		}
		if e := want[sip.LegEnded](p); !errors.Is(e.Err, sip.ErrTimeout) {
			t.Errorf("%+v", e)
		}
	})
}

func TestEndBeforeTheAckWaitsWithTheBye(t *testing.T) {
	p, _, peer := registered(t, "ws")
	e := arrived(p, peer, "w1")
	_ = p.Answer(e.Leg, []byte(sdpAnswer))
	ok := peer.Expect("SIP/2.0 200")
	_ = p.End(e.Leg, "")
	want[sip.LegEnded](p)
	if others := peer.Alive("sip:1001@x.invalid"); len(others) > 0 && others[0].Method() == "BYE" {
		t.Error("BYE before the ACK")
	}
	peer.Send(peer.Request("ACK", ok.Contact(), "w1", "b", ok.Tag("To"), 1, ""))
	for peer.Next().Method() != "BYE" {
	}
}

func TestReInviteOurs(t *testing.T) {
	p, _, peer := registered(t, "ws")
	id, inv := connected(p, peer)
	type result struct {
		sdp []byte
		err error
	}
	done := make(chan result, 1)
	reinvite := func() {
		go func() {
			sdp, err := p.ReInvite(t.Context(), id, []byte(sdpOffer+"a=sendonly\r\n"))
			done <- result{sdp, err}
		}()
	}
	reinvite()
	re := peer.Expect("INVITE sip:9196@127.0.0.12:5060")
	if re.Tag("To") != "far" || re.CSeq() != inv.CSeq()+1 || !strings.HasSuffix(re.Body, "a=sendonly\r\n") {
		t.Errorf("INVITE:\n%s", re.Raw)
	}
	// Theirs that crosses ours is refused (§14.2).
	peer.Send(inDialog(peer, inv, "INVITE", 50, sdpOffer))
	peer.Expect("SIP/2.0 491")
	peer.Send(inDialog(peer, inv, "ACK", 50, ""))
	peer.Send(re.Reply("200 OK", "", sdpAnswer, "Contact: <sip:new@127.0.0.13>"))
	peer.Expect("ACK sip:9196@127.0.0.12")
	if r := <-done; r.err != nil || string(r.sdp) != sdpAnswer {
		t.Errorf("%+v", r)
	}
	peer.Send(re.Reply("200 OK", "", sdpAnswer, "Contact: <sip:new@127.0.0.13>"))
	peer.Expect("ACK")
	reinvite()
	re = peer.Expect("INVITE sip:new@127.0.0.13") // the target was refreshed
	peer.Send(re.Reply("488 Not Acceptable Here", "", ""))
	peer.Expect("ACK")
	if r := <-done; !errors.Is(r.err, sip.ErrRefused) {
		t.Errorf("%+v", r)
	}
	reinvite()
	peer.Send(peer.Expect("INVITE").Reply("481 Gone", "", ""))
	peer.Expect("ACK")
	<-done
	if e := want[sip.LegEnded](p); e.Code != 481 || !e.Remote {
		t.Errorf("%+v", e)
	}
}

func TestReInviteGlareIsRetriedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _, peer := registered(t, "pipe")
		id, _ := connected(p, peer)
		done := make(chan error, 1)
		go func() { _, err := p.ReInvite(t.Context(), id, []byte(sdpOffer)); done <- err }()
		re := peer.Expect("INVITE")
		peer.Send(re.Reply("491 Request Pending", "", ""))
		begin := time.Now()
		peer.Expect("ACK")
		re = peer.Expect("INVITE")
		if d := time.Since(begin); d < 2100*time.Millisecond || d > 4*time.Second {
			t.Errorf("tried again after %v, who owns the Call-ID waits 2.1 to 4 s", d)
		}
		peer.Send(re.Reply("491 Request Pending", "", ""))
		if err := <-done; !errors.Is(err, sip.ErrGlare) {
			t.Error(err)
		}
	})
}

func TestReInviteTheirs(t *testing.T) {
	p, _, peer := registered(t, "ws")
	id, inv := connected(p, peer)
	peer.Send(inDialog(peer, inv, "INVITE", 10, sdpOffer+"a=inactive\r\n"))
	peer.Expect("SIP/2.0 100")
	if e := want[sip.LegOffered](p); e.Leg != id || !strings.HasSuffix(string(e.SDP), "a=inactive\r\n") {
		t.Errorf("%+v", e)
	}
	if _, err := p.ReInvite(cancelled(t), id, nil); err == nil {
		t.Error("re-INVITE while theirs waits")
	}
	_ = p.AnswerOffer(id, []byte(sdpAnswer))
	ok := peer.Expect("SIP/2.0 200")
	if ok.Body != sdpAnswer || ok.Get("Content-Type") != "application/sdp" {
		t.Errorf("200:\n%s", ok.Raw)
	}
	peer.Send(inDialog(peer, inv, "ACK", 10, ""))
}

func cancelled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

func TestOffersWithoutDescriptionAndRefused(t *testing.T) {
	p, _, peer := registered(t, "ws")
	id, inv := connected(p, peer)
	peer.Send(inDialog(peer, inv, "INVITE", 10, ""))
	peer.Expect("SIP/2.0 100")
	if e := want[sip.LegOffered](p); len(e.SDP) != 0 {
		t.Errorf("%+v", e)
	}
	_ = p.AnswerOffer(id, []byte(sdpOffer))
	peer.Expect("SIP/2.0 200")
	peer.Send(inDialog(peer, inv, "ACK", 10, sdpAnswer))
	if e := want[sip.LegConfirmed](p); string(e.SDP) != sdpAnswer {
		t.Errorf("%+v", e)
	}
	peer.Send(inDialog(peer, inv, "UPDATE", 11, sdpOffer))
	want[sip.LegOffered](p)
	_ = p.AnswerOffer(id, nil)
	peer.Expect("SIP/2.0 488")
	peer.Send(inDialog(peer, inv, "UPDATE", 12, "", `P-Asserted-Identity: "Carol" <sip:3003@d>`))
	peer.Expect("SIP/2.0 200")
	if e := want[sip.LegIdentified](p); e.Connected.User != "3003" || e.Connected.Display != "Carol" || !e.Connected.Asserted {
		t.Errorf("%+v", e)
	}
	if err := p.AnswerOffer(id, nil); !errors.Is(err, sip.ErrState) {
		t.Errorf("answer to no offer: %v", err)
	}
}

func TestLateOffer(t *testing.T) {
	p, _, peer := registered(t, "ws")
	peer.Send(peer.Request("INVITE", "sip:1001@phone.invalid", "l1", "b", "", 1, ""))
	peer.Expect("SIP/2.0 100")
	e := want[sip.LegArrived](p)
	if len(e.Offer) != 0 {
		t.Errorf("%+v", e)
	}
	_ = p.Answer(e.Leg, []byte(sdpOffer))
	ok := peer.Expect("SIP/2.0 200")
	peer.Send(peer.Request("ACK", ok.Contact(), "l1", "b", ok.Tag("To"), 1, sdpAnswer))
	if e := want[sip.LegConfirmed](p); string(e.SDP) != sdpAnswer {
		t.Errorf("%+v", e)
	}
}

func TestInfo(t *testing.T) {
	p, _, peer := registered(t, "ws")
	id, inv := connected(p, peer)
	done := make(chan error, 1)
	go func() {
		done <- p.Info(t.Context(), id, "application/dtmf-relay", []byte("Signal=5\r\nDuration=160\r\n"))
	}()
	in := peer.Expect("INFO")
	if in.Get("Content-Type") != "application/dtmf-relay" || in.Body != "Signal=5\r\nDuration=160\r\n" {
		t.Errorf("INFO:\n%s", in.Raw)
	}
	peer.Send(in.Reply("200 OK", "", ""))
	if err := <-done; err != nil {
		t.Error(err)
	}
	// Asterisk never answers an INFO it does not know (interop 14).
	ctx, cancel := context.WithCancel(t.Context())
	go func() { done <- p.Info(ctx, id, "application/x-recording-command", []byte("start")) }()
	peer.Expect("INFO")
	cancel()
	if err := <-done; !errors.Is(err, sip.ErrTimeout) {
		t.Error(err)
	}
	peer.Send(inDialog(peer, inv, "INFO", 10, "Signal=1\r\n", "Content-Type: application/dtmf-relay", "Record: on"))
	peer.Expect("SIP/2.0 200")
	if e := want[sip.InfoReceived](p); e.ContentType != "application/dtmf-relay" || e.Record != "on" || string(e.Body) != "Signal=1\r\n" {
		t.Errorf("%+v", e)
	}
}

func TestRequestsThatAreRefused(t *testing.T) {
	p, _, peer := registered(t, "ws")
	const uri = "sip:1001@phone.invalid"
	for i, c := range []struct{ method, uri, toTag, extra, want string }{
		{"BYE", uri, "nobody", "", "481"},
		{"BYE", uri, "", "", "481"},
		{"INFO", uri, "nobody", "", "481"},
		{"REFER", uri, "", "Refer-To: <sip:9@d>", "603"},
		{"MESSAGE", uri, "", "", "405"},
		{"NEWMETHOD", uri, "", "", "405"},
		{"SUBSCRIBE", uri, "", "Event: dialog", "405"},
		{"INVITE", uri, "", "Require: x-unheard-of", "420"},
		{"INVITE", uri, "", "Session-Expires: 30", "422"},
		{"INVITE", uri, "", "Replaces: nothing;to-tag=a;from-tag=b", "481"},
		{"OPTIONS", "unknown:1001", "", "", "416"},
		{"OPTIONS", uri, "", "", "200"},
		{"NOTIFY", uri, "", "Event: keep-alive", "200"},
	} {
		extra := []string{"X-Test: 1"}
		if c.extra != "" {
			extra = append(extra, c.extra)
		}
		peer.Send(peer.Request(c.method, c.uri, fmt.Sprintf("x%d", i), "b", c.toTag, 1, "", extra...))
		m := peer.Expect("SIP/2.0 " + c.want)
		if c.want == "405" && m.Get("Allow") == "" || c.want == "200" && c.method == "OPTIONS" && m.Get("Accept") == "" {
			t.Errorf("%s:\n%s", c.method, m.Raw)
		}
		if c.method == "INVITE" {
			peer.Send(peer.Request("ACK", c.uri, fmt.Sprintf("x%d", i), "b", m.Tag("To"), 1, ""))
		}
	}
	arrived(p, peer, "m1")
	merged := peer.Request("INVITE", uri, "m1", "b", "", 1, sdpOffer)
	peer.Send(strings.Replace(merged, "branch=z9hG4bK-", "branch=z9hG4bK-other-", 1))
	peer.Expect("SIP/2.0 482")
	peer.Send(peer.Request("INVITE", uri, "m2", "b", "", 1, "hello", "Content-Type: text/plain"))
	peer.Expect("SIP/2.0 415")
}

func TestOldNumbersAreRefused(t *testing.T) {
	p, _, peer := registered(t, "ws")
	_, inv := connected(p, peer)
	peer.Send(inDialog(peer, inv, "INFO", 10, ""))
	peer.Expect("SIP/2.0 200")
	want[sip.InfoReceived](p)
	peer.Send(inDialog(peer, inv, "OPTIONS", 9, ""))
	peer.Expect("SIP/2.0 500")
}

func TestWhoCalls(t *testing.T) {
	p, _, peer := registered(t, "ws")
	e := arrived(p, peer, "id1", `P-Asserted-Identity: "Eve \"E\" X" <sip:%2B33123@d>, <tel:+33123>`, "Privacy: id",
		`Diversion: <sip:1000@d>;reason=no-answer`, `Alert-Info: <http://127.0.0.1/external>;info=external`, "Call-Info: <sip:d>;answer-after=0")
	if e.From != (sip.Identity{User: "+33123", Host: "d", Display: `Eve "E" X`, Asserted: true, Private: true}) || e.Via != "1000" || e.Melody != "external" || !e.AutoAnswer {
		t.Errorf("%+v", e)
	}
	first, ok := talking(p, peer, "id2")
	e = arrived(p, peer, "id3", "Replaces: id2;to-tag="+ok.Tag("To")+";from-tag=b", `Remote-Party-ID: "RP" <sip:55@d>;party=calling;privacy=off`)
	if e.Replaces != first || e.From.User != "55" || e.From.Private {
		t.Errorf("%+v", e)
	}
}

func TestMessageWaiting(t *testing.T) {
	p, _, peer := registered(t, "ws")
	peer.Send(peer.Request("NOTIFY", "sip:1001@127.0.0.1:9", "n", "b", "", 1, "Messages-Waiting: yes\r\nVoice-Message: 3/8 (0/2)\r\n",
		"Event: message-summary", "Content-Type: application/simple-message-summary", "Subscription-State: terminated;reason=noresource"))
	peer.Expect("SIP/2.0 200")
	if e := want[sip.MessageWaiting](p); e != (sip.MessageWaiting{Line: "line1", Waiting: true, New: 3, Old: 8}) {
		t.Errorf("%+v", e)
	}
}

func TestNothingIsHeardBeforeRegistration(t *testing.T) {
	x := siptest.New(t, "ws", nil)
	p := newPhone(t, nil)
	p.SetLines([]sip.Line{testLine(x)})
	peer := x.Peer()
	r := peer.Expect("REGISTER")
	peer.Send(peer.Request("INVITE", "sip:1001@x.invalid", "i", "b", "", 1, sdpOffer))
	peer.Send(r.Reply("200 OK", "x", "", "Contact: <"+r.Contact()+">;expires=600"))
	p.line(sip.Registered)
	if others := peer.Alive("sip:1001@x.invalid"); len(others) != 0 {
		t.Errorf("answered: %s", others[0].Start)
	}
	if p.Counters().Untrusted != 1 {
		t.Errorf("%+v", p.Counters())
	}
}

func TestInvitesAreLimited(t *testing.T) {
	p, _, peer := registered(t, "ws")
	limited := 0
	for i := range 60 {
		peer.Send(peer.Request("INVITE", "sip:1001@x.invalid", fmt.Sprint("flood", i), "b", "", 1, sdpOffer))
		if strings.HasPrefix(peer.Next().Start, "SIP/2.0 503") {
			limited++
		}
	}
	if limited < 25 || int(p.Counters().Limited) != limited {
		t.Errorf("%d of 60 were refused, %+v", limited, p.Counters())
	}
}

func TestUnaskedNewsAreLimited(t *testing.T) {
	p, _, peer := registered(t, "ws")
	limited := 0
	for i := range 200 {
		peer.Send(peer.Request("NOTIFY", "sip:1001@x.invalid", fmt.Sprint("flood", i), "b", "", 1, "Messages-Waiting: yes\r\n", "Event: message-summary"))
		if strings.HasPrefix(peer.Next().Start, "SIP/2.0 503") {
			limited++
		}
	}
	if limited < 50 || int(p.Counters().Limited) != limited {
		t.Errorf("%d of 200 were refused, %+v", limited, p.Counters())
	}
}

func TestTraceHidesSecrets(t *testing.T) {
	var texts []string
	lock := make(chan struct{}, 1)
	p, _, peer := registeredWith(t, "ws", func(c *sip.Config) {
		c.Trace = func(m sip.TraceMessage) { lock <- struct{}{}; texts = append(texts, m.Text); <-lock }
	})
	peer.Alive("sip:1001@x.invalid")
	_ = p.Close(t.Context())
	all := strings.Join(texts, "")
	if !strings.Contains(all, `response="redacted"`) || strings.Contains(all, "pässword") {
		t.Errorf("trace:\n%s", all)
	}
}
