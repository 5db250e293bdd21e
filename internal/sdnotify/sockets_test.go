package sdnotify

import (
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// TestHandedOverSocket is run again as a child that a socket is handed over to, as
// systemd does.
func TestHandedOverSocket(t *testing.T) {
	if os.Getenv("SOCKETS_CHILD") != "" {
		_ = os.Setenv("LISTEN_PID", childPID())
		s := TakeSockets()
		if os.Getenv("LISTEN_FDS") != "" {
			t.Error("the next child would take them as well")
		}
		if _, err := s.Listen("other"); !errors.Is(err, ErrNoSocket) {
			t.Error(err)
		}
		for range 2 { // the socket outlives its listener
			l, err := s.Listen("web-tls")
			if err != nil {
				t.Fatal(err)
			}
			c, err := l.Accept()
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.WriteString(c, "hello")
			_ = c.Close()
			_ = l.Close()
		}
		return
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestHandedOverSocket$")
	cmd.Env = append(os.Environ(), "SOCKETS_CHILD=1", "LISTEN_FDS=1", "LISTEN_FDNAMES=web-tls")
	cmd.ExtraFiles = []*os.File{f}
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(c); err != nil || string(b) != "hello" {
			t.Errorf("%q %v", b, err)
		}
		_ = c.Close()
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err, out.String())
	}
	_ = l.Close()
	_ = f.Close()
}

func TestNoSockets(t *testing.T) {
	for _, env := range [][2]string{{"", ""}, {"1", "1"}, {childPID(), "-1"}, {childPID(), "x"}, {childPID(), "999"}} {
		t.Setenv("LISTEN_PID", env[0])
		t.Setenv("LISTEN_FDS", env[1])
		if s := TakeSockets(); len(s) > 0 {
			t.Errorf("%v: %v", env, s)
		}
	}
}

func childPID() string { return strconv.Itoa(os.Getpid()) }
