//go:build image

package image_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"phoned/test/image/bench"
)

// newer is a version above that of any image.
const newer = "9999.1"

// bundle makes an update of the image that was built, changed by edit in its root.
func bundle(t *testing.T, name, version, keys, board string, edit func(root string)) string {
	t.Helper()
	dir := filepath.Join(bundles, name)
	path := filepath.Join(dir, "update.raucb")
	if _, err := os.Stat(path); err == nil {
		return path
	}
	whole, root := filepath.Join(bundles, "root"), filepath.Join(dir, "root")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(whole); err != nil {
		run(t, "unsquashfs", "-q", "-n", "-d", whole, filepath.Join(built, "root.squashfs"))
	}
	run(t, "cp", "-al", whole, root) // links: what edit changes it must replace
	run(t, "sed", "-i", "s/^IMAGE_VERSION=.*/IMAGE_VERSION="+version+"/", filepath.Join(root, "usr/lib/os-release"))
	if edit != nil {
		edit(root)
	}
	run(t, "mksquashfs", root, filepath.Join(dir, "root.squashfs"), "-comp", "zstd", "-Xcompression-level", "1", "-no-xattrs", "-no-progress", "-quiet")
	run(t, "rm", "-r", root)
	run(t, "cp", "--sparse=always", filepath.Join(built, "slot.vfat"), dir)
	sign(t, dir, version, keys, board, path)
	return path
}

const board = "phoned-virt-arm64"

func keys() string { return filepath.Join(built, "keys") }

