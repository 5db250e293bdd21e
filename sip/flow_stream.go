package sip

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"phoned/internal/clock"
)

// streamFlow is SIP over TCP or TLS. Two goroutines: one writes, one sends
// the CRLF keep-alive. A dead peer is found by the kernel, which gives up on
// unacknowledged bytes after the pong time, and by missing pongs from a peer
// that has shown that it sends them (RFC 5626 §3.5.1).
type streamFlow struct {
	conn  net.Conn
	env   flowEnv
	out   chan []byte
	stop  chan struct{}
	ctx   context.Context
	end   context.CancelCauseFunc
	once  sync.Once
	shut  sync.Once
	wg    sync.WaitGroup
	frame framer
	// pongs counts the peer's answers to our double CRLF.
	pongs atomic.Uint64
}

func dialStream(ctx context.Context, u *url.URL, l Line, env flowEnv) (Flow, flowInfo, error) {
	d, err := netDialer(l, "tcp")
	if err != nil {
		return nil, flowInfo{}, err
	}
	var conn net.Conn
	if u.Scheme == "tcp" {
		conn, err = env.connect(ctx, d, u)
	} else {
		for _, c := range tlsConfigs(u.Hostname(), l, env.gate) {
			conn, err = handshake(ctx, env, d, u, c)
			if cert := (*tls.CertificateVerificationError)(nil); err == nil || !errors.As(err, &cert) {
				break
			}
		}
	}
	if err != nil {
		return nil, flowInfo{}, err
	}
	setUserTimeout(conn, env.keepAlive+env.pong)
	info := flowInfo{strings.ToUpper(u.Scheme), conn.LocalAddr().String(), conn.RemoteAddr().String(), 1}
	return newStreamFlow(conn, env), info, nil
}

// handshake is TLS to the name in the URL, whatever host an SRV record names
// (RFC 5922 §4).
func handshake(ctx context.Context, env flowEnv, d *net.Dialer, u *url.URL, c *tls.Config) (net.Conn, error) {
	raw, err := env.connect(ctx, d, u)
	if err != nil {
		return nil, err
	}
	conn := tls.Client(raw, c)
	if err := conn.HandshakeContext(ctx); err != nil {
		_ = raw.Close()
		return nil, err
	}
	return conn, nil
}

func newStreamFlow(conn net.Conn, env flowEnv) *streamFlow {
	f := &streamFlow{conn: conn, env: env, out: make(chan []byte, sendQueue), stop: make(chan struct{})}
	f.ctx, f.end = context.WithCancelCause(context.Background())
	f.wg.Go(f.write)
	f.wg.Go(f.ping)
	return f
}

// Send implements Flow.
func (f *streamFlow) Send(msg []byte) error {
	if f.ctx.Err() != nil {
		return fmt.Errorf("%w: %w", ErrFlowDown, context.Cause(f.ctx))
	}
	select {
	case f.out <- msg:
		return nil
	default:
		f.fail(errors.New("the server does not take what we send"))
		return ErrFlowDown
	}
}

// Recv implements Flow.
func (f *streamFlow) Recv() ([]byte, error) {
	buf := make([]byte, 16<<10)
	for {
		msg, kind, err := f.frame.next()
		switch {
		case err != nil:
			f.fail(err)
		case kind == ping:
			_ = f.Send([]byte("\r\n"))
			continue
		case kind == pong:
			f.pongs.Add(1)
			continue
		case msg != nil:
			return msg, nil
		case f.frame.idlePong():
			// What follows a lone CRLF is not known yet. Between messages extra
			// CRLFs are harmless (RFC 3261 §7.5), so it is taken as a pong; a
			// ping cut in two by the network costs its sender one answer.
			f.pongs.Add(1)
		}
		if err == nil {
			var n int
			if n, err = f.conn.Read(buf); n > 0 {
				f.frame.feed(buf[:n])
				continue
			}
			if err != nil {
				f.fail(fmt.Errorf("read: %w", err))
			}
		}
		if f.ctx.Err() != nil {
			return nil, fmt.Errorf("%w: %w", ErrFlowDown, context.Cause(f.ctx))
		}
	}
}

func (f *streamFlow) write() {
	for {
		select {
		case b := <-f.out:
			if !f.writeBytes(b) {
				return
			}
		case <-f.stop:
			for {
				select {
				case b := <-f.out:
					if f.writeBytes(b) {
						continue
					}
				default:
				}
				f.fail(errors.New("closed by us"))
				return
			}
		case <-f.ctx.Done():
			return
		}
	}
}

func (f *streamFlow) writeBytes(b []byte) bool {
	stuck := f.env.clock.AfterFunc(writeTimeout, func() { f.fail(errors.New("write: the peer does not read")) })
	_, err := f.conn.Write(b)
	stuck.Stop()
	if err != nil {
		f.fail(fmt.Errorf("write: %w", err))
		return false
	}
	return true
}

func (f *streamFlow) ping() {
	for clock.Sleep(f.ctx, f.env.clock, f.env.keepAlive) {
		before := f.pongs.Load()
		if f.Send([]byte("\r\n\r\n")) != nil || !clock.Sleep(f.ctx, f.env.clock, f.env.pong) {
			return
		}
		if before > 0 && f.pongs.Load() == before {
			f.fail(errors.New("no answer to a keep-alive"))
			return
		}
	}
}

func (f *streamFlow) fail(cause error) {
	f.once.Do(func() {
		f.end(cause)
		// A TLS close waits for its alert to be written; the peer may be gone.
		_ = f.conn.SetDeadline(time.Unix(1, 0))
		_ = f.conn.Close()
	})
}

// Close implements Flow.
func (f *streamFlow) Close() error {
	f.shut.Do(func() { close(f.stop) })
	f.wg.Wait()
	return nil
}

// Done implements Flow.
func (f *streamFlow) Done() <-chan struct{} { return f.ctx.Done() }
