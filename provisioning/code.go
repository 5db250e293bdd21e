package provisioning

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"phoned/internal/httpcall"
)

// MaxCode is how long the text of a QR code may be, in bytes: short enough to
// be read at arm's length by a cheap camera.
const MaxCode = 120

// Code is what a QR code tells the phone: where its configuration is, or a
// one-time code and the server that knows it. It never holds a token: whoever
// photographs the code could sign in with it, and a rotating refresh token that
// is copied signs out its twin.
//
// Its text is a URI with parameters, those of one letter first and the address
// last, without its "https://":
//
//	phoned:1;u=cfg.example.net/p/7Q2K
//	phoned:1;e=t8x2k0;c=WDJB-MJHT;o=login.example.net/oauth/internal
//
// A signature (s) or the tag of a PIN (m) stands last and vouches for all before it.
type Code struct {
	// ConfigURL is fetched as a configuration document. Either this is set, or
	// OneTime and Endpoint.
	ConfigURL string
	// OneTime is the code a person was given; Endpoint is the OAuth endpoint
	// that knows it.
	OneTime  string
	Endpoint string
	// Expires is when the code stops being valid; zero: it does not say.
	// Whole seconds.
	Expires time.Time

	sealed    string // the text that is vouched for
	signature string // s: of a key the phone trusts, as bytes
	pinTag    string // m: of the PIN that came with it, as bytes
}

const codeVersion = 1

var (
	oneTimeCode = regexp.MustCompile(`^[A-Za-z0-9-]{4,40}$`)
	// What an address in a code must not carry.
	tokenInURL = regexp.MustCompile(`(?i)(token|secret|password|eyJ[A-Za-z0-9_-]{10,}\.)`)
)

// Valid says what is wrong with c; every error wraps ErrCode.
func (c Code) Valid() error {
	switch {
	case c.ConfigURL != "" && (c.OneTime != "" || c.Endpoint != ""):
		return fmt.Errorf("%w: an address and a one-time code at once", ErrCode)
	case c.ConfigURL != "":
		return codeURL(c.ConfigURL)
	case c.OneTime == "" || c.Endpoint == "":
		return fmt.Errorf("%w: neither an address nor a one-time code with its server", ErrCode)
	case !oneTimeCode.MatchString(c.OneTime):
		return fmt.Errorf("%w: the one-time code must be 4 to 40 letters, digits and dashes", ErrCode)
	}
	return codeURL(c.Endpoint)
}

func codeURL(s string) error {
	u, err := httpcall.CheckURL(s)
	switch {
	case err != nil || u.Scheme != "https":
		return fmt.Errorf("%w: the address must begin with https:// and hold no user or password", ErrCode)
	case u.Fragment != "" || strings.ContainsAny(s, "; #\t\r\n"):
		return fmt.Errorf("%w: the address must hold no space, semicolon or fragment", ErrCode)
	case tokenInURL.MatchString(s):
		return fmt.Errorf("%w: the address must not hold a token or password", ErrCode)
	}
	return nil
}

// Encode gives the text for the QR code, for which nobody vouches.
func (c Code) Encode() (string, error) { return c.encode("", nil) }

// EncodeSigned gives the text with a signature, which takes 89 characters of the
// 120: the address must be short.
func (c Code) EncodeSigned(k SigningKey) (string, error) {
	return c.encode("s", func(text []byte) ([]byte, error) { return k.sign(domainCode, text), nil })
}

// EncodePIN gives the text with the tag of a PIN of 6 to 12 digits, which the
// person at the phone has to enter.
func (c Code) EncodePIN(pin string) (string, error) {
	return c.encode("m", func(text []byte) ([]byte, error) { return pinTag(pin, domainCode, text) })
}

// Vouched says whether the code may be followed: it is signed by one of the keys, or
// the PIN is the one it was made with. ErrUnsigned, ErrSignature, ErrPINNeeded and
// ErrPIN say why not.
func (c Code) Vouched(keys []PublicKey, pin string) error {
	switch {
	case c.signature != "":
		return verify(keys, domainCode, []byte(c.sealed), []byte(c.signature))
	case c.pinTag != "":
		return checkPIN(pin, domainCode, []byte(c.sealed), []byte(c.pinTag))
	}
	return ErrUnsigned
}

