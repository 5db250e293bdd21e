package manage

import (
	"encoding/json"
	"net/http"
	"testing"
)

func TestOnlyThisMachineIsTrustedAndOnlyIfConfigured(t *testing.T) {
	b := newBench(t)
	if w := b.do(http.MethodGet, "/api/v1/status", "", "From", "[::1]:4"); w.Code != http.StatusOK {
		t.Errorf("from this machine: %d", w.Code)
	}
	for _, from := range []string{"192.0.2.1:4", "[fe80::1%eth0]:4", "", "127.0.0.1"} {
		for _, header := range [][]string{nil, {"X-Forwarded-For", "127.0.0.1"}, {"Forwarded", "for=127.0.0.1"}, {"X-Real-IP", "127.0.0.1"}} {
			wantProblem(t, b.do(http.MethodGet, "/api/v1/status", "", append([]string{"From", from}, header...)...), http.StatusUnauthorized)
		}
	}
	b = newBench(t, func(c *Config) { c.TrustLocal = false })
	w := b.do(http.MethodGet, "/api/v1/status", "")
	wantProblem(t, w, http.StatusUnauthorized)
	if w.Header().Get("WWW-Authenticate") == "" {
		t.Error("401 without a way to sign in (RFC 9110 §11.6.1)")
	}
	if w := b.do(http.MethodGet, "/healthz", ""); w.Code != http.StatusOK {
		t.Errorf("health: %d", w.Code)
	}
	wantProblem(t, b.do(http.MethodPost, "/api/v1/keys", `{"key":"1"}`), http.StatusUnauthorized)
	if got := b.phone.take(); len(got) > 0 {
		t.Errorf("posted %#v", got)
	}
}

func TestRoleNames(t *testing.T) {
	for _, r := range []Role{Viewer, Operator, Administrator} {
		b, err := json.Marshal(r)
		var back Role
		if err != nil || json.Unmarshal(b, &back) != nil || back != r {
			t.Errorf("%s: %s, %v", r, b, err)
		}
	}
	for _, bad := range []string{`"anyone"`, `""`, `"root"`, `3`} {
		if r := Viewer; json.Unmarshal([]byte(bad), &r) == nil {
			t.Errorf("%s is %s", bad, r)
		}
	}
}
