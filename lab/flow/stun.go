package flow

import (
	"encoding/binary"
	"net"
)

// A registrar that supports outbound answers STUN on its UDP port (RFC 5626 §3.5.2):
// a phone takes its silence for a dead flow.
const (
	stunCookie  = 0x2112A442 // RFC 8489 §5
	stunRequest = 0x0001
	stunSuccess = 0x0101
	stunXor     = 0x0020 // XOR-MAPPED-ADDRESS
	stunHeader  = 20
)

// bindingAnswer answers a binding request with the address it came from; nil: it is
// none.
func bindingAnswer(b []byte, from net.Addr) []byte {
	at, ok := from.(*net.UDPAddr)
	if !ok || len(b) < stunHeader || binary.BigEndian.Uint16(b) != stunRequest || binary.BigEndian.Uint32(b[4:]) != stunCookie {
		return nil
	}
	family, ip := byte(1), at.IP.To4()
	if ip == nil {
		family, ip = 2, at.IP.To16()
	}
	value := append([]byte{0, family, 0, 0}, ip...)
	binary.BigEndian.PutUint16(value[2:], uint16(at.Port)^uint16(stunCookie>>16))
	for i := range ip { // with the cookie and, for IPv6, the transaction's id (§14.2)
		value[4+i] ^= b[4+i]
	}
	out := make([]byte, stunHeader+4, stunHeader+4+len(value))
	binary.BigEndian.PutUint16(out, stunSuccess)
	binary.BigEndian.PutUint16(out[2:], uint16(4+len(value)))
	copy(out[4:], b[4:stunHeader])
	binary.BigEndian.PutUint16(out[stunHeader:], stunXor)
	binary.BigEndian.PutUint16(out[stunHeader+2:], uint16(len(value)))
	return append(out, value...)
}
