package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"phoned/internal/secret"
)

func TestSecretsSurviveReopening(t *testing.T) {
	path := filepath.Join(t.TempDir(), "private", "secrets.json")
	s, err := OpenSecrets(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Set(map[string]secret.String{"a": secret.New("1"), "b": secret.New("2")}); err != nil {
		t.Fatal(err)
	}
	if err := s.Set(map[string]secret.String{"a": {}, "c": secret.New("3")}); err != nil {
		t.Fatal(err)
	}
	again, err := OpenSecrets(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(again.Names()); got != "[b c]" {
		t.Errorf("names %s", got)
	}
	if v, _ := again.Get("c"); v.Reveal() != "3" {
		t.Error("c is lost")
	}
	for p, want := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700} {
		info, err := os.Stat(p)
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: mode %v, want %v (%v)", p, info.Mode().Perm(), want, err)
		}
	}
}

func TestSecretsTightenAnOpenFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secrets.json")
	if err := os.WriteFile(path, []byte(`{"a":"1"}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenSecrets(path); err != nil {
		t.Fatal(err)
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode().Perm())
	}
}

func TestSecretsWipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secrets.json")
	s, _ := OpenSecrets(path)
	_ = s.Set(map[string]secret.String{"a": secret.New("1"), "b": secret.New("2")})
	if err := s.Wipe("a", "nothing"); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(s.Names()); got != "[b]" {
		t.Fatalf("names %s", got)
	}
	if err := s.Wipe(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("the file is still there: %v", err)
	}
	if err := s.Wipe(); err != nil {
		t.Errorf("wiping nothing: %v", err)
	}
	if err := s.Set(map[string]secret.String{"a": secret.New("1")}); err != nil {
		t.Errorf("set after a wipe: %v", err)
	}
}

func TestSecretsDamagedFileIsNamedAndNotQuoted(t *testing.T) {
	for _, text := range []string{`{"a":"hush`, `[]`, `null`, `{"a":["hush"]}`, "", strings.Repeat("x", maxSecretsFile+1)} {
		path := filepath.Join(t.TempDir(), "secrets.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := OpenSecrets(path)
		if !errors.Is(err, ErrCorrupt) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%.20q: %v", text, err)
		}
		if err := s.Wipe(); err != nil {
			t.Errorf("wipe: %v", err)
		}
	}
}

// cutFS loses power at its n-th step: that step and all later ones do nothing.
// A step that is cut may have happened in part: a write stops in the middle.
// With once, only the n-th step fails, as a bad sector would.
type cutFS struct {
	left int
	once bool
}

var errCut = errors.New("power cut")

func (c *cutFS) step() error {
	c.left--
	if c.left == -1 || c.left < 0 && !c.once {
		return errCut
	}
	return nil
}

func (c *cutFS) create(path string) (file, error) {
	if err := c.step(); err != nil {
		return nil, err
	}
	f, err := osFS{}.create(path)
	return &cutFile{f, c}, err
}

func (c *cutFS) rename(from, to string) error {
	if err := c.step(); err != nil {
		return err
	}
	return osFS{}.rename(from, to)
}

func (c *cutFS) syncDir(dir string) error {
	if err := c.step(); err != nil {
		return err
	}
	return osFS{}.syncDir(dir)
}

type cutFile struct {
	file
	c *cutFS
}

func (f *cutFile) Write(b []byte) (int, error) {
	if err := f.c.step(); err != nil {
		n, _ := f.file.Write(b[:len(b)/2])
		return n, err
	}
	return f.file.Write(b)
}

func (f *cutFile) Sync() error {
	if err := f.c.step(); err != nil {
		return err
	}
	return f.file.Sync()
}

// At every step of a write: the file holds the old pair or the new one, never
// a mixture, and the new one whenever Set said so.
func TestSecretsPowerCutAtEveryStep(t *testing.T) {
	pair := func(v string) map[string]secret.String {
		return map[string]secret.String{"access": secret.New("a" + v), "refresh": secret.New("r" + v)}
	}
	const steps = 5 // create, write, sync, rename, sync of the directory
	for n := range steps + 1 {
		path := filepath.Join(t.TempDir(), "secrets.json")
		s, err := OpenSecrets(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Set(pair("1")); err != nil {
			t.Fatal(err)
		}
		s.fs = &cutFS{left: n}
		setErr := s.Set(pair("2"))
		if (n < steps) != errors.Is(setErr, errCut) {
			t.Fatalf("cut at %d: Set: %v", n, setErr)
		}
		again, err := OpenSecrets(path)
		if err != nil {
			t.Fatalf("cut at %d: reopen: %v", n, err)
		}
		a, _ := again.Get("access")
		r, _ := again.Get("refresh")
		got := a.Reveal() + r.Reveal()
		if got != "a1r1" && got != "a2r2" || setErr == nil && got != "a2r2" {
			t.Errorf("cut at %d: Set: %v, then the file holds %q", n, setErr, got)
		}
	}
}

// One step fails and the others work: Set says so, and what may not be on the
// disk is not used. The next start takes it if it is whole: a refresh token that
// the server gave out has voided the one before.
func TestSecretsOneFailingStep(t *testing.T) {
	for n, step := range []string{"create", "write", "sync", "rename"} {
		next := "old"
		if n >= 2 {
			next = "new"
		}
		path := filepath.Join(t.TempDir(), "secrets.json")
		s, _ := OpenSecrets(path)
		_ = s.Set(map[string]secret.String{"refresh": secret.New("old")})
		s.fs = &cutFS{left: n, once: true}
		if err := s.Set(map[string]secret.String{"refresh": secret.New("new")}); !errors.Is(err, errCut) {
			t.Errorf("%s: %v", step, err)
		}
		if v, _ := s.Get("refresh"); v.Reveal() != "old" {
			t.Errorf("%s: uses what is not saved", step)
		}
		again, err := OpenSecrets(path)
		if err != nil {
			t.Fatal(err)
		}
		if v, _ := again.Get("refresh"); v.Reveal() != next {
			t.Errorf("%s: the next start has %q", step, v.Reveal())
		}
		if err := s.Set(map[string]secret.String{"refresh": secret.New("new")}); err != nil {
			t.Errorf("%s: not again: %v", step, err)
		}
	}
}

// A write that failed after the rename must not be undone by the next one.
func TestSecretsNextWriteBuildsOnWhatTheFileHolds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secrets.json")
	s, _ := OpenSecrets(path)
	_ = s.Set(map[string]secret.String{"refresh": secret.New("old")})
	s.fs = &cutFS{left: 4}
	if err := s.Set(map[string]secret.String{"refresh": secret.New("new")}); err == nil {
		t.Fatal("the cut did not happen")
	}
	s.fs = osFS{}
	if err := s.Set(map[string]secret.String{"other": secret.New("x")}); err != nil {
		t.Fatal(err)
	}
	again, _ := OpenSecrets(path)
	if v, _ := again.Get("refresh"); v.Reveal() != "new" {
		t.Error("the old token came back")
	}
}

func TestReadyNeedsWhatSetNeeds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secrets")
	s, _ := OpenSecrets(path)
	set(t, s, "old")
	for n, step := range []string{"create", "write", "sync"} {
		s.fs = &cutFS{left: n}
		if err := s.Ready(); !errors.Is(err, errCut) {
			t.Errorf("%s: %v", step, err)
		}
		if got, err := token(t, path, Key{}); got != "old" || err != nil {
			t.Errorf("%s: then %q, %v", step, got, err)
		}
	}
	s.fs = osFS{}
	if err := s.Ready(); err != nil {
		t.Error(err)
	}
	if got, err := token(t, path, Key{}); got != "old" || err != nil {
		t.Errorf("then %q, %v", got, err)
	}
}
