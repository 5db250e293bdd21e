//go:build kernel

package kernel

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"phoned/provisioning"
)

// hostileStick is what a stranger may have put on a stick, and what must come of it.
type hostileStick struct {
	name, mkfs string
	// fill runs in the mounted file system, before it is a stick.
	fill string
	// patch changes the image afterwards; nil: nothing does.
	patch func(t *testing.T, image []byte)
	want  error // nil: anything but a hang or a crash
}

var hostileSticks = []hostileStick{
	{"a link to a secret", "mkfs.ext4 -q", `ln -s /etc/shadow phoned.bundle`, nil, provisioning.ErrNotAFile},
	{"a link upwards", "mkfs.ext4 -q", `ln -s ../../../etc/shadow phoned.toml`, nil, provisioning.ErrNotAFile},
	{"a pipe", "mkfs.ext4 -q", `mkfifo phoned.bundle`, nil, provisioning.ErrNotAFile},
	{"a device", "mkfs.ext4 -q", `mknod phoned.toml c 1 5`, nil, provisioning.ErrNotAFile},
	{"4 GiB of nothing", "mkfs.ext4 -q", `truncate -s 4G phoned.bundle`, nil, provisioning.ErrTooLarge},
	{"a folder", "mkfs.vfat", `mkdir phoned.toml`, nil, provisioning.ErrNotAFile},
	{"no bundle", "mkfs.exfat", `head -c 100000 /dev/urandom >phoned.bundle`, nil, provisioning.ErrBundle},
	{"a FAT that bites its tail", "mkfs.vfat -F 16 -s 1", `head -c 4096 /dev/zero | tr '\0' a >phoned.toml`, tieFAT, nil},
	{"a torn file system", "mkfs.ext4 -q", `head -c 200000 /dev/urandom >phoned.toml`, tear, nil},
	{"nothing", "mkfs.vfat", `touch holiday.jpg`, nil, fs.ErrNotExist},
	{"a bundle that a stranger signed", "mkfs.vfat", `cp "$STRANGERS" phoned.bundle`, nil, provisioning.ErrSignature},
	{"a bundle that was changed", "mkfs.exfat", `cp "$CHANGED" phoned.bundle`, nil, provisioning.ErrBundle},
	{"a bundle that nobody vouches for", "mkfs.ext4 -q", `cp "$UNSIGNED" phoned.bundle`, nil, provisioning.ErrUnsigned},
}

// signedBundles writes bundles that this phone must refuse, their paths into the
// environment, and gives the one key that it trusts.
func signedBundles(t *testing.T) []provisioning.PublicKey {
	ours, err := provisioning.NewSigningKey(bytes.Repeat([]byte{1}, 32))
	must(t, err)
	strangers, err := provisioning.NewSigningKey(bytes.Repeat([]byte{2}, 32))
	must(t, err)
	made := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	pack := func(k provisioning.SigningKey, doc string) []byte {
		var b bytes.Buffer
		bundle := provisioning.Bundle{Parts: map[string][]byte{"phoned.toml": []byte(doc)}, Made: made}
		must(t, bundle.Write(&b, provisioning.Seal{Key: &k}))
		return b.Bytes()
	}
	mine, theirs := pack(ours, "version = 1\ndisplay_name = \"A\"\n"), pack(ours, "version = 1\ndisplay_name = \"B\"\n")
	keep := func(name string, b []byte) {
		path := filepath.Join(t.TempDir(), name)
		must(t, os.WriteFile(path, b, 0o600))
		t.Setenv(strings.ToUpper(name), path)
	}
	keep("strangers", pack(strangers, "version = 1\n"))
	keep("changed", repack(t, mine, func(name string, b []byte) []byte {
		if name == "phoned.toml" {
			return partOf(t, theirs, name)
		}
		return b
	}))
	keep("unsigned", repack(t, mine, func(name string, b []byte) []byte {
		if strings.HasSuffix(name, ".toml") || strings.HasSuffix(name, ".json") {
			return b
		}
		return nil
	}))
	return []provisioning.PublicKey{ours.Public()}
}

// repack copies a bundle file by file, as a stranger would; nil leaves one out.
func repack(t *testing.T, bundle []byte, change func(name string, b []byte) []byte) []byte {
	in, err := zip.NewReader(bytes.NewReader(bundle), int64(len(bundle)))
	must(t, err)
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range in.File {
		if b := change(f.Name, partOf(t, bundle, f.Name)); b != nil {
			to, err := w.Create(f.Name)
			must(t, err)
			_, err = to.Write(b)
			must(t, err)
		}
	}
	must(t, w.Close())
	return out.Bytes()
}

func partOf(t *testing.T, bundle []byte, name string) []byte {
	in, err := zip.NewReader(bytes.NewReader(bundle), int64(len(bundle)))
	must(t, err)
	b, err := fs.ReadFile(in, name)
	must(t, err)
	return b
}

