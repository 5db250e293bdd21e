package dhcpask

import (
	"bytes"
	"context"
	"errors"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"prov.example.test": "prov.example.test", "https://a.test/{mac}.toml\x00": "https://a.test/{mac}.toml", " x ": "x",
		"": "", "\x00\x00": "", "a\nb": "", "ä": "", "a\x1b[2Jb": "", strings.Repeat("a", 256): "",
	} {
		if got, ok := clean(in); ok != (want != "") || ok && got != want {
			t.Errorf("%q: %q %v", in, got, ok)
		}
	}
}

// The phone and its helper understand each other; a helper that is not there, or says
// too much, is an error or cut, never a hang.
func TestOffers(t *testing.T) {
	dir := t.TempDir()
	if _, err := Offers(t.Context(), filepath.Join(dir, "none")); err == nil {
		t.Error("nobody was asked, without an error")
	}
	for name, c := range map[string]struct {
		say  string
		want []string
	}{
		"two":     {"a.test\nhttps://b.test/x\n", []string{"a.test", "https://b.test/x"}},
		"nothing": {"", nil},
		"strange": {"\x1b[31m\n\na.test\n", []string{"a.test"}},
		"flood":   {strings.Repeat("a.test\n", 1000), slices.Repeat([]string{"a.test"}, maxOffers)},
		"endless": {strings.Repeat("a", 1<<20), nil},
	} {
		path := filepath.Join(dir, name)
		l, err := net.Listen("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			if conn, err := l.Accept(); err == nil {
				_, _ = conn.Write([]byte(c.say))
				_ = conn.Close()
			}
		}()
		got, err := Offers(t.Context(), path)
		_ = l.Close()
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	path := filepath.Join(dir, "deaf")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() { conn, _ := l.Accept(); cancel(); <-t.Context().Done(); _ = conn.Close() }()
	if _, err := Offers(ctx, path); !errors.Is(err, context.Canceled) {
		t.Errorf("a helper that says nothing: %v", err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("a.test\nhttps://b.test/{mac}\n"))
	f.Add([]byte("\x00\n\xff\n" + strings.Repeat("x", 300)))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, _ := read(bytes.NewReader(b))
		if len(got) > maxOffers {
			t.Fatalf("%d offers", len(got))
		}
		for _, o := range got {
			if c, ok := clean(o); !ok || c != o {
				t.Fatalf("%q is no offer", o)
			}
		}
	})
}
