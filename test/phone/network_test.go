package phone_test

import (
	"context"
	"slices"
	"strconv"
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
	h.proved()
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

// A person sets an address at the phone; the site's lock forbids it.
func TestNetworkSetUpAtThePhone(t *testing.T) {
	t.Parallel()
	h := live(t, "", nil)
	h.registered(1)
	h.until(1, "told that the network can be set up", func(v phone.View) bool { return v.Device.Network.Able })
	h.give(provisioning.LayerUser, `theme = "light"`)
	h.registered(2)
	h.until(2, "told that the network can be set up", func(v phone.View) bool { return v.Device.Network.Able })
	soft := h.phone(2).Phone.View().SoftKeys
	menu := slices.Index(soft[:], phone.ActMenu)
	if menu < 0 {
		t.Fatal("there is no menu")
	}
	h.keys(2, phone.Key("sk"+strconv.Itoa(menu+1)))
	open := func(id string) {
		t.Helper()
		for {
			m := h.phone(2).Phone.View().Menu
			if m.Index < len(m.Items) && m.Items[m.Index].ID == id {
				h.keys(2, "ok")
				return
			}
			if m.Index+1 >= len(m.Items) {
				t.Fatalf("no row %q in %+v", id, m)
			}
			h.keys(2, "down")
			h.until(2, "a step", func(v phone.View) bool { return v.Menu.Index == m.Index+1 })
		}
	}
	title := func(s string) {
		t.Helper()
		h.until(2, s, func(v phone.View) bool { return v.Menu.Title == "@"+s || v.Form != nil && v.Form.ID == s })
	}
	title("menu")
	open("settings")
	title("settings")
	open("network_setup")
	title("network_setup")
	open("net_address")
	title("net_address")
	h.keys(2, "1", "9", "2", "*", "0", "*", "2", "*", "1", "0", "ok")
	h.until(2, "the address in the menu", func(v phone.View) bool {
		return slices.ContainsFunc(v.Menu.Items, func(i phone.MenuItem) bool { return i.Value == "192.0.2.10/24" })
	})
	open("net_apply")
	h.registered(3)
	if s, _ := h.net.settings(); s.IPv4 != "192.0.2.10/24" {
		t.Errorf("%+v", s)
	}
	if cfg, _, _ := h.prov.Config(); cfg.Theme.Value != "light" {
		t.Error("what was set before is gone")
	}
	h.proved()
	h.give(provisioning.LayerSite, "ipv4_address = \"192.0.2.11/24\"\nlocked = [\"ipv4_address\"]")
	h.registered(4)
	h.until(4, "told that the network can't be set up", func(v phone.View) bool { return v.Device.Interface != "" || v.Device.Version != "" })
	if h.phone(4).Phone.View().Device.Network.Able {
		t.Error("the menu offers what is locked")
	}
	if err := h.prov.SetKeys(map[string]any{"ipv4_address": "192.0.2.12/24"}); err == nil {
		t.Error("a locked key was set")
	}
}
