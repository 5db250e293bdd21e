//go:build !linux || !(amd64 || arm64 || arm || riscv64)

package datagram

import (
	"net"
	"net/netip"
)

// quick is for Linux only.
type quick struct{}

func newQuick(*net.UDPConn) *quick { return nil }

func (*quick) receive([]byte) (int, netip.AddrPort, error) { panic("datagram: not on this system") }
func (*quick) send([]byte, netip.AddrPort) error           { panic("datagram: not on this system") }
