package sip

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"sync"

	"phoned/internal/clock"
)

// udpFlow is SIP over UDP with one server. The socket is not connected, so
// that strangers' packets are counted rather than hidden by the kernel; only
// the server's address and port are heard. One goroutine keeps the binding of
// a NAT open with a double CRLF, to which nobody need answer: over UDP a dead
// server shows by requests that time out, unless it agreed to answer STUN.
type udpFlow struct {
	conn   *net.UDPConn
	server netip.AddrPort
	env    flowEnv
	ctx    context.Context
	end    context.CancelCauseFunc
	once   sync.Once
	wg     sync.WaitGroup
	buf    []byte
	stun   stunState
}

func dialUDP(ctx context.Context, u *url.URL, l Line, env flowEnv) (Flow, flowInfo, error) {
	d, err := netDialer(l, "udp")
	if err != nil {
		return nil, flowInfo{}, err
	}
	server, local, count, err := env.udpServer(ctx, d, u, l.target)
	if err != nil {
		return nil, flowInfo{targets: count}, err
	}
	conn, err := net.ListenUDP("udp", local)
	if err != nil {
		return nil, flowInfo{targets: count}, err
	}
	f := &udpFlow{
		conn: conn, env: env, buf: make([]byte, maxMessage),
		server: netip.AddrPortFrom(server.Addr().Unmap(), server.Port()),
		stun:   stunState{answers: make(chan stunAnswer, 1)},
	}
	f.ctx, f.end = context.WithCancelCause(context.Background())
	f.wg.Go(f.ping)
	return f, flowInfo{"UDP", conn.LocalAddr().String(), f.server.String(), count}, nil
}

// Send implements Flow.
func (f *udpFlow) Send(msg []byte) error {
	if _, err := f.conn.WriteToUDPAddrPort(msg, f.server); err != nil {
		if f.ctx.Err() != nil {
			return fmt.Errorf("%w: %w", ErrFlowDown, context.Cause(f.ctx))
		}
		// A full buffer or a route that is gone for a moment loses a packet,
		// as the network may at any time; retransmission deals with both.
		if errors.Is(err, net.ErrClosed) {
			f.fail(err)
		}
		return fmt.Errorf("send to %s: %w", f.server, err)
	}
	return nil
}

// Recv implements Flow.
func (f *udpFlow) Recv() ([]byte, error) {
	for {
		n, from, err := f.conn.ReadFromUDPAddrPort(f.buf)
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				f.fail(err)
				return nil, fmt.Errorf("%w: %w", ErrFlowDown, context.Cause(f.ctx))
			}
			// An ICMP error of an earlier packet; the socket is still good.
			continue
		}
		if netip.AddrPortFrom(from.Addr().Unmap(), from.Port()) != f.server {
			f.env.dropped.Add(1)
			continue
		}
		b := f.buf[:n]
		if f.stun.heard(b) {
			continue
		}
		if keepAlive(b) == message {
			return append([]byte(nil), b...), nil
		}
	}
}

func (f *udpFlow) ping() {
	for clock.Sleep(f.ctx, f.env.clock, f.env.keepAlive) {
		if !f.stun.on.Load() {
			_ = f.Send([]byte("\r\n\r\n"))
			continue
		}
		if err := f.bind(); err != nil {
			f.fail(err)
			return
		}
	}
}

func (f *udpFlow) fail(cause error) {
	f.once.Do(func() {
		f.end(cause)
		_ = f.conn.Close()
	})
}

// Close implements Flow.
func (f *udpFlow) Close() error {
	f.fail(errors.New("closed by us"))
	f.wg.Wait()
	return nil
}

// Done implements Flow.
func (f *udpFlow) Done() <-chan struct{} { return f.ctx.Done() }
