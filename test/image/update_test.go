//go:build image

package image_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
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
	root := filepath.Join(dir, "root")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	run(t, "unsquashfs", "-q", "-n", "-d", root, filepath.Join(built, "root.squashfs"))
	run(t, "sed", "-i", "s/^IMAGE_VERSION=.*/IMAGE_VERSION="+version+"/", filepath.Join(root, "usr/lib/os-release"))
	if edit != nil {
		edit(root)
	}
	run(t, "mksquashfs", root, filepath.Join(dir, "root.squashfs"), "-comp", "zstd", "-Xcompression-level", "1", "-no-xattrs", "-no-progress", "-quiet")
	run(t, "rm", "-r", root)
	run(t, "cp", "--sparse=always", filepath.Join(built, "slot.vfat"), dir)
	c := exec.Command("../../image/bundle", dir, keys, version, path)
	c.Env = append(os.Environ(), "COMPATIBLE="+board)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("bundle: %v\n%s", err, out)
	}
	return path
}

const board = "phoned-virt-arm64"

func keys() string { return filepath.Join(built, "keys") }

func good(t *testing.T) string { return bundle(t, "good", newer, keys(), board, nil) }

// ready is a phone that has service and whose slot is confirmed.
func ready(t *testing.T) *machine {
	t.Helper()
	m := newMachine(t)
	m.on()
	m.up()
	m.awaitRegistered()
	m.confirmed("A")
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
	m.must("echo kept >/var/lib/phoned/keepsake; sync")
	began := time.Now()
	m.plug(path)
	m.up() // the phone restarts by itself
	t.Logf("FIGURE update, stick to restart: %.0f s, %s", time.Since(began).Seconds(), size(path))
	if s := m.slot(); s != "B" {
		t.Fatalf("slot %s\n%s", s, m.journal())
	}
	m.awaitRegistered()
	m.until("the report", func() bool { return strings.Contains(m.report(), `"confirmed"`) })
	m.confirmed("B")
	if out := m.must("cat /var/lib/phoned/keepsake; sed -n s/^IMAGE_VERSION=//p /usr/lib/os-release; fw_printenv -n BOOT_ORDER"); out != "kept\n"+newer+"\nB A" {
		t.Errorf("%q", out)
	}
	if out, _ := m.sh("cat /var/lib/phoned-update/attempt.json"); out != "" {
		t.Errorf("an attempt is left: %s", out)
	}
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
		{"older", bundle(t, "older", "0~1", keys(), board, nil), "older"},
		{"another key", bundle(t, "foreign", newer, theirs, board, nil), "signature"},
		{"corrupt", corrupt, "signature"},
		{"another board", bundle(t, "other-board", newer, keys(), "phoned-other", nil), "wrong-board"},
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
		{"crashes", "not-booted", func(root string) {
			_ = os.WriteFile(filepath.Join(root, "usr/bin/phoned"), []byte("#!/bin/sh\nexit 1\n"), 0o755)
			guardAfter(root, "2min")
		}},
		{"never starts", "not-booted", func(root string) { _ = os.Remove(filepath.Join(root, "usr/lib/systemd/systemd")) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := bundle(t, strings.ReplaceAll(c.name, " ", "-"), newer, keys(), board, c.edit)
			m := ready(t)
			m.plug(path)
			m.until("back on slot A with a report", func() bool {
				return strings.Contains(m.reportOver(), `"`+c.reason+`"`)
			})
			if s := m.slot(); s != "A" {
				t.Errorf("slot %s", s)
			}
			m.awaitRegistered()
		})
	}
}

// guardAfter shortens the trial's end.
func guardAfter(root, after string) {
	path := filepath.Join(root, "usr/lib/systemd/system/phoned-trial.timer")
	_ = os.WriteFile(path, []byte("[Timer]\nOnBootSec="+after+"\n[Install]\nWantedBy=timers.target\n"), 0o644)
}

// TestPowerCuts pulls the plug at random moments of the first boot, the download, the
// installation, the trial and of settings being written: every boot must come up and
// what was acknowledged must be there. PHONED_CUTS rounds (5).
func TestPowerCuts(t *testing.T) {
	rounds := 5
	if s := os.Getenv("PHONED_CUTS"); s != "" {
		if _, err := fmt.Sscan(s, &rounds); err != nil {
			t.Fatal(err)
		}
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	path := good(t)
	for i := range rounds {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			m := newMachine(t)
			m.on()
			if i%3 == 0 { // in the first boot
				time.Sleep(time.Duration(10+r.IntN(60)) * time.Second)
				m.cut()
				m.on()
			}
			m.up()
			m.awaitRegistered()
			m.must("echo " + fmt.Sprint(i) + " >/var/lib/phoned/keepsake; sync /var/lib/phoned/keepsake")
			m.plug(path)
			wait := time.Duration(1+r.IntN(90)) * time.Second
			t.Logf("cut %s after the stick", wait)
			time.Sleep(wait)
			m.cut()
			m.on()
			m.up()
			m.awaitRegistered()
			if out := m.must("cat /var/lib/phoned/keepsake"); out != fmt.Sprint(i) {
				t.Errorf("what was acknowledged is %q", out)
			}
			t.Logf("slot %s, %s", m.slot(), m.report())
		})
	}
}
