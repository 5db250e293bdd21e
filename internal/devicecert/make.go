package devicecert

import (
	"bytes"
	"crypto"
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
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// maxPEM bounds what is read of an upload.
const maxPEM = 64 << 10

// clean drops what can't stand in a certificate, and bounds the rest.
func (n Names) clean() Names {
	out := Names{Host: strings.ToLower(n.Host)}
	if !dnsName(out.Host) || len(out.Host) > 64 { // X.520's bound of a common name
		out.Host = "phone"
	}
	for _, d := range append([]string{out.Host, "localhost"}, n.DNS...) {
		d = strings.ToLower(strings.TrimSuffix(d, "."))
		if dnsName(d) && !slices.Contains(out.DNS, d) && len(out.DNS) < maxNames {
			out.DNS = append(out.DNS, d)
		}
	}
	for _, a := range n.Addresses {
		a = a.Unmap().WithZone("")
		if a.IsValid() && !a.IsUnspecified() && !slices.Contains(out.Addresses, a) && len(out.Addresses) < maxNames {
			out.Addresses = append(out.Addresses, a)
		}
	}
	slices.SortFunc(out.Addresses, netip.Addr.Compare)
	return out
}

// dnsName: letters, digits and hyphens in labels (RFC 1123 §2.1).
func dnsName(s string) bool {
	if s == "" || len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return false
		}
	}
	return true
}

// renew makes a certificate of the old one's key, or of a new key.
func renew(old *tls.Certificate, n Names, now time.Time) (*tls.Certificate, error) {
	var key crypto.Signer
	if old != nil {
		key, _ = old.PrivateKey.(crypto.Signer)
	}
	if key == nil {
		fresh, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return nil, fmt.Errorf("make the phone's key: %w", err)
		}
		key = fresh
	}
	ips := make([]net.IP, 0, len(n.Addresses))
	for _, a := range n.Addresses {
		ips = append(ips, a.AsSlice())
	}
	template := &x509.Certificate{ // the serial number is drawn by CreateCertificate
		Subject: pkix.Name{CommonName: n.Host}, DNSNames: n.DNS, IPAddresses: ips,
		NotBefore: now.Add(-backdate), NotAfter: now.Add(validity - backdate),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("make the phone's certificate: %w", err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("make the phone's certificate: %w", err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, nil
}

// encode gives chain and key as PEM.
func encode(c *tls.Certificate) (chain, key string, err error) {
	var b strings.Builder
	for _, der := range c.Certificate {
		if err := pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: der}); err != nil {
			return "", "", err
		}
	}
	der, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		return "", "", err
	}
	return b.String(), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), nil
}

// pair reads chain and key. No error quotes them.
func pair(chain, key []byte) (*tls.Certificate, error) {
	if len(chain) > maxPEM || len(key) > maxPEM {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrUnusable, maxPEM)
	}
	if bytes.Contains(key, []byte("ENCRYPTED")) {
		return nil, fmt.Errorf("%w: its key is encrypted; upload it without a password", ErrUnusable)
	}
	c, err := tls.X509KeyPair(chain, key)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnusable, err)
	}
	if c.Leaf == nil {
		return nil, fmt.Errorf("%w: there is no certificate in it", ErrUnusable)
	}
	if err := strong(c.PrivateKey); err != nil {
		return nil, err
	}
	if u := c.Leaf.ExtKeyUsage; len(u) > 0 && !slices.Contains(u, x509.ExtKeyUsageServerAuth) && !slices.Contains(u, x509.ExtKeyUsageAny) {
		return nil, fmt.Errorf("%w: it is not for servers", ErrUnusable)
	}
	return &c, nil
}

func strong(key any) error {
	switch k := key.(type) {
	case *rsa.PrivateKey:
		if k.N.BitLen() < 2048 {
			return fmt.Errorf("%w: RSA with %d bits, 2048 are the least", ErrWeak, k.N.BitLen())
		}
		return nil
	case *ecdsa.PrivateKey:
		if k.Curve.Params().BitSize < 256 {
			return fmt.Errorf("%w: %s, P-256 is the least", ErrWeak, k.Curve.Params().Name)
		}
		return nil
	case ed25519.PrivateKey:
		return fmt.Errorf("%w: browsers take no Ed25519", ErrWeak)
	}
	return errors.Join(ErrUnusable, fmt.Errorf("a key of the kind %T", key))
}
