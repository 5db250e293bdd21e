package sip

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"net/netip"
	"sync/atomic"
	"time"

	gosip "github.com/emiago/sipgo/sip"
)

// Keep-alive by STUN over UDP (RFC 5626 §4.4.2): a binding request on the SIP
// flow itself, answered by the server with the address it sees. It finds a dead
// server and a NAT that gave the flow another address. It is used only where
// the server agreed: by "keep" in the Via it returned (RFC 6223), or by
// applying outbound (RFC 5626 §4.2.1).

const (
	stunCookie  = 0x2112A442 // RFC 8489 §5
	stunRequest = 0x0001
	stunSuccess = 0x0101
	stunMapped  = 0x0001 // MAPPED-ADDRESS, of servers of RFC 3489
	stunXor     = 0x0020 // XOR-MAPPED-ADDRESS
)

var (
	errNoBinding = errors.New("no answer to a STUN keep-alive")
	errRebound   = errors.New("the NAT gave this flow another address")
)

type stunAnswer struct {
	id     [12]byte
	mapped netip.AddrPort
}

// stunState is the keep-alive of one UDP flow.
type stunState struct {
	on      atomic.Bool
	answers chan stunAnswer
	mapped  netip.AddrPort // of the last answer; the pinging goroutine's
}

// heard takes a datagram that is STUN: none begins like a SIP message.
func (s *stunState) heard(b []byte) bool {
	if len(b) < 20 || b[0]&0xc0 != 0 || binary.BigEndian.Uint32(b[4:]) != stunCookie {
		return false
	}
	if a, ok := parseBinding(b); ok && s.on.Load() {
		select {
		case s.answers <- a:
		default: // an earlier one was not even wanted
		}
	}
	return true
}

// bind asks once, with the repetitions of RFC 8489 §6.2.1 as far as the pong
// time allows, and says why the flow has failed.
func (f *udpFlow) bind() error {
	var id [12]byte
	if _, err := rand.Read(id[:]); err != nil {
		return err
	}
	request := bindingRequest(id)
	ctx, cancel := deadline(f.ctx, f.env.clock, f.env.pong)
	defer cancel()
	for rto := t1; ; rto *= 2 {
		_ = f.Send(request)
		a, err := f.stun.await(ctx, f.env, id, rto)
		switch {
		case err == nil:
			was := f.stun.mapped
			f.stun.mapped = a.mapped
			if was.IsValid() && a.mapped.IsValid() && was != a.mapped {
				return errRebound
			}
			return nil
		case f.ctx.Err() != nil:
			return nil // closed
		case ctx.Err() != nil:
			return errNoBinding
		}
	}
}

// await is the answer to one request, within rto.
func (s *stunState) await(ctx context.Context, env flowEnv, id [12]byte, rto time.Duration) (stunAnswer, error) {
	ctx, cancel := deadline(ctx, env.clock, rto)
	defer cancel()
	for {
		select {
		case a := <-s.answers:
			if a.id == id {
				return a, nil
			}
		case <-ctx.Done():
			return stunAnswer{}, context.Cause(ctx)
		}
	}
}

func bindingRequest(id [12]byte) []byte {
	b := make([]byte, 20)
	binary.BigEndian.PutUint16(b, stunRequest)
	binary.BigEndian.PutUint32(b[4:], stunCookie)
	copy(b[8:], id[:])
	return b
}

// parseBinding reads a success response (RFC 8489 §5, §14.1, §14.2). An answer
// without an address still says that the server lives.
func parseBinding(b []byte) (a stunAnswer, ok bool) {
	if len(b) < 20 || binary.BigEndian.Uint16(b) != stunSuccess || binary.BigEndian.Uint32(b[4:]) != stunCookie {
		return a, false
	}
	rest := b[20:]
	if int(binary.BigEndian.Uint16(b[2:])) != len(rest) {
		return a, false
	}
	copy(a.id[:], b[8:20])
	for len(rest) >= 4 {
		kind, n := binary.BigEndian.Uint16(rest), int(binary.BigEndian.Uint16(rest[2:]))
		if 4+n > len(rest) {
			return a, false
		}
		value := rest[4 : 4+n]
		rest = rest[min(len(rest), 4+(n+3)&^3):]
		if kind != stunXor && (kind != stunMapped || a.mapped.IsValid()) {
			continue
		}
		if at, ok := mappedAddress(value, kind == stunXor, b[4:20]); ok {
			a.mapped = at
		}
	}
	return a, true
}

func mappedAddress(v []byte, xor bool, mask []byte) (netip.AddrPort, bool) {
	if len(v) != 8 && len(v) != 20 || len(v) == 8 && v[1] != 1 || len(v) == 20 && v[1] != 2 {
		return netip.AddrPort{}, false
	}
	v = bytes.Clone(v)
	if xor {
		for i := range v[4:] {
			v[4+i] ^= mask[i]
		}
		v[2] ^= mask[0]
		v[3] ^= mask[1]
	}
	ip, ok := netip.AddrFromSlice(v[4:])
	return netip.AddrPortFrom(ip, binary.BigEndian.Uint16(v[2:])), ok
}

// keepBySTUN looks whether the registrar agreed to it.
func (k *link) keepBySTUN(res *gosip.Response) {
	f, ok := k.flow.(*udpFlow)
	if !ok {
		return
	}
	agreed := hasToken(res, "outbound", "Require")
	if v := res.Via(); v != nil {
		keep, _ := v.Params.Get("keep")
		agreed = agreed || keep != "" // a bare "keep" is only our own, sent back
	}
	if agreed && !f.stun.on.Load() {
		k.a.log.Debug("keep-alive by STUN", "line", k.line.cfg.ID)
		f.stun.on.Store(true)
	}
}
