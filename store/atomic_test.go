package store

import (
	"os"
	"path/filepath"
	"testing"
)

// What could not be put in place takes no room on a disk that may be full.
func TestReplaceFileLeavesNoTorso(t *testing.T) {
	path := filepath.Join(t.TempDir(), "taken")
	if err := os.MkdirAll(filepath.Join(path, "by a folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := ReplaceFile(path, []byte("text")); err == nil {
		t.Fatal("a folder was replaced")
	}
	if _, err := os.Stat(path + ".new"); !os.IsNotExist(err) {
		t.Errorf("the new file is left: %v", err)
	}
}
