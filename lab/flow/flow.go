// Package flow carries the lab's SIP messages: WebSockets (RFC 7118), secure or
// not, and UDP. It frames and counts; it does not look into messages.
//
// Every WebSocket has one reading goroutine, a UDP port has one for all peers.
// Sending never blocks for longer than writeTimeout.
package flow

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
)

const (
	writeTimeout = 5 * time.Second
	readLimit    = 256 << 10 // bytes of one message
)

// ErrClosed: the flow is gone.
var ErrClosed = errors.New("flow closed")

// Handler gets what arrives. Received is called on the flow's reading
// goroutine, Closed once when a WebSocket has ended, Opened before any
// Received.
type Handler interface {
	Opened(*Flow)
	Received(f *Flow, raw []byte)
	Closed(f *Flow, cause error)
}

// Flow is one way to a phone. It is safe for concurrent use.
type Flow struct {
	ID        int64
	Transport string // "WSS", "WS" or "UDP": the Via transport
	Remote    string // ip:port
	Local     string // ip:port of ours, on UDP
	// Upgrade is the WebSocket's request, nil on UDP.
	Upgrade *http.Request

	ws     *websocket.Conn
	cancel context.CancelFunc
	udp    net.PacketConn
	addr   net.Addr
	closed atomic.Bool
	write  sync.Mutex
}

var ids atomic.Int64

// Reliable reports whether the transport itself repeats what was lost.
func (f *Flow) Reliable() bool { return f.udp == nil }

// Closed reports whether sending is pointless.
func (f *Flow) Closed() bool { return f.closed.Load() }

// Send writes one message.
func (f *Flow) Send(raw []byte) error {
	if f.closed.Load() {
		return ErrClosed
	}
	if f.udp != nil {
		if _, err := f.udp.WriteTo(raw, f.addr); err != nil {
			return fmt.Errorf("send to %s: %w", f.Remote, err)
		}
		return nil
	}
	f.write.Lock()
	defer f.write.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), writeTimeout)
	defer cancel()
	if err := f.ws.Write(ctx, websocket.MessageText, raw); err != nil {
		return fmt.Errorf("send to %s: %w", f.Remote, err)
	}
	return nil
}

// Ping sends a WebSocket PING with a payload of the library's choice and waits
// for the PONG that repeats it. On UDP it does nothing.
func (f *Flow) Ping(ctx context.Context) error {
	if f.ws == nil {
		return nil
	}
	if err := f.ws.Ping(ctx); err != nil {
		return fmt.Errorf("ping %s: %w", f.Remote, err)
	}
	return nil
}

// Drop cuts a WebSocket without a close frame, as a dying server does.
func (f *Flow) Drop() {
	if f.ws != nil {
		_ = f.ws.CloseNow()
		f.cancel()
	}
}

// WebSocket is the http.Handler that upgrades phones' connections.
type WebSocket struct {
	Transport string // "WSS" or "WS"
	Handler   Handler
	Context   context.Context // its end cuts every socket
	// Refuse, if not nil, may answer the upgrade with an HTTP status instead.
	Refuse func(*http.Request) int
}

// ServeHTTP runs one WebSocket until it ends.
func (s *WebSocket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.Refuse != nil {
		if code := s.Refuse(r); code != 0 {
			w.WriteHeader(code)
			return
		}
	}
	// InsecureSkipVerify is about the Origin header only: browsers of any page
	// may reach the lab, as they reach an exchange.
	c, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		Subprotocols: []string{"sip"}, InsecureSkipVerify: true,
	})
	if err != nil {
		return
	}
	if c.Subprotocol() != "sip" { // RFC 7118 §4.1
		_ = c.Close(websocket.StatusPolicyViolation, "sub-protocol sip is required")
		return
	}
	c.SetReadLimit(readLimit)
	ctx, cancel := context.WithCancel(s.Context)
	defer cancel()
	f := &Flow{ID: ids.Add(1), Transport: s.Transport, Remote: r.RemoteAddr, Upgrade: r, ws: c, cancel: cancel}
	s.Handler.Opened(f)
	var cause error
	for {
		_, raw, err := c.Read(ctx)
		if err != nil {
			cause = err
			break
		}
		s.Handler.Received(f, raw)
	}
	f.closed.Store(true)
	_ = c.CloseNow()
	s.Handler.Closed(f, cause)
}

// UDP serves one socket: a Flow for each peer address.
type UDP struct {
	conn  net.PacketConn
	h     Handler
	mu    sync.Mutex
	peers map[string]*Flow
	done  chan struct{}
}

// ServeUDP starts reading conn on a goroutine that ends with Close.
func ServeUDP(conn net.PacketConn, h Handler) *UDP {
	u := &UDP{conn: conn, h: h, peers: map[string]*Flow{}, done: make(chan struct{})}
	go u.read()
	return u
}

func (u *UDP) read() {
	defer close(u.done)
	buf := make([]byte, 64<<10)
	for {
		n, addr, err := u.conn.ReadFrom(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // an ICMP refusal of an earlier datagram: not the end
			continue
		}
		if answer := bindingAnswer(buf[:n], addr); answer != nil {
			_, _ = u.conn.WriteTo(answer, addr) // lost like any datagram
			continue
		}
		u.h.Received(u.peer(addr), append([]byte(nil), buf[:n]...))
	}
}

func (u *UDP) peer(addr net.Addr) *Flow {
	u.mu.Lock()
	defer u.mu.Unlock()
	key := addr.String()
	if f := u.peers[key]; f != nil {
		return f
	}
	f := &Flow{ID: ids.Add(1), Transport: "UDP", Remote: key, Local: u.conn.LocalAddr().String(), udp: u.conn, addr: addr}
	u.peers[key] = f
	u.h.Opened(f)
	return f
}

// Close ends the socket and waits for its goroutine.
func (u *UDP) Close() {
	_ = u.conn.Close()
	<-u.done
}
