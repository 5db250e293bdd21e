package manage

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"image/png"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"phoned/internal/health"
)

func decode(t *testing.T, w *httptest.ResponseRecorder) map[string]any {
	t.Helper()
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "application/json" || w.Header().Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	var out map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestStatus(t *testing.T) {
	b := newBench(t, func(c *Config) {
		c.Info = func() Info { return Info{Version: "1.2", Board: "virtual", Started: epoch} }
		c.Levels = func() Levels { return Levels{Mic: 0.25} }
	})
	got := decode(t, b.do(http.MethodGet, "/api/v1/status", ""))
	for key, want := range map[string]any{
		"isConnected": true, "hasActiveCall": true, "focus": 3.0, "muted": true, "path": "handset", "offHook": true, "screen": "active", "seq": 7.0,
	} {
		if got[key] != want {
			t.Errorf("%s is %v, want %v", key, got[key], want)
		}
	}
	if p := got["phone"].(map[string]any); p["version"] != "1.2" || p["board"] != "virtual" {
		t.Errorf("phone %v", p)
	}
	if l := got["lines"].([]any)[0].(map[string]any); l["line"] != "main" || l["state"] != "registered" || l["nextTry"] != nil {
		t.Errorf("line %v", l)
	}
	if got["levels"].(map[string]any)["mic"] != 0.25 {
		t.Errorf("levels %v", got["levels"])
	}
}

func TestCalls(t *testing.T) {
	b := newBench(t)
	list := decode(t, b.do(http.MethodGet, "/api/v1/calls", ""))["calls"].([]any)
	c := list[0].(map[string]any)
	for key, want := range map[string]any{
		"callId": 3.0, "line": "main", "phoneNumber": "9196", "name": "Echo", "direction": "outbound", "status": "connected", "state": "active",
		"duration": 90_000.0, "muted": true, "onHold": false, "mediaUp": true, "secure": true,
	} {
		if c[key] != want {
			t.Errorf("%s is %v, want %v", key, c[key], want)
		}
	}
}

func TestHealthAndProblems(t *testing.T) {
	b := newBench(t)
	if w := b.do(http.MethodGet, "/healthz", ""); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"problems":[]`) {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	b.health.Set(health.Problem{Code: "net.slow", Title: "Slow.", Severity: health.Warning})
	if w := b.do(http.MethodGet, "/healthz", ""); w.Code != http.StatusOK {
		t.Errorf("a warning: %d", w.Code)
	}
	b.health.Set(health.Problem{Code: "store.broken", Title: "Broken.", Severity: health.Critical})
	w := b.do(http.MethodGet, "/healthz", "")
	if w.Code != http.StatusServiceUnavailable {
		t.Errorf("critical: %d", w.Code)
	}
	list := decode(t, b.do(http.MethodGet, "/api/v1/problems", ""))["problems"].([]any)
	if len(list) != 2 || list[0].(map[string]any)["code"] != "store.broken" {
		t.Errorf("problems %v", list)
	}
}

func TestScreenPNG(t *testing.T) {
	b := newBench(t)
	w := b.do(http.MethodGet, "/api/v1/screen.png", "")
	img, err := png.Decode(bytes.NewReader(w.Body.Bytes()))
	if err != nil || img.Bounds().Max != b.mirror.Image().Rect.Max || w.Header().Get("Content-Type") != "image/png" {
		t.Fatal(err, w.Code, w.Header())
	}
	tag := w.Header().Get("ETag")
	if w := b.do(http.MethodGet, "/api/v1/screen.png", "", "If-None-Match", tag); w.Code != http.StatusNotModified || w.Body.Len() > 0 {
		t.Errorf("the same picture: %d", w.Code)
	}
	paint(b.mirror, 1)
	if w := b.do(http.MethodGet, "/api/v1/screen.png", "", "If-None-Match", tag); w.Code != http.StatusOK {
		t.Errorf("another picture: %d", w.Code)
	}
}

func TestForeignHostsAndOriginsAreRefused(t *testing.T) {
	b := newBench(t, func(c *Config) { c.Attached = []string{"phone.example"} })
	for _, host := range []string{"evil.example", "evil.example:8480", "127.0.0.1.evil.example", "192.0.2.1", "", "localhost.evil", "[2001:db8::1]:80"} {
		wantProblem(t, b.do(http.MethodGet, "/api/v1/status", "", "Host", host), http.StatusMisdirectedRequest)
	}
	for _, host := range []string{"localhost", "localhost:8480", "127.0.0.1", "127.1.2.3:80", "[::1]:80", "phone.example:8480", "phone.example"} {
		if w := b.do(http.MethodGet, "/api/v1/status", "", "Host", host); w.Code != http.StatusOK {
			t.Errorf("host %q: %d %s", host, w.Code, w.Body)
		}
	}
	for _, header := range [][]string{
		{"Origin", "http://evil.example"}, {"Origin", "null"}, {"Origin", "http://127.0.0.1:9"}, {"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"},
	} {
		wantProblem(t, b.do(http.MethodPost, "/api/v1/keys", `{"key":"1"}`, header...), http.StatusForbidden)
	}
	if got := b.phone.take(); len(got) > 0 {
		t.Fatalf("posted %#v", got)
	}
	if w := b.do(http.MethodPost, "/api/v1/keys", `{"key":"1"}`, "Origin", "http://127.0.0.1:8480", "Sec-Fetch-Site", "same-origin"); w.Code != http.StatusAccepted {
		t.Errorf("its own page: %d %s", w.Code, w.Body)
	}
}

func TestPages(t *testing.T) {
	b := newBench(t)
	w := b.do(http.MethodGet, "/", "")
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "front panel") {
		t.Fatal(w.Code, w.Body)
	}
	for _, want := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"} {
		if csp := w.Header().Get("Content-Security-Policy"); !strings.Contains(csp, want) || strings.Contains(csp, "unsafe") {
			t.Errorf("Content-Security-Policy %q lacks %q", csp, want)
		}
	}
	if w.Header().Get("X-Content-Type-Options") != "nosniff" {
		t.Error("sniffing is allowed")
	}
	wantProblem(t, b.do(http.MethodDelete, "/index.html", ""), http.StatusMethodNotAllowed)
	for _, path := range []string{"/../server.go", "/..%2fserver.go", "/%2e%2e/server.go", "/..\\server.go", "//etc/passwd", "/panel.css/../../server.go", "/%00"} {
		if w := b.do(http.MethodGet, path, ""); w.Code == http.StatusOK || strings.Contains(w.Body.String(), "package manage") {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

func TestEmbeddedPagesKeepTheirPolicy(t *testing.T) {
	b := newBench(t, func(c *Config) { c.Pages = Pages() })
	page := b.do(http.MethodGet, "/", "").Body.String()
	total := len(page)
	for _, bad := range []string{"style=\"", "onclick", "<style", "javascript:", "http://", "https://"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page has %q", bad)
		}
	}
	for _, name := range []string{"/panel.css", "/panel.js", "/icon.svg"} {
		w := b.do(http.MethodGet, name, "")
		if w.Code != http.StatusOK {
			t.Errorf("%s: %d", name, w.Code)
		}
		total += w.Body.Len()
	}
	if total > 100_000 {
		t.Errorf("the page weighs %d bytes", total)
	}
}

func TestAPanicIsA500AndTheServerLives(t *testing.T) {
	var log bytes.Buffer
	b := newBench(t, func(c *Config) {
		c.Log = slog.New(slog.NewTextHandler(&log, nil))
		c.Extra = map[string]http.Handler{"GET /sim/broken": http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("oh") })}
	}).online(t)
	for range 3 {
		resp, err := http.Get(b.http.URL + "/sim/broken")
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusInternalServerError || resp.Header.Get("Content-Type") != "application/problem+json" {
			t.Fatal(resp.Status, resp.Header)
		}
	}
	if !strings.Contains(log.String(), "path=/sim/broken") || !strings.Contains(log.String(), "err=oh") {
		t.Errorf("logged %q", log.String())
	}
	resp, err := http.Get(b.http.URL + "/api/v1/status")
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatal(resp, err)
	}
	_ = resp.Body.Close()
}

func TestCloseDoesNotWaitForConnectionsWithoutARequest(t *testing.T) {
	b := newBench(t).online(t) // whose cleanup closes the server, within the test's patience
	for range 3 {
		c, err := net.Dial("tcp", strings.TrimPrefix(b.http.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
	}
	waitFor(t, "the connections to be accepted", func() bool {
		b.fresh.mu.Lock()
		defer b.fresh.mu.Unlock()
		return len(b.fresh.conns) == 3
	})
	// net/http takes a connection without a request for busy during its first five seconds.
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
	defer cancel()
	if err := b.Close(ctx); err != nil {
		t.Error(err)
	}
}

func TestListenOnLoopbackOnly(t *testing.T) {
	for _, addr := range []string{"0.0.0.0:0", ":0", "[::]:0", "192.0.2.7:0", "example.com:0"} {
		if l, err := Listen(addr); !errors.Is(err, ErrNotLoopback) {
			if l != nil {
				_ = l.Close()
			}
			t.Errorf("%s: %v", addr, err)
		}
	}
	if _, err := Listen("8480"); err == nil {
		t.Error("an address without a port")
	}
	for _, addr := range []string{"127.0.0.1:0", "localhost:0"} {
		l, err := Listen(addr)
		if err != nil {
			t.Fatal(err)
		}
		_ = l.Close()
	}
}
