package manage

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"phoned/manage/access"
	"phoned/phone"
	"phoned/store"
)

// goodPassword is what tests sign in with.
const goodPassword = "correct horse battery"

// atDesk is a phone's screen that a test looks at.
type atDesk struct {
	mu      sync.Mutex
	request access.Request
	refused func()
	ended   string
}

func (d *atDesk) ShowFirst(r access.Request, refused func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.request, d.refused = r, refused
}

func (d *atDesk) EndFirst(id string) { d.mu.Lock(); defer d.mu.Unlock(); d.ended = id }

// guarded is a bench whose server asks for accounts, with hashes that cost nothing.
type guarded struct {
	*bench
	t     *testing.T
	book  *access.Book
	desk  *atDesk
	audit *store.DB
}

func newGuarded(t *testing.T, change ...func(*Config)) *guarded {
	t.Helper()
	g := &guarded{t: t, desk: &atDesk{}}
	secrets, err := store.OpenSecrets(filepath.Join(t.TempDir(), "secrets"))
	if err != nil {
		t.Fatal(err)
	}
	if g.audit, err = store.Open(store.Memory, store.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.audit.Close() })
	g.bench = newBench(t, append(change, func(c *Config) {
		g.book = access.Open(access.Config{Vault: secrets, Now: c.Clock.Now,
			Hash: func(p string) string { return "h:" + p }, Verify: func(h, p string) bool { return h == "h:"+p }})
		c.TrustLocal, c.Access, c.First, c.Audit = false, g.book, g.desk, g.audit
	})...)
	return g
}

func (g *guarded) add(name string, role Role) {
	g.t.Helper()
	if err := g.book.Add(g.t.Context(), name, goodPassword, role); err != nil {
		g.t.Fatal(err)
	}
}

// cookieOf reads the session's cookie of an answer.
func cookieOf(t *testing.T, w *httptest.ResponseRecorder) *http.Cookie {
	t.Helper()
	for _, c := range w.Result().Cookies() {
		if c.Name == cookieName {
			return c
		}
	}
	t.Fatalf("no cookie: %d %s", w.Code, w.Body)
	return nil
}

func (g *guarded) signIn(name string) (cookie string) {
	g.t.Helper()
	w := g.do("POST", "/api/v1/access/sign-in", `{"name":"`+name+`","password":"`+goodPassword+`"}`)
	if w.Code != 200 {
		g.t.Fatal(w.Code, w.Body)
	}
	return cookieName + "=" + cookieOf(g.t, w).Value
}

func into[T any](t *testing.T, w *httptest.ResponseRecorder) T {
	t.Helper()
	var v T
	if w.Code > 299 {
		t.Fatal(w.Code, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatal(err, w.Body)
	}
	return v
}

func TestTheCookieIsHeldToThePhone(t *testing.T) {
	g := newGuarded(t)
	g.add("ann", Operator)
	w := g.do("POST", "/api/v1/access/sign-in", `{"name":"ann","password":"`+goodPassword+`"}`)
	c := cookieOf(t, w)
	if !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" || c.MaxAge != int(access.DefaultLife/time.Second) {
		t.Errorf("%+v", c)
	}
	if strings.Contains(w.Body.String(), c.Value) || w.Header().Get("Cache-Control") != "no-store" {
		t.Error("the body tells the cookie, or may be kept")
	}
	cookie := cookieName + "=" + c.Value
	me := into[meResource](t, g.do("GET", "/api/v1/access/me", "", "Cookie", cookie))
	if me.Name != "ann" || me.Role != "operator" || me.By != BySession || me.FirstAccess {
		t.Errorf("%+v", me)
	}
	if w := g.do("POST", "/api/v1/keys", `{"key":"1"}`, "Cookie", cookie); w.Code != 202 {
		t.Error(w.Code, w.Body)
	}
	wantProblem(t, g.do("GET", "/api/v1/access/accounts", "", "Cookie", cookie), 403)
	w = g.do("POST", "/api/v1/access/sign-out", "", "Cookie", cookie)
	if w.Code != 204 || cookieOf(t, w).MaxAge >= 0 {
		t.Error(w.Code, w.Header())
	}
	wantProblem(t, g.do("POST", "/api/v1/keys", `{"key":"1"}`, "Cookie", cookie), 401)
}

