package provisioning

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"phoned/internal/slowhash"
)

// What can be wrong with who made a code or a bundle.
var (
	// ErrUnsigned: neither a signature nor a PIN vouches for it.
	ErrUnsigned = errors.New("nobody vouches for it: it is not signed and has no PIN")
	// ErrSignature: it was changed, or signed with a key this phone does not trust.
	ErrSignature = errors.New("the signature is not one this phone trusts")
	// ErrPINNeeded: a person has to enter the PIN that came with it.
	ErrPINNeeded = errors.New("it needs the PIN that came with it")
	// ErrPIN: the PIN is not the one it was made with.
	ErrPIN = errors.New("the PIN is wrong")
)

// PublicKey is an Ed25519 key that codes and bundles may be signed with, in the
// form "ed25519:" and 43 characters of unpadded base64url (RFC 8032, RFC 4648 §5).
type PublicKey struct{ key ed25519.PublicKey }

const keyPrefix = "ed25519:"

// ParsePublicKey reads the form that String gives.
func ParsePublicKey(s string) (PublicKey, error) {
	b, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(s, keyPrefix))
	if err != nil || !strings.HasPrefix(s, keyPrefix) || len(b) != ed25519.PublicKeySize {
		return PublicKey{}, fmt.Errorf("%w: a key is %q and 43 characters", ErrValue, keyPrefix)
	}
	return PublicKey{b}, nil
}

// String gives the form that a configuration holds.
func (k PublicKey) String() string { return keyPrefix + base64.RawURLEncoding.EncodeToString(k.key) }

// SigningKey signs codes and bundles; it stays with the administrator.
type SigningKey struct{ key ed25519.PrivateKey }

// NewSigningKey makes a key of a 32-byte seed, which whoever keeps the key keeps.
func NewSigningKey(seed []byte) (SigningKey, error) {
	if len(seed) != ed25519.SeedSize {
		return SigningKey{}, fmt.Errorf("%w: a seed has %d bytes", ErrValue, ed25519.SeedSize)
	}
	return SigningKey{ed25519.NewKeyFromSeed(seed)}, nil
}

// Public is what phones are told to trust.
func (k SigningKey) Public() PublicKey { return PublicKey{k.key.Public().(ed25519.PublicKey)} }

// The domains keep a signature of one thing from being one of another.
const (
	domainCode   = "phoned code 1\x00"
	domainBundle = "phoned bundle 1\x00"
)

func (k SigningKey) sign(domain string, text []byte) []byte {
	return ed25519.Sign(k.key, append([]byte(domain), text...))
}

// verify says whether one of the keys has signed the text.
func verify(keys []PublicKey, domain string, text, sig []byte) error {
	for _, k := range keys {
		if len(k.key) == ed25519.PublicKeySize && ed25519.Verify(k.key, append([]byte(domain), text...), sig) {
			return nil
		}
	}
	return ErrSignature
}

// PINPattern is what a PIN may be: long enough for the time that its derivation
// costs, short enough to be typed.
var pinPattern = regexp.MustCompile(`^[0-9]{6,12}$`)

// pinMAC is how many bytes are kept of what a PIN vouches with: 80 bits. Trying all
// PINs of six digits takes a PC hours; a PIN keeps a stranger's code and a changed
// bundle out, it is no secret key.
const pinMAC = 10

// pinTag authenticates text with a PIN.
func pinTag(pin, domain string, text []byte) ([]byte, error) {
	if !pinPattern.MatchString(pin) {
		return nil, fmt.Errorf("%w: it has 6 to 12 digits", ErrPIN)
	}
	salt := sha256.Sum256(append([]byte(domain), text...))
	key := slowhash.Key(pin, salt[:16])
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(domain))
	mac.Write(text)
	return mac.Sum(nil)[:pinMAC], nil
}

func checkPIN(pin, domain string, text, tag []byte) error {
	if pin == "" {
		return ErrPINNeeded
	}
	want, err := pinTag(pin, domain, text)
	if err != nil {
		return err
	}
	if !hmac.Equal(want, tag) {
		return ErrPIN
	}
	return nil
}
