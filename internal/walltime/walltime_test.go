package walltime

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"phoned/internal/clock"
	"phoned/internal/health"
)

var built = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

// settable is a clock that a time server can set.
type settable struct {
	*clock.Fake
	mu     sync.Mutex
	offset time.Duration
	synced bool
}

func (c *settable) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.Fake.Now().Add(c.offset)
}

func (c *settable) set(to time.Time) {
	c.mu.Lock()
	c.offset, c.synced = to.Sub(c.Fake.Now()), true
	c.mu.Unlock()
}

func (c *settable) isSynced() bool { c.mu.Lock(); defer c.mu.Unlock(); return c.synced }

type board struct {
	*Gate
	clock    *settable
	problems *health.Registry
	kept     string
}

func boot(t *testing.T, at time.Time, change func(*Config)) board {
	t.Helper()
	b := board{clock: &settable{Fake: clock.NewFake(at)}, kept: filepath.Join(t.TempDir(), "state", "clock")}
	b.problems = health.NewRegistry(b.clock.Now)
	cfg := Config{Built: built, Kept: b.kept, Synchronised: b.clock.isSynced, Problems: b.problems, Clock: b.clock}
	if change != nil {
		change(&cfg)
	}
	b.Gate = Open(cfg)
	t.Cleanup(b.Gate.Close)
	return b
}

func (b board) isOpen() bool {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	select {
	case <-b.open:
		return b.Wait(context.Background()) == nil
	default:
		return b.Wait(ctx) == nil
	}
}

func (b board) expect(t *testing.T, when string, s State, open bool, severities ...health.Severity) {
	t.Helper()
	var got []health.Severity
	for _, p := range b.problems.List() {
		if p.Code != CodeNotSet {
			t.Errorf("%s: problem %+v", when, p)
		}
		got = append(got, p.Severity)
	}
	same := len(got) == len(severities) && (len(got) == 0 || got[0] == severities[0])
	if b.State() != s || b.isOpen() != open || !same {
		t.Errorf("%s: %v, open %v, problems %v; want %v, %v, %v", when, b.State(), b.isOpen(), got, s, open, severities)
	}
}

func TestBootWithoutAClock(t *testing.T) {
	b := boot(t, time.Unix(30, 0), nil)
	b.expect(t, "at boot", Waiting, false, health.Info)
	b.clock.Advance(29 * time.Second)
	b.expect(t, "after 29 s", Waiting, false, health.Info)
	now := built.Add(1000 * time.Hour)
	b.clock.set(now)
	b.clock.Advance(2 * time.Second)
	b.expect(t, "set by a server", Synchronised, true)
	if got := b.Time(); got.Sub(now) != 2*time.Second {
		t.Errorf("the time is %v", got)
	}
	if info, err := os.Stat(b.kept); err != nil || info.ModTime().Before(now) {
		t.Errorf("not kept: %v", err)
	}
}

func TestNobodySetsTheClock(t *testing.T) {
	b := boot(t, time.Unix(30, 0), nil)
	b.clock.Advance(31 * time.Second)
	b.expect(t, "after 31 s", Guessed, true, health.Warning)
	if got := b.Time(); got.Before(built) || got.After(built.Add(time.Minute)) {
		t.Errorf("guesses %v", got)
	}
	b.clock.Advance(time.Hour)
	if got := b.Time().Sub(built); got < time.Hour || got > 62*time.Minute {
		t.Errorf("the guess went on by %v", got)
	}
	b.clock.set(built.Add(100 * time.Hour))
	b.clock.Advance(time.Minute)
	b.expect(t, "set in the end", Synchronised, true)
}

