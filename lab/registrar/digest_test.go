package registrar

import (
	"testing"
	"time"
)

// Right, wrong, foreign and old credentials, both algorithms (RFC 7616).
func TestCheck(t *testing.T) {
	now := time.Unix(1000, 0)
	d := NewDigest("r", []string{"SHA-256", "MD5"}, time.Minute, func() time.Time { return now })
	if c := d.Challenges(true); len(c) != 2 || params(c[0])["stale"] != "true" || params(c[1])["algorithm"] != "MD5" {
		t.Fatal(c)
	}
	nonce := d.nonce()
	pw := func(u string) (string, bool) { return "p", u == "u" }
	answer := func(alg, nonce, password string) string {
		h := hasher(alg)
		r := h(h("u:r:"+password) + ":" + nonce + ":1:c:auth:" + h("INVITE:sip:x"))
		return `Digest username="u", realm="r", nonce="` + nonce + `", uri="sip:x", algorithm=` + alg +
			`, qop=auth, nc=1, cnonce="c", response="` + r + `"`
	}
	for _, c := range []struct {
		value string
		want  Result
	}{
		{answer("MD5", nonce, "p"), Good}, {answer("SHA-256", nonce, "p"), Good}, {answer("MD5", nonce, "q"), Wrong},
		{answer("MD5", "x"+nonce, "p"), Missing}, {"", Missing}, {"Basic abc", Missing},
	} {
		if _, got := d.Check(c.value, "INVITE", pw); got != c.want {
			t.Errorf("%v, want %v: %s", got, c.want, c.value)
		}
	}
	now = now.Add(2 * time.Minute)
	if _, got := d.Check(answer("MD5", nonce, "p"), "INVITE", pw); got != Stale {
		t.Error(got)
	}
	nonce = d.nonce()
	d.Age()
	if _, got := d.Check(answer("MD5", nonce, "p"), "INVITE", pw); got != Stale {
		t.Error(got)
	}
}

func FuzzParams(f *testing.F) {
	f.Add(`Digest username="u", realm=r,nc=1`)
	f.Add(`Digest a="`)
	f.Fuzz(func(_ *testing.T, v string) { params(v) })
}
