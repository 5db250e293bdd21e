package devicecert

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"phoned/internal/secret"
)

type vault struct {
	values map[string]secret.String
	broken error
	writes int
}

func (v *vault) Get(name string) (secret.String, error) { return v.values[name], nil }
func (v *vault) Set(values map[string]secret.String) error {
	if v.broken != nil {
		return v.broken
	}
	v.writes++
	if v.values == nil {
		v.values = map[string]secret.String{}
	}
	for k, s := range values {
		v.values[k] = s
	}
	return nil
}

// bench is a keeper with a clock and names that tests move.
type bench struct {
	*Keeper
	vault *vault
	now   time.Time
	names Names
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{vault: &vault{}, now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), names: Names{
		Host: "Desk-7", DNS: []string{"desk-7.local."}, Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("2001:db8::7")},
	}}
	b.open(t)
	return b
}

func (b *bench) open(t *testing.T) {
	t.Helper()
	k, err := Open(Config{Vault: b.vault, Names: func() Names { return b.names }, Now: func() time.Time { return b.now }})
	if err != nil {
		t.Fatal(err)
	}
	b.Keeper = k
}

func (b *bench) leaf(t *testing.T) *x509.Certificate {
	t.Helper()
	c, err := b.Certificate(nil)
	if err != nil {
		t.Fatal(err)
	}
	return c.Leaf
}

func TestACertificateNamesThePhoneAndIsKept(t *testing.T) {
	b := newBench(t)
	c := b.leaf(t)
	pool := x509.NewCertPool()
	pool.AddCert(c)
	for _, name := range []string{"desk-7", "desk-7.local", "localhost", "192.0.2.7", "2001:db8::7"} {
		if _, err := c.Verify(x509.VerifyOptions{DNSName: name, Roots: pool, CurrentTime: b.now}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := c.Verify(x509.VerifyOptions{DNSName: "other.local", Roots: pool, CurrentTime: b.now}); err == nil {
		t.Error("it names another phone")
	}
	if c.IsCA || c.NotAfter.Sub(c.NotBefore) > 398*24*time.Hour {
		t.Errorf("CA %v, valid for %v", c.IsCA, c.NotAfter.Sub(c.NotBefore))
	}
	before := b.Info()
	b.open(t)
	if after := b.Info(); after.Fingerprint != before.Fingerprint {
		t.Error("another start, another certificate")
	}
}

func TestRenewalKeepsTheKey(t *testing.T) {
	b := newBench(t)
	first := b.Info()
	for name, change := range map[string]func(){
		"another address":   func() { b.names.Addresses = append(b.names.Addresses, netip.MustParseAddr("198.51.100.9")) },
		"another name":      func() { b.names.DNS = append(b.names.DNS, "phone.example.net") },
		"its end is near":   func() { b.now = b.Info().Until.Add(-renewal + time.Second) },
		"a clock gone back": func() { b.now = b.Info().From.Add(-time.Hour) },
	} {
		before := b.Info()
		change()
		if err := b.Refresh(); err != nil {
			t.Fatal(err)
		}
		after := b.Info()
		if after.Fingerprint == before.Fingerprint {
			t.Errorf("%s: not renewed", name)
		}
		if after.Words != first.Words || after.KeyPin != first.KeyPin {
			t.Errorf("%s: another key", name)
		}
		if err := b.Refresh(); err != nil || b.Info().Fingerprint != after.Fingerprint {
			t.Errorf("%s: renewed without need, %v", name, err)
		}
	}
}

func TestAnAddressThatGoesIsNoReason(t *testing.T) {
	b := newBench(t)
	before := b.vault.writes
	b.names.Addresses = b.names.Addresses[:1]
	if err := b.Refresh(); err != nil || b.vault.writes != before {
		t.Errorf("%d writes, %v", b.vault.writes-before, err)
	}
}

// arrival is a connection that came in by an address.
type arrival struct {
	net.Conn
	local net.Addr
}

func (a arrival) LocalAddr() net.Addr { return a.local }

func TestAClientByANewAddressFindsItNamed(t *testing.T) {
	b := newBench(t)
	by := &tls.ClientHelloInfo{Conn: arrival{local: &net.TCPAddr{IP: net.ParseIP("198.51.100.9"), Port: 443}}}
	b.names.Addresses = append(b.names.Addresses, netip.MustParseAddr("198.51.100.9"))
	c, err := b.Certificate(by)
	if err != nil || c.Leaf.VerifyHostname("198.51.100.9") != nil {
		t.Fatalf("%v, %v", c.Leaf.IPAddresses, err)
	}
	// Whatever else comes in within ten seconds asks nobody.
	asked := 0
	b.cfg.Names = func() Names { asked++; return b.names }
	by.Conn = arrival{local: &net.TCPAddr{IP: net.ParseIP("198.51.100.10"), Port: 443}}
	for range 5 {
		if _, err := b.Certificate(by); err != nil {
			t.Fatal(err)
		}
	}
	if asked != 0 {
		t.Errorf("asked %d times", asked)
	}
	b.now = b.now.Add(11 * time.Second)
	for range 5 {
		if _, err := b.Certificate(by); err != nil {
			t.Fatal(err)
		}
	}
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
}

func TestHandshake(t *testing.T) {
	b := newBench(t)
	b.now = time.Now()
	b.open(t)
	pool := x509.NewCertPool()
	pool.AddCert(b.leaf(t))
	client, server := net.Pipe()
	go func() {
		s := tls.Server(server, b.TLS())
		_, _ = io.WriteString(s, "hello")
		_ = s.Close()
	}()
	c := tls.Client(client, &tls.Config{RootCAs: pool, ServerName: "desk-7.local", MinVersion: tls.VersionTLS12})
	got, err := io.ReadAll(c)
	if err != nil || string(got) != "hello" {
		t.Fatalf("%q, %v", got, err)
	}
	for _, version := range []uint16{tls.VersionTLS10, tls.VersionTLS11} {
		client, server := net.Pipe()
		failed := make(chan error, 1)
		go func() { failed <- tls.Server(server, b.TLS()).Handshake(); _ = server.Close() }()
		old := tls.Client(client, &tls.Config{RootCAs: pool, ServerName: "desk-7.local", MinVersion: version, MaxVersion: version}) //nolint:gosec // what must be refused
		if err := old.Handshake(); err == nil {
			t.Errorf("version %x was taken", version)
		}
		if <-failed == nil {
			t.Errorf("version %x was taken", version)
		}
	}
}

// issued makes a certificate for uploads.
func issued(t *testing.T, key any, public any, from, until time.Time, usage ...x509.ExtKeyUsage) (chain, pemKey []byte) {
	t.Helper()
	tpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "phone.example.net"}, DNSNames: []string{"phone.example.net"}, NotBefore: from, NotAfter: until, ExtKeyUsage: usage}
	der, err := x509.CreateCertificate(rand.Reader, tpl, tpl, public, key)
	if err != nil {
		t.Fatal(err)
	}
	k, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: k})
}

