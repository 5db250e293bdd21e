// Package registrar proves who a phone is (digest, RFC 8760) and remembers
// where it can be reached (RFC 3261 §10, RFC 5626). It holds no goroutine; its
// user serialises the calls to Bindings, Digest is safe for concurrent use.
package registrar

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"hash"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// Digest makes and checks challenges.
type Digest struct {
	Realm      string
	Algorithms []string      // "MD5", "SHA-256", in the order offered
	Lifetime   time.Duration // of a nonce; older ones are stale
	Now        func() time.Time
	key        []byte
	epoch      atomic.Int64 // nonces of an earlier epoch are stale
}

// NewDigest makes a Digest with a random key.
func NewDigest(realm string, algorithms []string, lifetime time.Duration, now func() time.Time) *Digest {
	d := &Digest{Realm: realm, Algorithms: algorithms, Lifetime: lifetime, Now: now, key: make([]byte, 16)}
	_, _ = rand.Read(d.key) // never fails (crypto/rand)
	return d
}

// Age makes every nonce given out so far stale.
func (d *Digest) Age() { d.epoch.Add(1) }

// Challenges are the values of WWW- or Proxy-Authenticate, one an algorithm.
func (d *Digest) Challenges(stale bool) []string {
	var out []string
	for _, a := range d.Algorithms {
		v := fmt.Sprintf(`Digest realm="%s", nonce="%s", algorithm=%s, qop="auth"`, d.Realm, d.nonce(), a)
		if stale {
			v += ", stale=true"
		}
		out = append(out, v)
	}
	return out
}

func (d *Digest) nonce() string {
	at := fmt.Sprintf("%x.%x", d.Now().UnixNano(), d.epoch.Load())
	return at + "." + d.mac(at)
}

func (d *Digest) mac(s string) string {
	m := hmac.New(sha256.New, d.key)
	m.Write([]byte(s))
	return hex.EncodeToString(m.Sum(nil)[:12])
}

// Result of a check.
type Result int

const (
	Missing Result = iota // no credentials, or for another realm
	Good
	Stale // right, but for a nonce that is too old
	Wrong
)

// Check verifies an Authorization or Proxy-Authorization value for method;
// password gives the password of a user, false if there is none. It returns
// the user name that the credentials claim.
func (d *Digest) Check(value, method string, password func(user string) (string, bool)) (string, Result) {
	p := params(value)
	user := p["username"]
	if user == "" || p["realm"] != d.Realm {
		return user, Missing
	}
	algorithm := p["algorithm"]
	if algorithm == "" {
		algorithm = "MD5"
	}
	pw, ok := password(user)
	if !ok || !d.offers(algorithm) {
		return user, Wrong
	}
	at, sum, ok := cutLast(p["nonce"], ".")
	if !ok || subtle.ConstantTimeCompare([]byte(sum), []byte(d.mac(at))) != 1 {
		return user, Missing // not ours: another exchange's, or of an earlier run
	}
	h := hasher(algorithm)
	a1 := h(user + ":" + d.Realm + ":" + pw)
	var want string
	if p["qop"] == "auth" {
		want = h(strings.Join([]string{a1, p["nonce"], p["nc"], p["cnonce"], "auth", h(method + ":" + p["uri"])}, ":"))
	} else {
		want = h(a1 + ":" + p["nonce"] + ":" + h(method+":"+p["uri"]))
	}
	if subtle.ConstantTimeCompare([]byte(want), []byte(p["response"])) != 1 {
		return user, Wrong
	}
	stamp, epoch, _ := strings.Cut(at, ".")
	ns, _ := strconv.ParseInt(stamp, 16, 64)
	ep, _ := strconv.ParseInt(epoch, 16, 64)
	if ep != d.epoch.Load() || d.Now().Sub(time.Unix(0, ns)) > d.Lifetime {
		return user, Stale
	}
	return user, Good
}

func (d *Digest) offers(a string) bool {
	for _, x := range d.Algorithms {
		if strings.EqualFold(x, a) {
			return true
		}
	}
	return false
}

func hasher(algorithm string) func(string) string {
	var n func() hash.Hash = md5.New
	if strings.EqualFold(algorithm, "SHA-256") {
		n = sha256.New
	}
	return func(s string) string {
		h := n()
		h.Write([]byte(s))
		return hex.EncodeToString(h.Sum(nil))
	}
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

// params reads the name=value pairs of a Digest header value.
func params(v string) map[string]string {
	out := map[string]string{}
	rest, ok := strings.CutPrefix(strings.TrimSpace(v), "Digest ")
	for ok && rest != "" {
		name, after, found := strings.Cut(rest, "=")
		if !found {
			break
		}
		name, after = strings.ToLower(strings.Trim(name, " \t,")), strings.TrimLeft(after, " \t")
		var value string
		if strings.HasPrefix(after, `"`) {
			value, rest, _ = strings.Cut(after[1:], `"`)
		} else {
			value, rest, _ = strings.Cut(after, ",")
			value = strings.TrimSpace(value)
		}
		out[name] = value
	}
	return out
}
