//go:build kernel

package kernel

import (
	"os"
	"os/exec"
	"testing"

	"phoned/test/kernel/writelog"
)

// testPowerCut records every write to a disk, then makes the disk what it would be had
// the power failed at a mark: what was synced before is there, what came after is not.
func testPowerCut(t *testing.T) {
	shell(t, `dmsetup create log --noudevsync --table "0 $(blockdev --getsz /dev/ubda) log-writes /dev/ubda /dev/ubdb"; dmsetup mknodes
		mkfs.ext4 -q -F /dev/mapper/log; mount /dev/mapper/log /run/mnt
		echo one >/run/mnt/a; sync; dmsetup message log 0 mark first
		echo two >/run/mnt/a; echo more >/run/mnt/b; sync; umount /run/mnt
		dmsetup message log 0 mark end; dmsetup remove --noudevsync log`)
	for _, c := range []struct{ mark, a, b string }{{"first", "one", ""}, {"", "two", "more"}} {
		shell(t, "dd if=/dev/zero of=/dev/ubda bs=1M count=120 status=none")
		replay(t, c.mark)
		shell(t, "mount /dev/ubda /run/mnt")
		if got := read(t, "/run/mnt/a"); got != c.a {
			t.Errorf("up to %q: a holds %q, want %q", c.mark, got, c.a)
		}
		b, err := os.ReadFile("/run/mnt/b")
		if (err == nil) != (c.b != "") {
			t.Errorf("up to %q: b holds %q, %v", c.mark, b, err)
		}
		shell(t, "umount /run/mnt")
	}
}

func replay(t *testing.T, mark string) {
	t.Helper()
	log, err := os.Open("/dev/ubdb")
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	disk, err := os.OpenFile("/dev/ubda", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer disk.Close()
	l, err := writelog.Open(log)
	if err != nil {
		t.Fatal(err)
	}
	end := l.Entries()
	if mark != "" {
		if end, err = l.Mark(mark); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Replay(disk, 0, end); err != nil {
		t.Fatal(err)
	}
	if err := disk.Sync(); err != nil {
		t.Fatal(err)
	}
}

func testFailingDisk(t *testing.T) {
	shell(t, `dmsetup create bad --noudevsync --table "0 $(blockdev --getsz /dev/ubda) flakey /dev/ubda 0 0 1"; dmsetup mknodes`)
	defer shell(t, "dmsetup remove --noudevsync bad")
	out, err := exec.CommandContext(t.Context(), "dd", "if=/dev/mapper/bad", "of=/dev/null", "bs=4k", "count=1", "iflag=direct").CombinedOutput()
	if err == nil {
		t.Errorf("the failing disk was read: %s", out)
	}
}
