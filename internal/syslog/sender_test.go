package syslog

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"phoned/internal/devicecert"
	"phoned/internal/health"
	"phoned/internal/logring"
	"phoned/internal/secret"
)

// vault keeps nothing for good.
type vault map[string]secret.String

func (v vault) Get(name string) (secret.String, error) { return v[name], nil }
func (v vault) Set(values map[string]secret.String) error {
	for k, s := range values {
		v[k] = s
	}
	return nil
}

// collector is a log server at the other end of pipes.
type collector struct {
	t       *testing.T
	conf    *tls.Config
	mu      sync.Mutex
	down    bool
	conns   []net.Conn
	got     []string
	dials   int
	goodbye bool          // the last one that left said so
	stalled chan struct{} // while it is open nothing is read; nil: never
}

func newCollector(t *testing.T, name string) (*collector, *x509.Certificate) {
	t.Helper()
	k, err := devicecert.Open(devicecert.Config{Vault: vault{}, Names: func() devicecert.Names { return devicecert.Names{Host: name, DNS: []string{name}} }})
	if err != nil {
		t.Fatal(err)
	}
	cert, err := k.Certificate(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &collector{t: t, conf: k.TLS()}, cert.Leaf
}

func (c *collector) dial(context.Context, string, string) (net.Conn, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dials++
	if c.down {
		return nil, errors.New("connection refused")
	}
	near, far := net.Pipe()
	c.conns = append(c.conns, far)
	go c.serve(tls.Server(buffer(far), c.conf))
	return near, nil
}

// buffered is a pipe's end that takes what is written, as a network does: with both
// sides waiting for the other to read, an alert would not get through.
type buffered struct {
	net.Conn
	out chan []byte
}

func buffer(c net.Conn) net.Conn {
	b := buffered{c, make(chan []byte, 64)}
	go func() {
		for p := range b.out {
			_, _ = c.Write(p)
		}
		_ = c.Close()
	}()
	return b
}

func (b buffered) Write(p []byte) (int, error) {
	b.out <- append([]byte(nil), p...)
	return len(p), nil
}

func (b buffered) Close() error { close(b.out); return nil }

func (c *collector) serve(conn net.Conn) {
	defer conn.Close()
	r := bufio.NewReader(conn)
	for {
		n, err := r.ReadString(' ')
		if err != nil {
			c.mu.Lock()
			c.goodbye = errors.Is(err, io.EOF) // close_notify; a cut is another error
			c.mu.Unlock()
			return
		}
		size, err := strconv.Atoi(strings.TrimSpace(n))
		if err != nil {
			c.t.Errorf("no length: %q", n)
			return
		}
		b := make([]byte, size)
		if _, err := io.ReadFull(r, b); err != nil {
			return
		}
		c.mu.Lock()
		c.got = append(c.got, string(b))
		stalled := c.stalled
		c.mu.Unlock()
		if stalled != nil {
			<-stalled
		}
	}
}

// texts are what came after the structured data.
func (c *collector) texts() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []string
	for _, m := range c.got {
		_, text, _ := strings.Cut(m, `"] `)
		out = append(out, text)
	}
	return strings.Join(out, "|")
}

func (c *collector) tries() int { c.mu.Lock(); defer c.mu.Unlock(); return c.dials }

func (c *collector) cut(down bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.down = down
	for _, conn := range c.conns {
		_ = conn.Close()
	}
	c.conns = nil
}

// bench is a sender to a collector, with a log to write to. It must be made in a bubble.
type bench struct {
	*Sender
	far      *collector
	log      *slog.Logger
	problems *health.Registry
	stop     func()
}

func start(t *testing.T, size int, change func(*Config, *collector)) *bench {
	t.Helper()
	far, cert := newCollector(t, "logs.example.net")
	roots := x509.NewCertPool()
	roots.AddCert(cert)
	ring := logring.New(slog.DiscardHandler, size, slog.LevelInfo)
	b := &bench{far: far, log: slog.New(ring.Handler()), problems: health.NewRegistry(time.Now)}
	cfg := Config{Ring: ring, Server: "logs.example.net:6514", Facility: facilities["local0"], Origin: Origin{App: "phoned"}, TLS: &tls.Config{RootCAs: roots}, Problems: b.problems, Log: slog.New(ring.Handler()), Dial: far.dial}
	if change != nil {
		change(&cfg, far)
	}
	b.Sender = New(cfg)
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan struct{})
	go func() { b.Run(ctx); close(over) }()
	b.stop = func() { cancel(); <-over }
	t.Cleanup(func() { b.stop(); far.cut(true) })
	return b
}

func (b *bench) codes() string {
	var out []string
	for _, p := range b.problems.List() {
		out = append(out, p.Code)
	}
	return strings.Join(out, " ")
}

func settle(d time.Duration) { time.Sleep(d); synctest.Wait() } // of the bubble's time

func TestSends(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, 100, func(c *Config, _ *collector) {
			c.Least = slog.LevelWarn
			c.Hush = func() func([]byte) []byte {
				return func(b []byte) []byte { return []byte(strings.ReplaceAll(string(b), "hunter3", "redacted")) }
			}
		})
		b.log.Warn("one", "password", secret.New("hunter2"))
		b.log.Info("not wanted")
		settle(2 * time.Second)
		b.log.Error("two of hunter3")
		settle(0)
		if got := b.far.texts(); got != `one password=redacted|two of redacted` {
			t.Errorf("%q", got)
		}
		b.stop()
		synctest.Wait()
		if sent, lost := b.Counters(); sent != 2 || lost != 0 || !b.far.goodbye {
			t.Error(sent, lost, b.far.goodbye)
		}
	})
}

