package image_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"phoned/update"
)

// What of the image needs no image: bundles and keys, the tryboot script, the layout.

const tree = "../../image"

// tool skips, aloud, where a program is missing; scripts/packages/image.txt has it.
func tool(t *testing.T, names ...string) {
	t.Helper()
	for _, n := range names {
		if _, err := exec.LookPath(n); err != nil {
			if os.Getenv("CI") != "" {
				t.Fatalf("%s is missing: scripts/setup image", n)
			}
			t.Skipf("%s is missing: scripts/setup image", n)
		}
	}
}

func script(t *testing.T, env []string, name string, args ...string) string {
	t.Helper()
	c := exec.Command(name, args...)
	c.Env = append(os.Environ(), env...)
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// noise does not get smaller when it is packed.
func noise(n int) string {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{}).Read(b)
	return string(b)
}

// TestBundles makes keys and bundles with the scripts and has them judged as the
// phone does it.
func TestBundles(t *testing.T) {
	tool(t, "rauc", "mksquashfs", "openssl")
	dir := t.TempDir()
	ours, theirs, slot := filepath.Join(dir, "ours"), filepath.Join(dir, "theirs"), filepath.Join(dir, "slot")
	script(t, nil, tree+"/keys", ours)
	script(t, nil, tree+"/keys", theirs, "somebody else")
	if err := os.Mkdir(slot, 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(slot, "root.squashfs"), noise(40000))
	write(t, filepath.Join(slot, "slot.vfat"), noise(40000))
	bundle := filepath.Join(dir, "update.raucb")
	script(t, nil, tree+"/bundle", slot, ours, "1.2.3", bundle)
	foreign := filepath.Join(dir, "foreign.raucb")
	script(t, nil, tree+"/bundle", slot, theirs, "1.2.3", foreign)

	text, err := os.ReadFile(tree + "/rauc/system.conf.in")
	if err != nil {
		t.Fatal(err)
	}
	conf := filepath.Join(dir, "system.conf")
	write(t, conf, strings.NewReplacer("@COMPATIBLE@", "phoned-virt-arm64", "@BOOTLOADER@", "uboot", "/usr/share/phoned/update-keyring.pem", filepath.Join(ours, "ca.pem")).Replace(string(text)))
	r := update.RAUC{Config: conf}
	if b, err := r.Inspect(t.Context(), bundle); err != nil || b != (update.Bundle{Compatible: "phoned-virt-arm64", Version: "1.2.3"}) {
		t.Errorf("ours: %+v, %v", b, err)
	}
	if b, err := r.Inspect(t.Context(), foreign); err == nil {
		t.Errorf("signed by somebody else: %+v", b)
	}
	whole, err := os.ReadFile(bundle)
	if err != nil {
		t.Fatal(err)
	}
	// The signature is at the end; what it signs names the hash of all the rest.
	for name, b := range map[string][]byte{
		"cut":       whole[:len(whole)-100],
		"changed":   append(append(append([]byte{}, whole[:len(whole)-300]...), whole[len(whole)-300]^1), whole[len(whole)-299:]...),
		"empty":     {},
		"no bundle": []byte(strings.Repeat("x", 100000)),
	} {
		path := filepath.Join(dir, "bad.raucb")
		write(t, path, string(b))
		if got, err := r.Inspect(t.Context(), path); err == nil {
			t.Errorf("%s: taken as %+v", name, got)
		}
	}
}

// TestPrivateKeys: what signs is readable by its owner alone.
func TestPrivateKeys(t *testing.T) {
	tool(t, "openssl")
	dir := filepath.Join(t.TempDir(), "keys")
	script(t, nil, tree+"/keys", dir)
	for _, name := range []string{"key.pem", "ca.key"} {
		if i, err := os.Stat(filepath.Join(dir, name)); err != nil || i.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", name, i.Mode(), err)
		}
	}
}

// firmware is a Raspberry Pi's boot loader as its documentation has it.
type firmware struct {
	t    *testing.T
	dir  string // boot partition
	run  string
	slot string // that runs
}

func newFirmware(t *testing.T) *firmware {
	f := &firmware{t: t, dir: t.TempDir(), run: t.TempDir()}
	write(t, filepath.Join(f.dir, "autoboot.txt"), "[all]\ntryboot_a_b=1\nboot_partition=3\n[tryboot]\nboot_partition=4\n")
	f.boot()
	return f
}

// boot starts the slot that autoboot.txt names; the flag counts once.
func (f *firmware) boot() string {
	f.t.Helper()
	section := "all"
	if b, _ := os.ReadFile(filepath.Join(f.run, "reboot-param")); strings.TrimSpace(string(b)) == "0 tryboot" {
		section = "tryboot"
	}
	return f.start(section)
}

// powerCut starts without the flag.
func (f *firmware) powerCut() string { return f.start("all") }

func (f *firmware) start(section string) string {
	f.t.Helper()
	_ = os.Remove(filepath.Join(f.run, "reboot-param")) // it was in memory
	text, err := os.ReadFile(filepath.Join(f.dir, "autoboot.txt"))
	if err != nil {
		f.t.Fatal(err)
	}
	in := ""
	f.slot = ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			in = strings.Trim(line, "[]")
		}
		if v, ok := strings.CutPrefix(line, "boot_partition="); ok && in == section {
			f.slot = map[string]string{"3": "A", "4": "B"}[v]
		}
	}
	if f.slot == "" {
		f.t.Fatalf("the board does not start: %s", text)
	}
	write(f.t, filepath.Join(f.run, "cmdline"), "root=x rauc.slot="+f.slot+" quiet")
	return f.slot
}

