package devicecert

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"time"

	"phoned/internal/secret"
)

// Vault keeps names and secret values for good: store.Secrets is one. An empty
// value removes its name.
type Vault interface {
	Get(name string) (secret.String, error)
	Set(values map[string]secret.String) error
}

// The names in the vault.
const (
	keyOwn          = "web.key"
	keyCertificate  = "web.certificate"
	keyUploaded     = "web.uploaded.key"
	keyUploadedCert = "web.uploaded.certificate"
)

// Names are what a certificate is made out to.
type Names struct {
	Host      string   // the common name; "": "phone"
	DNS       []string // all names, the mDNS one among them
	Addresses []netip.Addr
}

// Config of a Keeper.
type Config struct {
	Vault Vault
	// Names tells the phone's names and addresses of now; it is asked at Refresh and
	// when a client comes in by an address the certificate lacks.
	Names func() Names
	Now   func() time.Time
	Log   *slog.Logger
}

// What is wrong with an uploaded certificate.
var (
	// ErrUnusable: the certificate or its key can't be read, or they are no pair.
	ErrUnusable = errors.New("the certificate can't be used")
	// ErrWeak: the key is too short, or of a kind browsers refuse.
	ErrWeak = errors.New("the certificate's key is too weak")
	// ErrExpired: it has ended, or has not begun.
	ErrExpired = errors.New("the certificate is not valid now")
)

const (
	validity = 397 * 24 * time.Hour // what browsers take at most
	renewal  = 30 * 24 * time.Hour  // before the end
	backdate = 24 * time.Hour       // for clients whose clock is behind
	maxNames = 32
)

// Keeper has the phone's certificate. It is safe for concurrent use.
type Keeper struct {
	cfg Config

	mu       sync.Mutex
	own      *tls.Certificate
	uploaded *tls.Certificate // nil: none
	asked    time.Time        // when Names was asked because of an unknown address
}

// Open reads key and certificate from the vault, and makes what is missing, has
// ended or does not name the phone any more. An uploaded certificate that can't be
// read is passed over with a warning: the phone's own takes its place.
//
// A vault that can't be written is no error: the key then lasts until the program
// ends, and the log says so.
func Open(cfg Config) (*Keeper, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Names == nil {
		cfg.Names = func() Names { return Names{} }
	}
	k := &Keeper{cfg: cfg}
	if c, err := k.read(keyCertificate, keyOwn); err != nil {
		cfg.Log.Warn("the phone's certificate can't be read, a new one is made", "err", err)
	} else {
		k.own = c
	}
	if c, err := k.read(keyUploadedCert, keyUploaded); err != nil {
		cfg.Log.Warn("the uploaded certificate can't be read, the phone uses its own", "err", err)
	} else {
		k.uploaded = c
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return k, k.refreshLocked()
}

// read gives the pair under two names; nil without one.
func (k *Keeper) read(cert, key string) (*tls.Certificate, error) {
	c, err := k.cfg.Vault.Get(cert)
	if err != nil {
		return nil, err
	}
	p, err := k.cfg.Vault.Get(key)
	if err != nil || c.Empty() || p.Empty() {
		return nil, err
	}
	return pair([]byte(c.Reveal()), []byte(p.Reveal()))
}

// Refresh makes the phone's own certificate anew if its names have changed or it
// ends soon; the key stays. Call it when the network has changed and once a day.
func (k *Keeper) Refresh() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.refreshLocked()
}

func (k *Keeper) refreshLocked() error {
	names, now := k.cfg.Names().clean(), k.cfg.Now()
	if k.own != nil && good(k.own.Leaf, names, now) {
		return nil
	}
	made, err := renew(k.own, names, now)
	if err != nil {
		if k.own != nil {
			k.cfg.Log.Warn("the certificate was not renewed", "err", err)
			return nil
		}
		return err
	}
	k.own = made
	cert, key, err := encode(made)
	if err != nil {
		return err
	}
	if err := k.cfg.Vault.Set(map[string]secret.String{keyCertificate: secret.New(cert), keyOwn: secret.New(key)}); err != nil {
		k.cfg.Log.Warn("the certificate can't be kept, the next start makes another", "err", err)
	}
	k.cfg.Log.Info("certificate made", "names", len(names.DNS)+len(names.Addresses), "until", made.Leaf.NotAfter)
	return nil
}

