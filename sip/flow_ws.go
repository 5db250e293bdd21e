package sip

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/coder/websocket"

	"phoned/internal/clock"
)

// writeTimeout bounds one write to a peer that does not read.
const writeTimeout = 9 * time.Second

// closeTimeout bounds the closing handshake.
const closeTimeout = time.Second

// wsFlow is SIP over WebSocket (RFC 7118): one message a frame sequence, text
// or binary. Two goroutines: one writes, one pings.
type wsFlow struct {
	conn *websocket.Conn
	env  flowEnv
	out  chan []byte
	stop chan struct{} // closed by Close
	ctx  context.Context
	end  context.CancelCauseFunc
	once sync.Once // of fail
	shut sync.Once // of Close
	wg   sync.WaitGroup
}

func dialWebSocket(ctx context.Context, u *url.URL, l Line, env flowEnv) (Flow, flowInfo, error) {
	d, err := netDialer(l, "tcp")
	if err != nil {
		return nil, flowInfo{}, err
	}
	configs := []*tls.Config{nil}
	if u.Scheme == "wss" {
		configs = tlsConfigs(u.Hostname(), l, env.gate)
	}
	for _, c := range configs {
		var f *wsFlow
		var info flowInfo
		if f, info, err = upgrade(ctx, u, l, env, d, c); err == nil {
			return f, info, nil
		}
		if cert := (*tls.CertificateVerificationError)(nil); !errors.As(err, &cert) {
			break
		}
	}
	return nil, flowInfo{}, err
}

func upgrade(ctx context.Context, u *url.URL, l Line, env flowEnv, d *net.Dialer, c *tls.Config) (*wsFlow, flowInfo, error) {
	info := flowInfo{Transport: "WS"}
	if u.Scheme == "wss" {
		info.Transport = "WSS"
	}
	t := &http.Transport{
		TLSClientConfig:   c,
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			conn, err := env.connect(ctx, d, u)
			if err == nil {
				info.Local, info.Remote = conn.LocalAddr().String(), conn.RemoteAddr().String()
			}
			return conn, err
		},
	}
	defer t.CloseIdleConnections()
	sub := l.SubProtocol
	if sub == "" {
		sub = "sip"
	}
	//nolint:bodyclose // the library replaces the body: "you never need to close it"
	conn, res, err := websocket.Dial(ctx, u.String(), &websocket.DialOptions{
		HTTPClient: &http.Client{
			Transport: t,
			// The line names its servers; an answer does not get to add one.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		HTTPHeader:   l.Headers,
		Subprotocols: []string{sub},
	})
	if err != nil {
		if res != nil && res.StatusCode != http.StatusSwitchingProtocols {
			return nil, flowInfo{}, fmt.Errorf("the server answered %s to the WebSocket upgrade", res.Status)
		}
		// An attempt that was given up may still be dialling, and writes info.
		return nil, flowInfo{}, err
	}
	conn.SetReadLimit(maxMessage)
	f := &wsFlow{conn: conn, env: env, out: make(chan []byte, sendQueue), stop: make(chan struct{})}
	f.ctx, f.end = context.WithCancelCause(context.Background())
	f.wg.Go(f.write)
	f.wg.Go(f.ping)
	return f, info, nil
}

// Send implements Flow.
func (f *wsFlow) Send(msg []byte) error {
	if len(msg) > maxMessage {
		return fmt.Errorf("message of %d bytes is over the limit of %d", len(msg), maxMessage)
	}
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

// Recv implements Flow. A keep-alive of the peer (RFC 7118 §6, and the double
// CRLF that Asterisk sends in a text frame) is answered here.
func (f *wsFlow) Recv() ([]byte, error) {
	for {
		_, b, err := f.conn.Read(f.ctx)
		if err != nil {
			f.fail(err)
			return nil, fmt.Errorf("%w: %w", ErrFlowDown, context.Cause(f.ctx))
		}
		switch keepAlive(b) {
		case ping:
			_ = f.Send([]byte("\r\n"))
		case pong:
		default:
			return b, nil
		}
	}
}

func (f *wsFlow) write() {
	for {
		select {
		case b := <-f.out:
			if !f.writeFrame(b) {
				return
			}
		case <-f.stop:
			f.drain()
			return
		case <-f.ctx.Done():
			return
		}
	}
}

// drain sends what is still queued and says good-bye.
func (f *wsFlow) drain() {
	for {
		select {
		case b := <-f.out:
			if !f.writeFrame(b) {
				return
			}
			continue
		default:
		}
		break
	}
	bye := make(chan struct{})
	go func() {
		_ = f.conn.Close(websocket.StatusNormalClosure, "")
		close(bye)
	}()
	ctx, cancel := deadline(f.ctx, f.env.clock, closeTimeout)
	defer cancel()
	select {
	case <-bye:
	case <-ctx.Done():
	}
	f.fail(errors.New("closed by us"))
	<-bye
}

func (f *wsFlow) writeFrame(b []byte) bool {
	ctx, cancel := deadline(f.ctx, f.env.clock, writeTimeout)
	defer cancel()
	if err := f.conn.Write(ctx, websocket.MessageText, b); err != nil {
		f.fail(fmt.Errorf("write: %w", err))
		return false
	}
	return true
}

// ping finds out that the peer is gone: no packet of a dead peer ever says so.
func (f *wsFlow) ping() {
	for clock.Sleep(f.ctx, f.env.clock, f.env.keepAlive) {
		ctx, cancel := deadline(f.ctx, f.env.clock, f.env.pong)
		err := f.conn.Ping(ctx)
		cancel()
		if err != nil {
			f.fail(fmt.Errorf("no answer to a ping: %w", err))
			return
		}
	}
}

// fail ends the flow at once; the first cause is kept.
func (f *wsFlow) fail(cause error) {
	f.once.Do(func() {
		f.end(cause)
		_ = f.conn.CloseNow()
	})
}

// Close implements Flow.
func (f *wsFlow) Close() error {
	f.shut.Do(func() { close(f.stop) })
	f.wg.Wait()
	return nil
}

// Done implements Flow.
func (f *wsFlow) Done() <-chan struct{} { return f.ctx.Done() }
