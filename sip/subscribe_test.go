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

// subscribed asks for one dialog subscription that the exchange accepts.
func subscribed(p *phone, peer *siptest.Peer, resource string) siptest.Message {
	p.t.Helper()
	if err := p.SetSubscriptions("line1", []sip.Subscription{{Event: sip.EventDialog, Resource: resource}}); err != nil {
		p.t.Fatal(err)
	}
	sub := peer.Expect("SUBSCRIBE ")
	acceptSubscription(p, peer, sub)
	return sub
}

func acceptSubscription(p *phone, peer *siptest.Peer, sub siptest.Message) {
	p.t.Helper()
	peer.Send(sub.Reply("202 Accepted", "ex", "", "Contact: <sip:ex@127.0.0.12:5060>", "Expires: "+sub.Get("Expires")))
	if e := want[sip.SubscriptionChanged](p); !e.Active {
		p.t.Errorf("%+v", e)
	}
}

// news writes a NOTIFY of that subscription.
func news(peer *siptest.Peer, sub siptest.Message, cseq int, state, body string) string {
	return peer.Request("NOTIFY", sub.Contact(), sub.Get("Call-ID"), "ex", sub.Tag("From"), cseq, body,
		"Event: dialog", "Subscription-State: "+state, "Content-Type: application/dialog-info+xml", "Contact: <sip:ex@127.0.0.12:5060>")
}

func dialogInfo(state string, version int, dialogs ...string) string {
	return fmt.Sprintf(`<?xml version="1.0"?><dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="%d" state="%s" entity="sip:701@d">%s</dialog-info>`,
		version, state, strings.Join(dialogs, ""))
}

func watchedDialog(id, state, rest string) string {
	return fmt.Sprintf(`<dialog id="%s" call-id="cid%s" local-tag="lt" remote-tag="rt" direction="recipient"><state>%s</state>%s</dialog>`, id, id, state, rest)
}

const caller = `<remote><identity display="Carol &amp; Co">sip:%2B33@d</identity><target uri="sip:33@127.0.0.9:5060"/></remote>`