// good says whether a certificate serves for the names now.
func good(c *x509.Certificate, n Names, now time.Time) bool {
	if now.Before(c.NotBefore) || now.Add(renewal).After(c.NotAfter) || c.Subject.CommonName != n.Host {
		return false
	}
	have := addresses(c)
	for _, a := range n.Addresses {
		if !slices.Contains(have, a) {
			return false
		}
	}
	for _, d := range n.DNS {
		if !slices.Contains(c.DNSNames, d) {
			return false
		}
	}
	return true
}

func addresses(c *x509.Certificate) []netip.Addr {
	out := make([]netip.Addr, 0, len(c.IPAddresses))
	for _, ip := range c.IPAddresses {
		if a, ok := netip.AddrFromSlice(ip); ok {
			out = append(out, a.Unmap())
		}
	}
	return out
}

// Certificate is a tls.Config's GetCertificate: the uploaded one while it is valid,
// else the phone's own, made anew where the client came in by an address of the
// phone that it does not name yet.
func (k *Keeper) Certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.cfg.Now()
	if u := k.uploaded; u != nil && now.Before(u.Leaf.NotAfter) {
		return u, nil
	}
	stale := now.Before(k.own.Leaf.NotBefore) || now.Add(renewal).After(k.own.Leaf.NotAfter)
	if hello != nil && hello.Conn != nil {
		if at, err := netip.ParseAddrPort(hello.Conn.LocalAddr().String()); err == nil {
			stale = stale || !slices.Contains(addresses(k.own.Leaf), at.Addr().Unmap().WithZone(""))
		}
	}
	// The address is the phone's, so nobody outside can ask for names; still one
	// look at the interfaces in ten seconds is enough.
	if since := now.Sub(k.asked); stale && (since < 0 || since > 10*time.Second) {
		k.asked = now
		if err := k.refreshLocked(); err != nil {
			return nil, err
		}
	}
	return k.own, nil
}

// TLS is the configuration of a listener: TLS 1.2 and later with this certificate.
func (k *Keeper) TLS() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: k.Certificate, NextProtos: []string{"h2", "http/1.1"}}
}

// Info is what a person is shown of the certificate in use.
type Info struct {
	Names       []string
	From, Until time.Time
	Fingerprint string // SHA-256 of the certificate, as browsers show it
	KeyPin      string // SHA-256 of its public key
	Words       string // the same key in six words
	Uploaded    bool
}

// Info tells of the certificate in use.
func (k *Keeper) Info() Info {
	k.mu.Lock()
	defer k.mu.Unlock()
	c, up := k.own.Leaf, false
	if k.uploaded != nil && k.cfg.Now().Before(k.uploaded.Leaf.NotAfter) {
		c, up = k.uploaded.Leaf, true
	}
	names := slices.Clone(c.DNSNames)
	for _, a := range addresses(c) {
		names = append(names, a.String())
	}
	return Info{Names: names, From: c.NotBefore, Until: c.NotAfter, Fingerprint: Fingerprint(c), KeyPin: KeyPin(c), Words: Words(c), Uploaded: up}
}

// Names are those of the certificate in use, as Host headers may have them.
func (k *Keeper) Names() []string { return k.Info().Names }

// Upload takes a chain of certificates (PEM, the phone's first) and its key (PEM)
// in use and keeps them. It refuses with ErrUnusable, ErrWeak or ErrExpired.
func (k *Keeper) Upload(chain, key []byte) error {
	c, err := pair(chain, key)
	if err != nil {
		return err
	}
	now := k.cfg.Now()
	if now.Before(c.Leaf.NotBefore) || !now.Before(c.Leaf.NotAfter) {
		return fmt.Errorf("%w: it is valid from %s to %s", ErrExpired, c.Leaf.NotBefore.Format(time.DateTime), c.Leaf.NotAfter.Format(time.DateTime))
	}
	cert, pem, err := encode(c)
	if err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.cfg.Vault.Set(map[string]secret.String{keyUploadedCert: secret.New(cert), keyUploaded: secret.New(pem)}); err != nil {
		return err
	}
	k.uploaded = c
	return nil
}

// RemoveUploaded goes back to the phone's own certificate.
func (k *Keeper) RemoveUploaded() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.cfg.Vault.Set(map[string]secret.String{keyUploadedCert: {}, keyUploaded: {}}); err != nil {
		return err
	}
	k.uploaded = nil
	return nil
}
