package sdnotify

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

func TestSend(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	if err := Send(Ready); err != nil {
		t.Fatalf("without a supervisor: %v", err)
	}
	path := filepath.Join(t.TempDir(), "s")
	c := supervise(t, path)
	if err := Send(Alive); err != nil {
		t.Fatal(err)
	}
	hears(t, c, Alive)
	// A supervisor that has another socket of that name, as systemd has after it was
	// started anew.
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	c.Close()
	again := supervise(t, path)
	if err := Send(Stopping); err != nil {
		t.Fatal(err)
	}
	hears(t, again, Stopping)
}

// supervise listens as systemd does.
func supervise(t *testing.T, path string) *net.UnixConn {
	t.Helper()
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	t.Setenv("NOTIFY_SOCKET", path)
	return c
}

func hears(t *testing.T, c *net.UnixConn, want string) {
	t.Helper()
	b := make([]byte, 64)
	if n, err := c.Read(b); err != nil || string(b[:n]) != want {
		t.Fatalf("%q, %v", b[:n], err)
	}
}

// A daemon without a file to spare lives, and says so.
func TestSendWithoutFiles(t *testing.T) {
	c := supervise(t, filepath.Join(t.TempDir(), "s"))
	if err := Send(Ready); err != nil {
		t.Fatal(err)
	}
	hears(t, c, Ready)
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 3, Max: before.Max}); err != nil {
		t.Fatal(err)
	}
	_, openErr := os.Open(os.DevNull)
	err := Send(Alive)
	if rerr := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &before); rerr != nil {
		t.Fatal(rerr)
	}
	if err != nil || !errors.Is(openErr, syscall.EMFILE) {
		t.Fatalf("%v; open: %v", err, openErr)
	}
	hears(t, c, Alive)
}

func TestWatchdog(t *testing.T) {
	for _, c := range []struct {
		usec, pid string
		want      time.Duration
	}{{"", "", 0}, {"30000000", "", 30 * time.Second}, {"30000000", "1", 0}, {"30000000", strconv.Itoa(os.Getpid()), 30 * time.Second}, {"x", "", 0}} {
		t.Setenv("WATCHDOG_USEC", c.usec)
		t.Setenv("WATCHDOG_PID", c.pid)
		if got := Watchdog(); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}
