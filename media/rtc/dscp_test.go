package rtc

import (
	"log/slog"
	"net"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"phoned/internal/clock"
	"phoned/media/dscp"
)

// The sockets that Pion gets are marked as voice, those for relays too.
func TestSocketsAreMarkedAsVoice(t *testing.T) {
	n, err := newEagerNet(clock.Real{}, time.Second, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	direct, err := n.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer direct.Close()
	relay, err := n.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer relay.Close()
	for name, c := range map[string]any{"direct": direct.(*eagerConn).UDPConn, "relay": relay} {
		s, ok := c.(syscall.Conn)
		if !ok {
			t.Fatalf("%s: %T has no descriptor", name, c)
		}
		raw, err := s.SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		tos := 0
		if err := raw.Control(func(fd uintptr) { tos, err = unix.GetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_TOS) }); err != nil {
			t.Fatal(err)
		}
		if err != nil || tos != dscp.EF {
			t.Errorf("%s: IP_TOS is %#x, %v", name, tos, err)
		}
	}
}
