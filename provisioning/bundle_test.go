package provisioning

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func exampleBundle() Bundle {
	return Bundle{
		Parts: map[string][]byte{"phoned.toml": []byte("theme = \"light\"\n"), "ca.pem": []byte("-----BEGIN CERTIFICATE-----\n")},
		Made:  time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC),
	}
}

func writeBundle(t testing.TB, b Bundle, s Seal) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := b.Write(&out, s); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestBundleRoundTrip(t *testing.T) {
	key, stranger := signingKey(t, 1), signingKey(t, 2)
	for _, c := range []struct {
		name string
		seal Seal
		keys []PublicKey
		pin  string
		want error
	}{
		{"signed", Seal{Key: &key}, []PublicKey{key.Public()}, "", nil},
		{"signed by a stranger", Seal{Key: &stranger}, []PublicKey{key.Public()}, "", ErrSignature},
		{"no key is trusted", Seal{Key: &key}, nil, "123456", ErrSignature},
		{"PIN", Seal{PIN: "123456"}, nil, "123456", nil},
		{"wrong PIN", Seal{PIN: "123456"}, nil, "123457", ErrPIN},
		{"PIN asked for", Seal{PIN: "123456"}, nil, "", ErrPINNeeded},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := writeBundle(t, exampleBundle(), c.seal)
			if again := writeBundle(t, exampleBundle(), c.seal); !bytes.Equal(text, again) {
				t.Error("two makings differ")
			}
			b, err := ReadBundle(text)
			if err != nil {
				t.Fatal(err)
			}
			if string(b.Configuration()) != "theme = \"light\"\n" || len(b.Parts) != 2 || !b.Made.Equal(exampleBundle().Made) {
				t.Errorf("%+v", b)
			}
			if err := b.Vouched(c.keys, c.pin); !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
		})
	}
	var none Bundle
	if err := none.Write(io.Discard, Seal{}); !errors.Is(err, ErrUnsigned) {
		t.Errorf("a bundle nobody vouches for was made: %v", err)
	}
}

// rezip changes the entries of a bundle, as somebody between would.
func rezip(t testing.TB, b []byte, change func(name string, text []byte) (string, []byte)) []byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		name, text := change(f.Name, text)
		if name == "" {
			continue
		}
		e, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Write(text); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestBundlesThatCannotBeUsed(t *testing.T) {
	key := signingKey(t, 1)
	good := writeBundle(t, exampleBundle(), Seal{Key: &key})
	edit := func(which string, name string, text string) []byte {
		return rezip(t, good, func(n string, b []byte) (string, []byte) {
			if n == which {
				return name, []byte(text)
			}
			return n, b
		})
	}
	for _, c := range []struct {
		name string
		file []byte
		says string
	}{
		{"no ZIP", []byte("theme"), "not a ZIP"},
		{"empty", nil, "not a ZIP"},
		{"cut off", good[:len(good)/2], "not a ZIP"},
		{"a changed part", edit("phoned.toml", "phoned.toml", "theme = \"dark\"\n"), "phoned.toml is not the one"},
		{"a part left out", edit("ca.pem", "", ""), `"ca.pem" is missing`},
		{"another name", edit("ca.pem", "../etc/passwd", "x"), "which is no part"},
		{"a part twice", edit("ca.pem", "phoned.toml", "theme = \"light\"\n"), "twice"},
		{"no manifest", edit("manifest.json", "", ""), "no manifest.json"},
		{"a broken manifest", edit("manifest.json", "manifest.json", "{"), "can't be read"},
		{"no version", edit("manifest.json", "manifest.json", "{}"), "no version"},
		{"later", edit("manifest.json", "manifest.json", `{"version":2}`), "newer firmware"},
		{"a bomb", edit("ca.pem", "ca.pem", strings.Repeat("a", 8<<20)), "too large"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := ReadBundle(c.file); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want %q", err, c.says)
			}
		})
	}
	resigned := edit("manifest.sig", "manifest.sig", "!!")
	if b, err := ReadBundle(resigned); err != nil || !errors.Is(b.Vouched([]PublicKey{key.Public()}, ""), ErrSignature) {
		t.Errorf("a signature that is none: %v", err)
	}
}

func TestReadStick(t *testing.T) {
	key := signingKey(t, 1)
	bundle := writeBundle(t, exampleBundle(), Seal{Key: &key})
	put := func(t *testing.T, dir, name string, text []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name string
		make func(t *testing.T, dir string)
		want error
		doc  bool
	}{
		{"nothing", func(*testing.T, string) {}, fs.ErrNotExist, false},
		{"a bundle", func(t *testing.T, dir string) {
			put(t, dir, BundleName, bundle)
			put(t, dir, "phoned.toml", []byte("x"))
		}, nil, false},
		{"a bare document", func(t *testing.T, dir string) { put(t, dir, "phoned.toml", []byte("theme = \"light\"")) }, nil, true},
		{"a link out of the stick", func(t *testing.T, dir string) {
			if err := os.Symlink("/etc/passwd", filepath.Join(dir, BundleName)); err != nil {
				t.Fatal(err)
			}
		}, ErrNotAFile, false},
		{"a pipe", func(t *testing.T, dir string) {
			if err := syscall.Mkfifo(filepath.Join(dir, BundleName), 0o600); err != nil {
				t.Fatal(err)
			}
		}, ErrNotAFile, false},
		{"a folder", func(t *testing.T, dir string) {
			if err := os.Mkdir(filepath.Join(dir, BundleName), 0o700); err != nil {
				t.Fatal(err)
			}
		}, ErrNotAFile, false},
		{"4 GiB of nothing", func(t *testing.T, dir string) {
			put(t, dir, BundleName, nil)
			if err := os.Truncate(filepath.Join(dir, BundleName), 4<<30); err != nil {
				t.Fatal(err)
			}
		}, ErrTooLarge, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			c.make(t, dir)
			s, err := ReadStick(dir)
			if !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			if err == nil && (s.Bundle == nil) != c.doc {
				t.Errorf("%+v", s)
			}
		})
	}
}

func FuzzBundle(f *testing.F) {
	key := signingKey(f, 1)
	good := writeBundle(f, exampleBundle(), Seal{Key: &key})
	f.Add(good)
	f.Add(writeBundle(f, exampleBundle(), Seal{PIN: "123456"}))
	f.Add(good[:len(good)-10])
	f.Fuzz(func(t *testing.T, text []byte) {
		b, err := ReadBundle(text)
		if err != nil {
			return
		}
		for name, part := range b.Parts {
			if len(part) > BundleParts[name] {
				t.Errorf("%s has %d bytes", name, len(part))
			}
		}
		if b.Vouched([]PublicKey{key.Public()}, "") == nil && !bytes.Contains(text, []byte("manifest.sig")) {
			t.Error("vouched for without a signature")
		}
	})
}
