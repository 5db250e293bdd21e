package store

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"phoned/internal/secret"
)

const hush = "refresh-token-value-77"

func testKey(t *testing.T, b byte) Key {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, bytes.Repeat([]byte{b}, minKeyFile), 0o600); err != nil {
		t.Fatal(err)
	}
	k, err := FindKey(path)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func token(t *testing.T, path string, k Key) (string, error) {
	t.Helper()
	s, err := OpenSecretsKey(path, k)
	if s == nil {
		t.Fatal(err)
	}
	v, _ := s.Get("refresh")
	return v.Reveal(), err
}

func set(t *testing.T, s *Secrets, v string) {
	t.Helper()
	if err := s.Set(map[string]secret.String{"refresh": secret.New(v)}); err != nil {
		t.Fatal(err)
	}
}

// everything is all that is in a folder.
func everything(t *testing.T, dir string) string {
	t.Helper()
	var all strings.Builder
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all.Write(b)
	}
	return all.String()
}

func TestSealedFileHoldsNothingInPlainText(t *testing.T) {
	path, k := filepath.Join(t.TempDir(), "secrets"), testKey(t, 1)
	s, err := OpenSecretsKey(path, k)
	if err != nil {
		t.Fatal(err)
	}
	set(t, s, hush)
	if text := everything(t, filepath.Dir(path)); strings.Contains(text, hush) || strings.Contains(text, "refresh") {
		t.Error("a name or value is in plain text")
	}
	if got, err := token(t, path, k); got != hush || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

// The key is away: nothing is read and nothing overwritten; the key is back:
// nothing was lost. A wipe makes room without the key.
func TestSealedFileWithoutItsKey(t *testing.T) {
	path, k := filepath.Join(t.TempDir(), "secrets"), testKey(t, 1)
	s, _ := OpenSecretsKey(path, k)
	set(t, s, hush)
	for name, other := range map[string]Key{"no key": {}, "another key": testKey(t, 2)} {
		s, err := OpenSecretsKey(path, other)
		if !errors.Is(err, ErrKey) || s == nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := s.Set(map[string]secret.String{"x": secret.New("y")}); !errors.Is(err, ErrKey) {
			t.Errorf("%s: Set: %v", name, err)
		}
		if err := s.Wipe("refresh"); !errors.Is(err, ErrKey) {
			t.Errorf("%s: Wipe of one: %v", name, err)
		}
		if got, err := token(t, path, k); got != hush || err != nil {
			t.Fatalf("%s: then %q, %v", name, got, err)
		}
	}
	s, _ = OpenSecretsKey(path, Key{})
	if err := s.Wipe(); err != nil {
		t.Fatal(err)
	}
	set(t, s, "new")
	if got, err := token(t, path, Key{}); got != "new" || err != nil {
		t.Errorf("after the wipe: %q, %v", got, err)
	}
}

func TestSecretsMigrate(t *testing.T) {
	first := func(t *testing.T, path string) {
		if err := os.WriteFile(path, []byte(`{"refresh":"`+hush+`"}`), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	plain := func(t *testing.T, path string) {
		s, _ := OpenSecrets(path)
		set(t, s, hush)
	}
	for name, old := range map[string]func(*testing.T, string){"first firmware": first, "plain": plain} {
		for _, sealed := range []bool{false, true} {
			t.Run(fmt.Sprint(name, " sealed ", sealed), func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "secrets")
				old(t, path)
				var k Key
				if sealed {
					k = testKey(t, 1)
				}
				before, err := os.Open(path) // the old file, even when it has no name any more
				if err != nil {
					t.Fatal(err)
				}
				defer before.Close()
				for range 2 {
					if got, err := token(t, path, k); got != hush || err != nil {
						t.Fatalf("got %q, %v", got, err)
					}
				}
				if text := everything(t, filepath.Dir(path)); strings.Contains(text, hush) == sealed || !strings.HasPrefix(text, headAny) {
					t.Errorf("sealed %v: plain text there: %v", sealed, !sealed)
				}
				b := make([]byte, 4096)
				n, _ := before.Read(b)
				if sealed && bytes.Contains(b[:n], []byte(hush)) {
					t.Error("the old file was not overwritten")
				}
			})
		}
	}
}

func TestSecretsOfANewerFirmwareStay(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secrets")
	text := headAny + "2 something\nxyz"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := OpenSecrets(path)
	if !errors.Is(err, ErrNewer) {
		t.Fatalf("got %v", err)
	}
	if err := s.Set(map[string]secret.String{"a": secret.New("b")}); !errors.Is(err, ErrNewer) {
		t.Errorf("Set: %v", err)
	}
	if got := everything(t, filepath.Dir(path)); got != text {
		t.Errorf("now %q", got)
	}
}

// A torn file, in whatever place, is never taken for a whole one.
func TestTornSecretsAreNamed(t *testing.T) {
	for _, k := range []Key{{}, testKey(t, 1)} {
		b, err := contents{Generation: 3, Values: map[string]string{"refresh": hush}}.encode(k)
		if err != nil {
			t.Fatal(err)
		}
		for n := range b {
			if _, err := decode(b[:n], k); !isContentError(err) {
				t.Fatalf("%v: %d of %d bytes: %v", k, n, len(b), err)
			}
			turned := bytes.Clone(b)
			turned[n] ^= 1
			if _, err := decode(turned, k); !isContentError(err) {
				t.Fatalf("%v: byte %d turned: %v", k, n, err)
			}
		}
		if c, err := decode(b, k); err != nil || c.Values["refresh"] != hush || c.Generation != 3 {
			t.Fatalf("%v: whole: %v", k, err)
		}
	}
}

// What a power cut left of a wipe is finished at the next start.
func TestWipeCutShort(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secrets")
	s, _ := OpenSecrets(path)
	set(t, s, hush)
	if err := os.Rename(path, path+wiping); err != nil {
		t.Fatal(err)
	}
	if got, err := token(t, path, Key{}); got != "" || err != nil {
		t.Fatalf("got %q, %v", got, err)
	}
	if text := everything(t, filepath.Dir(path)); text != "" {
		t.Errorf("left: %q", text)
	}
}

// A factory reset takes the damaged database along that was set aside.
func TestWipeTakesWhatWasSetAside(t *testing.T) {
	path := filepath.Join(t.TempDir(), "phone.db")
	if err := os.WriteFile(path, bytes.Repeat([]byte(hush), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := Open(path, Options{SetAside: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if db.Salvaged() == nil || !strings.Contains(everything(t, filepath.Dir(path)), hush) {
		t.Fatal("nothing was set aside")
	}
	if err := db.Wipe(t.Context()); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(everything(t, filepath.Dir(path)), hush) {
		t.Error("the damaged database is still there")
	}
}

func TestFindKey(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "device.key")
	if k, err := FindKey(file); err != nil || !k.Empty() || k.String() != "none" {
		t.Errorf("no key: %v %v", k, err)
	}
	if err := MakeKey(file); err != nil {
		t.Fatal(err)
	}
	first, _ := os.ReadFile(file)
	if err := MakeKey(file); err != nil {
		t.Fatal(err)
	}
	if again, _ := os.ReadFile(file); !bytes.Equal(first, again) || len(first) != minKeyFile {
		t.Error("the key was replaced")
	}
	k, err := FindKey(file)
	if err != nil || k.String() != "file" || fmt.Sprintf("%v %+v %#v %s %x", k, k, k, k, k) != "file file file file file" {
		t.Errorf("got %#v, %v", k, err)
	}
	t.Setenv("CREDENTIALS_DIRECTORY", dir)
	if err := os.WriteFile(filepath.Join(dir, Credential), bytes.Repeat([]byte{9}, 32), 0o400); err != nil {
		t.Fatal(err)
	}
	if k, err := FindKey(file); err != nil || k.String() != "credential" {
		t.Errorf("got %v, %v", k, err)
	}
	t.Setenv("CREDENTIALS_DIRECTORY", "")
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := FindKey(file); !errors.Is(err, ErrKey) {
		t.Errorf("a key that others can read: %v", err)
	}
	if err := os.WriteFile(file, []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	_ = os.Chmod(file, 0o600)
	if _, err := FindKey(file); !errors.Is(err, ErrKey) {
		t.Errorf("a short key: %v", err)
	}
}

func FuzzSecretsFile(f *testing.F) {
	f.Add([]byte(`{"a":"b"}`))
	f.Add([]byte(headPlain + "x"))
	f.Add([]byte(headSealed + "x"))
	b, _ := contents{Values: map[string]string{"a": "b"}}.encode(Key{})
	f.Add(b)
	k, err := newKey(bytes.Repeat([]byte{1}, 32), "file")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, key := range []Key{{}, k} {
			c, err := decode(b, key)
			if err == nil && c.Values == nil || err != nil && !isContentError(err) {
				t.Fatalf("%v %v", c, err)
			}
		}
	})
}