func TestDialogInfo(t *testing.T) {
	p, _, peer := registered(t, "ws")
	sub := subscribed(p, peer, "park+701")
	if sub.URI() != "sip:park+701@test.example" || sub.Get("Event") != "dialog" || sub.Get("Accept") != "application/dialog-info+xml" || sub.Contact() == "" {
		t.Errorf("SUBSCRIBE:\n%s", sub.Raw)
	}
	cseq := 100
	info := func(body string) {
		t.Helper()
		cseq += 7 // numbers may leave gaps
		peer.Send(news(peer, sub, cseq, active, body))
		peer.Expect("SIP/2.0 200")
	}
	check := func(state sip.DialogState, held bool) sip.DialogInfo {
		t.Helper()
		e := want[sip.DialogInfo](p)
		if e.Line != "line1" || e.Resource != "park+701" || e.State != state || e.Held != held {
			t.Errorf("%+v, want %s", e, state)
		}
		return e
	}
	info(dialogInfo("full", 0)) // FreeSWITCH: idle is no dialog at all (interop 18)
	check(sip.DialogIdle, false)
	info(dialogInfo("full", 1, `<dialog id="701" direction="recipient"><state>terminated</state></dialog>`)) // the same
	info(dialogInfo("full", 2, watchedDialog("1", "early", caller)))
	e := check(sip.DialogRinging, false)
	if e.Remote.User != "+33" || e.Remote.Display != "Carol & Co" || e.Target != "sip:33@127.0.0.9:5060" || e.Pickup == nil || *e.Pickup != (sip.Replaces{CallID: "cid1", ToTag: "rt", FromTag: "lt", EarlyOnly: true}) {
		t.Errorf("%+v %+v", e, e.Pickup)
	}
	if _, err := p.Invite("line1", e.Target, sip.InviteOptions{Offer: []byte(sdpOffer), Replaces: e.Pickup}); err != nil {
		t.Fatal(err)
	}
	pick := peer.Expect("INVITE sip:33@127.0.0.9:5060 SIP/2.0")
	if pick.Get("Replaces") != "cid1;to-tag=rt;from-tag=lt;early-only" {
		t.Errorf("INVITE:\n%s", pick.Raw)
	}
	peer.Send(pick.Reply("481 Gone", "x", ""))
	peer.Expect("ACK")
	want[sip.LegEnded](p)

	info(dialogInfo("full", 3, watchedDialog("1", "confirmed", caller)))
	if e := check(sip.DialogConfirmed, false); e.Pickup != nil {
		t.Errorf("%+v", e)
	}
	info(dialogInfo("full", 4, watchedDialog("1", "confirmed", `<local><target uri="sip:a@b"><param pname="+sip.rendering" pvalue="no"/></target></local>`)))
	check(sip.DialogConfirmed, true)
	info(dialogInfo("partial", 5, watchedDialog("2", "early", ""))) // a second call rings
	check(sip.DialogRinging, false)
	info(dialogInfo("partial", 6, watchedDialog("2", "terminated", ""), watchedDialog("1", "terminated", ""), `<dialog id="3" direction="initiator"><state>early</state></dialog>`))
	check(sip.DialogTrying, false)
	info(dialogInfo("partial", 6, watchedDialog("9", "confirmed", ""))) // old
	info("<dialog-info")
	// A part is missing: the whole is asked for.
	info(dialogInfo("partial", 9, watchedDialog("4", "confirmed", "")))
	check(sip.DialogConfirmed, false)
	if m := peer.Expect("SUBSCRIBE sip:ex@127.0.0.12:5060"); m.Tag("To") != "ex" || m.CSeq() <= sub.CSeq() {
		t.Errorf("SUBSCRIBE:\n%s", m.Raw)
	}
	// Out of order, of another branch, and of a subscription nobody has.
	peer.Send(news(peer, sub, 3, active, dialogInfo("full", 20)))
	peer.Expect("SIP/2.0 500")
	peer.Send(strings.Replace(news(peer, sub, 900, active, dialogInfo("full", 20)), "tag=ex", "tag=fork", 1))
	peer.Expect("SIP/2.0 481")
	peer.Send(peer.Request("NOTIFY", sub.Contact(), "stale", "ex", "old", 1, dialogInfo("full", 0), "Event: dialog"))
	peer.Expect("SIP/2.0 481")
	// No longer wanted.
	if err := p.SetSubscriptions("line1", nil); err != nil {
		t.Fatal(err)
	}
	if m := peer.Expect("SUBSCRIBE "); m.Get("Expires") != "0" {
		t.Errorf("SUBSCRIBE:\n%s", m.Raw)
	}
	peer.Send(news(peer, sub, 901, terminated, ""))
	peer.Expect("SIP/2.0 200")
	if n := p.Counters().Malformed; n != 1 {
		t.Errorf("%d documents could not be read", n)
	}
}

func TestNewsBeforeTheAnswer(t *testing.T) {
	p, _, peer := registered(t, "ws")
	_ = p.SetSubscriptions("line1", []sip.Subscription{{Event: sip.EventDialog, Resource: "701"}})
	sub := peer.Expect("SUBSCRIBE sip:701@test.example")
	reg := testRegistrar()
	peer.Send(sub.Reply("407 Proxy Authentication Required", "p", "", reg.Challenge("Proxy-Authenticate"))) // interop 13
	sub = peer.Expect("SUBSCRIBE")
	if !reg.Verify(sub.Get("Proxy-Authorization"), "SUBSCRIBE") {
		t.Errorf("SUBSCRIBE:\n%s", sub.Raw)
	}
	peer.Send(news(peer, sub, 1, active, dialogInfo("full", 0, watchedDialog("1", "confirmed", ""))))
	peer.Expect("SIP/2.0 200")
	if e := want[sip.DialogInfo](p); e.State != sip.DialogConfirmed {
		t.Errorf("%+v", e)
	}
	want[sip.SubscriptionChanged](p)
	peer.Send(sub.Reply("200 OK", "ex", "", "Contact: <sip:other@127.0.0.12>", "Expires: 600"))
	peer.Alive("sip:1001@x.invalid")
	_ = p.SetSubscriptions("line1", nil)
	if m := peer.Expect("SUBSCRIBE sip:other@127.0.0.12"); m.CSeq() != sub.CSeq()+1 || m.Tag("To") != "ex" {
		t.Errorf("SUBSCRIBE:\n%s", m.Raw)
	}
}