// The last known time counts, of this firmware or of timesyncd, but not one of
// a clock that went wrong.
func TestTheLastKnownTimeCounts(t *testing.T) {
	now := built.Add(500 * time.Hour)
	dated := func(t *testing.T, at time.Time) string {
		path := filepath.Join(t.TempDir(), "clock")
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, c := range map[string]struct {
		boot, kept, other time.Time
		want              State
	}{
		"after the build":                {now, time.Time{}, time.Time{}, Plausible},
		"before what was known":          {now, now.Add(100 * time.Hour), time.Time{}, Waiting},
		"before what timesyncd knew":     {now, time.Time{}, now.Add(100 * time.Hour), Waiting},
		"corrected by an hour":           {now, now.Add(time.Hour), time.Time{}, Plausible},
		"after both":                     {now, now.Add(-time.Hour), now.Add(-time.Hour), Plausible},
		"the file's date is impossible":  {now, built.Add(2 * maxAhead), time.Time{}, Plausible},
		"the clock's date is impossible": {built.Add(2 * maxAhead), time.Time{}, time.Time{}, Waiting},
	} {
		b := boot(t, c.boot, func(cfg *Config) {
			if !c.kept.IsZero() {
				cfg.Kept = dated(t, c.kept)
			}
			if !c.other.IsZero() {
				cfg.Others = []string{dated(t, c.other), filepath.Join(t.TempDir(), "nothing")}
			}
		})
		if b.State() != c.want {
			t.Errorf("%s: %v", name, b.State())
		}
	}
}

func TestKeepingWearsNothing(t *testing.T) {
	b := boot(t, time.Unix(30, 0), nil)
	now := built.Add(1000 * time.Hour)
	b.clock.set(now)
	writes, last := 0, time.Time{}
	for range 24 * 60 {
		b.clock.Advance(time.Minute)
		if info, err := os.Stat(b.kept); err == nil && !info.ModTime().Equal(last) {
			writes++
			last = info.ModTime()
		}
	}
	if writes < 23 || writes > 25 {
		t.Errorf("%d writes a day", writes)
	}
}

// authority makes servers whose certificates are valid from and to a time.
type authority struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	pool *x509.CertPool
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: built.Add(-1e5 * time.Hour), NotAfter: built.Add(1e6 * time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	a := authority{key: key, pool: x509.NewCertPool()}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	a.pool.AddCert(a.cert)
	return a
}

func (a authority) serve(t *testing.T, from, to time.Time, ip string) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(2), NotBefore: from, NotAfter: to, IPAddresses: []net.IP{net.ParseIP(ip)}}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, a.cert, &key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

// shake makes one TLS handshake, and a second one if the gate learned from it.
func (b board) shake(t *testing.T, addr string, roots *x509.CertPool) error {
	t.Helper()
	dial := func() error {
		c, err := tls.DialWithDialer(&net.Dialer{}, "tcp", addr, &tls.Config{RootCAs: roots, Time: b.Time, MinVersion: tls.VersionTLS12})
		if err == nil {
			err = c.Close()
		}
		return err
	}
	err := dial()
	if err != nil && b.Learn(err) {
		if err = dial(); err != nil {
			b.Unlearn()
		}
	}
	return err
}

func TestCertificatesWhileTheClockIsWrong(t *testing.T) {
	ours, stranger := newAuthority(t), newAuthority(t)
	hours := func(n int) time.Time { return built.Add(time.Duration(n) * time.Hour) }
	for name, c := range map[string]struct {
		by       authority
		from, to time.Time
		ip       string
		good     bool
		learned  bool // the time moved on to the certificate's beginning
	}{
		"valid when the firmware was built": {ours, hours(-100), hours(100), "127.0.0.1", true, false},
		"renewed since":                     {ours, hours(1000), hours(3000), "127.0.0.1", true, true},
		"ended before the build":            {ours, hours(-300), hours(-100), "127.0.0.1", false, false},
		"renewed, by a stranger":            {stranger, hours(1000), hours(3000), "127.0.0.1", false, false},
		"renewed, for another name":         {ours, hours(1000), hours(3000), "127.0.0.9", false, false},
		"of the far future":                 {ours, built.Add(2 * maxAhead), built.Add(3 * maxAhead), "127.0.0.1", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			b := boot(t, time.Unix(30, 0), nil)
			b.clock.Advance(31 * time.Second)
			err := b.shake(t, c.by.serve(t, c.from, c.to, c.ip), ours.pool)
			if (err == nil) != c.good {
				t.Errorf("handshake: %v", err)
			}
			if got := !b.Time().Before(c.from) && c.from.After(built); got != c.learned {
				t.Errorf("the time is %v", b.Time())
			}
			b.expect(t, "then", Guessed, true, health.Warning)
		})
	}
}

// A clock that a time server has set is believed: a certificate of the future
// is then simply not valid yet.
func TestNothingIsLearnedWhenTheClockIsSet(t *testing.T) {
	a := newAuthority(t)
	b := boot(t, built.Add(10*time.Hour), nil)
	b.clock.set(built.Add(20 * time.Hour))
	b.clock.Advance(time.Minute)
	if err := b.shake(t, a.serve(t, built.Add(1000*time.Hour), built.Add(3000*time.Hour), "127.0.0.1"), a.pool); err == nil {
		t.Error("a certificate of the future was taken")
	}
	if b.Learn(errors.New("something else")) || b.Learn(x509.CertificateInvalidError{Reason: x509.Expired}) {
		t.Error("learned from nothing")
	}
}

func TestNilGateBelievesTheMachine(t *testing.T) {
	var g *Gate
	if g.Wait(t.Context()) != nil || g.State() != Plausible || time.Since(g.Time()) > time.Minute || g.Learn(nil) {
		t.Error("a nil gate")
	}
	g.Unlearn()
	g.Close()
	_ = kernelSynchronised() // whatever it says here
}
