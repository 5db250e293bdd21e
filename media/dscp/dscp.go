// Package dscp marks sockets whose packets are voice, so that routers that care
// carry them first: DSCP EF (RFC 3246, RFC 4594 section 4.1). It starts no
// goroutine.
package dscp

import (
	"errors"
	"fmt"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// EF is expedited forwarding as the byte in an IP header.
const EF = 46 << 2

// Socket is what Mark needs of a connection; *net.UDPConn is one.
type Socket interface {
	syscall.Conn
	LocalAddr() net.Addr
}

// Mark makes everything that c sends voice. An IPv6 socket that also carries
// IPv4 is marked for both. A system that forbids it is no reason to be silent.
func Mark(c Socket) error {
	raw, err := c.SyscallConn()
	if err != nil {
		return fmt.Errorf("mark voice packets: %w", err)
	}
	six := false
	if a, ok := c.LocalAddr().(*net.UDPAddr); ok {
		six = a.IP.To4() == nil
	}
	var four, other error
	err = raw.Control(func(fd uintptr) {
		four = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_TOS, EF)
		if six {
			other = unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_TCLASS, EF)
		}
	})
	if six {
		four = nil // where it is not carried
	}
	if err := errors.Join(err, four, other); err != nil {
		return fmt.Errorf("mark voice packets: %w", err)
	}
	return nil
}