func TestUpload(t *testing.T) {
	b := newBench(t)
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	other, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	short, _ := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	weak := weakRSA(t)
	edPub, ed, _ := ed25519.GenerateKey(rand.Reader)
	from, until := b.now.Add(-time.Hour), b.now.Add(48*time.Hour)
	good, goodKey := issued(t, key, key.Public(), from, until)
	_, otherKey := issued(t, other, other.Public(), from, until)
	own := b.Info()
	for name, c := range map[string]struct {
		chain, key func() ([]byte, []byte)
		want       error
	}{
		"empty":            {chain: func() ([]byte, []byte) { return nil, nil }, want: ErrUnusable},
		"garbage":          {chain: func() ([]byte, []byte) { return []byte("x"), []byte("y") }, want: ErrUnusable},
		"another key":      {chain: func() ([]byte, []byte) { return good, otherKey }, want: ErrUnusable},
		"huge":             {chain: func() ([]byte, []byte) { return []byte(strings.Repeat(string(good), 500)), goodKey }, want: ErrUnusable},
		"encrypted":        {chain: func() ([]byte, []byte) { return good, []byte("-----BEGIN ENCRYPTED PRIVATE KEY-----\n") }, want: ErrUnusable},
		"P-224":            {chain: func() ([]byte, []byte) { return issued(t, short, short.Public(), from, until) }, want: ErrWeak},
		"1024 bits":        {chain: func() ([]byte, []byte) { return issued(t, weak, weak.Public(), from, until) }, want: ErrWeak},
		"Ed25519":          {chain: func() ([]byte, []byte) { return issued(t, ed, edPub, from, until) }, want: ErrWeak},
		"ended":            {chain: func() ([]byte, []byte) { return issued(t, key, key.Public(), from, b.now) }, want: ErrExpired},
		"not begun":        {chain: func() ([]byte, []byte) { return issued(t, key, key.Public(), b.now.Add(time.Hour), until) }, want: ErrExpired},
		"for clients only": {chain: func() ([]byte, []byte) { return issued(t, key, key.Public(), from, until, x509.ExtKeyUsageClientAuth) }, want: ErrUnusable},
	} {
		chain, k := c.chain()
		if err := b.Upload(chain, k); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		} else if len(k) > 40 && strings.Contains(err.Error(), string(k[30:40])) {
			t.Errorf("%s: the error quotes the key", name)
		}
		if b.Info().Uploaded || b.Info().Fingerprint != own.Fingerprint {
			t.Fatalf("%s was taken", name)
		}
	}
	if err := b.Upload(good, goodKey); err != nil || !b.Info().Uploaded || b.leaf(t).Subject.CommonName != "phone.example.net" {
		t.Fatal(err, b.Info())
	}
	b.open(t)
	if !b.Info().Uploaded {
		t.Error("forgotten by a start")
	}
	b.now = until // when it ends, the phone's own takes over
	if b.Info().Uploaded || b.leaf(t).Subject.CommonName != "desk-7" {
		t.Error("an ended certificate is still in use")
	}
	b.now = from.Add(2 * time.Hour)
	if err := b.RemoveUploaded(); err != nil || b.Info().Uploaded {
		t.Error(err)
	}
	b.open(t)
	if b.Info().Uploaded {
		t.Error("the removed one is back")
	}
}

