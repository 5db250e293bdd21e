package sdnotify

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// firstSocket is the first descriptor that systemd hands over (sd_listen_fds(3)).
const firstSocket = 3

// Sockets are listening sockets that systemd opened for the daemon, by their name
// (FileDescriptorName=). They stay open for as long as the process runs.
type Sockets map[string]*os.File

// TakeSockets takes what systemd handed over; none is no error. Call it once: the
// variables are cleared, so that no child takes them for its own.
func TakeSockets() Sockets {
	pid, count, names := os.Getenv("LISTEN_PID"), os.Getenv("LISTEN_FDS"), strings.Split(os.Getenv("LISTEN_FDNAMES"), ":")
	for _, v := range []string{"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"} {
		_ = os.Unsetenv(v)
	}
	n, err := strconv.Atoi(count)
	if err != nil || pid != strconv.Itoa(os.Getpid()) || n < 0 || n > 64 {
		return nil
	}
	out := Sockets{}
	for i := range n {
		syscall.CloseOnExec(firstSocket + i)
		name := "unknown"
		if i < len(names) && names[i] != "" {
			name = names[i]
		}
		out[name] = os.NewFile(uintptr(firstSocket+i), name)
	}
	return out
}

// ErrNoSocket: systemd handed over none of that name.
var ErrNoSocket = errors.New("no such socket was handed over")

// Listen gives a listener on a socket that was handed over. Closing it leaves the
// socket itself open, for the next Listen.
func (s Sockets) Listen(name string) (net.Listener, error) {
	f := s[name]
	if f == nil {
		return nil, fmt.Errorf("%w: %s", ErrNoSocket, name)
	}
	l, err := net.FileListener(f)
	if err != nil {
		return nil, fmt.Errorf("socket %s: %w", name, err)
	}
	return l, nil
}
