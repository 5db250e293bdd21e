package store

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

// smallDisk is a folder on a disk of its own that holds little.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
		t.Skipf("mount: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir
}

// fill takes all room and gives it back.
func fillDisk(t *testing.T, dir string) (empty func()) {
	t.Helper()
	path := filepath.Join(dir, "filler")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for b := make([]byte, 4096); err == nil; {
		_, err = f.Write(b)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	return func() { _ = os.Remove(path) }
}

// A phone that is started with a full disk has what was kept, says that nothing is kept
// now, and keeps things again once there is room.
func TestFullDisk(t *testing.T) {
	for _, c := range []struct {
		name  string
		clean bool // it was closed before: there is no file for the WAL's index
	}{{"after a power cut", false}, {"after a clean end", true}} {
		t.Run(c.name, func(t *testing.T) {
			dir := smallDisk(t)
			path := filepath.Join(dir, "phone.db")
			set := func(d *DB, value string) error {
				return d.SetSetting(t.Context(), Setting{Key: "name", Value: json.RawMessage(strconv.Quote(value)), Source: "user"})
			}
			first, err := Open(path, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if err := set(first, "before"); err != nil {
				t.Fatal(err)
			}
			if c.clean {
				if err := first.Close(); err != nil {
					t.Fatal(err)
				}
			} else {
				defer first.Close() // as good as dead: it does nothing until then
			}
			empty := fillDisk(t, dir)
			var told []error
			d, err := Open(path, Options{Refused: func(err error) { told = append(told, err) }})
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			if v, err := d.Setting(t.Context(), "name"); err != nil || string(v.Value) != `"before"` {
				t.Errorf("what was kept: %q, %v", v.Value, err)
			}
			for range 2 {
				if err := set(d, "more"); !errors.Is(err, ErrFull) {
					t.Errorf("on a full disk: %v", err)
				}
			}
			if len(told) != 1 || !errors.Is(told[0], ErrFull) {
				t.Errorf("told of %v", told)
			}
			empty()
			if err := set(d, "after"); err != nil {
				t.Errorf("with room: %v", err)
			}
			if v, err := d.Setting(t.Context(), "name"); err != nil || string(v.Value) != `"after"` {
				t.Errorf("with room: %q, %v", v.Value, err)
			}
			if len(told) != 2 || told[1] != nil {
				t.Errorf("told of %v", told)
			}
		})
	}
}