func (f *firmware) order(args ...string) string {
	f.t.Helper()
	return script(f.t, []string{"TRYBOOT_DIR=" + f.dir, "TRYBOOT_RUN=" + f.run, "TRYBOOT_CMDLINE=" + filepath.Join(f.run, "cmdline")}, tree+"/rauc/tryboot", args...)
}

// install is what RAUC does around writing a slot.
func (f *firmware) install(slot string) {
	f.order("set-state", slot, "bad")
	f.order("set-primary", slot)
}

func (f *firmware) is(what, got, want string) {
	f.t.Helper()
	if got != want {
		f.t.Errorf("%s: %q, expected %q", what, got, want)
	}
}

func TestTryboot(t *testing.T) {
	f := newFirmware(t)
	f.is("new device", f.slot+f.order("get-primary")+f.order("get-state", "A")+f.order("get-current"), "AAgoodA")
	f.install("B")
	f.is("installed", f.order("get-primary")+f.order("get-state", "B"), "Bgood")
	f.is("first start", f.boot(), "B")
	f.is("power cut in the trial", f.powerCut(), "A")
	f.install("B")
	f.is("again", f.boot(), "B")
	f.order("set-state", "B", "good")
	f.is("confirmed", f.powerCut(), "B")
	f.is("confirmed", f.order("get-primary"), "B")
	f.install("A")
	f.is("back by an update", f.boot(), "A")
	f.order("set-state", "A", "bad")
	f.is("judged bad", f.boot(), "B")
	f.is("judged bad", f.order("get-state", "A")+f.order("get-primary"), "badB")
	f.install("A")
	f.order("set-state", "A", "bad") // before the restart
	f.is("taken back", f.boot(), "B")
	for _, args := range [][]string{{}, {"set-primary", "C"}, {"set-state", "A", "fine"}, {"get-state", "../A"}, {"what"}} {
		c := exec.Command(tree+"/rauc/tryboot", args...)
		c.Env = append(os.Environ(), "TRYBOOT_DIR="+f.dir, "TRYBOOT_RUN="+f.run)
		if out, err := c.CombinedOutput(); err == nil {
			t.Errorf("%v: %s", args, out)
		}
	}
}

// TestLayout: what names partitions and sectors agrees everywhere.
func TestLayout(t *testing.T) {
	text := func(path string) string {
		b, err := os.ReadFile(filepath.Join(tree, path))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	card := text("genimage.cfg.in")
	type part struct{ offset, size int }
	parts := map[string]part{}
	end, n := 1, 0
	number := map[string]int{}
	for _, m := range regexp.MustCompile(`(?s)partition (\S+) \{.*?offset = (\d+)M\s+size = (\S+)M`).FindAllStringSubmatch(card, -1) {
		n++
		number[m[1]] = n
		offset, _ := strconv.Atoi(m[2])
		size, _ := strconv.Atoi(m[3])
		if offset != end {
			t.Errorf("%s begins at %d MB, the one before ends at %d", m[1], offset, end)
		}
		end = offset + size
		parts[m[1]] = part{offset, size}
	}
	if len(parts) != 7 {
		t.Fatalf("%d partitions: %v", len(parts), parts)
	}
	boot := text("boot/boot.cmd")
	if !strings.Contains(text("build"), fmt.Sprintf("@ENV_SECTOR@/%#x/", parts["env"].offset*2048)) {
		t.Errorf("U-Boot's variables are not in the env partition, sector %#x", parts["env"].offset*2048)
	}
	for slot, name := range map[string]string{"A": "a", "B": "b"} {
		if !regexp.MustCompile(`setenv slot ` + slot + `\s+setenv part ` + strconv.Itoa(number["boot-"+name]) + `\s+setenv root root-` + name).MatchString(boot) {
			t.Errorf("boot.cmd does not start slot %s from partition %d", slot, number["boot-"+name])
		}
		if !strings.Contains(text("rauc/tryboot"), fmt.Sprintf("%s) echo %d", slot, number["boot-"+name])) {
			t.Errorf("tryboot does not start slot %s from partition %d", slot, number["boot-"+name])
		}
		if !strings.Contains(text("rauc/system.conf.in"), "root-"+name) {
			t.Errorf("RAUC does not know root-%s", name)
		}
	}
	// 512 bytes, said in three places.
	if !strings.Contains(text("rootfs/etc/fw_env.config"), "by-partlabel/env 0x0 0x200") || strings.Count(boot, "0x200") != 2 {
		t.Error("U-Boot and fw_setenv do not agree on the variables' size")
	}
}

// TestTrialGuard: it leaves the slot on trial, and no other.
func TestTrialGuard(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"rauc", "systemctl"} {
		write(t, filepath.Join(dir, name), "#!/bin/sh\necho "+name+" \"$@\" >>"+dir+"/done\n")
		if err := os.Chmod(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	note, err := json.Marshal(update.Attempt{Slot: "B", Version: "2"})
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "attempt"), string(note))
	for cmdline, want := range map[string]string{
		"rauc.slot=B quiet": "rauc status mark-bad booted\nsystemctl reboot\n",
		"rauc.slot=A":       "",
		"quiet":             "",
	} {
		_ = os.Remove(filepath.Join(dir, "done"))
		write(t, filepath.Join(dir, "cmdline"), cmdline)
		script(t, []string{"PATH=" + dir + ":" + os.Getenv("PATH")}, "../../packaging/libexec/trial-guard", filepath.Join(dir, "attempt"), filepath.Join(dir, "cmdline"))
		if got, _ := os.ReadFile(filepath.Join(dir, "done")); string(got) != want {
			t.Errorf("%s: %q", cmdline, got)
		}
	}
}
