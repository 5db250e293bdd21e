//go:build kernel

package kernel

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"phoned/internal/stickout"
)

const (
	stickFolder = "/run/phoned/stick" // as the daemon and its helper have it
	reportName  = "phoned-support-dca632010203-20261130-101500.zip"
)

// stickHelper listens as phoned-stickout.socket does and runs the helper for each
// connection as phoned-stickout@.service does, in a mount namespace of its own.
func stickHelper(t *testing.T) (socket string) {
	t.Helper()
	socket = filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			end, err := c.(*net.UnixConn).File()
			_ = c.Close()
			if err != nil {
				t.Error(err)
				return
			}
			var said bytes.Buffer
			cmd := exec.Command("unshare", "--mount", "--propagation", "slave", daemon, "stickout")
			cmd.Stdin, cmd.Stdout, cmd.Stderr = end, end, &said
			if err := cmd.Run(); err != nil {
				t.Logf("the helper: %v: %s", err, bytes.TrimSpace(said.Bytes()))
			}
			_ = end.Close()
		}
	}()
	return socket
}

// stick is a gadget with a file system that is shown read-only as phoned-stick@.service
// shows it.
type stick struct {
	gadget
	image string
}

func newStick(t *testing.T, mkfs string, size string, readOnly bool) stick {
	t.Helper()
	s := stick{image: filepath.Join(t.TempDir(), "stick.img")}
	shell(t, "truncate -s "+size+" "+s.image+"; "+mkfs+" "+s.image+" >/dev/null; mkdir -p "+stickFolder)
	s.gadget = newGadget(t, "stick", "mass_storage.0", map[string]any{"lun.0/removable": 1})
	if readOnly {
		write(t, s.dir+"/functions/mass_storage.0/lun.0/ro", 1)
	}
	write(t, s.dir+"/functions/mass_storage.0/lun.0/file", s.image)
	s.in()
	t.Cleanup(s.remove)
	return s
}

func (s stick) in() {
	s.t.Helper()
	s.plug()
	eventually(s.t, "/dev/sda appears", func() bool { return exists("/dev/sda") })
	shell(s.t, "mount -o ro,nosuid,nodev,noexec,noatime /dev/sda "+stickFolder)
}

func (s stick) out() {
	s.t.Helper()
	s.pull()
	shell(s.t, "umount -l "+stickFolder)
	eventually(s.t, "/dev/sda is gone", func() bool { return !exists("/dev/sda") })
}

// testStickReport writes reports to sticks of every file system, through the real helper.
func testStickReport(t *testing.T) {
	report := make([]byte, 3<<20)
	_, _ = rand.Read(report)
	for _, c := range []struct{ mkfs, fsck string }{
		{"mkfs.vfat", "fsck.vfat -n"}, {"mkfs.exfat", "fsck.exfat -n"}, {"mkfs.ext4 -q", "e2fsck -fn"},
	} {
		t.Run(c.mkfs, func(t *testing.T) {
			socket := stickHelper(t)
			s := newStick(t, c.mkfs, "16M", false)
			begun := time.Now()
			for _, want := range []string{reportName, strings.TrimSuffix(reportName, ".zip") + "-2.zip"} {
				name, err := stickout.Send(t.Context(), socket, reportName, report)
				if err != nil || name != want {
					t.Fatalf("%q, %v", name, err)
				}
				if b, err := os.ReadFile(filepath.Join(stickFolder, name)); err != nil || !bytes.Equal(b, report) {
					t.Errorf("the stick has something else: %d bytes, %v", len(b), err)
				}
			}
			t.Logf("two reports of 3 MiB in %d ms", time.Since(begun).Milliseconds())
			if err := os.WriteFile(filepath.Join(stickFolder, "x"), nil, 0o600); err == nil {
				t.Error("the stick is writable for everybody")
			}
			if name, err := stickout.Send(t.Context(), socket, "phoned-more.zip", append(report, make([]byte, 20<<20)...)); !errors.Is(err, stickout.ErrFull) {
				t.Errorf("more than there is room for: %q, %v", name, err)
			}
			s.out()
			if out, err := exec.CommandContext(t.Context(), "sh", "-c", c.fsck+" "+s.image).CombinedOutput(); err != nil {
				t.Errorf("the file system is not clean: %v\n%s", err, out)
			}
			if got := shell(t, "mount -o loop,ro "+s.image+" /run/mnt; cd /run/mnt; ls | grep -v lost; cd /; umount /run/mnt"); strings.Count(got, "\n") != 1 {
				t.Errorf("on the stick: %s", got)
			}
		})
	}
	t.Run("write-protected", func(t *testing.T) {
		socket := stickHelper(t)
		s := newStick(t, "mkfs.vfat", "16M", true)
		if name, err := stickout.Send(t.Context(), socket, reportName, report); !errors.Is(err, stickout.ErrReadOnly) {
			t.Errorf("%q, %v", name, err)
		}
		s.out()
		if name, err := stickout.Send(t.Context(), socket, reportName, report); !errors.Is(err, stickout.ErrNoStick) {
			t.Errorf("without a stick: %q, %v", name, err)
		}
	})
	t.Run("pulled out", func(t *testing.T) { testStickPulledWriting(t, report) })
}

// testStickPulledWriting pulls the stick out in the middle of a report: the phone is
// told, no report is there that is not whole, and the next one is written.
func testStickPulledWriting(t *testing.T, report []byte) {
	socket := stickHelper(t)
	s := newStick(t, "mkfs.vfat", "16M", false)
	c, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(c, "phoned-stick 1 %d %s\n%s", len(report), reportName, report[:1<<20]); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the helper writes", func() bool { return exists(filepath.Join(stickFolder, reportName+".part")) })
	s.pull()
	_, _ = c.Write(report[1<<20:])
	answer := make(chan string, 1)
	go func() {
		b := make([]byte, 600)
		n, _ := c.Read(b)
		answer <- string(b[:n])
	}()
	err = within(t, func() error {
		if a := <-answer; !strings.HasPrefix(a, "no no-stick ") {
			return errors.New(a)
		}
		return nil
	})
	if err != nil {
		t.Errorf("the helper answered %q", err)
	}
	_ = c.Close()
	shell(t, "umount -l "+stickFolder)
	eventually(t, "/dev/sda is gone", func() bool { return !exists("/dev/sda") })
	s.in()
	if exists(filepath.Join(stickFolder, reportName)) {
		t.Error("a report that is not whole is on the stick")
	}
	name, err := stickout.Send(t.Context(), socket, reportName, report)
	if err != nil || name != reportName {
		t.Errorf("the next one: %q, %v", name, err)
	}
	if b, err := os.ReadFile(filepath.Join(stickFolder, reportName)); err != nil || !bytes.Equal(b, report) {
		t.Errorf("the next one is not whole: %d bytes, %v", len(b), err)
	}
	s.out()
}