func TestFirstAccessOverHTTP(t *testing.T) {
	g := newGuarded(t)
	if me := into[meResource](t, g.do("GET", "/api/v1/access/me", "")); !me.FirstAccess || me.Role != "anyone" {
		t.Errorf("%+v", me)
	}
	w := g.do("POST", "/api/v1/access/first", "", "From", "192.0.2.9:1")
	req := into[firstResource](t, w)
	if w.Code != 202 || g.desk.request.ID != req.ID || g.desk.request.From.String() != "192.0.2.9" || strings.Contains(w.Body.String(), g.desk.request.Code) {
		t.Fatal(w.Code, w.Body)
	}
	wantProblem(t, g.do("POST", "/api/v1/access/first", "", "From", "192.0.2.66:1"), 409)
	shown := g.desk.request
	g.desk.request = access.Request{}
	if again := into[firstResource](t, g.do("POST", "/api/v1/access/first", "", "From", "192.0.2.9:1")); again.ID != req.ID || g.desk.request.ID != "" {
		t.Error("asking again shows another page")
	}
	g.desk.request = shown
	confirm := func(code, from string) *httptest.ResponseRecorder {
		return g.do("POST", "/api/v1/access/first/"+req.ID, `{"code":"`+code+`","name":"root","password":"`+goodPassword+`"}`, "From", from)
	}
	wantProblem(t, confirm("x", "192.0.2.9:1"), 401)
	wantProblem(t, confirm(g.desk.request.Code, "192.0.2.66:1"), 404)
	cookie := cookieName + "=" + cookieOf(t, confirm(g.desk.request.Code, "192.0.2.9:1")).Value
	if g.desk.ended != req.ID {
		t.Error("the request is still on the screen")
	}
	if w := g.do("GET", "/api/v1/access/accounts", "", "Cookie", cookie); w.Code != 200 {
		t.Error(w.Code)
	}
	wantProblem(t, g.do("POST", "/api/v1/access/first", "", "From", "192.0.2.66:1"), 409)

	g = newGuarded(t)
	req = into[firstResource](t, g.do("POST", "/api/v1/access/first", "", "From", "192.0.2.66:1"))
	if g.clock.Advance(req.Until.Sub(g.clock.Now())); g.desk.ended != req.ID {
		t.Error("its time is over and it still stands on the screen")
	}
	req = into[firstResource](t, g.do("POST", "/api/v1/access/first", "", "From", "192.0.2.66:1"))
	g.desk.refused()
	wantProblem(t, confirm(g.desk.request.Code, "192.0.2.66:1"), 404)
	if w := g.do("POST", "/api/v1/access/first", "", "From", "192.0.2.66:1"); w.Code != 429 || w.Header().Get("Retry-After") == "" {
		t.Error(w.Code, w.Header())
	}
	if w := g.do("POST", "/api/v1/access/first", "", "From", "192.0.2.9:1"); w.Code != 202 {
		t.Error("the owner has to wait:", w.Code)
	}
}

func TestTokensOverHTTP(t *testing.T) {
	g := newGuarded(t)
	g.add("root", Administrator)
	cookie := g.signIn("root")
	made := into[madeToken](t, g.do("POST", "/api/v1/access/tokens", `{"label":"scraper","role":"viewer","days":30}`, "Cookie", cookie))
	auth := "Bearer " + made.Token
	if w := g.do("GET", "/api/v1/status", "", "Authorization", auth); w.Code != 200 {
		t.Error(w.Code)
	}
	wantProblem(t, g.do("POST", "/api/v1/keys", `{"key":"1"}`, "Authorization", auth), 403)
	wantProblem(t, g.do("GET", "/api/v1/status?access_token="+made.Token, ""), 401)
	wantProblem(t, g.do("GET", "/api/v1/status", "", "Authorization", auth+"x", "Cookie", cookie), 401)
	for _, path := range []string{"/api/v1/access/tokens", "/api/v1/access/sessions", "/api/v1/access/accounts", "/api/v1/access/audit"} {
		body := g.do("GET", path, "", "Cookie", cookie).Body.String()
		if strings.Contains(body, made.Token) || strings.Contains(body, strings.TrimPrefix(cookie, cookieName+"=")) || strings.Contains(body, "h:") {
			t.Errorf("%s tells a secret: %s", path, body)
		}
	}
	admin := into[madeToken](t, g.do("POST", "/api/v1/access/tokens", `{"label":"cli","role":"administrator","days":1}`, "Cookie", cookie))
	wantProblem(t, g.do("POST", "/api/v1/access/tokens", `{"label":"more","role":"viewer","days":900}`, "Authorization", "Bearer "+admin.Token), 403)
	if w := g.do("DELETE", "/api/v1/access/tokens/"+made.ID, "", "Authorization", "Bearer "+admin.Token); w.Code != 204 {
		t.Error(w.Code, w.Body)
	}
	wantProblem(t, g.do("GET", "/api/v1/status", "", "Authorization", auth), 401)
}

