package app

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"phoned/internal/health"
	"phoned/store"
)

func codes(r *health.Registry) (out []string) {
	for _, p := range r.List() {
		out = append(out, p.Code)
	}
	return out
}

// What the system found at its start is told by the phone; that settings are lost, once.
func TestStorageNote(t *testing.T) {
	for note, c := range map[string]struct {
		code string
		left bool
	}{"memory\n": {codeStoreMemory, true}, "made-anew\n": {codeStoreAnew, false}, "something": {"", true}, "": {"", true}} {
		dir := t.TempDir()
		path := filepath.Join(dir, noteName)
		if err := os.WriteFile(path, []byte(note), 0o600); err != nil {
			t.Fatal(err)
		}
		problems := health.NewRegistry(time.Now)
		tellNote(dir, problems)
		if got := codes(problems); c.code == "" && len(got) > 0 || c.code != "" && !slices.Equal(got, []string{c.code}) {
			t.Errorf("%q: %v", note, got)
		}
		if _, err := os.Stat(path); (err == nil) != c.left {
			t.Errorf("%q: the note: %v", note, err)
		}
	}
	problems := health.NewRegistry(time.Now)
	tellNote(t.TempDir(), problems)
	if got := codes(problems); len(got) > 0 {
		t.Errorf("without a note: %v", got)
	}
}

func TestStorageThatTakesNothing(t *testing.T) {
	problems := health.NewRegistry(time.Now)
	for _, c := range []struct {
		err  error
		want []string
	}{
		{errors.Join(errors.New("commit"), store.ErrFull), []string{codeStoreFull}},
		{nil, nil},
		{store.ErrReadOnly, []string{codeStoreReadOnly}},
		{nil, nil},
	} {
		tellRefused(problems, c.err)
		if got := codes(problems); !slices.Equal(got, c.want) {
			t.Errorf("%v: %v, not %v", c.err, got, c.want)
		}
	}
}
