package phone_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"phoned/internal/netsettings"
	"phoned/lab/faults"
	"phoned/phone"
	"phoned/provisioning"
)

// wrongAddress is one with which the exchange can't be reached.
const wrongAddress = "192.0.2.99/24"

// network is a device's network: with wrongAddress no line gets service.
type network struct {
	h *household

	mu    sync.Mutex
	now   netsettings.Settings
	calls []int // the phones that ran when something was changed
	heard []netsettings.Heard
	err   error
}

func (n *network) Apply(_ context.Context, s netsettings.Settings) (bool, error) {
	n.h.mu.Lock()
	made := n.h.made
	n.h.mu.Unlock()
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.err != nil {
		return false, n.err
	}
	if s.IPv4 == n.now.IPv4 && s.VLAN == n.now.VLAN && len(s.WiFi) == len(n.now.WiFi) {
		return false, nil
	}
	n.now = s
	n.calls = append(n.calls, made)
	f := faults.SIP{}
	if s.IPv4 == wrongAddress {
		f.RegisterStatus = 503
	}
	n.h.lab.Faults.SetSIP(f)
	return true, nil
}

func (n *network) Scan(context.Context) ([]netsettings.Heard, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.heard, n.err
}

func (n *network) settings() (netsettings.Settings, []int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.now, slices.Clone(n.calls)
}

// An address that leads nowhere is taken back by itself. The settings on trial are in
// force before the phone that is judged by them runs.
func TestNetworkSettingsAreTakenBack(t *testing.T) {
	t.Parallel()
	h := live(t, "", nil)
	h.registered(1)
	h.give(provisioning.LayerUser, `ipv4_address = "`+wrongAddress+`"`)
	h.until(2, "a line without service", func(v phone.View) bool { return len(v.Lines) > 0 && v.Lines[0].State != phone.LineRegistered })
	if s, calls := h.net.settings(); s.IPv4 != wrongAddress || !slices.Equal(calls, []int{1}) {
		t.Errorf("%+v was put in force beside the phones %v, want before the second ran", s, calls)
	}
	if _, on := h.depot.Trial(); !on {
		t.Fatal("the change is not on trial")
	}
	h.clock.leap(3 * time.Minute)
	h.registered(3)
	if s, _ := h.net.settings(); s.IPv4 != "" {
		t.Errorf("the address is %q", s.IPv4)
	}
}

// An address that works stays.
func TestNetworkSettingsProveThemselves(t *testing.T) {
	t.Parallel()
	h := live(t, "", nil)
	h.registered(1)
	h.give(provisioning.LayerUser, "ipv4_address = \"192.0.2.10/24\"\nvlan = 17")
	h.registered(2)
	h.write() // the trial
	h.write() // its end
	if last, ok := h.depot.Last(); !ok || !last.Confirmed {
		t.Errorf("%+v", last)
	}
	if s, _ := h.net.settings(); s.IPv4 != "192.0.2.10/24" || s.VLAN != 17 {
		t.Errorf("%+v", s)
	}
}

// A device whose network is somebody else's says so, and telephones.
func TestNetworkIsNotOurs(t *testing.T) {
	t.Parallel()
	h := live(t, "", nil)
	h.registered(1)
	h.net.mu.Lock()
	h.net.err = netsettings.ErrUnmanaged
	h.net.mu.Unlock()
	h.give(provisioning.LayerUser, "vlan = 17")
	h.registered(2)
	h.until(2, "told", func(v phone.View) bool {
		return slices.ContainsFunc(v.Problems, func(p phone.ProblemInfo) bool {
			return p.Code == "config.network" && strings.Contains(p.Detail, "systemd-networkd")
		})
	})
}
