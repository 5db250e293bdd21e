// Package siptest is a scripted far end for tests of the user agent: a server
// on 127.0.0.1 that speaks SIP over WebSocket, TCP, TLS or UDP, registers the
// phone with digest authentication, and otherwise says exactly what a test
// tells it, byte for byte. It shares no code with the user agent. Its
// goroutines end with the test.
package siptest

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// patience is how long an expectation waits before it fails the test; nothing
// that passes depends on it. On a pipe it is long, since time may be faked.
const (
	patience     = 20 * time.Second
	pipePatience = time.Hour
)

// Exchange is the server.
type Exchange struct {
	// URL is what a line's Servers names.
	URL string
	// Roots trusts the server's certificate; nil without TLS.
	Roots *x509.CertPool
	// NoPong leaves WebSocket pings unanswered from now on.
	NoPong atomic.Bool
	// Upgrades receives the header of each WebSocket upgrade.
	Upgrades chan http.Header

	t         testing.TB
	registrar *Registrar
	patience  time.Duration
	peers     chan *Peer
	ctx       context.Context
	wg        sync.WaitGroup
	pc        net.PacketConn
	mu        sync.Mutex
	udp       map[string]*Peer
}

// New starts an exchange for "ws", "wss", "tcp", "tls", "udp" or "pipe", which
// is reached by Dial only. A registrar that is not nil answers REGISTERs;
// without one they come to the test like all else.
func New(t testing.TB, transport string, r *Registrar) *Exchange {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	x := &Exchange{t: t, registrar: r, patience: patience, peers: make(chan *Peer, 64), ctx: ctx, udp: map[string]*Peer{}, Upgrades: make(chan http.Header, 64)}
	var stop func()
	switch transport {
	case "ws", "wss":
		stop = x.serveWebSocket(transport)
	case "tcp", "tls":
		stop = x.serveStream(transport)
	case "udp":
		stop = x.serveUDP()
	case "pipe":
		x.URL, x.patience = "tcp://pipe.invalid", pipePatience
		stop = func() {}
	default:
		t.Fatalf("siptest: no transport %q", transport)
	}
	t.Cleanup(func() {
		cancel()
		stop()
		x.wg.Wait()
	})
	return x
}

func (x *Exchange) serveWebSocket(transport string) func() {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x.Upgrades <- r.Header
		c, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"sip"}, InsecureSkipVerify: true,
			OnPingReceived: func(context.Context, []byte) bool { return !x.NoPong.Load() }})
		if err != nil {
			return
		}
		c.SetReadLimit(1 << 20)
		p := x.newPeer("WS", func(b []byte) error { return c.Write(x.ctx, websocket.MessageText, b) }, func() { _ = c.CloseNow() })
		p.WS = c
		x.peers <- p
		for {
			_, b, err := c.Read(x.ctx)
			if err != nil {
				p.closed()
				return
			}
			p.received(b)
		}
	}))
	if transport == "wss" {
		s.StartTLS()
		x.Roots = x509.NewCertPool()
		x.Roots.AddCert(s.Certificate())
		x.URL = "wss" + strings.TrimPrefix(s.URL, "https")
	} else {
		s.Start()
		x.URL = "ws" + strings.TrimPrefix(s.URL, "http")
	}
	return s.Close
}

func (x *Exchange) serveStream(transport string) func() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		x.t.Fatal(err)
	}
	x.URL = transport + "://" + l.Addr().String()
	if transport == "tls" {
		s := httptest.NewUnstartedServer(nil)
		s.StartTLS()
		cert := s.TLS.Certificates
		x.Roots = x509.NewCertPool()
		x.Roots.AddCert(s.Certificate())
		s.Close()
		l = tls.NewListener(l, &tls.Config{Certificates: cert})
	}
	var mu sync.Mutex
	conns := map[net.Conn]bool{}
	x.wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns[c] = true
			mu.Unlock()
			p := x.newPeer(strings.ToUpper(transport), func(b []byte) error { _, err := c.Write(b); return err }, func() { _ = c.Close() })
			x.peers <- p
			x.wg.Go(func() { p.readStream(c) })
		}
	})
	return func() {
		_ = l.Close()
		mu.Lock()
		defer mu.Unlock()
		for c := range conns {
			_ = c.Close()
		}
	}
}

