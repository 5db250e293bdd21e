package manage

import (
	"bufio"
	"context"
	"encoding/json"
	"image"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"phoned/internal/clock"
	"phoned/internal/health"
	"phoned/phone"
)

// fakePhone keeps what is posted and shows what it is told to.
type fakePhone struct {
	mu     sync.Mutex
	view   phone.View
	posted []phone.What
	full   bool
	subs   map[chan phone.View]bool
}

func (p *fakePhone) View() phone.View { p.mu.Lock(); defer p.mu.Unlock(); return p.view }

func (p *fakePhone) Post(w phone.What) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.full {
		return false
	}
	p.posted = append(p.posted, w)
	return true
}

func (p *fakePhone) Subscribe() (<-chan phone.View, func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	ch := make(chan phone.View, 1)
	if p.subs == nil {
		p.subs = map[chan phone.View]bool{}
	}
	p.subs[ch] = true
	return ch, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.subs[ch] {
			delete(p.subs, ch)
			close(ch)
		}
	}
}

// show changes the view and tells the subscribers.
func (p *fakePhone) show(v phone.View) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.view = v
	for ch := range p.subs {
		select {
		case <-ch:
		default:
		}
		ch <- v
	}
}

// stop closes every subscription, as a loop does that ends.
func (p *fakePhone) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for ch := range p.subs {
		delete(p.subs, ch)
		close(ch)
	}
}

func (p *fakePhone) take() []phone.What {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := p.posted
	p.posted = nil
	return out
}

// call is a view with one answered call and a registered line.
func call() phone.View {
	return phone.View{
		Screen: phone.ScreenActive, Seq: 7, Focus: 3, Path: phone.PathHandset, OffHook: true, Muted: true,
		Lines: []phone.LineView{{LineInfo: phone.LineInfo{ID: "main", Number: "1001", Domain: "lab.test"}, State: phone.LineRegistered}},
		Calls: []phone.CallView{{
			ID: 3, Line: "main", Party: phone.Party{Number: "9196", Name: "Echo"}, Direction: phone.Outbound, State: phone.Active,
			AnsweredAt: epoch.Add(-90 * time.Second), MediaUp: true, Secure: true,
		}},
	}
}

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// bench is a server under test with everything around it.
type bench struct {
	*Server
	phone  *fakePhone
	mirror *Mirror
	bus    *Bus
	health *health.Registry
	clock  *clock.Fake
	http   *httptest.Server // nil until online
}

func newBench(t *testing.T, change ...func(*Config)) *bench {
	t.Helper()
	b := &bench{phone: &fakePhone{view: call()}, mirror: NewMirror(image.Pt(32, 24)), bus: NewBus(4), clock: clock.NewFake(epoch)}
	b.health = health.NewRegistry(b.clock.Now)
	cfg := Config{
		Phone: b.phone, Screen: b.mirror, Bus: b.bus, Health: b.health, Clock: b.clock, Panel: true, TrustLocal: true,
		Pages: fstest.MapFS{"index.html": {Data: []byte("<!doctype html>front panel")}, "panel.css": {Data: []byte("a{}")}},
	}
	for _, f := range change {
		f(&cfg)
	}
	b.Server = New(cfg)
	return b
}

// online serves over loopback; when the test ends nothing of the server may be left.
func (b *bench) online(t *testing.T) *bench {
	t.Helper()
	l, err := Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	before := runtime.NumGoroutine()
	served := make(chan error, 1)
	go func() { served <- b.Serve(l) }()
	b.http = &httptest.Server{URL: "http://" + l.Addr().String()}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := b.Close(ctx); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Errorf("Serve returned %v after Close", err)
		}
		http.DefaultClient.CloseIdleConnections()
		waitFor(t, "every goroutine of the server to end", func() bool { return runtime.NumGoroutine() <= before })
	})
	return b
}

// waitFor polls for what other goroutines do; the limit is only reached by a failure.
func waitFor(t *testing.T, what string, is func() bool) {
	t.Helper()
	for range 2000 {
		if is() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	buf := make([]byte, 1<<20)
	t.Fatalf("waited in vain for %s\n%s", what, buf[:runtime.Stack(buf, true)])
}

// do answers one request without a network.
func (b *bench) do(method, target, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Host, r.RemoteAddr = "127.0.0.1:8480", "127.0.0.1:40000"
	for i := 0; i+1 < len(header); i += 2 {
		if header[i] == "Host" {
			r.Host = header[i+1]
		}
		if header[i] == "From" { // where the connection comes from
			r.RemoteAddr = header[i+1]
			continue
		}
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	b.Handler().ServeHTTP(w, r)
	return w
}

// wantProblem checks an RFC 9457 answer.
func wantProblem(t *testing.T, w *httptest.ResponseRecorder, status int) {
	t.Helper()
	if w.Code != status {
		t.Fatalf("status %d, want %d: %s", w.Code, status, w.Body)
	}
	if got := w.Header().Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("Content-Type %q", got)
	}
	var p problemDocument
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatal(err)
	}
	if p.Status != status || !strings.HasPrefix(p.Type, problemPath) || p.Title == "" {
		t.Errorf("problem %+v", p)
	}
}

// event is one Server-Sent Event.
type event struct{ id, name, data string }

// follower reads a stream.
type follower struct {
	t    *testing.T
	body io.ReadCloser
	r    *bufio.Reader
}

func (b *bench) follow(t *testing.T, path string, header ...string) *follower {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.http.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%s answered %s, %s", path, resp.Status, resp.Header.Get("Content-Type"))
	}
	return &follower{t, resp.Body, bufio.NewReader(resp.Body)}
}

// next returns the next event, comments left out.
func (f *follower) next() event {
	f.t.Helper()
	var e event
	for {
		line, err := f.r.ReadString('\n')
		if err != nil {
			f.t.Fatalf("the stream ended: %v", err)
		}
		line = strings.TrimSuffix(line, "\n")
		field, value, _ := strings.Cut(line, ": ")
		switch {
		case line == "" && e != (event{}):
			return e
		case field == "id":
			e.id = value
		case field == "event":
			e.name = value
		case field == "data":
			e.data = value
		}
	}
}

// until skips to the next event of a name.
func (f *follower) until(name string) event {
	f.t.Helper()
	for {
		if e := f.next(); e.name == name {
			return e
		}
	}
}
