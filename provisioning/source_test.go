package provisioning

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestStick(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "outside.toml")
	if err := os.WriteFile(outside, []byte(`theme = "light"`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		put  func(dir string) error
		want error // nil: read
		none bool  // nothing there
	}{
		{"toml", func(d string) error { return os.WriteFile(d+"/phoned.toml", []byte(`theme = "light"`), 0o600) }, nil, false},
		{"json", func(d string) error { return os.WriteFile(d+"/phoned.json", []byte(`{"theme":"light"}`), 0o600) }, nil, false},
		{"both", func(d string) error {
			return errors.Join(os.WriteFile(d+"/phoned.toml", []byte(`theme = "light"`), 0o600), os.WriteFile(d+"/phoned.json", []byte(`{`), 0o600))
		}, nil, false},
		{"with what some editors put first", func(d string) error {
			return os.WriteFile(d+"/phoned.toml", []byte("\xef\xbb\xbftheme = \"light\"\r\n"), 0o600)
		}, nil, false},
		{"empty", func(d string) error { return nil }, nil, true},
		{"link out", func(d string) error { return os.Symlink(outside, d+"/phoned.toml") }, ErrNotAFile, false},
		{"link up", func(d string) error { return os.Symlink("../outside.toml", d+"/phoned.toml") }, ErrNotAFile, false},
		{"link to itself", func(d string) error { return os.Symlink("phoned.toml", d+"/phoned.toml") }, ErrNotAFile, false},
		{"link inside", func(d string) error {
			return errors.Join(os.WriteFile(d+"/other", []byte(`theme = "light"`), 0o600), os.Symlink("other", d+"/phoned.toml"))
		}, ErrNotAFile, false},
		{"directory", func(d string) error { return os.Mkdir(d+"/phoned.toml", 0o700) }, ErrNotAFile, false},
		{"pipe", func(d string) error { return syscall.Mkfifo(d+"/phoned.toml", 0o600) }, ErrNotAFile, false},
		{"too large", func(d string) error { return os.WriteFile(d+"/phoned.toml", make([]byte, maxDocument+1), 0o600) }, ErrTooLarge, false},
		{"sparse and huge", func(d string) error {
			return errors.Join(os.WriteFile(d+"/phoned.toml", nil, 0o600), os.Truncate(d+"/phoned.toml", 4<<30))
		}, ErrTooLarge, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := c.put(dir); err != nil {
				t.Fatal(err)
			}
			cfg, _, err := Load(Folder{Dir: dir, Layer: LayerMedia})
			switch {
			case c.none || c.want == nil:
				want := "light"
				if c.none {
					want = "dark"
				}
				if err != nil || cfg.Theme.Value != want {
					t.Errorf("%v, %v", cfg.Theme, err)
				}
			default:
				if !errors.Is(err, c.want) || !errors.Is(err, ErrDocument) || strings.Contains(err.Error(), dir) {
					t.Errorf("got %v", err)
				}
			}
		})
	}
	if _, _, err := Load(Folder{Dir: filepath.Join(t.TempDir(), "gone"), Layer: LayerMedia}); err != nil {
		t.Errorf("a stick that was pulled out: %v", err)
	}
}

func TestFileMayBeALink(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/real.toml", []byte(`theme = "light"`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("real.toml", dir+"/phoned.toml"); err != nil {
		t.Fatal(err)
	}
	c, _, err := Load(File{Path: dir + "/phoned.toml", Layer: LayerImage})
	if err != nil || c.Theme.Value != "light" || c.Theme.Source.Name != "phoned.toml" {
		t.Errorf("%+v, %v", c.Theme, err)
	}
}