// readStream cuts messages out of a stream by Content-Length.
func (p *Peer) readStream(c net.Conn) {
	defer p.closed()
	r := bufio.NewReader(c)
	for {
		var head bytes.Buffer
		length := 0
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			head.WriteString(line)
			if k, v, ok := strings.Cut(line, ":"); ok && strings.EqualFold(k, "Content-Length") {
				length, _ = strconv.Atoi(strings.TrimSpace(v))
			}
			if line == "\r\n" {
				break
			}
		}
		if head.Len() == 2 {
			p.received(head.Bytes())
			continue
		}
		if _, err := io.CopyN(&head, r, int64(length)); err != nil {
			return
		}
		p.received(head.Bytes())
	}
}

func (x *Exchange) serveUDP() func() {
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		x.t.Fatal(err)
	}
	x.pc = pc
	x.URL = "udp://" + pc.LocalAddr().String()
	x.wg.Go(func() {
		buf := make([]byte, 1<<16)
		for {
			n, from, err := pc.ReadFrom(buf)
			if err != nil {
				return
			}
			x.mu.Lock()
			p := x.udp[from.String()]
			if p == nil {
				p = x.newPeer("UDP", func(b []byte) error { _, err := pc.WriteTo(b, from); return err }, func() {})
				p.Addr = from
				x.udp[from.String()] = p
				x.peers <- p
			}
			x.mu.Unlock()
			p.received(bytes.Clone(buf[:n]))
		}
	})
	return func() { _ = pc.Close() }
}

// Peer waits for the next connection of a phone.
func (x *Exchange) Peer() *Peer {
	x.t.Helper()
	select {
	case p := <-x.peers:
		return p
	case <-time.After(x.patience):
		x.t.Fatal("siptest: nobody connected")
		return nil
	}
}

// Peer is the far end of one connection.
type Peer struct {
	// WS is the WebSocket, nil on other transports.
	WS *websocket.Conn
	// Addr is the phone's address over UDP.
	Addr net.Addr
	// Via is the transport name of our own Vias.
	Via string
	// Registers gets a copy of every REGISTER that the Registrar answered.
	Registers chan Message

	x     *Exchange
	write func([]byte) error
	drop  func()
	in    chan Message
	gone  chan struct{}
	once  sync.Once
	seq   int
}

func (x *Exchange) newPeer(via string, write func([]byte) error, drop func()) *Peer {
	return &Peer{Via: via, x: x, write: write, drop: drop, in: make(chan Message, 1024), gone: make(chan struct{}), Registers: make(chan Message, 1024)}
}

func (p *Peer) closed() { p.once.Do(func() { close(p.gone) }) }

// received runs on the connection's reader.
func (p *Peer) received(b []byte) {
	m := Parse(string(b))
	if r := p.x.registrar; r != nil && strings.HasPrefix(m.Start, "REGISTER ") {
		_ = p.write([]byte(r.answer(m)))
		p.Registers <- m
		return
	}
	p.in <- m
}

// Send writes raw as it is.
func (p *Peer) Send(raw string) {
	p.x.t.Helper()
	if err := p.write([]byte(raw)); err != nil {
		p.x.t.Fatalf("siptest: send: %v", err)
	}
}

// TrySend is Send from any goroutine; it reports false when the connection is
// gone. What comes back beyond what fits is thrown away.
func (p *Peer) TrySend(raw string) bool {
	for len(p.in) > cap(p.in)/2 {
		<-p.in
	}
	return p.write([]byte(raw)) == nil
}

// Next returns the next message that is not a keep-alive.
func (p *Peer) Next() Message {
	p.x.t.Helper()
	for {
		m := p.next()
		if strings.Trim(m.Raw, "\r\n") != "" {
			return m
		}
	}
}

