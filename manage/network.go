package manage

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"phoned/internal/clock"
	"phoned/manage/access"
)

// Bounds of what comes from the network.
const (
	maxConns   = 256 // connections at a time
	maxPerHost = 48  // of one address
	maxStreams = 64  // event streams at a time
)

// ServeTLS answers on l, by TLS, until Close. Config.Certificate must be there. It
// returns nil after Close.
func (s *Server) ServeTLS(l net.Listener) error {
	conf := s.cfg.Certificate.TLS()
	if s.cfg.ClientCAs != nil {
		// Browsers of people without one must come in: who shows one must show a good one.
		conf.ClientAuth, conf.ClientCAs, conf.Time = tls.VerifyClientCertIfGiven, s.cfg.ClientCAs, s.cfg.certificateTime()
	}
	err := s.http.Serve(tls.NewListener(l, conf))
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// certificateTime is what client certificates are judged by.
func (c *Config) certificateTime() func() time.Time {
	if c.CertificateTime != nil {
		return c.CertificateTime
	}
	return c.Clock.Now
}

// certified tells whom a request's client certificate names. That was verified when the
// connection began, which may be long ago.
func (s *Server) certified(r *http.Request) (*x509.Certificate, access.Certified, bool) {
	if r.TLS == nil || s.cfg.ClientCAs == nil || len(r.TLS.VerifiedChains) == 0 {
		return nil, access.Certified{}, false
	}
	now := s.cfg.certificateTime()()
	for _, c := range r.TLS.VerifiedChains[0] {
		if now.After(c.NotAfter) {
			return nil, access.Certified{}, false
		}
	}
	c := r.TLS.PeerCertificates[0]
	known, ok := s.cfg.Access.ByCertificate(c)
	return c, known, ok
}

// Redirect sends whoever comes without TLS to the port that has it, until Close.
// Nothing but that is ever said in the clear: what is sent in a request without TLS
// has been read by others already, so it is refused and not sent on.
func (s *Server) Redirect(l net.Listener, tlsPort string) error {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.knownHost(r) {
			fail(w, http.StatusMisdirectedRequest, "This phone does not answer to that name.", r.Host)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead || r.Header.Get("Authorization") != "" {
			fail(w, http.StatusForbidden, "This phone is managed by https only.", "What was sent could be read on its way. If it was a password or a token, change it.")
			return
		}
		host := r.Host
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
		host = strings.Trim(host, "[]")
		if tlsPort != "443" {
			host = net.JoinHostPort(host, tlsPort)
		} else if strings.Contains(host, ":") {
			host = "[" + host + "]"
		}
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Location", "https://"+host+r.URL.RequestURI())
		w.WriteHeader(http.StatusPermanentRedirect)
	})
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 5 * time.Second, WriteTimeout: 5 * time.Second, IdleTimeout: 5 * time.Second, MaxHeaderBytes: 8 << 10, ErrorLog: s.http.ErrorLog}
	go func() { // ends with Close
		<-s.base.Done()
		_ = srv.Close()
	}()
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// strictTransport tells browsers to come by TLS only (RFC 6797) where that can't lock
// anybody out: with a certificate that an authority vouches for. With the phone's own
// a browser that has once been told so would offer no way on any more.
func (s *Server) strictTransport(r *http.Request, h http.Header) {
	if r.TLS != nil && s.cfg.Certificate != nil && s.cfg.Certificate.Info().Uploaded {
		h.Set("Strict-Transport-Security", "max-age=2592000")
	}
}

