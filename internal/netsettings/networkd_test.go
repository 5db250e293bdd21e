package netsettings

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"phoned/internal/netwatch"
)

const inside = "PHONED_TEST_NETWORKD"

// networkd is the real one, on a message bus of its own.
const networkd = "/lib/systemd/systemd-networkd"

// alone are the commands of a phone where no service manager runs.
type alone struct{ Commands }

func (alone) Managed(context.Context) error      { return nil }
func (alone) Zone(context.Context, string) error { return nil }

// TestNetworkd puts settings in force with the real systemd-networkd, in a network of
// its own: a port whose far end gives addresses by DHCP, untagged and in VLAN 17.
func TestNetworkd(t *testing.T) {
	if os.Getenv(inside) == "" {
		elsewhere(t)
		return
	}
	w := startNetworkd(t)
	h := &Helper{System: alone{}, Networkd: NetworkdDir, WiFi: t.TempDir()}
	for _, step := range []struct {
		name       string
		s          Settings
		want, gone string // addresses' beginnings, "link address"
	}{
		{"DHCP, as the image has it", Settings{}, "eth0 198.51.100.", ""},
		{"static", Settings{IPv4: "192.0.2.10/24", IPv4Gateway: "192.0.2.1", IPv6: "2001:db8::10/64"}, "eth0 192.0.2.10/24", "eth0 198.51.100."},
		{"static, the other", Settings{IPv4: "192.0.2.11/24"}, "eth0 192.0.2.11/24", "eth0 2001:db8::10/64"},
		{"DHCP in a VLAN", Settings{VLAN: 17}, "voice17 203.0.113.", "eth0 192.0.2."},
		{"static in another VLAN", Settings{VLAN: 18, IPv4: "192.0.2.12/24", IPv6: "2001:db8::12/64"}, "voice18 2001:db8::12/64", "voice17"},
		{"DHCP in the one before", Settings{VLAN: 17}, "voice17 203.0.113.", "voice18"},
		{"taken back", Settings{}, "eth0 198.51.100.", "voice"},
	} {
		if step.s.VLAN != 0 && !w.vlans {
			t.Log("this kernel has no VLANs; not tried: ", step.name)
			continue
		}
		if _, err := h.Apply(t.Context(), step.s); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		w.until(step.name, func(have []string) bool {
			begins := func(p string) bool {
				return p != "" && slices.ContainsFunc(have, func(a string) bool { return strings.HasPrefix(a, p) })
			}
			return begins(step.want) && !begins(step.gone)
		})
	}
}

// elsewhere runs the test again in namespaces of its own.
func elsewhere(t *testing.T) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("root is needed: systemd-networkd becomes another user")
	}
	for _, p := range []string{networkd, "/usr/bin/dbus-daemon", "/usr/bin/networkctl"} {
		if _, err := os.Stat(p); err != nil {
			t.Skip(p, " is not installed")
		}
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), inside+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// world is a machine with one wired port.
type world struct {
	t       *testing.T
	changed chan struct{}
	log     string
	vlans   bool // the kernel has them
}

func startNetworkd(t *testing.T) *world {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	// A read-only /sys tells networkd that there is no udev to wait for, as in a container.
	must(syscall.Mount("sysfs", "/sys", "sysfs", syscall.MS_RDONLY, ""))
	must(syscall.Mount("tmpfs", "/run", "tmpfs", 0, "mode=755"))
	for _, d := range []string{"/run/dbus", NetworkdDir, "/run/systemd/system", "/run/systemd/netif/links", "/run/systemd/netif/leases", "/run/systemd/netif/lldp"} {
		must(os.MkdirAll(d, 0o755))
	}
	runs(t, "chown", "-R", "systemd-network:", "/run/systemd/netif")
	image, err := os.ReadFile("../../image/rootfs/usr/lib/systemd/network/80-phoned-dhcp.network")
	must(err)
	runs(t, "ip", "link", "set", "lo", "up")
	runs(t, "ip", "link", "add", "eth0", "type", "veth", "peer", "name", "far")
	w := &world{t: t, changed: make(chan struct{}, 1), log: filepath.Join(t.TempDir(), "log")}
	w.vlans = exec.CommandContext(t.Context(), "ip", "link", "add", "link", "far", "name", "far17", "type", "vlan", "id", "17").Run() == nil
	for name, text := range map[string]string{
		"80-phoned-dhcp.network": string(image),
		"10-far.network":         "[Match]\nName=far\n[Network]\nAddress=198.51.100.1/24\nDHCPServer=yes\nIPv6AcceptRA=no\n",
		"10-far17.network":       "[Match]\nName=far17\n[Network]\nAddress=203.0.113.1/24\nDHCPServer=yes\nIPv6AcceptRA=no\n",
	} {
		must(os.WriteFile(filepath.Join(NetworkdDir, name), []byte(text), 0o644))
	}

	// It goes into the background once it listens.
	pid, err := exec.CommandContext(t.Context(), "/usr/bin/dbus-daemon", "--system", "--fork", "--nopidfile", "--print-pid=1").Output()
	must(err)
	bus, err := strconv.Atoi(strings.TrimSpace(string(pid)))
	must(err)
	t.Cleanup(func() { _ = syscall.Kill(bus, syscall.SIGTERM) })
	go func() {
		_ = netwatch.Watch(t.Context(), func() {
			select {
			case w.changed <- struct{}{}:
			default:
			}
		})
	}()
	w.start(networkd)
	return w
}

func runs(t *testing.T, program string, args ...string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %q: %v %s", program, args, err, out)
	}
}

// start runs a program until the test ends.
func (w *world) start(program string) {
	w.t.Helper()
	f, err := os.OpenFile(w.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		w.t.Fatal(err)
	}
	defer f.Close()
	cmd := exec.CommandContext(w.t.Context(), program)
	cmd.Stdout, cmd.Stderr = f, f
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = cmd.Wait() }) // its end is our signal's
}

// until waits for addresses, and looks whenever one has come or gone.
func (w *world) until(what string, good func([]string) bool) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	defer cancel()
	for {
		have := addresses(w.t)
		if good(have) {
			w.t.Logf("%s: %q", what, have)
			return
		}
		select {
		case <-w.changed:
		case <-ctx.Done():
			log, _ := os.ReadFile(w.log)
			w.t.Fatalf("%s: the addresses are %q\n%s", what, have, log)
		}
	}
}

func addresses(t *testing.T) []string {
	t.Helper()
	links, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, l := range links {
		all, _ := l.Addrs() // it may just have gone
		for _, a := range all {
			out = append(out, l.Name+" "+a.String())
		}
	}
	return out
}
