// Package sdnotify tells systemd how the daemon is (sd_notify(3)): ready,
// stopping, still alive. Without systemd it does nothing.
package sdnotify

import (
	"net"
	"os"
	"strconv"
	"sync"
	"time"
)

// Ready, Stopping and Alive are the states that are sent.
const (
	Ready    = "READY=1"
	Stopping = "STOPPING=1"
	Alive    = "WATCHDOG=1"
)

// said is the socket that states go to. It is kept: a daemon that can open no more files
// must be able to say that it lives.
var said struct {
	sync.Mutex
	path string
	conn *net.UnixConn
}

// Send sends one state; nil without a supervisor. It is safe for concurrent use.
func Send(state string) error {
	path := os.Getenv("NOTIFY_SOCKET")
	if path == "" {
		return nil
	}
	if path[0] == '@' { // abstract
		path = "\x00" + path[1:]
	}
	said.Lock()
	defer said.Unlock()
	if said.conn != nil && said.path == path {
		if _, err := said.conn.Write([]byte(state)); err == nil {
			return nil
		} // the supervisor has another one since
	}
	if said.conn != nil {
		_ = said.conn.Close()
		said.conn = nil
	}
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		return err
	}
	said.conn, said.path = c, path
	_, err = c.Write([]byte(state))
	return err
}

// Watchdog is how often Alive is expected, 0: never. Send it twice as often.
func Watchdog() time.Duration {
	if pid := os.Getenv("WATCHDOG_PID"); pid != "" && pid != strconv.Itoa(os.Getpid()) {
		return 0
	}
	us, err := strconv.ParseInt(os.Getenv("WATCHDOG_USEC"), 10, 64)
	if err != nil || us <= 0 {
		return 0
	}
	return time.Duration(us) * time.Microsecond
}