func (c Code) encode(name string, seal func(text []byte) ([]byte, error)) (string, error) {
	if err := c.Valid(); err != nil {
		return "", err
	}
	s := "phoned:" + strconv.Itoa(codeVersion)
	if !c.Expires.IsZero() {
		if c.Expires.Unix() <= 0 {
			return "", fmt.Errorf("%w: the time of expiry can't be", ErrCode)
		}
		s += ";e=" + strconv.FormatInt(c.Expires.Unix(), 36)
	}
	if c.ConfigURL != "" {
		s += ";u=" + strings.TrimPrefix(c.ConfigURL, "https://")
	} else {
		s += ";c=" + c.OneTime + ";o=" + strings.TrimPrefix(c.Endpoint, "https://")
	}
	if seal != nil {
		tag, err := seal([]byte(s))
		if err != nil {
			return "", err
		}
		s += ";" + name + "=" + base64.RawURLEncoding.EncodeToString(tag)
	}
	if len(s) > MaxCode {
		return "", fmt.Errorf("%w: %d characters, at most %d can be scanned; use a shorter address", ErrCode, len(s), MaxCode)
	}
	return s, nil
}

// ParseCode reads what a scanner saw. ErrCode: not one of ours, or a wrong
// one; ErrNewerFormat: of a later version. Whether it has expired is for the
// caller, who knows the time. Parameters it does not know are passed over if
// their name is a small letter; any other name is one it must know.
func ParseCode(text string) (Code, error) {
	text = strings.TrimSpace(text)
	if len(text) > MaxCode {
		return Code{}, fmt.Errorf("%w: too long", ErrCode)
	}
	scheme, rest, ok := strings.Cut(text, ":")
	if !ok || !strings.EqualFold(scheme, "phoned") {
		return Code{}, fmt.Errorf("%w: its scheme is not phoned", ErrCode)
	}
	parts := strings.Split(rest, ";")
	version, err := strconv.Atoi(parts[0])
	switch {
	case err != nil || version < 1:
		return Code{}, fmt.Errorf("%w: its version is missing", ErrCode)
	case version > codeVersion:
		return Code{}, fmt.Errorf("%w: version %d", ErrNewerFormat, version)
	}
	var c Code
	seen := map[string]bool{}
	for _, p := range parts[1:] {
		name, value, ok := strings.Cut(p, "=")
		if !ok || seen[name] || value == "" {
			return Code{}, fmt.Errorf("%w: a part of it is broken", ErrCode)
		}
		seen[name] = true
		if c.sealed != "" {
			return Code{}, fmt.Errorf("%w: something follows what vouches for it", ErrCode)
		}
		if name == "s" || name == "m" {
			c.sealed = "phoned:" + strings.TrimSuffix(rest, ";"+p)
		}
		if err := c.take(name, value); err != nil {
			return Code{}, err
		}
	}
	return c, c.Valid()
}

func (c *Code) take(name, value string) error {
	switch name {
	case "u":
		c.ConfigURL = "https://" + value
	case "c":
		c.OneTime = value
	case "o":
		c.Endpoint = "https://" + value
	case "e":
		n, err := strconv.ParseInt(value, 36, 64)
		if err != nil || n <= 0 || n > 1<<40 {
			return fmt.Errorf("%w: its time of expiry can't be read", ErrCode)
		}
		c.Expires = time.Unix(n, 0).UTC()
	case "s":
		return c.takeSeal(value, ed25519.SignatureSize, &c.signature)
	case "m":
		return c.takeSeal(value, pinMAC, &c.pinTag)
	default:
		if len(name) != 1 || name[0] < 'a' || name[0] > 'z' {
			return fmt.Errorf("%w: it needs something this firmware does not know", ErrNewerFormat)
		}
	}
	return nil
}

func (c *Code) takeSeal(value string, size int, into *string) error {
	b, err := base64.RawURLEncoding.Strict().DecodeString(value)
	if err != nil || len(b) != size {
		return fmt.Errorf("%w: what vouches for it can't be read", ErrCode)
	}
	*into = string(b)
	return nil
}

// Host is what the phone shows before it asks there: the name only.
func (c Code) Host() string {
	s := c.ConfigURL
	if s == "" {
		s = c.Endpoint
	}
	u, err := url.Parse(s)
	if err != nil {
		return ""
	}
	return u.Hostname()
}