// KeepAlive returns the next keep-alive, and fails on anything else.
func (p *Peer) KeepAlive() string {
	p.x.t.Helper()
	m := p.next()
	if strings.Trim(m.Raw, "\r\n") != "" {
		p.x.t.Fatalf("siptest: want a keep-alive, got %s", m.Start)
	}
	return m.Raw
}

func (p *Peer) next() Message {
	p.x.t.Helper()
	select {
	case m := <-p.in:
		return m
	default:
	}
	select {
	case m := <-p.in:
		return m
	case <-p.gone:
		p.x.t.Fatal("siptest: the connection is gone")
	case <-time.After(p.x.patience):
		p.x.t.Fatal("siptest: nothing arrived")
	}
	return Message{}
}

// Expect returns the next message and fails unless its first line starts so.
func (p *Peer) Expect(start string) Message {
	p.x.t.Helper()
	m := p.Next()
	if !strings.HasPrefix(m.Start, start) {
		p.x.t.Fatalf("siptest: want %q, got\n%s", start, m.Raw)
	}
	return m
}

// Registered waits until the Registrar has answered a REGISTER with 200 and
// returns that REGISTER.
func (p *Peer) Registered() Message {
	p.x.t.Helper()
	for {
		select {
		case m := <-p.Registers:
			if m.Get("Authorization") != "" || p.x.registrar.Algorithm == "" {
				return m
			}
		case <-time.After(p.x.patience):
			p.x.t.Fatal("siptest: no REGISTER")
		}
	}
}

// Gone waits for the end of the connection.
func (p *Peer) Gone() {
	p.x.t.Helper()
	select {
	case <-p.gone:
	case <-time.After(p.x.patience):
		p.x.t.Fatal("siptest: the connection stayed")
	}
}

// None says that no phone has connected that was not taken by Peer.
func (x *Exchange) None() bool { return len(x.peers) == 0 }

// Drop cuts the connection without a good-bye.
func (p *Peer) Drop() { p.drop() }

// Quiet says that nothing has arrived that was not looked at. It is proof only
// after a round trip (see Alive).
func (p *Peer) Quiet() bool { return len(p.in) == 0 }

// Alive sends OPTIONS and waits for its answer; what else arrives before it
// is returned.
func (p *Peer) Alive(target string) []Message {
	p.x.t.Helper()
	p.seq++
	id := fmt.Sprintf("alive-%d", p.seq)
	p.Send(p.Request("OPTIONS", target, id, id, "", 1, ""))
	var others []Message
	for {
		m := p.Next()
		if m.Get("Call-ID") == id {
			if !strings.HasPrefix(m.Start, "SIP/2.0 200") {
				p.x.t.Fatalf("siptest: OPTIONS answered %s", m.Start)
			}
			return others
		}
		others = append(others, m)
	}
}

// Request writes a request from scratch: a template of text, no more.
func (p *Peer) Request(method, uri, callID, fromTag, toTag string, cseq int, body string, extra ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s SIP/2.0\r\n", method, uri)
	fmt.Fprintf(&b, "Via: SIP/2.0/%s 127.0.0.1:5060;branch=z9hG4bK-%s-%d-%s;rport\r\n", p.Via, callID, cseq, strings.ToLower(branchMethod(method)))
	fmt.Fprintf(&b, "Max-Forwards: 70\r\nFrom: \"Bob\" <sip:2002@test.example>;tag=%s\r\nTo: <sip:1001@test.example>", fromTag)
	if toTag != "" {
		b.WriteString(";tag=" + toTag)
	}
	fmt.Fprintf(&b, "\r\nCall-ID: %s\r\nCSeq: %d %s\r\n", callID, cseq, method)
	if method == "INVITE" || method == "UPDATE" {
		fmt.Fprintf(&b, "Contact: <sip:2002@127.0.0.9:5060;transport=udp>\r\n")
	}
	finish(&b, body, extra)
	return b.String()
}

// branchMethod: a CANCEL has the branch of its INVITE.
func branchMethod(method string) string {
	if method == "CANCEL" {
		return "INVITE"
	}
	return method
}