// husk is a bundle that is never installed: what is refused needs no system
// in it, but RAUC makes none of what packs to nothing.
func husk(t *testing.T, name, version, keys, board string) string {
	t.Helper()
	dir := filepath.Join(bundles, name)
	path := filepath.Join(dir, "update.raucb")
	run(t, "mkdir", "-p", dir)
	for _, f := range []string{"root.squashfs", "slot.vfat"} {
		if err := os.WriteFile(filepath.Join(dir, f), []byte(noise(64<<10)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	sign(t, dir, version, keys, board, path)
	return path
}

func sign(t *testing.T, dir, version, keys, board, path string) {
	t.Helper()
	c := exec.Command("../../image/bundle", dir, keys, version, path)
	c.Env = append(os.Environ(), "COMPATIBLE="+board)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("bundle: %v\n%s", err, out)
	}
}

// replace gives a file of an unpacked system another content.
func replace(path, text string, mode os.FileMode) {
	_ = os.Remove(path)
	_ = os.WriteFile(path, []byte(text), mode)
}

func good(t *testing.T) string { return bundle(t, "good", newer, keys(), board, nil) }

// saved is the card of a machine with service and a confirmed slot, and how far it was.
var saved string

const savedName = "ready.qcow2"

// save keeps the machine as it is now for ready; it ends.
func (m *machine) save() {
	m.t.Helper()
	m.human("savevm ready")
	m.monitor("quit", nil)
	<-m.gone
	m.cut()
	path := filepath.Join(bundles, savedName)
	if err := os.Rename(m.card, path); err != nil {
		m.t.Fatal(err)
	}
	saved = path
}

// ready is a phone that has service and whose slot is confirmed. It boots once; later
// ones go on from there.
func ready(t *testing.T) *machine {
	t.Helper()
	if saved == "" {
		m := newMachine(t)
		m.on()
		m.up()
		m.awaitRegistered()
		m.confirmed("A")
		m.save()
	}
	m := newMachine(t)
	run(t, "cp", saved, m.card)
	m.on("-loadvm", "ready")
	m.up()
	m.awaitRegistered()
	return m
}

func (m *machine) confirmed(slot string) {
	m.t.Helper()
	m.until("slot "+slot+" is confirmed", func() bool {
		out, _ := m.sh("fw_printenv -n BOOT_" + slot + "_LEFT")
		return out == "3"
	})
}

// TestGoodUpdate goes from a stick to the confirmed new system.
func TestGoodUpdate(t *testing.T) {
	path := good(t)
	m := ready(t)
	m.must("echo kept >/var/lib/phoned/keepsake; sync /var/lib/phoned/keepsake")
	before := m.written()
	began := time.Now()
	m.plug(path)
	m.until("it is installed", func() bool {
		_, code := m.sh("grep -q '\"written\":true' /var/lib/phoned-update/attempt.json")
		return code == 0
	})
	t.Logf("FIGURE stick to installed: %.0f s; bundle %s; written to the card: %d bytes", time.Since(began).Seconds(), size(path), m.written()-before)
	m.up() // the phone restarts by itself
	t.Logf("FIGURE stick to the new system's agent: %.0f s", time.Since(began).Seconds())
	if s := m.slot(); s != "B" {
		t.Fatalf("slot %s\n%s", s, m.journal())
	}
	m.awaitRegistered()
	t.Logf("FIGURE stick to registered: %.0f s", time.Since(began).Seconds())
	m.until("the report", func() bool { return strings.Contains(m.report(), `"confirmed"`) })
	m.confirmed("B")
	t.Logf("FIGURE stick to confirmed: %.0f s", time.Since(began).Seconds())
	if out := m.must("cat /var/lib/phoned/keepsake; sed -n s/^IMAGE_VERSION=//p /usr/lib/os-release; fw_printenv -n BOOT_ORDER"); out != "kept\n"+newer+"\nB A" {
		t.Errorf("%q", out)
	}
	if out, _ := m.sh("cat /var/lib/phoned-update/attempt.json"); out != "" {
		t.Errorf("an attempt is left: %s", out)
	}
	if out, code := m.sh("[ ! -e /var/lib/phoned/update.raucb ]"); code != 0 {
		t.Errorf("the bundle is left on the state partition: %s", out)
	}
}

// written is how many bytes went to the card in this boot.
func (m *machine) written() int {
	m.t.Helper()
	n, err := strconv.Atoi(m.must("sync; awk '{print $7 * 512}' /sys/class/block/vda/stat"))
	if err != nil {
		m.t.Fatal(err)
	}
	return n
}

func size(path string) string {
	i, err := os.Stat(path)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%d bytes", i.Size())
}

// TestRefused: what is refused before a byte of the slot is written. One boot for all.
func TestRefused(t *testing.T) {
	theirs := filepath.Join(bundles, "theirs")
	run(t, "../../image/keys", theirs, "somebody else")
	corrupt := filepath.Join(bundles, "corrupt.raucb")
	run(t, "cp", good(t), corrupt)
	run(t, "bash", "-c", "printf x | dd of='"+corrupt+"' bs=1 seek=$(($(stat -c %s '"+corrupt+"')-400)) conv=notrunc status=none")
	m := ready(t)
	for _, c := range []struct{ name, path, reason string }{
		{"older", husk(t, "older", "0~1", keys(), board), "older"},
		{"another key", husk(t, "foreign", newer, theirs, board), "signature"},
		{"corrupt", corrupt, "signature"},
		{"another board", husk(t, "other-board", newer, keys(), "phoned-other"), "wrong-board"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m.must("rm -f /var/lib/phoned/update-report.json")
			m.plug(c.path)
			m.until("refused: "+c.reason, func() bool { return strings.Contains(m.report(), `"`+c.reason+`"`) })
			m.unplug()
			if !m.registered() {
				t.Error("the phone has lost its service")
			}
		})
	}
	if out := m.must("fw_printenv -n BOOT_ORDER"); out != "A B" {
		t.Errorf("BOOT_ORDER %s", out)
	}
}

// TestRolledBack: systems that are signed, newer and no good.
func TestRolledBack(t *testing.T) {
	for _, c := range []struct {
		name, reason string
		edit         func(root string)
	}{
		{"crashes", "not-booted", crash},
		{"never starts", "not-booted", func(root string) { _ = os.Remove(filepath.Join(root, "usr/lib/systemd/systemd")) }},
		// It takes update.TrialTime.
		{"never registers", "not-registered", func(root string) { _ = os.RemoveAll(filepath.Join(root, "usr/lib/systemd/network")) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := bundle(t, strings.ReplaceAll(c.name, " ", "-"), newer, keys(), board, c.edit)
			m := ready(t)
			m.plug(path)
			began := time.Now()
			if c.reason == "not-registered" { // the whole trial comes after this
				m.up()
			}
			m.until("back on slot A with a report", func() bool { return strings.Contains(m.report(), `"`+c.reason+`"`) })
			t.Logf("FIGURE stick to back with a report: %.0f s: %s", time.Since(began).Seconds(), m.report())
			if s := m.slot(); s != "A" {
				t.Errorf("slot %s", s)
			}
			m.awaitRegistered()
			m.confirmed("A")
			if a, err := m.link.Ask(bench.Order{Get: api + "problems"}, answerTime); err != nil || !strings.Contains(a.Out, "update.rolled_back") {
				t.Errorf("the phone does not tell of it: %s, %v", a.Out, err)
			}
			console, err := os.ReadFile(filepath.Join(m.dir, fmt.Sprintf("console-%d", m.n)))
			if n := strings.Count(string(console), "phoned: slot B, tries left"); err != nil || n < 1 || n > 3 {
				t.Errorf("slot B was started %d times, %v", n, err)
			}
		})
	}
}

// crash makes a phone that ends at once.
func crash(root string) {
	replace(filepath.Join(root, "usr/bin/phoned"), "#!/bin/sh\nexit 1\n", 0o755)
	guardAfter(root, "2min")
}

func crashes(t *testing.T) string { return bundle(t, "crashes", newer, keys(), board, crash) }

// guardAfter shortens the trial's end.
func guardAfter(root, after string) {
	path := filepath.Join(root, "usr/lib/systemd/system/phoned-trial.timer")
	replace(path, "[Timer]\nOnBootSec="+after+"\n[Install]\nWantedBy=timers.target\n", 0o644)
}
