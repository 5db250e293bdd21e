package siptest

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"regexp"
	"sync"
)

// Registrar answers REGISTERs with digest authentication (RFC 3261 §22,
// RFC 8760).
type Registrar struct {
	User, Password, Realm string
	// Algorithm is "MD5", "SHA-256", or "" for no authentication.
	Algorithm string
	// Expires is granted in seconds, 0: what the phone asks for.
	Expires int
	// Extra are header lines of the 200.
	Extra []string

	mu     sync.Mutex
	nonce  int
	live   map[string]bool
	failed int
}

// Failed counts wrong credentials.
func (r *Registrar) Failed() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed
}

var pair = regexp.MustCompile(`(\w+)=(?:"([^"]*)"|([^,\s]*))`)

func (r *Registrar) answer(m Message) string {
	if r.Algorithm != "" {
		if !r.verify(m.Get("Authorization"), "REGISTER") {
			return m.Reply("401 Unauthorized", "reg", "", r.Challenge("WWW-Authenticate"))
		}
	}
	expires := m.Get("Expires")
	if r.Expires > 0 && expires != "0" {
		expires = fmt.Sprint(r.Expires)
	}
	extra := append([]string{fmt.Sprintf("Contact: <%s>;expires=%s", m.Contact(), expires)}, r.Extra...)
	if expires == "0" {
		extra = extra[1:]
	}
	return m.Reply("200 OK", "reg", "", extra...)
}

// Challenge writes a challenge with a new nonce as a header line.
func (r *Registrar) Challenge(header string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.nonce++
	n := fmt.Sprintf("nonce-%d", r.nonce)
	if r.live == nil {
		r.live = map[string]bool{}
	}
	r.live[n] = true
	return fmt.Sprintf(`%s: Digest realm="%s", nonce="%s", algorithm=%s, qop="auth"`, header, r.Realm, n, r.Algorithm)
}

// Verify checks an Authorization or Proxy-Authorization value.
func (r *Registrar) Verify(auth, method string) bool { return r.verify(auth, method) }

func (r *Registrar) verify(auth, method string) bool {
	if auth == "" {
		return false
	}
	v := map[string]string{}
	for _, g := range pair.FindAllStringSubmatch(auth, -1) {
		v[g[1]] = g[2] + g[3]
	}
	h := func() hash.Hash { return md5.New() }
	if r.Algorithm == "SHA-256" {
		h = sha256.New
	}
	sum := func(s string) string {
		d := h()
		d.Write([]byte(s))
		return hex.EncodeToString(d.Sum(nil))
	}
	want := sum(sum(r.User+":"+r.Realm+":"+r.Password) + ":" + v["nonce"] + ":" + v["nc"] + ":" + v["cnonce"] + ":" + v["qop"] + ":" + sum(method+":"+v["uri"]))
	r.mu.Lock()
	defer r.mu.Unlock()
	ok := r.live[v["nonce"]] && v["username"] == r.User && v["algorithm"] == r.Algorithm && v["response"] == want
	delete(r.live, v["nonce"])
	if !ok {
		r.failed++
	}
	return ok
}