// knownHost: the name in Host is the phone's own. A page that had its own name
// resolve to the phone's address (DNS rebinding) is found out by it. An address must be
// the one the connection came in by.
func (s *Server) knownHost(r *http.Request) bool {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	at, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	var local netip.Addr
	if at != nil {
		if ap, err := netip.ParseAddrPort(at.String()); err == nil {
			local = ap.Addr().Unmap().WithZone("")
		}
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		ip = ip.Unmap().WithZone("")
		if ip.IsLoopback() {
			return !local.IsValid() || local.IsLoopback()
		}
		return ip == local
	}
	if host == "localhost" {
		return !local.IsValid() || local.IsLoopback()
	}
	if slices.Contains(s.cfg.Attached, host) {
		return true
	}
	return s.cfg.Certificate != nil && slices.Contains(s.cfg.Certificate.Names(), host)
}

func (s *Server) networkOff() bool { return s.cfg.NetworkOff != nil && s.cfg.NetworkOff() }

// streaming bounds the open streams and ends one whose session or token has ended.
func (s *Server) streaming(serve func(*Server, http.ResponseWriter, *http.Request)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		select {
		case s.streams <- struct{}{}:
			defer func() { <-s.streams }()
		default:
			w.Header().Set("Retry-After", "10")
			fail(w, http.StatusServiceUnavailable, "There are as many event streams as the phone has room for.", "")
			return
		}
		is := who(r)
		if !is.Until.IsZero() {
			ctx, cancel := context.WithCancel(r.Context())
			defer cancel()
			t := s.cfg.Clock.AfterFunc(is.Until.Sub(s.cfg.certificateTime()()), cancel)
			defer t.Stop()
			serve(s, w, r.WithContext(ctx))
			return
		}
		if s.cfg.Access == nil || is.ID == "" {
			serve(s, w, r)
			return
		}
		r, over := s.watched(r, is.ID)
		defer over()
		serve(s, w, r)
	}
}

// watchEvery is how long a stream may outlive its session.
const watchEvery = 10 * time.Second

// watched ends a request when its session or token is no longer good.
func (s *Server) watched(r *http.Request, id string) (*http.Request, func()) {
	ctx, cancel := context.WithCancel(r.Context())
	var mu sync.Mutex // guards what follows
	var stopped bool
	var timer clock.Timer
	var look func()
	look = func() {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case stopped:
		case !s.cfg.Access.Alive(id):
			cancel()
		default:
			timer = s.cfg.Clock.AfterFunc(watchEvery, look)
		}
	}
	mu.Lock()
	timer = s.cfg.Clock.AfterFunc(watchEvery, look)
	mu.Unlock()
	return r.WithContext(ctx), func() {
		mu.Lock()
		defer mu.Unlock()
		stopped = true
		timer.Stop()
		cancel()
	}
}

// Limit bounds the connections of a listener, all and of one address, and takes only
// those that came in by an address that allowed says yes to; nil: by any. What is too
// much is closed at once, so that whoever opens many has none of the others' room.
func Limit(l net.Listener, allowed func(local netip.Addr) bool) net.Listener {
	return &limited{Listener: l, allowed: allowed, per: map[netip.Addr]int{}}
}

type limited struct {
	net.Listener
	allowed func(netip.Addr) bool

	mu  sync.Mutex
	all int
	per map[netip.Addr]int
}

// Accept implements net.Listener.
func (l *limited) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		from := addrOf(c.RemoteAddr())
		if l.allowed != nil && !l.allowed(addrOf(c.LocalAddr())) || !l.enter(from) {
			_ = c.Close()
			continue
		}
		return &limitedConn{Conn: c, leave: sync.OnceFunc(func() { l.leave(from) })}, nil
	}
}

func addrOf(a net.Addr) netip.Addr {
	ap, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap().WithZone("")
}

func (l *limited) enter(from netip.Addr) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all >= maxConns || l.per[from] >= maxPerHost {
		return false
	}
	l.all++
	l.per[from]++
	return true
}

func (l *limited) leave(from netip.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all--
	if l.per[from]--; l.per[from] <= 0 {
		delete(l.per, from)
	}
}

type limitedConn struct {
	net.Conn
	leave func()
}

// Close implements net.Conn.
func (c *limitedConn) Close() error {
	c.leave()
	return c.Conn.Close()
}
