package httpcall

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"phoned/internal/clock"
	"phoned/internal/health"
	"phoned/internal/walltime"
)

// A phone whose clock stands at 1970 asks nothing over TLS for half a minute; then
// it judges by what is certain, and says that its clock is not set.
func TestNoTLSBeforeTheTimeIsPlausible(t *testing.T) {
	var asked atomic.Int32
	web := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		_, _ = w.Write(b)
		asked.Add(1)
	}))
	web.Config.ErrorLog = log.New(io.Discard, "", 0)
	begins := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	cert := selfSigned(t, begins)
	web.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	web.StartTLS()
	defer web.Close()
	roots := x509.NewCertPool()
	roots.AddCert(cert.Leaf)

	fake := clock.NewFake(time.Unix(30, 0))
	problems := health.NewRegistry(fake.Now)
	gate := walltime.Open(walltime.Config{Built: begins.Add(-1000 * time.Hour), Clock: fake, Problems: problems, Synchronised: func() bool { return false }})
	defer gate.Close()
	c := New(Config{Roots: roots, Gate: gate})
	ask := func(ctx context.Context) (Answer, error) {
		return c.Do(ctx, Request{Op: "ask", Method: http.MethodPost, URL: web.URL, JSON: "hello"})
	}
	short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := ask(short); !errors.Is(err, ErrUnreachable) || !errors.Is(err, context.DeadlineExceeded) || asked.Load() != 0 {
		t.Fatalf("got %v, %d requests", err, asked.Load())
	}
	fake.Advance(31 * time.Second)
	a, err := ask(t.Context())
	if err != nil || string(a.Body) != `"hello"` {
		t.Fatalf("got %q, %v", a.Body, err)
	}
	if gate.Time().Before(begins) || len(problems.List()) != 1 || problems.List()[0].Severity != health.Warning {
		t.Errorf("time %v, problems %v", gate.Time(), problems.List())
	}
	// The same server, its authority not trusted: refused, and nothing is learned.
	gate.Unlearn()
	if _, err := New(Config{Roots: x509.NewCertPool(), Gate: gate}).Do(t.Context(), Request{Op: "ask", URL: web.URL}); !errors.Is(err, ErrCertificate) {
		t.Errorf("got %v", err)
	}
	if !gate.Time().Before(begins) {
		t.Error("learned from a stranger")
	}
}

func selfSigned(t *testing.T, begins time.Time) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: begins, NotAfter: begins.Add(1000 * time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}
