//go:build image

package image_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// patience bounds every wait for the emulated board, which is slow and shares this
// machine; nothing waits for it unless something is broken.
const patience = 15 * time.Minute

// machine is a QEMU that boots a card.
type machine struct {
	t    *testing.T
	dir  string
	card string // qcow2 over the prepared image
	args []string
	cmd  *exec.Cmd
	gone chan struct{}
	port net.Conn
	in   *bufio.Reader
	qmp  net.Conn
	qin  *bufio.Reader
	n    int // boots, for the names of consoles
}

// newMachine is a board with a card of its own.
func newMachine(t *testing.T, args ...string) *machine {
	t.Helper()
	m := &machine{t: t, dir: t.TempDir(), args: args}
	m.card = filepath.Join(m.dir, "card.qcow2")
	run(t, "qemu-img", "create", "-q", "-f", "qcow2", "-b", prepared, "-F", "raw", m.card)
	t.Cleanup(m.cut)
	return m
}

func run(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

// on turns the power on.
func (m *machine) on() {
	m.t.Helper()
	m.n++
	console := filepath.Join(m.dir, fmt.Sprintf("console-%d", m.n))
	bench, qmp := filepath.Join(m.dir, "bench"), filepath.Join(m.dir, "qmp")
	m.cmd = exec.Command("qemu-system-aarch64", append([]string{
		"-M", "virt", "-cpu", "cortex-a53", "-smp", "2", "-m", "512", "-bios", filepath.Join(built, "u-boot.bin"),
		"-display", "none", "-monitor", "none", "-serial", "file:" + console, "-no-user-config",
		"-qmp", "unix:" + qmp + ",server=on,wait=off",
		"-drive", "if=none,id=card,file=" + m.card + ",format=qcow2,cache=writeback", "-device", "virtio-blk-pci,drive=card",
		"-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net,id=nic,romfile=", "-device", "virtio-rng-pci",
		"-device", "virtio-serial-pci", "-chardev", "socket,id=bench,path=" + bench + ",server=on,wait=off", "-device", "virtserialport,chardev=bench,name=bench",
		"-device", "i6300esb", "-watchdog-action", "reset", "-device", "qemu-xhci,id=xhci",
	}, m.args...)...)
	m.cmd.Stderr = os.Stderr
	if err := m.cmd.Start(); err != nil {
		m.t.Fatal(err)
	}
	m.gone = make(chan struct{})
	go func(c *exec.Cmd, gone chan struct{}) { _ = c.Wait(); close(gone) }(m.cmd, m.gone)
	m.port, m.in = m.dial(bench)
	m.qmp, m.qin = m.dial(qmp)
	m.monitor("qmp_capabilities", nil)
}

func (m *machine) dial(path string) (net.Conn, *bufio.Reader) {
	m.t.Helper()
	for limit := time.Now().Add(time.Minute); ; {
		c, err := net.Dial("unix", path)
		if err == nil {
			return c, bufio.NewReader(c)
		}
		select {
		case <-m.gone:
			m.t.Fatal("qemu ended")
		case <-time.After(50 * time.Millisecond):
		}
		if time.Now().After(limit) {
			m.t.Fatal(err)
		}
	}
}

// cut pulls the plug.
func (m *machine) cut() {
	if m.cmd == nil {
		return
	}
	_ = m.cmd.Process.Kill()
	<-m.gone
	m.port.Close()
	m.qmp.Close()
	m.cmd = nil
	if m.t.Failed() {
		out, _ := os.ReadFile(filepath.Join(m.dir, fmt.Sprintf("console-%d", m.n)))
		m.t.Logf("console of boot %d:\n%s", m.n, out[max(0, len(out)-3000):])
	}
}

// monitor gives QEMU an order.
func (m *machine) monitor(name string, args map[string]any) {
	m.t.Helper()
	if !m.tryMonitor(name, args) {
		m.t.Fatalf("qemu refuses %s", name)
	}
}

// tryMonitor says whether QEMU obeyed.
func (m *machine) tryMonitor(name string, args map[string]any) bool {
	m.t.Helper()
	b, err := json.Marshal(map[string]any{"execute": name, "arguments": args})
	if args == nil {
		b, err = json.Marshal(map[string]any{"execute": name})
	}
	if err != nil {
		m.t.Fatal(err)
	}
	if _, err := m.qmp.Write(append(b, '\n')); err != nil {
		m.t.Fatal(err)
	}
	for {
		_ = m.qmp.SetReadDeadline(time.Now().Add(time.Minute))
		line, err := m.qin.ReadString('\n')
		if err != nil {
			m.t.Fatal(err)
		}
		if strings.Contains(line, `"error"`) {
			m.t.Logf("qemu: %s: %s", name, line)
			return false
		}
		if strings.Contains(line, `"return"`) {
			return true
		}
	}
}

// up waits until the system's agent says hello, of the next boot.
func (m *machine) up() {
	m.t.Helper()
	m.await("hello", func(a answer) bool { return a.Out == "hello" })
}

type answer struct {
	Out  string `json:"out"`
	Code int    `json:"code"`
	Err  string `json:"err"`
}

func (m *machine) await(what string, is func(answer) bool) answer {
	m.t.Helper()
	_ = m.port.SetReadDeadline(time.Now().Add(patience))
	for {
		line, err := m.in.ReadBytes('\n')
		if err != nil {
			m.t.Fatalf("no %s from the board: %v", what, err)
		}
		var a answer
		if json.Unmarshal(line, &a) == nil && is(a) {
			return a
		}
	}
}

// ask gives the agent an order.
func (m *machine) ask(o map[string]string) answer {
	m.t.Helper()
	b, err := json.Marshal(o)
	if err != nil {
		m.t.Fatal(err)
	}
	if _, err := m.port.Write(append(b, '\n')); err != nil {
		m.t.Fatal(err)
	}
	return m.await("answer to "+string(b), func(a answer) bool { return a.Out != "hello" })
}

// sh runs a command in the image; it may fail.
func (m *machine) sh(command string) (string, int) {
	m.t.Helper()
	a := m.ask(map[string]string{"shell": command})
	return strings.TrimSpace(a.Out), a.Code
}

// must runs one that must not.
func (m *machine) must(command string) string {
	m.t.Helper()
	out, code := m.sh(command)
	if code != 0 {
		m.t.Fatalf("%s: %d\n%s", command, code, out)
	}
	return out
}

// until asks again and again, a second between.
func (m *machine) until(what string, is func() bool) {
	m.t.Helper()
	for limit := time.Now().Add(patience); !is(); {
		if time.Now().After(limit) {
			m.t.Fatalf("never: %s\n%s", what, m.journal())
		}
		select {
		case <-m.gone:
			m.t.Fatalf("qemu ended before: %s", what)
		case <-time.After(time.Second):
		}
	}
}

// reportOver reads the report of whatever system answers, over restarts.
func (m *machine) reportOver() string {
	b := []byte(`{"shell":"cat /var/lib/phoned/update-report.json"}` + "\n")
	if _, err := m.port.Write(b); err != nil {
		return ""
	}
	_ = m.port.SetReadDeadline(time.Now().Add(20 * time.Second))
	for {
		line, err := m.in.ReadBytes('\n')
		if err != nil {
			return ""
		}
		var a answer
		if json.Unmarshal(line, &a) == nil && a.Out != "hello" {
			return a.Out
		}
	}
}

func (m *machine) journal() string {
	out, _ := m.sh("systemctl --failed --no-legend; journalctl -b -o short-monotonic --no-pager -n 60; cat /var/lib/phoned-update/attempt.json; rauc status")
	return out
}

// slot is the one that runs.
func (m *machine) slot() string {
	return m.must(`sed -n 's/.*rauc.slot=\([AB]\).*/\1/p' /proc/cmdline`)
}

// plug puts a stick with these files in.
func (m *machine) plug(files ...string) {
	m.t.Helper()
	stick := filepath.Join(m.dir, fmt.Sprintf("stick-%d", time.Now().UnixNano()))
	run(m.t, "truncate", "-s", "128M", stick)
	run(m.t, "mkfs.vfat", "-F", "32", stick)
	for _, f := range files {
		run(m.t, "mcopy", "-i", stick, f, "::"+filepath.Base(f))
	}
	m.monitor("blockdev-add", map[string]any{"driver": "raw", "node-name": "stick", "read-only": true, "file": map[string]any{"driver": "file", "filename": stick, "read-only": true}})
	m.monitor("device_add", map[string]any{"driver": "usb-storage", "bus": "xhci.0", "drive": "stick", "id": "stick"})
}

// unplug pulls the stick out.
func (m *machine) unplug() {
	m.t.Helper()
	m.monitor("device_del", map[string]any{"id": "stick"})
	m.until("the stick is gone", func() bool {
		_, code := m.sh("mountpoint -q /run/phoned/stick || [ -e /dev/sda ]")
		return code != 0
	})
	m.must("umount -l /run/phoned/stick 2>/dev/null; true")
	m.until("the monitor lets go", func() bool { return m.tryMonitor("blockdev-del", map[string]any{"node-name": "stick"}) })
}