// TestKeepsWhatItCan: while the server is away the ring is the queue; what it drops
// is counted, and the collector sees it in the numbers of the messages.
func TestKeepsWhatItCan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, 5, nil)
		b.log.Info("first")
		settle(2 * time.Second)
		b.far.cut(true)
		settle(time.Second)
		for i := range 20 {
			b.log.Info("line " + strconv.Itoa(i))
		}
		settle(time.Minute)
		b.far.cut(false)
		settle(5 * time.Minute)
		got := b.far.texts()
		if !strings.HasPrefix(got, "first|line 15|line 16|line 17|line 18|line 19|") && !strings.Contains(got, "|line 19|") {
			t.Errorf("%q", got)
		}
		sent, lost := b.Counters()
		if lost < 15 || int(sent) != len(b.far.got) {
			t.Errorf("sent %d of %d, lost %d", sent, len(b.far.got), lost)
		}
		last := b.far.got[len(b.far.got)-1]
		if want := `sequenceId="` + strconv.Itoa(int(sent+lost)) + `"`; !strings.Contains(last, want) {
			t.Errorf("%s is not in %q", want, last)
		}
		if !strings.Contains(got, "were lost on their way") || b.codes() != "" {
			t.Errorf("%q %q", got, b.codes())
		}
	})
}

// TestAwayForLong: five minutes without the server are a problem, which goes with it.
func TestAwayForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, 100, func(_ *Config, far *collector) { far.down = true })
		settle(4 * time.Minute)
		if b.codes() != "" {
			t.Errorf("too early: %s", b.codes())
		}
		tries := b.far.tries()
		settle(56 * time.Minute)
		if b.codes() != CodeUnreachable {
			t.Errorf("an hour later: %q", b.codes())
		}
		// Each two minutes, less or more by three tenths.
		if n := b.far.tries() - tries; n < 18 || n > 45 {
			t.Errorf("%d tries in 56 minutes", n)
		}
		b.far.cut(false)
		settle(5 * time.Minute)
		if b.codes() != "" || !strings.Contains(b.far.texts(), "can't be reached") {
			t.Errorf("%q %q", b.codes(), b.far.texts())
		}
	})
}

func TestWhoIsTrusted(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Config, *collector)
		code   string
		sends  bool
	}{
		"an authority's": {nil, "", true},
		"nobody's":       {func(c *Config, _ *collector) { c.TLS = &tls.Config{RootCAs: x509.NewCertPool()} }, CodeCertificate, false},
		"another name":   {func(c *Config, _ *collector) { c.Server = "other.example.net:6514" }, CodeCertificate, false},
		"the key that was told, nobody's certificate": {func(c *Config, far *collector) {
			cert, _ := far.conf.GetCertificate(nil)
			c.TLS, c.Pin = &tls.Config{RootCAs: x509.NewCertPool()}, devicecert.KeyPin(cert.Leaf)
		}, "", true},
		"another key": {func(c *Config, _ *collector) { c.Pin = strings.Repeat("00:", 31) + "00" }, CodeCertificate, false},
		// TLS 1.3: the server says so only after the greeting; nothing may be sent before.
		"a server that asks for a certificate we have not": {func(c *Config, far *collector) {
			far.conf.ClientAuth = tls.RequireAnyClientCert
		}, CodeUnreachable, false},
		"a server that asks for our certificate": {func(c *Config, far *collector) {
			far.conf.ClientAuth = tls.RequireAnyClientCert
			c.TLS.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return far.conf.GetCertificate(nil) }
		}, "", true},
		"no TLS there": {func(c *Config, far *collector) {
			c.Dial = func(context.Context, string, string) (net.Conn, error) {
				near, there := net.Pipe()
				go func() {
					_, _ = io.CopyN(io.Discard, there, 5)
					_, _ = there.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
					_ = there.Close()
				}()
				return near, nil
			}
		}, CodeUnreachable, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := start(t, 100, c.change)
				b.log.Info("hello")
				settle(20 * time.Minute)
				sent, lost := b.Counters()
				if b.codes() != c.code || (sent > 0) != c.sends || lost != 0 || strings.HasPrefix(b.far.texts(), "hello") != c.sends {
					t.Errorf("%q, %d sent, %d lost, %q", b.codes(), sent, lost, b.far.texts())
				}
			})
		})
	}
}

// TestSlowServer: who does not read holds up nobody but the sender.
func TestSlowServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, 10, nil)
		stalled := make(chan struct{})
		b.far.stalled = stalled
		settle(2 * time.Second)
		for i := range 1000 {
			b.log.Info(strings.Repeat("x", 1000), "i", i)
		}
		time.Sleep(time.Minute)
		close(stalled)
		settle(5 * time.Minute)
		if _, lost := b.Counters(); lost == 0 || !strings.Contains(b.far.texts(), "i=999") {
			t.Errorf("%d lost", lost)
		}
	})
}