// TestSubscriptionLives: refresh, what each refusal and each reason leads to,
// and the return after the flow was lost.
func TestSubscriptionLives(t *testing.T) {
	for _, c := range []struct {
		name     string
		do       func(*siptest.Peer, siptest.Message) // to the refresh
		min, max time.Duration                        // when the next SUBSCRIBE comes
		fresh    bool                                 // with a dialog of its own
		code     int
		reason   string
	}{
		{"481 to the refresh", reply("481 Gone"), 0, time.Second, true, 481, "Gone"},
		{"503 with Retry-After", reply("503 Unavailable", "Retry-After: 120"), 120 * time.Second, 121 * time.Second, true, 503, "Unavailable"},
		{"500", reply("500 Oops"), 500 * time.Millisecond, 1500 * time.Millisecond, true, 500, "Oops"},
		{"404", reply("404 Not Found"), 150 * time.Second, 450 * time.Second, true, 404, "Not Found"},
		{"no answer", func(*siptest.Peer, siptest.Message) {}, 32 * time.Second, 34 * time.Second, true, 408, "no answer"},
		{"terminated;reason=timeout", ending("terminated;reason=timeout"), 0, time.Second, true, 0, "timeout"},
		{"deactivated", ending("terminated;reason=deactivated"), 0, time.Second, true, 0, "deactivated"},
		{"probation", ending("terminated;reason=probation;retry-after=300"), 300 * time.Second, 301 * time.Second, true, 0, "probation"},
		{"giveup", ending("terminated"), 500 * time.Millisecond, 1500 * time.Millisecond, true, 0, ""},
		{"rejected", ending("terminated;reason=rejected"), 10 * time.Minute, 30 * time.Minute, true, 0, "rejected"},
		{"a shorter time", func(p *siptest.Peer, m siptest.Message) { p.Send(m.Reply("200 OK", "", "", "Expires: 100")) }, 70 * time.Second, 90 * time.Second, false, 0, ""},
		{"too brief", reply("423 Interval Too Brief", "Min-Expires: 1800"), 0, time.Second, true, -1, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, _, peer := registered(t, "pipe")
				begin := time.Now()
				sub := subscribed(p, peer, "701")
				peer.Send(news(peer, sub, 5, "active;expires=600", dialogInfo("full", 0)))
				peer.Expect("SIP/2.0 200")
				want[sip.DialogInfo](p)
				refresh := peer.Expect("SUBSCRIBE sip:ex@")
				if d := time.Since(begin); d < 420*time.Second || d > 541*time.Second || refresh.Get("Call-ID") != sub.Get("Call-ID") {
					t.Errorf("refreshed after %v:\n%s", d, refresh.Raw)
				}
				begin = time.Now()
				c.do(peer, refresh)
				if c.fresh && c.code >= 0 {
					if e := want[sip.DialogInfo](p); e.State != sip.DialogUnknown {
						t.Errorf("%+v", e)
					}
					if e := want[sip.SubscriptionChanged](p); e.Active || e.Code != c.code || e.Reason != c.reason {
						t.Errorf("%+v", e)
					}
				}
				m := peer.Next()
				for !strings.HasPrefix(m.Start, "SUBSCRIBE ") || m.CSeq() == refresh.CSeq() && m.Get("Call-ID") == refresh.Get("Call-ID") {
					m = peer.Next()
				}
				if d := time.Since(begin); d < c.min || d > c.max || (m.Get("Call-ID") != sub.Get("Call-ID")) != c.fresh {
					t.Errorf("next after %v:\n%s", d, m.Raw)
				}
				if c.code < 0 && m.Get("Expires") != "1800" {
					t.Errorf("SUBSCRIBE:\n%s", m.Raw)
				}
			})
		})
	}
}

