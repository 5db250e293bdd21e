package sip_test

import (
	"testing"
	"testing/synctest"

	"phoned/sip"
	"phoned/sip/siptest"
)

// TestOldAddressIsTakenBack: a registrar without outbound keeps the binding of
// the address that the machine had; one with it does not.
func TestOldAddressIsTakenBack(t *testing.T) {
	for name, kept := range map[string]bool{"registrar without outbound": true, "with it": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, x, _, here := movingPhoneAt(t, func(r *siptest.Registrar) {
					if kept {
						r.Extra = []string{"Contact: <sip:1001@127.0.0.2:5070;transport=TCP>;expires=300"}
					}
				})
				here.Store("127.0.0.3")
				p.AddressChanged()
				peer := x.Peer()
				if reg := peer.Registered(); reg.Contact() != "sip:1001@127.0.0.3:5070;transport=tcp" || reg.Get("Expires") == "0" {
					t.Errorf("registered\n%s", reg.Raw)
				}
				if kept {
					if reg := peer.Registered(); reg.Contact() != "sip:1001@127.0.0.2:5070;transport=tcp" || reg.Get("Expires") != "0" {
						t.Errorf("taken back\n%s", reg.Raw)
					}
				}
				p.line(sip.Registered)
				p.Reconnect("") // the next REGISTER is of the new address, and the only one
				if reg := peer.Registered(); reg.Contact() != "sip:1001@127.0.0.3:5070;transport=tcp" {
					t.Errorf("refreshed\n%s", reg.Raw)
				}
				synctest.Wait()
				if n := len(peer.Registers); n != 0 {
					t.Errorf("%d more REGISTERs", n)
				}
			})
		})
	}
}
