package rtpio

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"
)

// suites by their names in a=crypto (RFC 4568 section 6.2, RFC 6188, RFC 7714).
var suites = []struct {
	name    string
	profile srtp.ProtectionProfile
}{
	{"AEAD_AES_128_GCM", srtp.ProtectionProfileAeadAes128Gcm},
	{"AES_CM_128_HMAC_SHA1_80", srtp.ProtectionProfileAes128CmHmacSha1_80},
	{"AES_256_CM_HMAC_SHA1_80", srtp.ProtectionProfileAes256CmHmacSha1_80},
	{"AES_CM_128_HMAC_SHA1_32", srtp.ProtectionProfileAes128CmHmacSha1_32},
}

// crypto is one a=crypto line: a suite, its tag and the master key and salt.
type crypto struct {
	tag     int
	suite   string
	profile srtp.ProtectionProfile
	key     []byte // key, then salt
	mki     []byte // master key identifier, nil for none
}

// errCrypto: an a=crypto line that can't be used.
var errCrypto = errors.New("unusable a=crypto")

// parseCrypto reads "1 AES_CM_128_HMAC_SHA1_80 inline:KEY|2^20|1:4". Lines with
// several keys or session parameters, which change what is on the wire, are
// refused (RFC 4568 section 6.1: then the line must not be chosen).
func parseCrypto(v string) (crypto, error) {
	f := strings.Fields(v)
	if len(f) < 3 {
		return crypto{}, errCrypto
	}
	tag, err := strconv.Atoi(f[0])
	if err != nil || tag < 0 || tag > 999999999 {
		return crypto{}, errCrypto
	}
	for _, s := range suites {
		if !strings.EqualFold(s.name, f[1]) {
			continue
		}
		c := crypto{tag: tag, suite: s.name, profile: s.profile}
		in, ok := strings.CutPrefix(f[2], "inline:")
		if !ok || strings.Contains(in, ";") {
			return crypto{}, errCrypto
		}
		parts := strings.Split(in, "|")
		for _, p := range parts[1:] {
			if c.mki, ok = parseMKI(p); !ok {
				return crypto{}, fmt.Errorf("%w: key parameter", errCrypto)
			}
		}
		if len(f) > 3 {
			return crypto{}, fmt.Errorf("%w: session parameters", errCrypto)
		}
		if c.key, err = base64.StdEncoding.DecodeString(pad(parts[0])); err != nil {
			return crypto{}, errCrypto
		}
		if n, err := c.size(); err != nil || n != len(c.key) {
			return crypto{}, fmt.Errorf("%w: key of %d bytes", errCrypto, len(c.key))
		}
		return c, nil
	}
	return crypto{}, fmt.Errorf("%w: suite %q", errCrypto, f[1])
}

// parseMKI reads "1:4", the value and its length in bytes; a lifetime such as
// "2^20" gives none, for no call lasts that long.
func parseMKI(p string) (mki []byte, ok bool) {
	v, n, both := strings.Cut(p, ":")
	if !both {
		return nil, true
	}
	value, err := strconv.ParseUint(v, 10, 32)
	size, err2 := strconv.Atoi(n)
	if err != nil || err2 != nil || size < 1 || size > 128 || (size < 4 && value >= 1<<(8*size)) {
		return nil, false
	}
	mki = make([]byte, size)
	for i := 0; i < size && i < 4; i++ {
		mki[size-1-i] = byte(value >> (8 * i))
	}
	return mki, true
}

// pad restores the padding that some leave out.
func pad(s string) string {
	s = strings.TrimRight(s, "=")
	return s + strings.Repeat("=", (4-len(s)%4)%4)
}

func (c crypto) size() (int, error) {
	k, err := c.profile.KeyLen()
	if err != nil {
		return 0, err
	}
	s, err := c.profile.SaltLen()
	return k + s, err
}

// newCryptos makes our offer's lines, each with a key of its own.
func newCryptos() ([]crypto, error) {
	var list []crypto
	for i, s := range suites {
		c := crypto{tag: i + 1, suite: s.name, profile: s.profile}
		if err := c.fill(); err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, nil
}

// fill draws a new key, without MKI.
func (c *crypto) fill() error {
	c.mki = nil
	n, err := c.size()
	if err != nil {
		return err
	}
	c.key = make([]byte, n)
	if _, err := rand.Read(c.key); err != nil {
		return fmt.Errorf("SRTP key: %w", err)
	}
	return nil
}

// line is the value of a=crypto. It carries a key: never log it.
func (c crypto) line() string {
	return fmt.Sprintf("%d %s inline:%s", c.tag, c.suite, base64.StdEncoding.EncodeToString(c.key))
}

// cipher protects one direction of RTP and RTCP. Safe for concurrent use.
type cipher struct {
	mu        sync.Mutex
	rtp, rtcp *srtp.Context
	buf       []byte
	plain     []byte
	suite     string
}

func newCipher(c crypto) (*cipher, error) {
	k, err := c.profile.KeyLen()
	if err != nil {
		return nil, err
	}
	x := &cipher{suite: c.suite, buf: make([]byte, 0, 2048), plain: make([]byte, 0, 2048)}
	opts := []srtp.ContextOption{srtp.SRTPReplayProtection(128), srtp.SRTCPReplayProtection(128)}
	if c.mki != nil {
		opts = append(opts, srtp.MasterKeyIndicator(c.mki))
	}
	if x.rtp, err = srtp.CreateContext(c.key[:k], c.key[k:], c.profile, opts...); err != nil {
		return nil, fmt.Errorf("SRTP: %w", err)
	}
	if x.rtcp, err = srtp.CreateContext(c.key[:k], c.key[k:], c.profile, opts...); err != nil {
		return nil, fmt.Errorf("SRTCP: %w", err)
	}
	return x, nil
}

// encrypt gives the protected packet to f; it is valid only there.
func (x *cipher) encrypt(h *rtp.Header, payload []byte, f func([]byte) error) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	n := h.MarshalSize()
	x.plain = append(x.plain[:0], make([]byte, n)...)
	if _, err := h.MarshalTo(x.plain[:n]); err != nil {
		return err
	}
	x.plain = append(x.plain, payload...)
	var err error
	if x.buf, err = x.rtp.EncryptRTP(x.buf[:0], x.plain, h); err != nil {
		return err
	}
	return f(x.buf)
}

// decrypt gives the plain packet, valid until the next call.
func (x *cipher) decrypt(b []byte) ([]byte, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	var h rtp.Header
	var err error
	if x.buf, err = x.rtp.DecryptRTP(x.buf[:0], b, &h); err != nil {
		return nil, err
	}
	return x.buf, nil
}

func (x *cipher) encryptRTCP(b []byte) ([]byte, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.rtcp.EncryptRTCP(nil, b, nil)
}

func (x *cipher) decryptRTCP(b []byte) ([]byte, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.rtcp.DecryptRTCP(nil, b, nil)
}
