package sip

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"phoned/internal/clock"
	"phoned/internal/walltime"
)

// maxMessage bounds one SIP message in bytes, in either direction. Nothing a
// phone is sent honestly comes near it.
const maxMessage = 64 << 10

// sendQueue is how many messages may wait for a slow peer before the flow
// counts as dead.
const sendQueue = 256

// dialTimeout bounds one attempt at one server: name, TCP, TLS and upgrade.
const dialTimeout = 10 * time.Second

// Flow is one connection to an exchange that carries whole SIP messages, in
// the sense of RFC 5626 §3: everything of a line goes through it, whatever a
// Contact or a Route says. A flow answers keep-alives and notices a dead peer
// by itself; both stay invisible to its user.
type Flow interface {
	// Send queues one message and does not block. A nil error does not mean
	// that it arrived. A full queue ends the flow. Safe for concurrent use.
	Send(msg []byte) error
	// Recv blocks for the next message, which belongs to the caller. Its error
	// is final and tells why the flow ended. One goroutine at a time calls it.
	Recv() ([]byte, error)
	// Close sends what is queued, as far as the peer takes it, ends the flow
	// and frees everything. It is safe to call more than once.
	Close() error
	// Done is closed when the flow has ended for whatever reason.
	Done() <-chan struct{}
}

// flowInfo is what the rest of the agent needs to know of a flow.
type flowInfo struct {
	Transport string // as in Via: WSS, WS, TLS, TCP, UDP
	Local     string // host:port of our end
	Remote    string // host:port of the server
	// targets is how many hosts the server's name stands for where each needs
	// an attempt of its own: over UDP nothing fails before a request does.
	targets int
}

// dialer opens flows. Agent.dial is one; tests replace it.
type dialer func(ctx context.Context, server string, l Line) (Flow, flowInfo, error)

// flowEnv is what every kind of flow works with.
type flowEnv struct {
	resolver  Resolver
	clock     clock.Clock
	keepAlive time.Duration
	pong      time.Duration
	// dropped counts what arrived and was thrown away before parsing.
	dropped *atomic.Uint64
	gate    *walltime.Gate
}

func (a *Agent) dialServer(ctx context.Context, server string, l Line) (Flow, flowInfo, error) {
	u, err := url.Parse(server)
	if err != nil || u.Host == "" {
		return nil, flowInfo{}, fmt.Errorf("server address %q is not a URL: %w", server, ErrUnreachable)
	}
	f, info, err := a.dialOnce(ctx, u, l)
	if err != nil && a.cfg.Gate.Learn(err) {
		// The clock was behind the certificate: once more by a later time.
		if f, info, err = a.dialOnce(ctx, u, l); err != nil {
			a.cfg.Gate.Unlearn()
		}
	}
	if err != nil {
		return nil, info, dialError(u, err)
	}
	return f, info, nil
}

// secured: certificates are judged in reaching this server.
func secured(server string) bool {
	scheme, _, _ := strings.Cut(strings.ToLower(server), ":")
	return scheme == "wss" || scheme == "tls"
}

func (a *Agent) dialOnce(ctx context.Context, u *url.URL, l Line) (f Flow, info flowInfo, err error) {
	env := flowEnv{a.cfg.Resolver, a.clock, l.KeepAlive, l.Pong, &a.counters.stranger, a.cfg.Gate}
	switch u.Scheme {
	case "wss", "ws":
		f, info, err = dialWebSocket(ctx, u, l, env)
	case "tls", "tcp":
		f, info, err = dialStream(ctx, u, l, env)
	case "udp":
		f, info, err = dialUDP(ctx, u, l, env)
	default:
		err = fmt.Errorf("unknown transport %q", u.Scheme)
	}
	if err != nil {
		return nil, info, err
	}
	return f, info, nil
}

// dialError says which server could not be reached and why, without what a
// URL may carry besides.
func dialError(u *url.URL, err error) error {
	sentinel := ErrUnreachable
	if cert := (*tls.CertificateVerificationError)(nil); errors.As(err, &cert) {
		sentinel = ErrCertificate
	}
	return fmt.Errorf("connect to %s://%s: %w: %w", u.Scheme, u.Host, sentinel, err)
}

// hostPort adds the transport's default port (RFC 3261 §19.1.2, RFC 7118 §8).
func hostPort(u *url.URL) string {
	if u.Port() != "" {
		return u.Host
	}
	port := map[string]string{"wss": "443", "ws": "80", "tls": "5061"}[u.Scheme]
	if port == "" {
		port = "5060"
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// netDialer binds to the line's local address, if it names one.
func netDialer(l Line, network string) (*net.Dialer, error) {
	d := &net.Dialer{}
	if l.LocalAddress == "" {
		return d, nil
	}
	host, port, err := net.SplitHostPort(l.LocalAddress)
	if err != nil {
		host, port = l.LocalAddress, "0"
	}
	addr := net.JoinHostPort(strings.Trim(host, "[]"), port)
	if network == "udp" {
		d.LocalAddr, err = net.ResolveUDPAddr("udp", addr)
	} else {
		d.LocalAddr, err = net.ResolveTCPAddr("tcp", addr)
	}
	if err != nil {
		return nil, fmt.Errorf("local address %q: %w", l.LocalAddress, err)
	}
	return d, nil
}

// tlsConfigs are tried in turn: the line's own roots first, then the system's.
// Each verifies the server's name and a time that the gate vouches for; nothing
// here can turn that off.
func tlsConfigs(host string, l Line, gate *walltime.Gate) []*tls.Config {
	name := l.ServerName
	if name == "" {
		name = host
	}
	system := &tls.Config{ServerName: name, MinVersion: tls.VersionTLS12, Time: gate.Time}
	if l.Certificate != nil {
		system.Certificates = []tls.Certificate{*l.Certificate}
	}
	if l.Roots == nil {
		return []*tls.Config{system}
	}
	own := system.Clone()
	own.RootCAs = l.Roots
	return []*tls.Config{own, system}
}

// deadline is context.WithTimeout by the injected clock.
func deadline(ctx context.Context, c clock.Clock, d time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	t := c.AfterFunc(d, func() { cancel(context.DeadlineExceeded) })
	return ctx, func() { t.Stop(); cancel(context.Canceled) }
}
