package datagram

import (
	"bytes"
	"errors"
	"net"
	"net/netip"
	"testing"
)

func open(t *testing.T, network, address string) *Conn {
	t.Helper()
	a, err := net.ResolveUDPAddr(network, address)
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.ListenUDP(network, a)
	if err != nil {
		t.Skipf("%s %s: %v", network, address, err)
	}
	t.Cleanup(func() { c.Close() })
	return New(c)
}

func (c *Conn) at() netip.AddrPort {
	a := c.LocalAddr().(*net.UDPAddr).AddrPort()
	if a.Addr().IsUnspecified() {
		return netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), a.Port())
	}
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}

// What one sends the other receives, whole, and knows from whom; both ways are
// tried against package net's.
func TestThereAndBack(t *testing.T) {
	for _, c := range []struct{ network, a, b string }{
		{"udp4", "127.0.0.1:0", "127.0.0.1:0"},
		{"udp6", "[::1]:0", "[::1]:0"},
		{"udp", "[::]:0", "127.0.0.1:0"}, // mapped addresses
	} {
		t.Run(c.network+" "+c.a, func(t *testing.T) {
			a, b := open(t, c.network, c.a), open(t, c.network, c.b)
			plain := &Conn{UDPConn: b.UDPConn}
			for _, far := range []*Conn{b, plain} {
				for _, size := range []int{1, 172, 1400, 9000} {
					want := bytes.Repeat([]byte{byte(size)}, size)
					if err := a.Send(want, far.at()); err != nil {
						t.Fatal(err)
					}
					buf := make([]byte, 10000)
					n, from, err := far.Receive(buf)
					if err != nil || !bytes.Equal(buf[:n], want) {
						t.Fatalf("%d bytes of %d: %v", n, size, err)
					}
					if from != a.at() {
						t.Fatalf("from %v, want %v", from, a.at())
					}
					if err := far.Send(want, a.at()); err != nil {
						t.Fatal(err)
					}
					if n, from, err = a.Receive(buf); err != nil || n != size || from != far.at() {
						t.Fatalf("back: %d bytes from %v: %v", n, from, err)
					}
				}
			}
		})
	}
}

func TestCutOff(t *testing.T) {
	a, b := open(t, "udp4", "127.0.0.1:0"), open(t, "udp4", "127.0.0.1:0")
	if err := a.Send(make([]byte, 100), b.at()); err != nil {
		t.Fatal(err)
	}
	if n, _, err := b.Receive(make([]byte, 10)); n != 10 || err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
}

func TestErrors(t *testing.T) {
	a := open(t, "udp4", "127.0.0.1:0")
	if err := a.Send([]byte{1}, netip.MustParseAddrPort("[2001:db8::1]:9")); err == nil {
		t.Error("IPv4 reached IPv6")
	}
	if err := a.Send(make([]byte, 70000), a.at()); err == nil {
		t.Error("a datagram of 70,000 bytes was sent")
	}
	ended := make(chan error)
	go func() {
		_, _, err := a.Receive(make([]byte, 10))
		ended <- err
	}()
	a.Close()
	if err := <-ended; !errors.Is(err, net.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	if err := a.Send([]byte{1}, a.at()); !errors.Is(err, net.ErrClosed) {
		t.Errorf("send after Close: %v", err)
	}
}

func TestNothingIsAllocated(t *testing.T) {
	a := open(t, "udp4", "127.0.0.1:0")
	b, to := make([]byte, 200), a.at()
	n := testing.AllocsPerRun(100, func() {
		if a.Send(b, to) != nil {
			t.Fatal("not sent")
		}
		if _, _, err := a.Receive(b); err != nil {
			t.Fatal(err)
		}
	})
	if n > 0 {
		t.Errorf("%v allocations a packet", n)
	}
}
