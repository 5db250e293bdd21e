//go:build image

package image_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"phoned/test/image/bench"
)

// patience bounds every wait for the emulated board, which is slow and shares this
// machine; nothing waits for it unless something is broken.
const patience = 15 * time.Minute

// machine is a QEMU that boots a card.
type machine struct {
	t        *testing.T
	dir      string
	card     string // qcow2 over the prepared image
	args     []string
	cmd      *exec.Cmd
	gone     chan struct{}
	conns    []net.Conn
	link     *bench.Link
	boot     string // the last one that answered
	qmp      net.Conn
	qin      *bufio.Reader
	qtest    net.Conn
	qtin     *bufio.Reader
	gpio     string // QEMU's path of the chip
	glass    *glass
	began    time.Time // the power came
	n        int       // how often it did, for the names of consoles
	readonly bool      // the card can't be written
	sound    bool      // a USB sound card is plugged in: such a machine can't be saved
}

// hardware is what every machine has; the device tree is made of it. With ACPI there
// would be no GPIO chip.
var hardware = []string{"-M", "virt,acpi=off", "-cpu", "cortex-a53", "-smp", "2", "-m", "512", "-no-user-config"}

// newMachine is a board with a card of its own, over the prepared one.
func newMachine(t *testing.T, args ...string) *machine {
	return machineOver(t, prepared, "raw", args...)
}