func TestSessionsAndAccountsOverHTTP(t *testing.T) {
	g := newGuarded(t)
	g.add("root", Administrator)
	root := g.signIn("root")
	if w := g.do("POST", "/api/v1/access/accounts", `{"name":"ann","role":"viewer","password":"`+goodPassword+`"}`, "Cookie", root); w.Code != 204 {
		t.Fatal(w.Code, w.Body)
	}
	ann, other := g.signIn("ann"), g.signIn("ann")
	list := into[loginList](t, g.do("GET", "/api/v1/access/sessions", "", "Cookie", ann))
	if len(list.Sessions) != 2 {
		t.Fatalf("%+v", list)
	}
	rootID := into[loginList](t, g.do("GET", "/api/v1/access/sessions", "", "Cookie", root)).Sessions
	for _, s := range rootID {
		if s.Name == "root" {
			wantProblem(t, g.do("DELETE", "/api/v1/access/sessions/"+s.ID, "", "Cookie", ann), 404)
		}
	}
	wantProblem(t, g.do("POST", "/api/v1/access/password", `{"old":"guess","new":"another password"}`, "Cookie", ann), 403)
	w := g.do("POST", "/api/v1/access/password", `{"old":"`+goodPassword+`","new":"another pass phrase"}`, "Cookie", ann)
	if w.Code != 204 {
		t.Fatal(w.Code, w.Body)
	}
	fresh := cookieName + "=" + cookieOf(t, w).Value
	for c, want := range map[string]int{ann: 401, other: 401, fresh: 200} {
		if w := g.do("GET", "/api/v1/status", "", "Cookie", c); w.Code != want {
			t.Errorf("%d, want %d", w.Code, want)
		}
	}
	if w := g.do("PATCH", "/api/v1/access/accounts/ann", `{"role":"operator"}`, "Cookie", root); w.Code != 204 {
		t.Error(w.Code, w.Body)
	}
	if me := into[meResource](t, g.do("GET", "/api/v1/access/me", "", "Cookie", fresh)); me.Role != "operator" {
		t.Errorf("%+v", me)
	}
	wantProblem(t, g.do("DELETE", "/api/v1/access/accounts/root", "", "Cookie", root), 409)
	if w := g.do("DELETE", "/api/v1/access/accounts/ann", "", "Cookie", root); w.Code != 204 {
		t.Error(w.Code, w.Body)
	}
	wantProblem(t, g.do("GET", "/api/v1/status", "", "Cookie", fresh), 401)
}

func TestAuditAndTheRemoteHandOnTheScreen(t *testing.T) {
	g := newGuarded(t)
	g.add("ann", Operator)
	g.add("root", Administrator)
	cookie := g.signIn("ann")
	root := g.signIn("root")
	for range 5 {
		g.do("POST", "/api/v1/keys", `{"key":"1"}`, "Cookie", cookie, "From", "10.0.0.5:99")
	}
	remote := []phone.RemoteControl{}
	for _, w := range g.phone.take() {
		if r, ok := w.(phone.RemoteControl); ok {
			remote = append(remote, r)
		}
	}
	if len(remote) != 1 || remote[0] != (phone.RemoteControl{By: "ann", From: "10.0.0.5"}) {
		t.Errorf("%+v", remote)
	}
	g.clock.Advance(handsTime)
	if got := g.phone.take(); len(got) != 1 || got[0] != (phone.RemoteControl{}) {
		t.Errorf("it does not end: %+v", got)
	}
	g.do("POST", "/api/v1/access/sign-in", `{"name":"ann","password":"wrong wrong"}`, "From", "10.0.0.66:1")
	g.clock.Advance(auditWindow)
	list := into[auditList](t, g.do("GET", "/api/v1/access/audit", "", "Cookie", root)).Entries
	counts := map[string]int{}
	for _, e := range list {
		counts[e.What+" "+e.Name+" "+e.From+" "+http.StatusText(e.Status)] += e.Count
	}
	if counts["pressKey ann 10.0.0.5 Accepted"] != 5 || counts["signInHere ann 10.0.0.66 Unauthorized"] != 1 || counts["signInHere ann 127.0.0.1 OK"] != 1 {
		t.Errorf("%v", counts)
	}
	if len(list) > 6 {
		t.Errorf("%d entries for nine things", len(list))
	}
}

func TestAStreamEndsWithItsSession(t *testing.T) {
	g := newGuarded(t)
	g.add("ann", Viewer)
	cookie := g.signIn("ann")
	r := httptest.NewRequest("GET", "/api/v1/events", nil)
	r.Host, r.RemoteAddr = "127.0.0.1", "127.0.0.1:4"
	r.Header.Set("Cookie", cookie)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan struct{})
	go func() { defer close(done); g.Handler().ServeHTTP(httptest.NewRecorder(), r.WithContext(ctx)) }()
	waitFor(t, "the stream to open", func() bool { return len(g.streams) == 1 })
	g.clock.Advance(watchEvery)
	select {
	case <-done:
		t.Fatal("it ended with a good session")
	default:
	}
	if err := g.book.Remove("ann"); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the stream to end", func() bool {
		g.clock.Advance(watchEvery)
		select {
		case <-done:
			return true
		default:
			return false
		}
	})
}
