package mdns

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"

	"golang.org/x/net/dns/dnsmessage"
	"golang.org/x/sys/unix"
)

// The groups of RFC 6762 §3.
var (
	group4 = netip.MustParseAddr("224.0.0.251")
	group6 = netip.MustParseAddr("ff02::fb")
)

// socket is one of an interface and a family.
type socket struct {
	*net.UDPConn
	group netip.AddrPort
}

// listen opens a socket that hears the group on one interface and no other, beside
// other responders of this machine: it is bound to the group's address, so that what
// is meant for them alone never comes here. Port 0: it hears single answers instead.
func listen(i Interface, group netip.Addr, port int) (*socket, error) {
	family := unix.AF_INET
	if group.Is6() {
		family = unix.AF_INET6
	}
	fd, err := unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	f := os.NewFile(uintptr(fd), "mdns")
	defer f.Close() // FilePacketConn has its own
	if err := options(fd, i, group, port); err != nil {
		return nil, fmt.Errorf("%s: %w", i.Name, err)
	}
	c, err := net.FilePacketConn(f)
	if err != nil {
		return nil, err
	}
	to := group
	if group.Is6() {
		to = group.WithZone(i.Name)
	}
	return &socket{c.(*net.UDPConn), netip.AddrPortFrom(to, ownPort)}, nil
}

// options are those of ip(7) and ipv6(7).
func options(fd int, i Interface, group netip.Addr, port int) error {
	set := func(level, name, value int) error {
		return os.NewSyscallError("setsockopt", unix.SetsockoptInt(fd, level, name, value))
	}
	if group.Is6() {
		at := &unix.SockaddrInet6{Port: port}
		if port != 0 {
			at.Addr, at.ZoneId = group.As16(), uint32(i.Index) //nolint:gosec // an index
		}
		err := errors.Join(set(unix.SOL_SOCKET, unix.SO_REUSEADDR, 1), set(unix.SOL_SOCKET, unix.SO_REUSEPORT, 1), set(unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 1),
			set(unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_IF, i.Index), set(unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_HOPS, 255), set(unix.IPPROTO_IPV6, unix.IPV6_UNICAST_HOPS, 255),
			os.NewSyscallError("bind", unix.Bind(fd, at)))
		if err == nil && port != 0 {
			err = os.NewSyscallError("join", unix.SetsockoptIPv6Mreq(fd, unix.IPPROTO_IPV6, unix.IPV6_JOIN_GROUP, &unix.IPv6Mreq{Multiaddr: group.As16(), Interface: uint32(i.Index)})) //nolint:gosec // an index
		}
		return err
	}
	at := &unix.SockaddrInet4{Port: port}
	if port != 0 {
		at.Addr = group.As4()
	}
	mreq := &unix.IPMreqn{Multiaddr: group.As4(), Ifindex: int32(i.Index)} //nolint:gosec // an index
	err := errors.Join(set(unix.SOL_SOCKET, unix.SO_REUSEADDR, 1), set(unix.SOL_SOCKET, unix.SO_REUSEPORT, 1), set(unix.IPPROTO_IP, unix.IP_MULTICAST_ALL, 0),
		set(unix.IPPROTO_IP, unix.IP_MULTICAST_TTL, 255), set(unix.IPPROTO_IP, unix.IP_TTL, 255),
		os.NewSyscallError("setsockopt", unix.SetsockoptIPMreqn(fd, unix.IPPROTO_IP, unix.IP_MULTICAST_IF, mreq)),
		os.NewSyscallError("bind", unix.Bind(fd, at)))
	if err == nil && port != 0 {
		err = os.NewSyscallError("join", unix.SetsockoptIPMreqn(fd, unix.IPPROTO_IP, unix.IP_ADD_MEMBERSHIP, mreq))
	}
	return err
}

// families are the groups that an interface has addresses for.
func families(i Interface) []netip.Addr {
	var out []netip.Addr
	var four, six bool
	for _, p := range i.Addrs {
		four, six = four || p.Addr().Unmap().Is4(), six || p.Addr().Is6() && !p.Addr().Is4In6()
	}
	if four {
		out = append(out, group4)
	}
	if six {
		out = append(out, group6)
	}
	return out
}