func machineOver(t *testing.T, base, format string, args ...string) *machine {
	t.Helper()
	m := &machine{t: t, dir: t.TempDir(), args: args}
	m.card = filepath.Join(m.dir, "card.qcow2")
	run(t, "qemu-img", "create", "-q", "-f", "qcow2", "-b", base, "-F", format, m.card)
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
func (m *machine) on(extra ...string) {
	m.t.Helper()
	m.n++
	path := func(name string) string { return filepath.Join(m.dir, fmt.Sprintf("%s-%d", name, m.n)) }
	socket := func(name string) string { return "unix:" + path(name) + ",server=on,wait=off" }
	drive := "if=none,id=card,file=" + m.card + ",format=qcow2,cache=writeback"
	if m.readonly {
		drive += ",readonly=on"
	}
	args := append(slices.Clone(hardware), "-dtb", wired, "-bios", filepath.Join(built, "u-boot.bin"),
		"-display", "none", "-monitor", "none", "-serial", "file:"+path("console"), "-qmp", socket("qmp"), "-qtest", socket("qtest"), "-qtest-log", "none",
		"-trace", "pl061_set_output", "-D", path("wires"), "-msg", "timestamp=on",
		"-drive", drive, "-device", "virtio-blk-pci,drive=card",
		"-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net,id=nic,romfile=", "-device", "virtio-rng-pci",
		"-device", "virtio-serial-pci", "-chardev", "socket,id=bench,path="+path("bench")+",server=on,wait=off", "-device", "virtserialport,chardev=bench,name=bench",
		"-device", "i6300esb", "-watchdog-action", "reset", "-device", "qemu-xhci,id=xhci")
	if m.sound {
		args = append(args, "-audiodev", "wav,id=sound,out.frequency=48000,path="+path("sound"), "-device", "usb-audio,audiodev=sound,id=card")
	}
	m.cmd = exec.Command("qemu-system-aarch64", slices.Concat(args, m.args, extra)...)
	m.cmd.Stderr = os.Stderr
	m.began = time.Now()
	if err := m.cmd.Start(); err != nil {
		m.t.Fatal(err)
	}
	m.gone = make(chan struct{})
	go func(c *exec.Cmd, gone chan struct{}) { _ = c.Wait(); close(gone) }(m.cmd, m.gone)
	m.link = bench.NewLink(m.dial(path("bench")))
	m.qmp = m.dial(path("qmp"))
	m.qin = bufio.NewReader(m.qmp)
	m.qtest = m.dial(path("qtest"))
	m.qtin = bufio.NewReader(m.qtest)
	m.monitor("qmp_capabilities", nil)
	m.gpio = m.find("pl061")
	log, err := os.Open(path("wires"))
	if err != nil {
		m.t.Fatal(err)
	}
	m.glass = newGlass(log)
	m.t.Cleanup(func() { log.Close() })
}

func (m *machine) dial(path string) net.Conn {
	m.t.Helper()
	for limit := time.Now().Add(time.Minute); ; {
		c, err := net.Dial("unix", path)
		if err == nil {
			m.conns = append(m.conns, c)
			return c
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
	for _, c := range m.conns {
		c.Close()
	}
	m.cmd, m.conns = nil, nil
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
	_, err := m.query(name, args)
	if err != nil {
		m.t.Logf("qemu: %s: %v", name, err)
	}
	return err == nil
}

// query gives QEMU an order and returns what it says.
func (m *machine) query(name string, args map[string]any) (json.RawMessage, error) {
	m.t.Helper()
	order := map[string]any{"execute": name}
	if args != nil {
		order["arguments"] = args
	}
	b, err := json.Marshal(order)
	if err != nil {
		m.t.Fatal(err)
	}
	if _, err := m.qmp.Write(append(b, '\n')); err != nil {
		m.t.Fatal(err)
	}
	for {
		_ = m.qmp.SetReadDeadline(time.Now().Add(time.Minute))
		line, err := m.qin.ReadBytes('\n')
		if err != nil {
			m.t.Fatal(err)
		}
		var a struct {
			Return json.RawMessage
			Error  *struct{ Desc string }
		}
		switch err := json.Unmarshal(line, &a); {
		case err != nil:
			m.t.Fatalf("%s: %v", line, err)
		case a.Error != nil:
			return nil, errors.New(a.Error.Desc)
		case a.Return != nil:
			return a.Return, nil
		}
	}
}

// human gives an order in the monitor's old language, which complains by saying something.
func (m *machine) human(order string) {
	m.t.Helper()
	out, err := m.query("human-monitor-command", map[string]any{"command-line": order})
	if err != nil || string(out) != `""` {
		m.t.Fatalf("%s: %s %v", order, out, err)
	}
}

// find is QEMU's path of a device of the board itself.
func (m *machine) find(kind string) string {
	m.t.Helper()
	const where = "/machine/unattached"
	list, err := m.query("qom-list", map[string]any{"path": where})
	if err != nil {
		m.t.Fatal(err)
	}
	var parts []struct{ Name, Type string }
	if err := json.Unmarshal(list, &parts); err != nil {
		m.t.Fatal(err)
	}
	for _, p := range parts {
		if p.Type == "child<"+kind+">" {
			return where + "/" + p.Name
		}
	}
	m.t.Fatalf("the board has no %s: %s", kind, list)
	return ""
}

// up waits until a boot answers that did not before.
func (m *machine) up() {
	m.t.Helper()
	boot, err := m.link.Next(m.boot, patience)
	if err != nil {
		m.t.Fatal(err)
	}
	m.boot = boot
}

// answerTime is how long an order may take; a board that restarts never answers.
const answerTime = time.Minute

// sh runs a command in the image; it may fail. The code is -1 if nobody answers.
func (m *machine) sh(command string) (string, int) {
	m.t.Helper()
	a, err := m.link.Ask(bench.Order{Shell: command}, answerTime)
	if err != nil {
		return err.Error(), -1
	}
	return strings.TrimSpace(a.Out), a.Code
}

// must runs one that must not.
func (m *machine) must(command string) string {
	m.t.Helper()
	a, err := m.link.Ask(bench.Order{Shell: command}, patience)
	if err != nil || a.Code != 0 {
		m.t.Fatalf("%s: %d %v\n%s", command, a.Code, err, a.Out)
	}
	return strings.TrimSpace(a.Out)
}

// until asks again and again, a second between.
func (m *machine) until(what string, is func() bool) {
	m.t.Helper()
	m.asking(what, time.Second, is)
}

// soon asks more often, for what is timed.
func (m *machine) soon(what string, is func() bool) {
	m.t.Helper()
	m.asking(what, 50*time.Millisecond, is)
}

func (m *machine) asking(what string, every time.Duration, is func() bool) {
	m.t.Helper()
	told := false
	for began := time.Now(); !is(); {
		switch waited := time.Since(began); {
		case waited > patience:
			m.t.Fatalf("never: %s\n%s", what, m.journal())
		case waited > patience/8 && !told:
			told = true
			m.t.Logf("still waited for: %s\n%s", what, m.journal())
		}
		select {
		case <-m.gone:
			m.t.Fatalf("qemu ended before: %s", what)
		case <-time.After(every):
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