func reply(status string, extra ...string) func(*siptest.Peer, siptest.Message) {
	return func(p *siptest.Peer, m siptest.Message) { p.Send(m.Reply(status, "", "", extra...)) }
}

func ending(state string) func(*siptest.Peer, siptest.Message) {
	return func(p *siptest.Peer, m siptest.Message) {
		p.Send(m.Reply("200 OK", "", "", "Expires: 600"))
		p.Send(news(p, m, 50, state, ""))
	}
}

func TestSubscriptionsReturnWithTheFlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, x, peer := registered(t, "pipe")
		sub := subscribed(p, peer, "701")
		peer.Send(news(peer, sub, 5, active, dialogInfo("full", 0)))
		peer.Expect("SIP/2.0 200")
		want[sip.DialogInfo](p)
		peer.Drop()
		if e := want[sip.DialogInfo](p); e.State != sip.DialogUnknown {
			t.Errorf("%+v", e)
		}
		if e := want[sip.SubscriptionChanged](p); e.Active {
			t.Errorf("%+v", e)
		}
		peer = x.Peer()
		again := peer.Expect("SUBSCRIBE sip:701@test.example")
		if again.Get("Call-ID") == sub.Get("Call-ID") {
			t.Error("the old dialog is used on")
		}
		acceptSubscription(p, peer, again)
		// An exchange that does not know the package is left in peace.
		if err := p.SetSubscriptions("line1", []sip.Subscription{{Event: sip.EventMessages}}); err != nil {
			t.Fatal(err)
		}
		var mwi siptest.Message
		for range 2 { // in either order: the old one's end, the new one's begin
			if m := peer.Expect("SUBSCRIBE "); m.Get("Expires") != "0" {
				mwi = m
			}
		}
		if mwi.URI() != "sip:1001@test.example" || mwi.Get("Event") != "message-summary" || mwi.Get("Accept") != "application/simple-message-summary" {
			t.Errorf("SUBSCRIBE:\n%s", mwi.Raw)
		}
		peer.Send(mwi.Reply("489 Bad Event", "x", ""))
		if e := want[sip.SubscriptionChanged](p); e.Active || e.Code != 489 {
			t.Errorf("%+v", e)
		}
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		for !peer.Quiet() {
			if m := peer.Next(); m.Method() == "SUBSCRIBE" && m.Get("Event") == "message-summary" {
				t.Fatalf("asked again:\n%s", m.Raw)
			}
		}
	})
}

func TestSubscriptionsThatCannotBe(t *testing.T) {
	p, _, _ := registered(t, "ws")
	for _, c := range []struct {
		line string
		s    sip.Subscription
		want error
	}{{"nobody", sip.Subscription{Event: sip.EventDialog}, sip.ErrNoLine}, {"line1", sip.Subscription{Event: "presence"}, sip.ErrState}, {"line1", sip.Subscription{Event: sip.EventDialog, Resource: "@"}, sip.ErrState}} {
		if err := p.SetSubscriptions(c.line, []sip.Subscription{c.s}); !errors.Is(err, c.want) {
			t.Errorf("%+v: %v", c.s, err)
		}
	}
	if err := p.SetSubscriptions("line1", make([]sip.Subscription, 1000)); !errors.Is(err, sip.ErrState) {
		t.Error(err)
	}
}

