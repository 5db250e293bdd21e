package backend

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"phoned/internal/httpcall"
)

// serveTLS starts a real server with a certificate of its own making.
func serveTLS(t *testing.T, h http.Handler, change func(*x509.Certificate)) (*httptest.Server, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	if change != nil {
		change(tmpl)
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	s.StartTLS()
	t.Cleanup(s.Close)
	return s, pool
}

func TestRealTLS(t *testing.T) {
	s := newServer(t)
	for _, c := range []struct {
		name    string
		change  func(*x509.Certificate)
		trusted bool
		title   string // "": signs in
	}{
		{"trusted authority", nil, true, ""},
		{"unknown authority", nil, false, "The server's certificate is not trusted."},
		{"expired", func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }, true, "The server's certificate is expired or not valid yet."},
		{"not yet valid", func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Minute) }, true, "The server's certificate is expired or not valid yet."},
		{"another name", func(c *x509.Certificate) { c.IPAddresses, c.DNSNames = nil, []string{"other.example"} }, true, "The server's certificate is for another name."},
	} {
		t.Run(c.name, func(t *testing.T) {
			web, pool := serveTLS(t, s, c.change)
			r := newRig(t, s, newVault(), func(cfg *Config) {
				cfg.OAuthEndpoint, cfg.HTTP = web.URL+"/oauth/internal", nil
				if c.trusted {
					cfg.Roots = pool
				}
			}).start(Tokens{})
			next[SignedOut](r)
			err := r.SignIn(t.Context(), email, password)
			if c.title == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if p := ProblemOf(err); p.Title != c.title || p.Code != CodeCertificate || !errors.Is(err, httpcall.ErrCertificate) {
				t.Errorf("got %+v", p)
			}
			searchSecrets(t, fmt.Sprintf("%+v", err))
		})
	}
}

func TestUnreachableServer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	for _, host := range []string{addr, plain.Listener.Addr().String()} {
		s := newServer(t)
		r := newRig(t, s, newVault(), func(c *Config) { c.OAuthEndpoint, c.HTTP = "https://"+host+"/oauth/internal", nil }).start(Tokens{})
		next[SignedOut](r)
		err := r.SignIn(t.Context(), email, password)
		if p := ProblemOf(err); p.Code != CodeUnreachable || p.Subject != host {
			t.Errorf("%s: %+v", host, p)
		}
	}
}

// The bearer and the refresh token follow no redirect to another host.
func TestRedirectsToAnotherHostAreNotFollowed(t *testing.T) {
	thief := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("%s %s reached the other host, bearer: %v", r.Method, r.URL, r.Header.Get("Authorization") != "")
	}))
	defer thief.Close()
	for _, code := range []int{301, 302, 303, 307, 308} {
		s := newServer(t)
		away := func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, thief.URL+"/x?t=access-token-value", code)
		}
		s.fail("/session", away, away, away)
		web := httptest.NewServer(s)
		r := newRig(t, s, newVault(), func(c *Config) { c.OAuthEndpoint, c.HTTP = web.URL+"/oauth/internal", nil }).start(s.tokens())
		next[SigningIn](r)
		if p := next[ProblemRaised](r).Problem; p.Code != CodeRedirect {
			t.Errorf("%d: %+v", code, p)
		}
		r.Close()
		web.Close()
	}
}

func TestRedirectOnTheSameHostIsFollowed(t *testing.T) {
	s := newServer(t)
	s.fail("/session", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/oauth/internal/session", http.StatusTemporaryRedirect)
	})
	web := httptest.NewServer(s)
	defer web.Close()
	r := newRig(t, s, newVault(), func(c *Config) { c.OAuthEndpoint, c.HTTP = web.URL+"/oauth/internal", nil }).start(s.tokens())
	next[SigningIn](r)
	next[SignedIn](r)
	r.Close()
}

func TestEndlessAnswerIsCut(t *testing.T) {
	s := newServer(t)
	s.fail("/session", func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 1<<16)); err != nil {
				return
			}
		}
	})
	web := httptest.NewServer(s)
	defer web.Close()
	r := newRig(t, s, newVault(), func(c *Config) { c.OAuthEndpoint, c.HTTP = web.URL+"/oauth/internal", nil }).start(s.tokens())
	next[SigningIn](r)
	if p := next[ProblemRaised](r).Problem; p.Code != CodeAnswer {
		t.Errorf("got %+v", p)
	}
	r.Close()
}
