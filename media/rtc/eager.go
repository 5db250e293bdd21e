package rtc

import (
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/pion/transport/v5"
	"github.com/pion/transport/v5/stdnet"

	"phoned/internal/clock"
	"phoned/media/dscp"
)

// eagerNet is the machine's network with one habit more: a DTLS ClientHello is
// repeated at a steady pace until DTLS comes back. Pion doubles its waits (1 s,
// 2 s, …) and offers no other course, and a peer that begins to listen just
// after a repetition keeps both sides silent for as long again. The repeated
// datagram is the same, so a peer that heard it before drops it as a replay.
// Through a TURN relay the datagrams are wrapped; there Pion's own pace counts.
type eagerNet struct {
	*stdnet.Net
	clk   clock.Clock
	every time.Duration
	log   *slog.Logger
}

func newEagerNet(clk clock.Clock, every time.Duration, log *slog.Logger) (*eagerNet, error) {
	n, err := stdnet.NewNet()
	if err != nil {
		return nil, fmt.Errorf("network interfaces: %w", err)
	}
	return &eagerNet{n, clk, every, log}, nil
}

// ListenUDP implements transport.Net.
func (n *eagerNet) ListenUDP(network string, a *net.UDPAddr) (transport.UDPConn, error) {
	c, err := n.Net.ListenUDP(network, a)
	if err != nil {
		return nil, err
	}
	n.mark(c)
	return &eagerConn{UDPConn: c, n: n}, nil
}

// ListenPacket implements transport.Net; what goes through a relay is voice too.
func (n *eagerNet) ListenPacket(network, address string) (net.PacketConn, error) {
	c, err := n.Net.ListenPacket(network, address)
	if err == nil {
		n.mark(c)
	}
	return c, err
}

// mark asks the network to carry what c sends as voice; ICE and DTLS share the
// socket (RFC 8837 section 5 gives audio EF).
func (n *eagerNet) mark(c any) {
	s, ok := c.(dscp.Socket)
	if !ok {
		return
	}
	if err := dscp.Mark(s); err != nil {
		n.log.Debug("no DSCP on media", "err", err)
	}
}

// maxHellos ends the repetitions: the Session's own deadline comes later.
const maxHellos = 100

// eagerConn is one of its sockets.
type eagerConn struct {
	transport.UDPConn
	n *eagerNet

	mu    sync.Mutex
	hello []byte // being repeated; empty: none
	to    net.Addr
	left  int
	timer clock.Timer
}

// isDTLS tells by the first byte (RFC 7983 section 7).
func isDTLS(b []byte) bool { return len(b) > 0 && b[0] >= 20 && b[0] <= 63 }

// isHello tells a ClientHello: handshake (22), epoch 0, message type 1
// (RFC 6347 section 4).
func isHello(b []byte) bool {
	return len(b) > 13 && b[0] == 22 && b[3] == 0 && b[4] == 0 && b[13] == 1
}

// WriteTo implements net.PacketConn.
func (c *eagerConn) WriteTo(b []byte, to net.Addr) (int, error) {
	if isHello(b) {
		c.mu.Lock()
		c.hello, c.to, c.left = append(c.hello[:0], b...), to, maxHellos
		c.repeat()
		c.mu.Unlock()
	}
	return c.UDPConn.WriteTo(b, to)
}

// repeat arms the timer; c.mu is held.
func (c *eagerConn) repeat() {
	if c.timer != nil {
		c.timer.Stop()
	}
	c.timer = c.n.clk.AfterFunc(c.n.every, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if len(c.hello) == 0 || c.left == 0 {
			return
		}
		c.left--
		if _, err := c.UDPConn.WriteTo(c.hello, c.to); err == nil {
			c.repeat()
		}
	})
}

// heard ends the repetitions.
func (c *eagerConn) heard(b []byte) {
	if !isDTLS(b) {
		return
	}
	c.mu.Lock()
	c.hello = c.hello[:0]
	c.mu.Unlock()
}

// ReadFrom implements net.PacketConn.
func (c *eagerConn) ReadFrom(b []byte) (int, net.Addr, error) {
	n, a, err := c.UDPConn.ReadFrom(b)
	c.heard(b[:max(n, 0)])
	return n, a, err
}

// ReadFromUDP implements transport.UDPConn.
func (c *eagerConn) ReadFromUDP(b []byte) (int, *net.UDPAddr, error) {
	n, a, err := c.UDPConn.ReadFromUDP(b)
	c.heard(b[:max(n, 0)])
	return n, a, err
}

// Close implements net.PacketConn.
func (c *eagerConn) Close() error {
	c.mu.Lock()
	c.hello = c.hello[:0]
	if c.timer != nil {
		c.timer.Stop()
	}
	c.mu.Unlock()
	return c.UDPConn.Close()
}