func weakRSA(t *testing.T) *rsa.PrivateKey {
	t.Setenv("GODEBUG", "rsa1024min=0")
	k, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestDamageAndADiskThatCantBeWritten(t *testing.T) {
	b := newBench(t)
	words := b.Info().Words
	b.vault.values[keyOwn] = secret.New("rubbish")
	b.open(t)
	if b.Info().Words == words {
		t.Error("the key came from nowhere")
	}
	b.vault.values, b.vault.broken = nil, errors.New("read-only")
	b.open(t)
	if b.Info().Words == "" {
		t.Error("no certificate without a disk")
	}
	b.names.DNS = append(b.names.DNS, "more.local")
	if err := b.Refresh(); err != nil || b.leaf(t).VerifyHostname("more.local") != nil {
		t.Error("no renewal without a disk", err)
	}
	if err := b.Upload(issued(t, b.own.PrivateKey, b.own.Leaf.PublicKey, b.now.Add(-1), b.now.Add(time.Hour))); err == nil {
		t.Error("an upload that was not kept counts")
	}
}

func TestWords(t *testing.T) {
	// The examples of the paper that proposed proquints.
	for v, want := range map[uint16]string{0x7f00: "lusab", 0x0001: "babad", 0x3f54: "gutih", 0xdcc1: "tugad", 0xffff: "zuzuz"} {
		if got := word(v); got != want {
			t.Errorf("%04x is %s, want %s", v, got, want)
		}
	}
	i := newBench(t).Info()
	if !regexp.MustCompile(`^([b-z][aiou][b-z][aiou][b-z]-){5}[b-z][aiou][b-z][aiou][b-z]$`).MatchString(i.Words) {
		t.Error(i.Words)
	}
	if !regexp.MustCompile(`^([0-9A-F]{2}:){31}[0-9A-F]{2}$`).MatchString(i.Fingerprint) || i.Fingerprint == i.KeyPin {
		t.Error(i.Fingerprint, i.KeyPin)
	}
}

func TestNamesThatCantStandInACertificate(t *testing.T) {
	n := Names{Host: "bad name\n", DNS: []string{"", "a..b", "-x", "ü.local", strings.Repeat("a", 64), "ok.local", "OK.local."}, Addresses: []netip.Addr{{}, netip.IPv4Unspecified(), netip.MustParseAddr("fe80::1%eth0"), netip.MustParseAddr("::ffff:192.0.2.1")}}.clean()
	if n.Host != "phone" || strings.Join(n.DNS, " ") != "phone localhost ok.local" {
		t.Errorf("%+v", n)
	}
	if len(n.Addresses) != 2 || n.Addresses[0] != netip.MustParseAddr("192.0.2.1") || n.Addresses[1] != netip.MustParseAddr("fe80::1") {
		t.Errorf("%v", n.Addresses)
	}
}

func FuzzPair(f *testing.F) {
	k := &vault{}
	if _, err := Open(Config{Vault: k}); err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(k.values[keyCertificate].Reveal()), []byte(k.values[keyOwn].Reveal()))
	f.Add([]byte("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"), []byte{})
	f.Fuzz(func(t *testing.T, chain, key []byte) {
		c, err := pair(chain, key)
		if err == nil && (c.Leaf == nil || c.PrivateKey == nil) {
			t.Fatal("half a pair")
		}
	})
}
