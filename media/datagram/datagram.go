// Package datagram moves the packets of a call through a UDP socket at the least
// cost. A socket of Go's never blocks in a system call, yet package net announces
// each one to the scheduler as if it might. In a program that mostly sleeps, as a
// phone in a call does, the announcement wakes the runtime's monitor, which then
// looks after the call every 20 µs: with a hundred packets a second that was more
// than half of all the processor time of a call. Here the calls are made without
// being announced. The package starts no goroutine.
package datagram

import (
	"errors"
	"net"
	"net/netip"
)

// Conn is a UDP socket. Receive has one caller at a time; Send, and all methods of
// the socket itself, are safe for concurrent use.
type Conn struct {
	*net.UDPConn
	quick *quick // nil: the way of package net
}

// New takes over a socket.
func New(c *net.UDPConn) *Conn { return &Conn{c, newQuick(c)} }

// Receive waits for a datagram, as ReadFromUDPAddrPort does; addresses of IPv4 are
// unmapped. After Close the error is net.ErrClosed.
func (c *Conn) Receive(b []byte) (n int, from netip.AddrPort, err error) {
	if c.quick != nil {
		return c.quick.receive(b)
	}
	n, from, err = c.ReadFromUDPAddrPort(b)
	return n, netip.AddrPortFrom(from.Addr().Unmap(), from.Port()), err
}

// ErrFull: the socket's buffer is full; the datagram was not sent.
var ErrFull = errors.New("the socket's buffer is full")

// Prompt says that Send never waits: what can't be sent at once is ErrFull.
func (c *Conn) Prompt() bool { return c.quick != nil }

// Send sends b as one datagram, as WriteToUDPAddrPort does, but does not wait where
// Prompt says so: voice that comes later is of no use.
func (c *Conn) Send(b []byte, to netip.AddrPort) error {
	if c.quick != nil && to.Addr().Zone() == "" && to.Addr().IsValid() && len(b) > 0 {
		return c.quick.send(b, to)
	}
	_, err := c.WriteToUDPAddrPort(b, to)
	return err
}
