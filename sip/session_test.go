package sip_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"phoned/sip"
)

func TestSessionTimers(t *testing.T) {
	t.Run("we refresh", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p, _, peer := registered(t, "pipe")
			_, ok := talking(p, peer, "s1", "Session-Expires: 120;refresher=uas", "Supported: timer", "Allow: INVITE, UPDATE")
			if got := ok.Get("Session-Expires"); got != "120;refresher=uas" {
				t.Errorf("Session-Expires %q", got)
			}
			begin := time.Now()
			up := peer.Expect("UPDATE")
			if d := time.Since(begin); d != time.Minute || up.Get("Session-Expires") != "120;refresher=uac" {
				t.Errorf("after %v:\n%s", d, up.Raw)
			}
			peer.Send(up.Reply("200 OK", "", "", "Session-Expires: 120;refresher=uac"))
			peer.Send(peer.Expect("UPDATE").Reply("481 Gone", "", ""))
			if e := want[sip.LegEnded](p); e.Code != 481 {
				t.Errorf("%+v", e)
			}
		})
	})
	t.Run("they do not", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p, _, peer := registered(t, "pipe")
			begin := time.Now()
			_, ok := talking(p, peer, "s1", "Session-Expires: 120;refresher=uac", "Supported: timer")
			if ok.Get("Require") != "timer" {
				t.Errorf("200:\n%s", ok.Raw)
			}
			peer.Expect("BYE")
			if d := time.Since(begin); d != 88*time.Second {
				t.Errorf("ended after %v", d)
			}
			if e := want[sip.LegEnded](p); !errors.Is(e.Err, sip.ErrTimeout) {
				t.Errorf("%+v", e)
			}
		})
	})
}

func TestCallSurvivesTheFlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, x, peer := registered(t, "pipe")
		kept, _ := connected(p, peer)
		lost, inv2 := connected(p, peer)
		peer.Drop()
		peer = x.Peer()
		peer.Registered()
		for range 2 {
			probe := peer.Expect("OPTIONS")
			if probe.Get("Call-ID") == inv2.Get("Call-ID") {
				peer.Send(probe.Reply("481 Gone", "", ""))
			} else {
				peer.Send(probe.Reply("200 OK", "", ""))
			}
		}
		want[sip.LegRestored](p)
		want[sip.LegRestored](p)
		if e := want[sip.LegEnded](p); e.Leg != lost {
			t.Errorf("%+v", e)
		}
		_ = p.End(kept, "")
		peer.Expect("BYE")
	})
}

func TestByeIsOwedWhileTheFlowIsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, x, peer := registered(t, "pipe")
		id, _ := connected(p, peer)
		peer.Drop()
		p.line(sip.Connecting)
		_ = p.End(id, "")
		want[sip.LegEnded](p)
		peer = x.Peer()
		peer.Registered()
		peer.Expect("BYE")
	})
}
