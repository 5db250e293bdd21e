package manage

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
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

// TestEveryOperationAsksForItsRole: without signing in 401, with too low a role 403,
// and no route that is not in the table but the pages.
func TestEveryOperationAsksForItsRole(t *testing.T) {
	b := newBench(t, everything, func(c *Config) { c.TrustLocal = false })
	open := map[string]bool{}
	for _, op := range b.operations() {
		path := pathWord.ReplaceAllString(op.path, "x")
		if op.role == Anyone {
			open[op.id] = true
			continue
		}
		wantProblem(t, b.do(op.method, path, ""), http.StatusUnauthorized)
		for role := Anyone; role < op.role; role++ {
			w := httptest.NewRecorder()
			r := httptest.NewRequest(op.method, path, nil)
			r = r.WithContext(context.WithValue(r.Context(), whoKey{}, Who{Name: "x", Role: role, By: ByToken}))
			m := http.NewServeMux()
			b.mount(m)
			m.ServeHTTP(w, r)
			want := http.StatusForbidden
			if role == Anyone {
				want = http.StatusUnauthorized
			}
			wantProblem(t, w, want)
		}
	}
	// Whoever adds to these has thought about it.
	for _, id := range []string{"healthz", "getProblemKind", "getBrandLogo", "whoAmI", "signInHere", "signOutHere", "askFirstAccess", "confirmFirstAccess"} {
		if !open[id] {
			t.Errorf("%s asks for a role", id)
		}
		delete(open, id)
	}
	if len(open) > 0 {
		t.Errorf("open to anyone: %v", open)
	}
	if got := b.phone.take(); len(got) > 0 {
		t.Errorf("posted %#v", got)
	}
}
