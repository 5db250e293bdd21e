package mountwatch

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestListed(t *testing.T) {
	table := []byte("36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw\n37 35 8:1 / /run/phoned/a\\040stick ro - vfat /dev/sda1 ro\nshort\n")
	for dir, want := range map[string]bool{"/mnt2": true, "/mnt1": false, "/run/phoned/a stick": true, "/run/phoned": false, "short": false} {
		if listed(table, dir) != want {
			t.Errorf("%s: %t", dir, !want)
		}
	}
}

func FuzzListed(f *testing.F) {
	f.Add([]byte("36 35 98:0 /mnt1 /mnt2\\040 rw\n"), "/mnt2 ")
	f.Add([]byte("1 2 3 4 \\"), "\\")
	f.Fuzz(func(_ *testing.T, b []byte, dir string) { listed(b, dir) })
}

// TestWatch mounts and unmounts for real, in a mount namespace of a child.
func TestWatch(t *testing.T) {
	if dir := os.Getenv("MOUNTWATCH_DIR"); dir != "" {
		watchInside(t, dir)
		return
	}
	if os.Getuid() != 0 {
		t.Skip("mounting needs root")
	}
	dir := filepath.Join(t.TempDir(), "a stick")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "unshare", "--mount", "--propagation", "private", os.Args[0], "-test.run=^TestWatch$")
	cmd.Env = append(os.Environ(), "MOUNTWATCH_DIR="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

func watchInside(t *testing.T, dir string) {
	ctx, cancel := context.WithCancel(context.Background())
	seen := make(chan bool, 10)
	done := make(chan error, 1)
	go func() { done <- Watch(ctx, dir, func(m bool) { seen <- m }) }()
	expect := func(want bool) {
		t.Helper()
		select {
		case got := <-seen:
			if got != want {
				t.Fatalf("mounted: %t", got)
			}
		case <-time.After(time.Minute):
			t.Fatalf("never told: %t", want)
		}
	}
	for range 2 {
		if err := unix.Mount("none", dir, "tmpfs", unix.MS_RDONLY, ""); err != nil {
			t.Skip("mounting is not allowed here: ", err)
		}
		expect(true)
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Fatal(err)
		}
		expect(false)
	}
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}
