//go:build fleet

package fleet

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"phoned/internal/netwatch/netnstest"
	"phoned/lab"
)

// neighbour is a machine of its own on the same wire, with Avahi: a second namespace
// of networks, with folders of its own where Avahi keeps its process' number.
type neighbour struct {
	t   *testing.T
	pid int
	dir string
}

func newNeighbour(t *testing.T) *neighbour {
	t.Helper()
	n := &neighbour{t: t, dir: t.TempDir()}
	bus := filepath.Join(n.dir, "bus")
	for name, text := range map[string]string{
		"dbus.conf": `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><listen>unix:path=` + bus + `</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_type="method_call"/><allow send_destination="*"/><allow receive_sender="*"/></policy></busconfig>`,
		"avahi.conf": "[server]\nhost-name=neighbour\nuse-ipv4=yes\nuse-ipv6=yes\nallow-interfaces=veth1\n[publish]\npublish-workstation=no\n",
	} {
		if err := os.WriteFile(filepath.Join(n.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// The shell waits for the wire, then becomes the two daemons' parent.
	script := `mount -t tmpfs none /run && mkdir -p /run/avahi-daemon && read ready
ip link set lo up; ip address add 10.99.0.2/24 dev veth1; ip link set veth1 up
dbus-daemon --nofork --config-file="$0/dbus.conf" &
while [ ! -S "$0/bus" ]; do sleep 0.1; done
exec avahi-daemon --no-drop-root --no-chroot --no-rlimits -f "$0/avahi.conf"`
	cmd := exec.Command("sh", "-c", script, n.dir)
	cmd.Env = append(os.Environ(), "DBUS_SYSTEM_BUS_ADDRESS=unix:path="+bus)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS | syscall.CLONE_NEWPID, Pdeathsig: syscall.SIGKILL}
	log, err := os.Create(filepath.Join(n.dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = log, log
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // the first of its namespace: all of it goes
		_ = cmd.Wait()
		if t.Failed() {
			b, _ := os.ReadFile(log.Name())
			t.Logf("the neighbour said:\n%s", b[max(0, len(b)-3000):])
		}
		_ = log.Close()
	})
	n.pid = cmd.Process.Pid
	netnstest.IP(t, "link add veth0 type veth peer name veth1 netns "+strconv.Itoa(n.pid))
	netnstest.IP(t, "address add 10.99.0.1/24 dev veth0")
	netnstest.IP(t, "link set veth0 up")
	if _, err := in.Write([]byte("ready\n")); err != nil {
		t.Fatal(err)
	}
	return n
}

// run runs a program there.
func (n *neighbour) run(ctx context.Context, program string, args ...string) string {
	cmd := exec.CommandContext(ctx, "nsenter", append([]string{"-t", strconv.Itoa(n.pid), "-n", "-m", program}, args...)...)
	cmd.Env = append(os.Environ(), "DBUS_SYSTEM_BUS_ADDRESS=unix:path="+filepath.Join(n.dir, "bus"))
	out, _ := cmd.CombinedOutput()
	return string(out)
}

// browse is what Avahi has found and resolved.
func (n *neighbour) browse(kind string) string {
	return n.run(n.t.Context(), "avahi-browse", "--resolve", "--parsable", "--terminate", "--no-db-lookup", kind)
}

// TestAnnounced: Avahi, on another machine, finds the real program by both of its
// types, with its address, port and text; a name that the neighbour has is left to it;
// phonectl finds it as well; and it is gone when it says goodbye.
func TestAnnounced(t *testing.T) {
	if !netnstest.OwnAsRoot(t) {
		return
	}
	netnstest.IP(t, "link set lo up")
	n := newNeighbour(t)
	until(t, "Avahi is there", func() bool { return !strings.Contains(n.browse("_none._tcp"), "rror") && n.browse("_none._tcp") == "" })
	ex, err := lab.Start(t.Context(), lab.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ex.Close() })
	doc := fmt.Sprintf("web_listen = [\"veth0\"]\nweb_port = 8443\nweb_http_port = 0\nauto_configure = false\n[[lines]]\nserver = \"udp://%s\"\nuser = \"1101\"\ndomain = %q\npassword = %q\n", ex.UDPAddress(), ex.Domain(), lab.ClassicPassword)
	d := startDaemon(t, t.TempDir(), "10.99.0.1:8443", doc)
	pin := ""
	until(t, "the phone answers by TLS", func() (ok bool) { pin, ok = keyPin(d.addr); return ok })
	// =;veth1;IPv4;phoned\0321a2b3c;_phoned._tcp;local;phone-1a2b3c.local;10.99.0.1;8443;"key=…" …
	entry := regexp.MustCompile(`(?m)^=;veth1;IPv4;phoned\\032([0-9a-f]+);(_[a-z]+\._tcp);local;(phone-[0-9a-f]+\.local);10\.99\.0\.1;8443;(.*)$`)
	host := ""
	for _, kind := range []string{"_phoned._tcp", "_https._tcp"} {
		var m []string
		until(t, "Avahi has found "+kind, func() bool { m = entry.FindStringSubmatch(n.browse(kind)); return m != nil })
		host = m[3]
		text := strings.ReplaceAll(strings.ToLower(m[4]), ":", "")
		for _, want := range []string{`"txtvers=1"`, `"path=/admin/"`, `"key=` + pin + `"`, `"model=`, `"version=`, `"serial=`} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: %s is not in %s", kind, want, m[4])
			}
		}
	}
	if out := n.run(t.Context(), "avahi-resolve-host-name", "-4", host); !strings.Contains(out, "10.99.0.1") {
		t.Errorf("%s: %s", host, out)
	}
	// By IPv6 as well, on the same wire.
	until(t, "Avahi has found it by IPv6", func() bool { return strings.Contains(n.browse("_phoned._tcp"), ";IPv6;phoned") })

	found := n.run(t.Context(), filepath.Join(root(t), "bin", "phonectl"), "discover")
	if !regexp.MustCompile(`(?m)^phone-[0-9a-f]+ https://10\.99\.0\.1:8443 key=[0-9A-F:]{95} # \S`).MatchString(found) {
		t.Errorf("phonectl: %s", found)
	}

	d.stop()
	until(t, "it is gone at once, long before its records end", func() bool { return !strings.Contains(n.browse("_phoned._tcp"), "phoned") })

	// Its name is somebody else's now: it takes another.
	ctx, cancel := context.WithCancel(t.Context())
	published := make(chan struct{})
	go func() {
		defer close(published)
		n.run(ctx, "avahi-publish-address", "--no-reverse", host, "10.99.0.66")
	}()
	defer func() { cancel(); <-published }()
	until(t, "the neighbour has taken the name", func() bool {
		return strings.Contains(n.run(t.Context(), "avahi-resolve-host-name", "-4", host), "10.99.0.66")
	})
	startDaemon(t, t.TempDir(), "10.99.0.1:8443", doc)
	other := strings.TrimSuffix(host, ".local") + "-2.local"
	until(t, "it has taken another name", func() bool { return strings.Contains(n.browse("_phoned._tcp"), other+";10.99.0.1;8443") })
}
