package sip_test

import (
	"errors"
	"net/netip"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"phoned/sip"
	"phoned/sip/siptest"
)

// movingPhone is registered over a pipe; *here is its machine's address.
func movingPhone(t *testing.T) (p *phone, x *siptest.Exchange, peer *siptest.Peer, here *atomic.Value) {
	t.Helper()
	return movingPhoneAt(t, func(*siptest.Registrar) {})
}

// movingPhoneAt is movingPhone at a registrar with ways of its own.
func movingPhoneAt(t *testing.T, edit func(*siptest.Registrar)) (p *phone, x *siptest.Exchange, peer *siptest.Peer, here *atomic.Value) {
	t.Helper()
	here = &atomic.Value{}
	here.Store("127.0.0.2")
	reg := testRegistrar()
	edit(reg)
	x = siptest.New(t, "pipe", reg)
	p = newPhone(t, func(c *sip.Config) {
		c.Route = func(string) (netip.Addr, error) {
			if here.Load() == "" {
				return netip.Addr{}, errors.New("network is unreachable")
			}
			return netip.MustParseAddr(here.Load().(string)), nil
		}
	})
	p.patience = time.Hour
	sip.SetLocalDialer(p.Agent, func(string) sip.Flow { return x.Dial() }, func() string { return here.Load().(string) + ":5070" })
	p.SetLines([]sip.Line{testLine(x)})
	peer = x.Peer()
	peer.Registered()
	p.line(sip.Registered)
	return p, x, peer, here
}

func TestAddressChangeInACall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, x, peer, here := movingPhone(t)
		kept, inv := connected(p, peer)
		lost, inv2 := connected(p, peer)

		// Nothing changed, or there is no way at all: the flow stays.
		p.AddressChanged()
		here.Store("")
		p.AddressChanged()
		here.Store("127.0.0.2")
		if others := peer.Alive(inv.Contact()); len(others) != 0 || !x.None() {
			t.Fatalf("left its flow for nothing: %v", others)
		}

		here.Store("127.0.0.3")
		start := time.Now()
		p.AddressChanged()
		peer.Gone()
		peer = x.Peer()
		if reg := peer.Registered(); reg.Contact() != "sip:1001@127.0.0.3:5070;transport=tcp" {
			t.Errorf("registered %s", reg.Contact())
		}
		if time.Since(start) != 0 {
			t.Errorf("waited %v", time.Since(start))
		}
		for range 2 {
			probe := peer.Expect("OPTIONS")
			status := "200 OK"
			if probe.Get("Call-ID") == inv2.Get("Call-ID") {
				status = "481 Gone"
			}
			peer.Send(probe.Reply(status, "", ""))
		}
		restored := map[sip.LegID]bool{}
		for range 2 {
			e := want[sip.LegRestored](p)
			if !e.Moved {
				t.Errorf("%+v", e)
			}
			restored[e.Leg] = true
		}
		if !restored[kept] || !restored[lost] {
			t.Errorf("restored %v", restored)
		}
		if e := want[sip.LegEnded](p); e.Leg != lost || !errors.Is(e.Err, sip.ErrFlowDown) {
			t.Errorf("%+v", e)
		}
		// The re-INVITE of the call that is left names the new address.
		done := make(chan error, 1)
		go func() {
			_, err := p.ReInvite(t.Context(), kept, []byte(sdpOffer))
			done <- err
		}()
		re := peer.Expect("INVITE")
		if re.Get("Call-ID") != inv.Get("Call-ID") || re.Contact() != "sip:1001@127.0.0.3:5070;transport=tcp" {
			t.Errorf("re-INVITE:\n%s", re.Raw)
		}
		peer.Send(re.Reply("200 OK", "far", sdpAnswer, far))
		peer.Expect("ACK")
		if err := <-done; err != nil {
			t.Error(err)
		}
		_ = p.End(kept, "")
		peer.Expect("BYE")
	})
}

// A call that nobody has heard of yet goes out again from the new address.
func TestAddressChangeWhileCalling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, x, peer, here := movingPhone(t)
		id, inv := dial(p, peer)
		here.Store("127.0.0.3")
		p.AddressChanged()
		want[sip.LegMoved](p)
		peer = x.Peer()
		peer.Registered()
		again := peer.Expect("INVITE")
		if again.Get("Call-ID") != inv.Get("Call-ID") || again.Contact() != "sip:1001@127.0.0.3:5070;transport=tcp" {
			t.Errorf("INVITE:\n%s", again.Raw)
		}
		peer.Send(again.Reply("200 OK", "far", sdpAnswer, far))
		want[sip.LegAnswered](p)
		_ = p.End(id, "")
		peer.Expect("ACK")
		peer.Expect("BYE")
	})
}

// The socket dies, the address stays: the call is told without Moved.
func TestCallIsRestoredAfterTheSocketDied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, x, peer, _ := movingPhone(t)
		id, _ := connected(p, peer)
		peer.Drop()
		peer = x.Peer()
		peer.Registered()
		if e := want[sip.LegRestored](p); e.Leg != id || e.Moved {
			t.Errorf("%+v", e)
		}
		peer.Expect("OPTIONS")
	})
}

// A line that waits for its next attempt does not wait on when the network is
// back.
func TestAddressChangeEndsTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, x, peer, _ := movingPhone(t)
		sip.SetRandom(p.Agent, func() float64 { return 1 })
		peer.Drop()
		p.line(sip.Connecting)
		start := time.Now()
		p.AddressChanged()
		x.Peer().Registered()
		if d := time.Since(start); d != 0 {
			t.Errorf("waited %v", d)
		}
		p.line(sip.Registered)
	})
}
