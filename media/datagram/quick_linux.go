//go:build linux && (amd64 || arm64 || arm || riscv64)

package datagram

import (
	"encoding/binary"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"unsafe"
)

// quick makes the system calls of a socket that does not block, without telling
// the scheduler (syscall.RawSyscall6). Waiting is left to the runtime's poller.
type quick struct {
	raw syscall.RawConn
	six bool // an IPv6 socket, which writes IPv4 as mapped addresses

	// The step and its arguments are kept, so that nothing is allocated.
	in struct {
		try  func(fd uintptr) bool
		b    []byte
		from syscall.RawSockaddrInet6
		size uint32
		n    uintptr
		err  syscall.Errno
	}
	out struct {
		mu   sync.Mutex
		try  func(fd uintptr) bool
		b    []byte
		to   syscall.RawSockaddrInet6
		size uintptr
		err  syscall.Errno
	}
}

// newQuick gives nil for sockets it is not made for: those of one link, whose
// addresses have zones.
func newQuick(c *net.UDPConn) *quick {
	local, ok := c.LocalAddr().(*net.UDPAddr)
	if !ok || local.Zone != "" {
		return nil
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return nil
	}
	q := &quick{raw: raw}
	domain := syscall.AF_UNSPEC
	if raw.Control(func(fd uintptr) {
		domain, _ = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_DOMAIN)
	}) != nil || domain != syscall.AF_INET && domain != syscall.AF_INET6 {
		return nil
	}
	q.six = domain == syscall.AF_INET6
	q.in.try, q.out.try = q.tryReceive, q.trySend
	return q
}

func (q *quick) receive(b []byte) (int, netip.AddrPort, error) {
	if len(b) == 0 {
		return 0, netip.AddrPort{}, os.ErrInvalid
	}
	q.in.b = b
	err := q.raw.Read(q.in.try)
	q.in.b = nil
	if err != nil {
		return 0, netip.AddrPort{}, err
	}
	if q.in.err != 0 {
		return 0, netip.AddrPort{}, os.NewSyscallError("recvfrom", q.in.err)
	}
	return int(q.in.n), addrPort(&q.in.from), nil
}

// tryReceive is false when there is nothing to be received yet.
func (q *quick) tryReceive(fd uintptr) bool {
	for {
		q.in.size = syscall.SizeofSockaddrInet6
		q.in.n, _, q.in.err = syscall.RawSyscall6(syscall.SYS_RECVFROM, fd,
			uintptr(unsafe.Pointer(&q.in.b[0])), uintptr(len(q.in.b)), syscall.MSG_DONTWAIT,
			uintptr(unsafe.Pointer(&q.in.from)), uintptr(unsafe.Pointer(&q.in.size)))
		if q.in.err != syscall.EINTR {
			return q.in.err != syscall.EAGAIN
		}
	}
}

func (q *quick) send(b []byte, to netip.AddrPort) error {
	q.out.mu.Lock()
	defer q.out.mu.Unlock()
	if !q.address(to) {
		return &net.AddrError{Err: "no address of this socket's family", Addr: to.String()}
	}
	q.out.b = b
	err := q.raw.Write(q.out.try)
	q.out.b = nil
	switch {
	case err != nil:
		return err
	case q.out.err == syscall.EAGAIN:
		return ErrFull
	case q.out.err != 0:
		return os.NewSyscallError("sendto", q.out.err)
	}
	return nil
}

// trySend is always true: there is no second try.
func (q *quick) trySend(fd uintptr) bool {
	for {
		_, _, q.out.err = syscall.RawSyscall6(syscall.SYS_SENDTO, fd,
			uintptr(unsafe.Pointer(&q.out.b[0])), uintptr(len(q.out.b)), syscall.MSG_DONTWAIT|syscall.MSG_NOSIGNAL,
			uintptr(unsafe.Pointer(&q.out.to)), q.out.size)
		if q.out.err != syscall.EINTR {
			return true
		}
	}
}

// address sets where the next datagram goes.
func (q *quick) address(to netip.AddrPort) bool {
	if q.six {
		q.out.to = syscall.RawSockaddrInet6{Family: syscall.AF_INET6, Addr: to.Addr().As16()}
		q.out.size = syscall.SizeofSockaddrInet6
		bigEndian(&q.out.to.Port, to.Port())
		return true
	}
	if !to.Addr().Unmap().Is4() {
		return false
	}
	four := (*syscall.RawSockaddrInet4)(unsafe.Pointer(&q.out.to))
	*four = syscall.RawSockaddrInet4{Family: syscall.AF_INET, Addr: to.Addr().Unmap().As4()}
	q.out.size = syscall.SizeofSockaddrInet4
	bigEndian(&four.Port, to.Port())
	return true
}

// addrPort reads what the kernel wrote.
func addrPort(from *syscall.RawSockaddrInet6) netip.AddrPort {
	switch from.Family {
	case syscall.AF_INET:
		four := (*syscall.RawSockaddrInet4)(unsafe.Pointer(from))
		return netip.AddrPortFrom(netip.AddrFrom4(four.Addr), port(&four.Port))
	case syscall.AF_INET6:
		return netip.AddrPortFrom(netip.AddrFrom16(from.Addr).Unmap(), port(&from.Port))
	}
	return netip.AddrPort{}
}

// Ports are in the network's order wherever this runs.
func port(p *uint16) uint16         { return binary.BigEndian.Uint16((*[2]byte)(unsafe.Pointer(p))[:]) }
func bigEndian(p *uint16, v uint16) { binary.BigEndian.PutUint16((*[2]byte)(unsafe.Pointer(p))[:], v) }
