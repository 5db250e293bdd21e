package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"
)

const (
	user     = "100"
	password = "secret"
	realm    = "callrig"
	t1       = 500 * time.Millisecond // RFC 3261 section 17.1.1.1
)

// exchange is the phone's registrar and caller, on a UDP port of its own. One
// goroutine reads, until close.
type exchange struct {
	conn       *net.UDPConn
	port       int
	registered chan struct{} // closed with the first registration
	done       chan struct{}

	mu      sync.Mutex
	contact string         // of the phone
	addr    netip.AddrPort // from which it registered
	regAt   time.Time
	waiting map[string]chan *message // by transaction
}

func newExchange() (*exchange, error) {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	if err := stampArrivals(conn); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	x := &exchange{
		conn: conn, port: conn.LocalAddr().(*net.UDPAddr).Port,
		registered: make(chan struct{}), done: make(chan struct{}), waiting: map[string]chan *message{},
	}
	go x.read()
	return x, nil
}

func (x *exchange) close() error {
	err := x.conn.Close()
	<-x.done
	return err
}

func token() string { return fmt.Sprintf("%016x", rand.Uint64()) }

func (x *exchange) read() {
	defer close(x.done)
	buf := make([]byte, 65536)
	for {
		n, from, at, err := readStamped(x.conn, buf)
		if err != nil {
			return
		}
		m := parseMessage(buf[:n])
		m.at, m.from = at, from
		switch {
		case m.status() != 0:
			x.deliver(m)
		case m.method() == "REGISTER":
			x.register(m)
		case m.method() != "ACK" && strings.HasSuffix(m.start, " SIP/2.0"):
			x.send(m.from, m.answer("200 OK", token(), "", ""))
		}
	}
}

func (x *exchange) send(to netip.AddrPort, b []byte) {
	_, _ = x.conn.WriteToUDPAddrPort(b, to) // as lossy as UDP is anyway
}

func (x *exchange) deliver(m *message) {
	x.mu.Lock()
	ch := x.waiting[m.transaction()]
	x.mu.Unlock()
	select {
	case ch <- m:
	default:
	}
}

func (x *exchange) register(m *message) {
	p := parameters(m.get("authorization"))
	if p["response"] == "" || p["response"] != digest(p, "REGISTER", password) {
		x.send(m.from, m.answer("401 Unauthorized", token(), fmt.Sprintf("WWW-Authenticate: Digest realm=%q, nonce=%q, algorithm=MD5, qop=\"auth\"\r\n", realm, token()), ""))
		return
	}
	expires := m.get("expires")
	if _, after, ok := strings.Cut(m.get("contact"), ";expires="); ok {
		expires, _, _ = strings.Cut(after, ";")
	}
	x.send(m.from, m.answer("200 OK", token(), "Contact: "+m.get("contact")+"\r\nExpires: "+expires+"\r\n", ""))
	if expires == "0" {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.contact, x.addr = uri(m.get("contact")), m.from
	if x.regAt.IsZero() {
		x.regAt = m.at
		close(x.registered)
	}
}

// await gives what answers a transaction, until forget is called.
func (x *exchange) await(transaction string) (answers <-chan *message, forget func()) {
	ch := make(chan *message, 16)
	x.mu.Lock()
	defer x.mu.Unlock()
	x.waiting[transaction] = ch
	return ch, func() { x.mu.Lock(); delete(x.waiting, transaction); x.mu.Unlock() }
}

// call is a call to the phone. Durations are since the INVITE; 0 is never.
type call struct {
	x                         *exchange
	id, from, to, target      string
	addr                      netip.AddrPort
	media                     netip.AddrPort // of the phone
	trying, ringing, answered time.Duration
	sent                      time.Time
}

func (c *call) request(method, branch string, cseq int, body string) []byte {
	kind := ""
	if body != "" {
		kind = "Content-Type: application/sdp\r\n"
	}
	return fmt.Appendf(nil, "%s %s SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:%d;branch=z9hG4bK%s;rport\r\nMax-Forwards: 70\r\nFrom: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %d %s\r\nContact: <sip:callrig@127.0.0.1:%d>\r\n%sContent-Length: %d\r\n\r\n%s",
		method, c.target, c.x.port, branch, c.from, c.to, c.id, cseq, method, c.x.port, kind, len(body), body)
}

// invite calls the phone and waits until it has answered.
func (x *exchange) invite(ctx context.Context, sdp string) (*call, error) {
	x.mu.Lock()
	c := &call{x: x, id: token(), from: fmt.Sprintf("\"callrig\" <sip:callrig@127.0.0.1>;tag=%s", token()), to: "<" + x.contact + ">", target: x.contact, addr: x.addr}
	x.mu.Unlock()
	answers, forget := x.await(c.id + " 1 INVITE")
	defer forget()
	branch := token()
	invite := c.request("INVITE", branch, 1, sdp)
	c.sent = time.Now().Round(0)
	x.send(c.addr, invite)
	again := time.NewTimer(t1)
	defer again.Stop()
	for {
		select {
		case m := <-answers:
			again.Stop()
			if over, err := c.heard(m, branch); over {
				return c, err
			}
		case <-again.C:
			x.send(c.addr, invite)
			again.Reset(2 * t1)
		case <-ctx.Done():
			return c, fmt.Errorf("the phone did not answer the INVITE: %w", ctx.Err())
		}
	}
}

// heard takes a response to the INVITE; over with a final one.
func (c *call) heard(m *message, branch string) (over bool, err error) {
	since, status := m.at.Sub(c.sent), m.status()
	switch {
	case status == 100:
		c.trying = since
		return false, nil
	case status < 200:
		if c.ringing == 0 {
			c.ringing = since
		}
		return false, nil
	case status >= 300: // RFC 3261 section 17.1.1.3: the ACK of a refusal is in its transaction
		c.to = m.get("to")
		c.x.send(c.addr, c.request("ACK", branch, 1, ""))
		return true, fmt.Errorf("the phone refused the call: %s", m.start)
	}
	c.answered, c.to = since, m.get("to")
	if u := uri(m.get("contact")); u != "" {
		c.target = u
	}
	c.x.send(c.addr, c.request("ACK", token(), 1, ""))
	c.media, err = mediaAddress(m.body)
	return true, err
}

// hangUp says BYE and gives the time until it was answered.
func (c *call) hangUp(ctx context.Context) (time.Duration, error) {
	answers, forget := c.x.await(c.id + " 2 BYE")
	defer forget()
	sent := time.Now().Round(0)
	c.x.send(c.addr, c.request("BYE", token(), 2, ""))
	select {
	case m := <-answers:
		return m.at.Sub(sent), nil
	case <-ctx.Done():
		return 0, fmt.Errorf("the phone did not answer the BYE: %w", ctx.Err())
	}
}
