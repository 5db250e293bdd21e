package dscp

import (
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The receiver sees the mark in the packet's header.
func TestPacketsCarryTheMark(t *testing.T) {
	for _, c := range []struct {
		name, network string
		ip            net.IP
		level, ask    int
		kind          int32
	}{
		{"IPv4", "udp4", net.IPv4(127, 0, 0, 1), unix.IPPROTO_IP, unix.IP_RECVTOS, unix.IP_TOS},
		{"IPv6", "udp6", net.IPv6loopback, unix.IPPROTO_IPV6, unix.IPV6_RECVTCLASS, unix.IPV6_TCLASS},
	} {
		t.Run(c.name, func(t *testing.T) {
			to, err := net.ListenUDP(c.network, &net.UDPAddr{IP: c.ip})
			if err != nil {
				t.Skip(err) // no IPv6 here
			}
			defer to.Close()
			from, err := net.ListenUDP(c.network, &net.UDPAddr{IP: c.ip})
			if err != nil {
				t.Fatal(err)
			}
			defer from.Close()
			raw, err := to.SyscallConn()
			if err != nil {
				t.Fatal(err)
			}
			if err := raw.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), c.level, c.ask, 1) }); err != nil {
				t.Fatal(err)
			}
			if err := Mark(from); err != nil {
				t.Fatal(err)
			}
			if _, err := from.WriteTo([]byte("voice"), to.LocalAddr()); err != nil {
				t.Fatal(err)
			}
			if got := received(t, to, c.kind); got != EF {
				t.Errorf("the packet has %#x, want %#x", got, EF)
			}
		})
	}
}

// received reads a packet and gives its mark.
func received(t *testing.T, c *net.UDPConn, kind int32) int {
	t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	var body, more [512]byte
	_, n, _, _, err := c.ReadMsgUDP(body[:], more[:])
	if err != nil {
		t.Fatal(err)
	}
	messages, err := unix.ParseSocketControlMessage(more[:n])
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range messages {
		if m.Header.Type == kind && len(m.Data) > 0 {
			return int(m.Data[0])
		}
	}
	t.Fatal("the packet has no mark at all")
	return 0
}
