package stickout

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const fileOfTest = "phoned-support-dca632010203-20261130-101500.zip"

// helper listens as the service manager does and serves each connection from dir.
func helper(t *testing.T, dir string) (socket string, ends chan error) {
	t.Helper()
	socket = filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	ends = make(chan error, 10)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			ends <- Serve(dir, c, c)
			_ = c.Close()
		}
	}()
	return socket, ends
}

func TestSendRefuses(t *testing.T) {
	socket, _ := helper(t, t.TempDir()) // no mount: nothing may be written
	for _, c := range []struct {
		name   string
		socket string
		file   []byte
		want   error
	}{
		{fileOfTest, socket, []byte("x"), ErrNoStick},
		{fileOfTest, socket + "none", []byte("x"), ErrHelper},
		{fileOfTest, socket, nil, ErrWire},
		{"../" + fileOfTest, socket, []byte("x"), ErrWire},
		{"phoned.toml", socket, []byte("x"), ErrWire},
		{"phoned-A.zip", socket, []byte("x"), ErrWire},
	} {
		if got, err := Send(context.Background(), c.socket, c.name, c.file); !errors.Is(err, c.want) || got != "" {
			t.Errorf("%s: %q, %v, want %v", c.name, got, err, c.want)
		}
	}
}

// TestServeRefuses: whoever speaks to the helper otherwise gets nothing written.
func TestServeRefuses(t *testing.T) {
	for _, order := range []string{"", "\n", "phoned-stick 2 1 " + fileOfTest + "\nx", "phoned-stick 1 -1 " + fileOfTest + "\n", "phoned-stick 1 1 ../x.zip\nx",
		"phoned-stick 1 99999999999 " + fileOfTest + "\n", strings.Repeat("a", 5000)} {
		var out bytes.Buffer
		if err := Serve(t.TempDir(), strings.NewReader(order), &out); !errors.Is(err, ErrWire) || !strings.HasPrefix(out.String(), "no order ") {
			t.Errorf("%.40q: %v, %q", order, err, out.String())
		}
	}
}

// TestWrite works on a plain folder: names, links and what is cut short.
func TestWrite(t *testing.T) {
	dir, outside := t.TempDir(), filepath.Join(t.TempDir(), "precious")
	if err := os.WriteFile(outside, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, link := range []string{fileOfTest, strings.TrimSuffix(fileOfTest, ".zip") + "-2.zip.part"} {
		if err := os.Symlink(outside, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	name, err := write(dir, fileOfTest, strings.NewReader("report"), 6)
	if err != nil || name != strings.TrimSuffix(fileOfTest, ".zip")+"-2.zip" {
		t.Fatalf("%q, %v", name, err)
	}
	if b, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(b) != "report" {
		t.Errorf("%q, %v", b, err)
	}
	if b, err := os.ReadFile(outside); err != nil || string(b) != "precious" {
		t.Fatalf("a link of the stick was followed: %q, %v", b, err)
	}
	if name, err := write(dir, "phoned-cut.zip", strings.NewReader("rep"), 6); !errors.Is(err, ErrWire) {
		t.Errorf("%q, %v", name, err)
	}
	left, err := filepath.Glob(filepath.Join(dir, "phoned-cut*"))
	if err != nil || len(left) != 0 {
		t.Errorf("half a file stays: %v, %v", left, err)
	}
}

// TestServe writes to a file system that is mounted read-only, in a namespace of its own.
func TestServe(t *testing.T) {
	if dir := os.Getenv("STICKOUT_DIR"); dir != "" {
		serveInside(t, dir)
		return
	}
	if os.Getuid() != 0 {
		t.Skip("mounting needs root")
	}
	cmd := exec.CommandContext(t.Context(), "unshare", "--mount", "--propagation", "private", os.Args[0], "-test.run=^TestServe$", "-test.v")
	cmd.Env = append(os.Environ(), "STICKOUT_DIR="+t.TempDir())
	out, err := cmd.CombinedOutput()
	switch {
	case err != nil:
		t.Fatalf("%v\n%s", err, out)
	case bytes.Contains(out, []byte("--- SKIP")):
		t.Skipf("%s", out)
	}
}

func serveInside(t *testing.T, dir string) {
	if out, err := exec.CommandContext(t.Context(), "mount", "-t", "tmpfs", "-o", "ro,size=64k,nosuid,nodev,noexec", "none", dir).CombinedOutput(); err != nil {
		t.Skipf("mounting is not allowed here: %s", out)
	}
	defer func() { _ = exec.Command("umount", dir).Run() }()
	socket, ends := helper(t, dir)
	name, err := Send(t.Context(), socket, fileOfTest, []byte("report"))
	if err != nil || name != fileOfTest {
		t.Fatalf("%q, %v", name, err)
	}
	if err := <-ends; err != nil {
		t.Error(err)
	}
	if b, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(b) != "report" {
		t.Errorf("%q, %v", b, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "x"), nil, 0o600); err == nil {
		t.Error("the stick stays writable")
	}
	if name, err := Send(t.Context(), socket, fileOfTest, make([]byte, 200<<10)); !errors.Is(err, ErrFull) {
		t.Errorf("more than there is room for: %q, %v", name, err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) != 1 {
		t.Errorf("%v", left)
	}
}

func FuzzServe(f *testing.F) {
	f.Add("phoned-stick 1 6 " + fileOfTest + "\nreport")
	f.Add("phoned-stick 1 6 x\n")
	f.Fuzz(func(t *testing.T, order string) {
		var out bytes.Buffer
		if err := Serve("/proc/self/fdinfo/none", strings.NewReader(order), &out); err == nil || !strings.HasPrefix(out.String(), "no ") || strings.Count(out.String(), "\n") != 1 {
			t.Errorf("%v, %q", err, out.String())
		}
	})
}

func FuzzAnswer(f *testing.F) {
	f.Add("ok " + fileOfTest)
	f.Add("no full x")
	f.Fuzz(func(t *testing.T, line string) {
		if name, err := readAnswer(line); err == nil && !fileName.MatchString(name) {
			t.Error(name)
		}
	})
}
