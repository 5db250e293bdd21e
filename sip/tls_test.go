package sip_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http/httptest"
	"testing"
	"time"

	"phoned/internal/clock"
	"phoned/internal/walltime"
	"phoned/sip"
	"phoned/sip/siptest"
)

func gateAt(t *testing.T, now, built time.Time) (*walltime.Gate, *clock.Fake) {
	t.Helper()
	c := clock.NewFake(now)
	g := walltime.Open(walltime.Config{Built: built, Clock: c, Synchronised: func() bool { return false }})
	t.Cleanup(g.Close)
	return g, c
}

// A board that starts in 1970 waits for the time, and then judges certificates
// by the time that is certain.
func TestTLSWaitsForTheTime(t *testing.T) {
	for _, transport := range []string{"wss", "tls"} {
		t.Run(transport, func(t *testing.T) {
			gate, c := gateAt(t, time.Unix(0, 0), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
			x := siptest.New(t, transport, testRegistrar())
			p := newPhone(t, func(c *sip.Config) { c.Gate = gate })
			p.SetLines([]sip.Line{testLine(x)})
			p.line(sip.Connecting)
			if gate.State() != walltime.Waiting || !x.None() {
				t.Fatalf("%v: a connection before the time is known", gate.State())
			}
			for range 40 {
				c.Advance(time.Second)
			}
			x.Peer().Registered()
			p.line(sip.Registered)
		})
	}
}

// The test server's certificate ends in 2084: by the gate's clock it is over.
func TestTLSJudgesByTheGate(t *testing.T) {
	for _, transport := range []string{"wss", "tls"} {
		t.Run(transport, func(t *testing.T) {
			gate, _ := gateAt(t, time.Date(2090, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2089, 1, 1, 0, 0, 0, 0, time.UTC))
			x := siptest.New(t, transport, testRegistrar())
			p := newPhone(t, func(c *sip.Config) { c.Gate = gate })
			p.SetLines([]sip.Line{testLine(x)})
			for {
				if c := p.line(sip.Connecting); c.Err != nil {
					if !errors.Is(c.Err, sip.ErrCertificate) {
						t.Errorf("%v", c.Err)
					}
					break
				}
			}
		})
	}
}

// Verification holds for each way to reach a server: a certificate of nobody
// we know, and one for another name, end in ErrCertificate.
func TestTLSIsAlwaysVerified(t *testing.T) {
	for _, transport := range []string{"wss", "tls"} {
		for name, edit := range map[string]func(*sip.Line){
			"unknown authority": func(l *sip.Line) { l.Roots = nil },
			"another name":      func(l *sip.Line) { l.ServerName = "pbx.elsewhere.invalid" },
		} {
			t.Run(transport+" "+name, func(t *testing.T) {
				x := siptest.New(t, transport, testRegistrar())
				p := newPhone(t, nil)
				l := testLine(x)
				edit(&l)
				p.SetLines([]sip.Line{l})
				for {
					if c := p.line(sip.Connecting); c.Err != nil {
						if !errors.Is(c.Err, sip.ErrCertificate) {
							t.Errorf("%v", c.Err)
						}
						break
					}
				}
			})
		}
	}
}

// A name that the certificate does have is enough, whatever the URL says.
func TestServerName(t *testing.T) {
	x := siptest.New(t, "wss", testRegistrar())
	p := newPhone(t, nil)
	l := testLine(x)
	l.ServerName = "example.com" // the test server's certificate has it
	p.SetLines([]sip.Line{l})
	x.Peer().Registered()
	p.line(sip.Registered)
}

func TestClientCertificate(t *testing.T) {
	s := httptest.NewUnstartedServer(nil)
	s.StartTLS()
	own, roots := s.TLS.Certificates[0], x509.NewCertPool()
	roots.AddCert(s.Certificate())
	s.Close()
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{own}, ClientAuth: tls.RequireAnyClientCert})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	shown := make(chan int, 8)
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			_ = c.(*tls.Conn).HandshakeContext(t.Context())
			shown <- len(c.(*tls.Conn).ConnectionState().PeerCertificates)
			_ = c.Close()
		}
	}()
	for _, scheme := range []string{"tls", "wss"} {
		p := newPhone(t, nil)
		p.SetLines([]sip.Line{{ID: "line1", User: "1", Domain: "d", Servers: []string{scheme + "://" + listener.Addr().(*net.TCPAddr).String()}, Roots: roots, Certificate: &own}})
		if n := <-shown; n != 1 {
			t.Errorf("%s: %d certificates shown", scheme, n)
		}
		_ = p.Close(t.Context())
	}
}