func TestSolicitedMessageWaiting(t *testing.T) {
	p, _, peer := registered(t, "ws")
	_ = p.SetSubscriptions("line1", []sip.Subscription{{Event: sip.EventMessages}})
	sub := peer.Expect("SUBSCRIBE")
	acceptSubscription(p, peer, sub)
	peer.Send(peer.Request("NOTIFY", sub.Contact(), sub.Get("Call-ID"), "ex", sub.Tag("From"), 1, "Messages-Waiting: yes\r\nVoice-Message: 1/0\r\n",
		"Event: message-summary", "Subscription-State: active;expires=300"))
	peer.Expect("SIP/2.0 200")
	if e := want[sip.MessageWaiting](p); e != (sip.MessageWaiting{Line: "line1", Waiting: true, New: 1}) {
		t.Errorf("%+v", e)
	}
}

func TestCheckSync(t *testing.T) {
	for _, c := range []struct {
		event  string
		reboot bool
	}{{"check-sync", false}, {"check-sync;reboot=true", true}, {"check-sync; reboot=false", false}, {"resync", false}, {"reboot", true}} {
		t.Run(c.event, func(t *testing.T) {
			p, _, peer := registered(t, "ws")
			for i := range 3 { // one is enough
				peer.Send(peer.Request("NOTIFY", "sip:1001@x.invalid", fmt.Sprint("c", i), "b", "", 1, "", "Event: "+c.event))
				peer.Expect("SIP/2.0 200")
			}
			if e := want[sip.CheckSync](p); e != (sip.CheckSync{Line: "line1", Reboot: c.reboot}) {
				t.Errorf("%+v", e)
			}
			if len(p.events) != 0 {
				t.Errorf("%+v", <-p.events)
			}
		})
	}
	x := siptest.New(t, "ws", nil)
	p := newPhone(t, nil)
	p.SetLines([]sip.Line{testLine(x)})
	peer := x.Peer()
	r := peer.Expect("REGISTER")
	peer.Send(peer.Request("NOTIFY", "sip:1001@x.invalid", "c", "b", "", 1, "", "Event: check-sync;reboot=true"))
	peer.Send(r.Reply("200 OK", "x", "", "Contact: <"+r.Contact()+">;expires=600"))
	p.line(sip.Registered)
	if others := peer.Alive("sip:1001@x.invalid"); len(others) != 0 || len(p.events) != 0 {
		t.Errorf("before registration: %d answers, %d events", len(others), len(p.events))
	}
}

// TestCapturedSubscription: what FreeSWITCH wrote about a park slot.
func TestCapturedSubscription(t *testing.T) {
	p, _, peer := registered(t, "wss")
	_ = p.SetSubscriptions("line1", []sip.Subscription{{Event: sip.EventDialog, Resource: "park+701"}})
	sub := peer.Expect("SUBSCRIBE")
	seen := 0
	for _, m := range captured(t, "freeswitch-1.11.1-outbound-hold-transfer.txt") {
		switch {
		case strings.HasPrefix(m.Start, "SIP/2.0 202") && strings.HasSuffix(m.Get("CSeq"), "SUBSCRIBE"):
			seen++
			tag := ";tag=" + m.Tag("To")
			peer.Send(as(m, map[string]string{"Via": sub.Get("Via"), "From": sub.Get("From"), "To": sub.Get("To") + tag, "Call-ID": sub.Get("Call-ID"), "CSeq": sub.Get("CSeq")}))
			want[sip.SubscriptionChanged](p)
		case m.Method() == "NOTIFY" && m.Get("Event") == "dialog":
			seen++
			peer.Send(as(m, map[string]string{"To": sub.Get("From"), "Call-ID": sub.Get("Call-ID")}))
			peer.Expect("SIP/2.0 200")
			if e := want[sip.DialogInfo](p); e.State != sip.DialogIdle {
				t.Errorf("%+v", e)
			}
		}
	}
	if seen != 2 {
		t.Errorf("the recording has %d messages of a subscription", seen)
	}
}
