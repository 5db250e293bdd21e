package access

import (
	"crypto/x509"
	"fmt"
	"strings"
)

// Certified is who is known by a client certificate: the name that stands in it, and
// what she may do.
type Certified struct {
	Name string
	Role Role
}

// ParseCertified reads "NAME:ROLE"; NAME may have colons itself.
func ParseCertified(line string) (Certified, bool) {
	i := strings.LastIndexByte(line, ':')
	if i < 1 {
		return Certified{}, false
	}
	c := Certified{Name: line[:i]}
	err := c.Role.UnmarshalText([]byte(line[i+1:]))
	return c, err == nil && len(c.Name) <= 256
}

// maxCertified bounds the names of the configuration.
const maxCertified = 64

// ProvisionCertified replaces the names that the configuration knows by client
// certificates. The error names those that can't be read; the others are used.
func (b *Book) ProvisionCertified(lines []string) error {
	var list []Certified
	var bad []string
	for i, line := range lines {
		c, ok := ParseCertified(line)
		if !ok || len(list) >= maxCertified {
			bad = append(bad, fmt.Sprintf("certificate %d", i+1))
			continue
		}
		list = append(list, c)
	}
	b.mu.Lock()
	b.certified = list
	b.mu.Unlock()
	if bad != nil {
		return fmt.Errorf("%w: %s", ErrName, strings.Join(bad, ", "))
	}
	return nil
}

// ByCertificate tells who shows a certificate, which the caller has verified: the first
// of the configuration whose name stands in it, as its common name or one of its other
// names (RFC 5280 §4.2.1.6). A name is compared whole.
func (b *Book) ByCertificate(c *x509.Certificate) (Certified, bool) {
	names := append([]string{c.Subject.CommonName}, c.DNSNames...)
	names = append(names, c.EmailAddresses...)
	for _, u := range c.URIs {
		names = append(names, u.String())
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, known := range b.certified {
		for _, n := range names {
			if n != "" && strings.EqualFold(n, known.Name) {
				return known, true
			}
		}
	}
	return Certified{}, false
}
