package mediapeer

import (
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// socket is the UDP port under one WebRTC peer. It counts, it can be deaf to
// DTLS for a time, and it reads the SRTP profile out of the ServerHello that
// passes in clear, so that the figure does not come from the library under
// test. It is a net.PacketConn.
type socket struct {
	net.PacketConn
	deaf    atomic.Int64 // unix nanoseconds until which DTLS is dropped
	dropped atomic.Uint64
	mu      sync.Mutex
	profile string
}

// isDTLS tells DTLS from STUN and SRTP by the first byte (RFC 7983 §7).
func isDTLS(b []byte) bool { return len(b) > 0 && b[0] >= 20 && b[0] <= 63 }

func (s *socket) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		n, addr, err := s.PacketConn.ReadFrom(b)
		if err != nil {
			return n, addr, err
		}
		if isDTLS(b[:n]) {
			if time.Now().UnixNano() < s.deaf.Load() {
				s.dropped.Add(1)
				continue
			}
			s.note(b[:n])
		}
		return n, addr, nil
	}
}

func (s *socket) WriteTo(b []byte, addr net.Addr) (int, error) {
	if isDTLS(b) {
		s.note(b)
	}
	return s.PacketConn.WriteTo(b, addr)
}

func (s *socket) note(b []byte) {
	if p := srtpProfile(b); p != "" {
		s.mu.Lock()
		s.profile = p
		s.mu.Unlock()
	}
}

func (s *socket) seen() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.profile
}

// srtpProfile reads use_srtp (RFC 5764 §4.1.1) from the first handshake record
// of a datagram if that is an unfragmented ServerHello, "" otherwise.
func srtpProfile(b []byte) string {
	const record, handshake = 13, 12
	if len(b) < record+handshake+35 || b[0] != 22 || b[record] != 2 {
		return ""
	}
	h := b[record+handshake:]
	i := 34 // version, random
	i += 1 + int(h[i])
	i += 3 // cipher suite, compression
	if i+2 > len(h) {
		return ""
	}
	end := i + 2 + int(h[i])<<8 + int(h[i+1])
	for i += 2; i+4 <= end && i+4 <= len(h); {
		kind, n := int(h[i])<<8|int(h[i+1]), int(h[i+2])<<8|int(h[i+3])
		i += 4
		if kind == 14 && n >= 4 && i+4 <= len(h) {
			return profileName(int(h[i+2])<<8 | int(h[i+3]))
		}
		i += n
	}
	return ""
}

func profileName(id int) string {
	switch id {
	case 1:
		return "SRTP_AES128_CM_HMAC_SHA1_80"
	case 2:
		return "SRTP_AES128_CM_HMAC_SHA1_32"
	case 7:
		return "SRTP_AEAD_AES_128_GCM"
	case 8:
		return "SRTP_AEAD_AES_256_GCM"
	}
	return fmt.Sprintf("0x%04x", id)
}
