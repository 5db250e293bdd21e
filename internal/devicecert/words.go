package devicecert

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"encoding/hex"
	"strings"
)

// wordCount is how many words stand for a key: 16 bits each, 96 in all.
const wordCount = 6

const (
	consonants = "bdfghjklmnprstvz"
	vowels     = "aiou"
)

// Words say the SHA-256 of a certificate's public key (SubjectPublicKeyInfo,
// RFC 5280 §4.1.2.7) in six words that can be read aloud in any language, such as
// "lusab-babad-gutih-tugad-mudof-sakat": 96 bits of it, each word 16 bits as
// consonant, vowel, consonant, vowel, consonant (proquints). They stay the same
// for as long as the key does, over every renewal of the certificate.
func Words(c *x509.Certificate) string {
	sum := sha256.Sum256(c.RawSubjectPublicKeyInfo)
	out := make([]string, wordCount)
	for i := range out {
		out[i] = word(binary.BigEndian.Uint16(sum[2*i:]))
	}
	return strings.Join(out, "-")
}

func word(v uint16) string {
	return string([]byte{consonants[v>>12], vowels[v>>10&3], consonants[v>>6&15], vowels[v>>4&3], consonants[v&15]})
}

// Fingerprint is the SHA-256 of the certificate as browsers show it: upper-case
// hexadecimal bytes with colons.
func Fingerprint(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return colons(sum[:])
}

// KeyPin is the SHA-256 of the public key, in the same form. A client that pins it
// keeps its trust over every renewal.
func KeyPin(c *x509.Certificate) string {
	sum := sha256.Sum256(c.RawSubjectPublicKeyInfo)
	return colons(sum[:])
}

// PinOf writes a pin as KeyPin does: a person may leave the colons out. "" stays "".
func PinOf(s string) string {
	b, err := hex.DecodeString(strings.ReplaceAll(s, ":", ""))
	if err != nil {
		return strings.ToUpper(s) // which no key has
	}
	return colons(b)
}

func colons(b []byte) string {
	text := strings.ToUpper(hex.EncodeToString(b))
	parts := make([]string, 0, len(b))
	for i := 0; i < len(text); i += 2 {
		parts = append(parts, text[i:i+2])
	}
	return strings.Join(parts, ":")
}