// sockets are the Link of this machine.
type sockets struct {
	list []*socket
	over chan struct{} // of the readers
}

func open(i Interface, hear func(Packet)) (Link, error) { return openPort(i, ownPort, hear) }

// openPort opens what can be opened; nothing at all is an error.
func openPort(i Interface, port int, hear func(Packet)) (*sockets, error) {
	l := &sockets{}
	var errs []error
	for _, group := range families(i) {
		s, err := listen(i, group, port)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		l.list = append(l.list, s)
	}
	if len(l.list) == 0 {
		return nil, errors.Join(append(errs, fmt.Errorf("%s: no socket", i.Name))...)
	}
	l.over = make(chan struct{}, len(l.list))
	for _, s := range l.list {
		go func() { // ends with Close
			defer func() { l.over <- struct{}{} }()
			for b := make([]byte, 9000); ; { // RFC 6762 §17
				n, from, err := s.ReadFromUDPAddrPort(b)
				switch {
				case errors.Is(err, net.ErrClosed):
					return
				case err != nil: // an ICMP error of something that was sent
					continue
				}
				hear(Packet{append([]byte(nil), b[:n]...), from})
			}
		}()
	}
	return l, nil
}

// Send implements Link.
func (l *sockets) Send(b []byte, to netip.AddrPort) error {
	var errs []error
	for _, s := range l.list {
		at := to
		if !to.IsValid() {
			at = s.group
		} else if to.Addr().Unmap().Is4() != s.group.Addr().Is4() {
			continue
		}
		if _, err := s.WriteToUDPAddrPort(b, at); err != nil && !errors.Is(err, syscall.ENETUNREACH) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// Close implements Link.
func (l *sockets) Close() error {
	var errs []error
	for _, s := range l.list {
		errs = append(errs, s.Close())
	}
	for range l.list {
		<-l.over
	}
	return errors.Join(errs...)
}

// Interfaces are those of this machine that take part in multicast, with their
// addresses; the loopback and what connects two ends only do not.
func Interfaces() []Interface {
	all, err := net.Interfaces()
	if err != nil {
		return nil
	}
	var out []Interface
	for _, i := range all {
		if i.Flags&net.FlagUp == 0 || i.Flags&net.FlagMulticast == 0 || i.Flags&(net.FlagLoopback|net.FlagPointToPoint) != 0 {
			continue
		}
		addrs, err := i.Addrs()
		if err != nil {
			continue
		}
		n := Interface{Index: i.Index, Name: i.Name}
		for _, a := range addrs {
			if p, err := netip.ParsePrefix(a.String()); err == nil {
				n.Addrs = append(n.Addrs, p)
			}
		}
		if len(n.Addrs) > 0 {
			out = append(out, n)
		}
	}
	return out
}

// Found is a service that answered.
type Found struct {
	Instance  string
	Host      string
	Port      uint16
	Text      map[string]string
	Addresses []netip.Addr // of the interface it was heard on
}

// Browse asks on the interfaces for services of a type ("_phoned._tcp") until ctx
// ends, and calls found once for each. Only machines of the same network answer. The
// error says that it could not be asked anywhere.
func Browse(ctx context.Context, kind string, on []Interface, found func(Found)) error {
	name, err := dnsmessage.NewName(kind + "." + domain)
	if err != nil {
		return fmt.Errorf("%s: %w", kind, err)
	}
	packets := make(chan packet, heard)
	var links []*sockets
	var errs []error
	for _, i := range on {
		l, err := openPort(i, 0, func(p Packet) {
			select {
			case packets <- packet{p, i.Index}:
			default:
			}
		})
		if err != nil {
			errs = append(errs, err)
			continue
		}
		links = append(links, l)
	}
	if len(links) == 0 {
		return errors.Join(append(errs, errors.New("there is no network to ask on"))...)
	}
	defer func() {
		for _, l := range links {
			_ = l.Close()
		}
	}()
	return ask(ctx, name, packets, found, func(b []byte) {
		for _, l := range links {
			_ = l.Send(b, netip.AddrPort{}) // what is asked again later
		}
	})
}
