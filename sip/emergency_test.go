package sip_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"phoned/internal/secret"
	"phoned/sip"
	"phoned/sip/siptest"
)

// callsOnly is the line that is kept for emergency calls: nobody's password.
func callsOnly(x *siptest.Exchange) sip.Line {
	l := testLine(x)
	l.CallsOnly, l.Password = true, secret.String{}
	return l
}

// TestEmergencyCallWithoutRegistration: the line opens its flow, says INVITE as its
// first word, and never REGISTERs.
func TestEmergencyCallWithoutRegistration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := siptest.New(t, "pipe", testRegistrar())
		p := newPhone(t, nil)
		p.patience = time.Hour
		sip.SetDialer(p.Agent, func(string) sip.Flow { return x.Dial() })
		p.SetLines([]sip.Line{callsOnly(x)})
		id, err := p.Invite("line1", "112", sip.InviteOptions{Offer: []byte(sdpOffer), Emergency: true})
		if err != nil {
			t.Fatal(err)
		}
		peer := x.Peer()
		inv := peer.Expect("INVITE sip:112@test.example")
		if inv.Get("Priority") != "emergency" || inv.Body != sdpOffer || inv.Get("Authorization")+inv.Get("Proxy-Authorization") != "" {
			t.Errorf("INVITE:\n%s", inv.Raw)
		}
		peer.Send(inv.Reply("200 OK", "far", sdpAnswer, far))
		want[sip.LegAnswered](p)
		if err := p.Ack(id, nil); err != nil {
			t.Fatal(err)
		}
		peer.Expect("ACK")
		_ = p.End(id, "")
		bye := peer.Expect("BYE")
		peer.Send(bye.Reply("200 OK", "", ""))
		p.SetLines(nil)
		time.Sleep(time.Hour)
		synctest.Wait()
		if !x.None() {
			t.Error("a line that only makes calls said more")
		}
	})
}

// TestEmergencyCallWaitsForTheFlow: while no server can be reached they are tried
// every second, for a minute.
func TestEmergencyCallWaitsForTheFlow(t *testing.T) {
	for _, c := range []struct {
		name string
		up   time.Duration
	}{{"up after twenty seconds", 20 * time.Second}, {"never", time.Hour}} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				x := siptest.New(t, "pipe", testRegistrar())
				p := newPhone(t, nil)
				p.patience = 10 * time.Hour
				begin := time.Now()
				sip.SetDialer(p.Agent, func(string) sip.Flow {
					if time.Since(begin) < 10*time.Minute+c.up {
						return nil
					}
					return x.Dial()
				})
				p.SetLines([]sip.Line{testLine(x)})
				time.Sleep(10 * time.Minute) // the back-off is at its longest
				if _, err := p.Invite("line1", "9196", sip.InviteOptions{}); !errors.Is(err, sip.ErrFlowDown) {
					t.Errorf("another call: %v", err)
				}
				id, err := p.Invite("line1", "112", sip.InviteOptions{Offer: []byte(sdpOffer), Emergency: true})
				if err != nil {
					t.Fatal(err)
				}
				if c.up == time.Hour {
					if e := want[sip.LegEnded](p); e.Leg != id || !errors.Is(e.Err, sip.ErrUnreachable) || time.Since(begin) != 11*time.Minute {
						t.Errorf("after %v: %+v", time.Since(begin), e)
					}
					return
				}
				peer := x.Peer()
				inv := peer.Expect("INVITE sip:112@test.example")
				if d := time.Since(begin) - 10*time.Minute; d > c.up+2*time.Second {
					t.Errorf("the call went out after %v", d)
				}
				peer.Send(inv.Reply("486 Busy Here", "far", ""))
				if e := want[sip.LegEnded](p); e.Code != 486 {
					t.Errorf("%+v", e)
				}
			})
		})
	}
	t.Run("given up", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := newPhone(t, nil)
			p.patience = time.Hour
			sip.SetDialer(p.Agent, func(string) sip.Flow { return nil })
			p.SetLines([]sip.Line{{ID: "line1", User: "1001", Domain: "test.example", Servers: []string{"tcp://a"}, CallsOnly: true}})
			id, err := p.Invite("line1", "112", sip.InviteOptions{Emergency: true})
			if err != nil {
				t.Fatal(err)
			}
			if err := p.End(id, ""); err != nil {
				t.Fatal(err)
			}
			if e := want[sip.LegEnded](p); e.Leg != id || e.Err != nil {
				t.Errorf("%+v", e)
			}
		})
	})
}
