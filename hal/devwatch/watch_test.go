package devwatch

import (
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

// A file that comes, is given other permissions and goes is told each time, until the
// context ends.
func TestWatch(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	seen, ready, done := make(chan string, 64), make(chan struct{}), make(chan error, 1)
	go func() { done <- Watch(ctx, dir, ready, func(name string) { seen <- name }) }()
	<-ready
	file := filepath.Join(dir, "spidev0.0")
	for _, change := range []func() error{
		func() error { return os.WriteFile(file, nil, 0o600) },
		func() error { return os.Chmod(file, 0o660) },
		func() error { return os.Rename(file, filepath.Join(dir, "..", "elsewhere")) }, // out of it: nothing that is waited for
		func() error { return os.Rename(filepath.Join(dir, "..", "elsewhere"), file) },
		func() error { return os.Remove(file) },
	} {
		if err := change(); err != nil {
			t.Fatal(err)
		}
	}
	for range 4 {
		if name := <-seen; name != "spidev0.0" {
			t.Errorf("%q was told", name)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := Watch(t.Context(), filepath.Join(dir, "none"), make(chan struct{}), func(string) {}); err == nil {
		t.Error("a folder that is not there is watched")
	}
}

func record(mask uint32, name string, size int) []byte {
	b := make([]byte, unix.SizeofInotifyEvent+size)
	binary.NativeEndian.PutUint32(b[4:], mask)
	binary.NativeEndian.PutUint32(b[12:], uint32(size))
	copy(b[unix.SizeofInotifyEvent:], name)
	return b
}

func TestNames(t *testing.T) {
	got := names(slices.Concat(record(unix.IN_CREATE, "gpiochip0", 16), record(unix.IN_ATTRIB, "", 0), record(unix.IN_Q_OVERFLOW, "", 0), record(unix.IN_ATTRIB, "i2c-1", 8)[:20]))
	if !slices.Equal(got, []string{"gpiochip0", ""}) {
		t.Errorf("%q", got)
	}
}

func FuzzNames(f *testing.F) {
	f.Add(record(unix.IN_CREATE, "gpiochip0", 16))
	f.Add(record(unix.IN_Q_OVERFLOW, "", 0))
	f.Fuzz(func(t *testing.T, b []byte) {
		total := 0
		for _, n := range names(b) {
			total += len(n)
		}
		if total > len(b) {
			t.Errorf("%d bytes of names in %d", total, len(b))
		}
	})
}