// testHostileSticks mounts each one as phoned-stick@.service does and looks into it as
// the daemon does.
func testHostileSticks(t *testing.T) {
	keys := signedBundles(t)
	for _, h := range hostileSticks {
		t.Run(h.name, func(t *testing.T) {
			image := filepath.Join(t.TempDir(), "stick.img")
			shell(t, "truncate -s 24M "+image+"; "+h.mkfs+" "+image+` >/dev/null
				mount -o loop `+image+` /run/mnt; cd /run/mnt; `+h.fill+`; cd /; umount /run/mnt`)
			if h.patch != nil {
				b, err := os.ReadFile(image)
				if err != nil {
					t.Fatal(err)
				}
				h.patch(t, b)
				if err := os.WriteFile(image, b, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			g := newGadget(t, "stick", "mass_storage.0", map[string]any{"lun.0/removable": 1})
			defer g.remove()
			write(t, g.dir+"/functions/mass_storage.0/lun.0/file", image)
			g.plug()
			defer g.pull()
			eventually(t, "/dev/sda appears", func() bool { return exists("/dev/sda") })
			if h.want != nil {
				shell(t, "mount -o ro,nosuid,nodev,noexec,noatime /dev/sda /run/mnt")
			} else if err := tryMount(strings.Fields(strings.TrimPrefix(h.mkfs, "mkfs."))[0]); err != nil {
				t.Logf("the kernel refuses to mount it: %v", err)
				return
			}
			defer shell(t, "umount -l /run/mnt")
			err := within(t, func() error {
				s, err := provisioning.ReadStick("/run/mnt")
				if err != nil || s.Bundle == nil {
					return err
				}
				return s.Bundle.Vouched(keys, "")
			})
			if h.want != nil && !errors.Is(err, h.want) {
				t.Errorf("got %v, want %v", err, h.want)
			}
			t.Logf("%v", err)
		})
	}
}

func tryMount(kind string) error {
	return unix.Mount("/dev/sda", "/run/mnt", kind, unix.MS_RDONLY|unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC|unix.MS_NOATIME, "")
}

// within fails when f takes longer than anybody would wait for a stick.
func within(t *testing.T, f func() error) error {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- f() }()
	select {
	case err := <-done:
		return err
	case <-time.After(30 * time.Second):
		t.Fatal("reading the stick does not end")
		return nil
	}
}

// tieFAT leads the file's chain of clusters back to its beginning and makes the file
// as long as a bundle may be (FAT16: the table begins at the reserved sectors' end).
func tieFAT(t *testing.T, b []byte) {
	sector := int(binary.LittleEndian.Uint16(b[11:]))
	reserved := int(binary.LittleEndian.Uint16(b[14:]))
	fats, fatSize := int(b[16]), int(binary.LittleEndian.Uint16(b[22:]))
	root := (reserved + fats*fatSize) * sector
	entry := bytes.Index(b[root:root+512*32], []byte("PHONED~1TOM"))
	if entry < 0 {
		entry = bytes.Index(b[root:root+512*32], []byte("PHONED  TOM"))
	}
	if entry < 0 {
		t.Fatal("the file is not in the root folder")
	}
	e := b[root+entry:]
	first := int(binary.LittleEndian.Uint16(e[26:]))
	binary.LittleEndian.PutUint32(e[28:], 200<<10)
	for n := range fats {
		at := (reserved+n*fatSize)*sector + 2*(first+1)
		binary.LittleEndian.PutUint16(b[at:], uint16(first))
	}
}

// tear overwrites every eleventh kilobyte behind the superblock.
func tear(_ *testing.T, b []byte) {
	for at := 8 << 10; at+1024 < len(b); at += 11 << 10 {
		copy(b[at:], bytes.Repeat([]byte{0xA5}, 1024))
	}
}

// testStickPulled pulls a stick out while it is read.
func testStickPulled(t *testing.T) {
	image := filepath.Join(t.TempDir(), "stick.img")
	shell(t, "truncate -s 24M "+image+"; mkfs.vfat "+image+` >/dev/null
		mount -o loop `+image+` /run/mnt; head -c 5000000 /dev/urandom >/run/mnt/phoned.bundle; umount /run/mnt`)
	g := newGadget(t, "stick", "mass_storage.0", map[string]any{"lun.0/removable": 1})
	defer g.remove()
	write(t, g.dir+"/functions/mass_storage.0/lun.0/file", image)
	for range 5 {
		g.plug()
		eventually(t, "/dev/sda appears", func() bool { return exists("/dev/sda") })
		shell(t, "mount -o ro,nosuid,nodev,noexec,noatime /dev/sda /run/mnt")
		reading := make(chan error, 1)
		go func() {
			_, err := provisioning.ReadStick("/run/mnt")
			reading <- err
		}()
		g.pull()
		if err := within(t, func() error { return <-reading }); err == nil || strings.Contains(err.Error(), "panic") {
			t.Errorf("a stick that was pulled out gave %v", err)
		}
		shell(t, "umount -l /run/mnt")
		eventually(t, "/dev/sda is gone", func() bool { return !exists("/dev/sda") })
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
