package check

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"phoned/internal/httpcall"
	"phoned/update"
)

// pipes is a listener without a network, so that a server can stand in a bubble.
type pipes struct {
	conns chan net.Conn
	once  sync.Once
	over  chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.over:
		return nil, net.ErrClosed
	}
}
func (p *pipes) Close() error   { p.once.Do(func() { close(p.over) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 443} }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case p.conns <- theirs:
		return ours, nil
	case <-p.over:
		return nil, errors.New("connection refused")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// twoSlots is a phone's two slots; a restart starts what was installed.
type twoSlots struct {
	mu      sync.Mutex
	boot    update.Boot
	version string // of the bundle
	reboots int
	writes  []string
}

func (s *twoSlots) locked(f func())   { s.mu.Lock(); defer s.mu.Unlock(); f() }
func (s *twoSlots) wrote() (w string) { s.locked(func() { w = fmt.Sprint(s.writes) }); return }
func (s *twoSlots) restarts() (n int) { s.locked(func() { n = s.reboots }); return }
func (s *twoSlots) Status(context.Context) (b update.Boot, err error) {
	s.locked(func() { b = s.boot })
	return
}
func (s *twoSlots) Inspect(context.Context) (b update.Bundle, err error) {
	s.locked(func() { b = update.Bundle{Compatible: "board", Version: s.version} })
	return
}
func (s *twoSlots) Install(_ context.Context, a update.Attempt, _ func(int)) error {
	s.locked(func() { s.writes = append(s.writes, a.Version); a.Slot, a.Written = "B", true; s.boot.Attempt = &a })
	return nil
}
func (s *twoSlots) Confirm(context.Context) error {
	s.locked(func() { s.boot.Attempt = nil })
	return nil
}
func (s *twoSlots) Forget(ctx context.Context) error { return s.Confirm(ctx) }
func (s *twoSlots) Reboot(context.Context) error     { s.locked(func() { s.reboots++ }); return nil }
func (s *twoSlots) Reject(context.Context, update.Reason, string) error {
	return errors.New("not in this test")
}

// house is a phone and the server it asks.
type house struct {
	t      *testing.T
	dir    string
	slots  *twoSlots
	set    Settings
	client *httpcall.Client

	mu      sync.Mutex
	offered string // by the index
	bundle  string
	answer  func(w http.ResponseWriter, r *http.Request) bool // before everything; true: answered
	asked   []string                                          // of the server, with the status

	checker *Checker
	manager *update.Manager
	stop    func()
}

// inHouse runs f in a bubble with a server of TLS.
func inHouse(t *testing.T, f func(h *house)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := &pipes{conns: make(chan net.Conn), over: make(chan struct{})}
		h := &house{t: t, dir: t.TempDir(), slots: &twoSlots{boot: update.Boot{Way: update.Slots, Slot: "A", Version: "1.0", Compatible: "board"}},
			set: Settings{URL: "https://example.com/phones/index.json", Every: 24 * time.Hour, Install: true}}
		srv := httptest.NewUnstartedServer(http.HandlerFunc(h.serve))
		srv.Listener.Close()
		srv.Listener = l
		srv.Config.ErrorLog = nil
		srv.StartTLS()
		defer srv.Close()
		h.client = httpcall.New(httpcall.Config{HTTP: &http.Client{Transport: &http.Transport{
			DialContext: l.dial, TLSClientConfig: srv.Client().Transport.(*http.Transport).TLSClientConfig.Clone(),
		}}})
		defer h.client.Close()
		h.start()
		defer func() { h.stop() }()
		f(h)
	})
}

func (h *house) serve(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	note := &noting{ResponseWriter: w, status: 200}
	defer func() { h.asked = append(h.asked, fmt.Sprintf("%s %d", r.URL.Path, note.status)) }()
	if r.Header.Get("Authorization") != "" || r.Header.Get("Cookie") != "" {
		h.t.Error("something secret was sent")
	}
	if h.answer != nil && h.answer(note, r) {
		return
	}
	body := h.bundle
	if r.URL.Path == "/phones/index.json" {
		s := sha256.Sum256([]byte(h.bundle))
		body = index(entry("version", `"`+h.offered+`"`, "url", `"`+h.offered+`.raucb"`, "size", fmt.Sprint(len(h.bundle)), "sha256", `"`+hex.EncodeToString(s[:])+`"`))
	}
	s := sha256.Sum256([]byte(body))
	note.Header().Set("ETag", `"`+hex.EncodeToString(s[:8])+`"`)
	http.ServeContent(note, r, "", time.Time{}, strings.NewReader(body))
}

type noting struct {
	http.ResponseWriter
	status int
}

func (n *noting) WriteHeader(status int) { n.status = status; n.ResponseWriter.WriteHeader(status) }

// start is a start of the phone's program.
func (h *house) start() {
	h.checker = New(Config{Dir: h.dir, HTTP: func() *httpcall.Client { return h.client },
		Begin: func(src update.Source, older bool) error { return h.manager.Begin(src, older) }})
	h.manager = update.New(update.Config{Dir: h.dir, Slots: h.slots, HTTP: func() *httpcall.Client { return h.client }, Changed: h.checker.Hear})
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { h.manager.Run(ctx) })
	wg.Go(func() { h.checker.Run(ctx) })
	h.stop = func() { cancel(); wg.Wait() }
	h.checker.Configure(h.set)
	h.manager.Tell(update.Facts{Registered: true, Ready: true})
	synctest.Wait()
}

// restart ends the program and starts it, with what root's helper says then.
func (h *house) restart(change func(*update.Boot)) {
	h.stop()
	h.slots.locked(func() { change(&h.slots.boot) })
	h.start()
}

// offer changes what the server has.
func (h *house) offer(version string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.offered, h.bundle = version, strings.Repeat("bundle "+version+" ", 50_000)
	h.slots.locked(func() { h.slots.version = version })
}

// answers has it answer otherwise.
func (h *house) answers(f func(http.ResponseWriter, *http.Request) bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.answer = f
}

// pass lets the time pass.
func (h *house) pass(d time.Duration) {
	time.Sleep(d) // of the bubble
	synctest.Wait()
}

// requests are those since the last time.
func (h *house) requests() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := strings.Join(h.asked, ", ")
	h.asked = nil
	return out
}

func (h *house) wants(requests string) {
	h.t.Helper()
	if got := h.requests(); got != requests {
		h.t.Errorf("the server was asked for %q, expected %q", got, requests)
	}
}

const hit, miss = "/phones/index.json 200", "/phones/index.json 304"

// TestEndToEnd: from the question over the download to the restart; a version that was
// left is not fetched again, the next one is.
func TestEndToEnd(t *testing.T) {
	inHouse(t, func(h *house) {
		h.offer("2.0")
		h.pass(2 * time.Minute)
		h.wants("")
		h.pass(2 * time.Hour)
		h.wants(hit + ", /phones/2.0.raucb 200")
		if h.slots.restarts() != 1 || h.slots.wrote() != "[2.0]" || h.manager.State().Phase != update.Restarting {
			t.Fatal(h.slots.wrote(), h.slots.restarts())
		}
		h.restart(func(b *update.Boot) { b.Attempt.Verdict = update.NotRegistered }) // back on the old slot
		if s := h.checker.Status(); s.Offered != "2.0" || s.Refused != update.NotRegistered {
			t.Errorf("%+v", s)
		}
		if !h.checker.Fell("2.0") || h.checker.Fell("2.1") || h.checker.Fell("") {
			t.Error("what was left here is not known")
		}
		h.pass(75 * time.Hour)
		h.wants(miss + ", " + miss + ", " + miss)
		h.restart(func(*update.Boot) {})
		h.pass(49 * time.Hour)
		h.wants(miss + ", " + miss)
		if h.slots.wrote() != "[2.0]" {
			t.Fatal(h.slots.wrote())
		}
		h.offer("2.1")
		h.pass(48 * time.Hour)
		if got := h.requests(); !strings.HasPrefix(got, hit+", /phones/2.1.raucb 200") || h.slots.wrote() != "[2.0 2.1]" {
			t.Errorf("%s; %s", got, h.slots.wrote())
		}
		h.restart(func(b *update.Boot) { b.Slot, b.Version = "B", "2.1" })
		h.pass(time.Minute)
		if s := h.manager.State(); !s.Report.Good() || s.Phase != update.Idle {
			t.Errorf("%+v", s.Report)
		}
		if !h.checker.Fell("2.0") {
			t.Error("what was left before the last update is forgotten")
		}
		if s := h.checker.Status(); s.Offered != "" || s.Refused != "" || s.Failure != "" || s.Checked.IsZero() {
			t.Errorf("%+v", s)
		}
	})
}

// TestBrokenOff: a download that ends early, and one of other bytes, come again; a
// server's wish to be left alone is heard; a person's check goes before all.
func TestBrokenOff(t *testing.T) {
	inHouse(t, func(h *house) {
		h.offer("2.0")
		var bad atomic.Int32
		h.answers(func(w http.ResponseWriter, r *http.Request) bool {
			if !strings.HasSuffix(r.URL.Path, ".raucb") {
				return false
			}
			switch bad.Add(1) {
			case 1: // the connection ends
				w.Header().Set("Content-Length", fmt.Sprint(len(h.bundle)))
				_, _ = w.Write([]byte("bundle"))
			case 2: // the length is right
				_, _ = w.Write([]byte(strings.Repeat("x", len(h.bundle))))
			case 3: // another length
				_, _ = w.Write([]byte("short"))
			case 4:
				w.Header().Set("Retry-After", "3000")
				w.WriteHeader(http.StatusServiceUnavailable)
			default:
				return false
			}
			return true
		})
		for _, reason := range []update.Reason{update.Unreachable, update.Checksum, update.Checksum, update.Unreachable} {
			for n := bad.Load(); bad.Load() == n; {
				h.pass(time.Minute)
			}
			if s := h.manager.State(); s.Report.Reason != reason || s.Phase != update.Idle {
				t.Fatalf("%d: %+v", bad.Load(), s.Report)
			}
			if _, err := os.Stat(filepath.Join(h.dir, update.StagedName)); err == nil {
				t.Error("half a bundle stays")
			}
		}
		if h.manager.State().Report.After != 50*time.Minute {
			t.Errorf("%+v", h.manager.State().Report)
		}
		h.pass(49 * time.Minute)
		if h.slots.wrote() != "[]" {
			t.Error("the server's wish was not heard")
		}
		h.pass(3 * time.Hour)
		if h.slots.wrote() != "[2.0]" {
			t.Error(h.slots.wrote())
		}
	})
}

// TestTheServersFaults: what a server may answer instead of an index.
func TestTheServersFaults(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(w http.ResponseWriter, r *http.Request)
		detail string
		next   time.Duration
	}{
		"too large": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(strings.Repeat(" ", MaxIndex+1) + index()))
		}, "too large", 0},
		"no index": {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }, ErrIndex.Error(), 0},
		"gone":     {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) }, "404", 0},
		"another host": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://evil.example/", http.StatusFound)
		}, "another host", 0},
		"without TLS": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://example.com/phones/index.json", http.StatusFound)
		}, "another host", 0},
		"for ever": {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) }, "again and again", 0},
		"busy": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "2400")
			w.WriteHeader(429)
		}, "429", 40 * time.Minute},
		"a 304 that nobody asked for": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(304) }, "304", 0},
	} {
		t.Run(name, func(t *testing.T) {
			inHouse(t, func(h *house) {
				h.offer("2.0")
				h.answers(func(w http.ResponseWriter, r *http.Request) bool { c.answer(w, r); return true })
				for h.checker.Status().Fails == 0 {
					h.pass(time.Second)
				}
				s := h.checker.Status()
				if !strings.Contains(s.Failure, c.detail) || s.Offered != "" || !s.Checked.IsZero() {
					t.Errorf("%+v", s)
				}
				if d := time.Until(s.Next); c.next != 0 && (d > c.next || d < c.next-2*time.Second) || d > c.next+10*time.Minute {
					t.Errorf("the next question is in %v", d)
				}
				h.answers(nil)
				h.pass(time.Hour)
				if s := h.checker.Status(); s.Failure != "" || h.slots.wrote() != "[2.0]" {
					t.Errorf("afterwards: %+v", s)
				}
			})
		})
	}
}

func TestAPersonsWishes(t *testing.T) {
	inHouse(t, func(h *house) {
		h.set.Install, h.set.Every = false, 0
		h.checker.Configure(h.set)
		h.pass(100 * time.Hour)
		h.wants("")
		if err := h.checker.InstallNow(); !errors.Is(err, ErrNothing) {
			t.Error(err)
		}
		h.manager.Tell(update.Facts{Registered: true, Ready: true, Busy: true})
		synctest.Wait()
		if err := h.checker.CheckNow(); !errors.Is(err, ErrInCall) {
			t.Error(err)
		}
		h.manager.Tell(update.Facts{Registered: true, Ready: true})
		synctest.Wait()
		h.offer("2.0")
		if err := h.checker.CheckNow(); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		h.wants(hit)
		if s := h.checker.Status(); s.Offered != "2.0" || s.ByItself || !s.Next.IsZero() {
			t.Errorf("%+v", s)
		}
		if err := h.checker.InstallNow(); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		h.wants("/phones/2.0.raucb 200")
		if err := h.checker.CheckNow(); !errors.Is(err, update.ErrBusy) {
			t.Error(err)
		}
		h.checker.Configure(Settings{})
		synctest.Wait()
		h.restart(func(b *update.Boot) { b.Attempt = nil })
		h.checker.Configure(Settings{})
		synctest.Wait()
		for _, f := range []func() error{h.checker.CheckNow, h.checker.InstallNow} {
			if err := f(); !errors.Is(err, ErrNoServer) {
				t.Error(err)
			}
		}
		h.restart(func(b *update.Boot) { *b = update.Boot{Way: update.Packages, Version: "1.0"} })
		if err := h.checker.CheckNow(); !errors.Is(err, update.ErrPackages) {
			t.Error(err)
		}
		h.pass(100 * time.Hour)
		h.wants("")
	})
}

// TestTheDisk: where what is begun can't be written down nothing begins; a file that
// can't be read is no reason to end.
func TestTheDisk(t *testing.T) {
	inHouse(t, func(h *house) {
		h.offer("2.0")
		file := filepath.Join(h.dir, keptName)
		if err := os.RemoveAll(file); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Join(file, "in the way"), 0o700); err != nil {
			t.Fatal(err)
		}
		h.pass(5 * time.Hour)
		if got := h.requests(); strings.Contains(got, "raucb") || !strings.Contains(got, hit) {
			t.Errorf("it began: %s", got)
		}
		if err := os.RemoveAll(file); err != nil {
			t.Fatal(err)
		}
		h.pass(13 * time.Hour)
		if got := h.requests(); !strings.Contains(got, "raucb") {
			t.Errorf("it never begins: %s", got)
		}
		h.stop()
		if err := os.WriteFile(file, []byte(`{"place":`), 0o600); err != nil {
			t.Fatal(err)
		}
		h.slots.locked(func() { h.slots.boot.Attempt = nil })
		h.start()
		if h.checker.Status().Offered != "" {
			t.Error("half a file was read")
		}
	})
}

// A clock that can't be believed holds everything up until it can.
func TestNotTheTime(t *testing.T) {
	inHouse(t, func(h *house) {
		h.stop()
		believed := make(chan struct{})
		h.checker = New(Config{Dir: h.dir, HTTP: func() *httpcall.Client { return h.client }, Begin: func(update.Source, bool) error { return nil },
			Believed: func() bool {
				select {
				case <-believed:
					return true
				default:
					return false
				}
			}})
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() { defer close(done); h.checker.Run(ctx) }()
		h.stop = func() { cancel(); <-done }
		h.checker.Configure(h.set)
		h.checker.Hear(update.State{Phase: update.Idle, Boot: update.Boot{Way: update.Slots, Version: "1.0", Compatible: "board"}})
		h.offer("2.0")
		h.pass(10 * time.Hour)
		h.wants("")
		if err := h.checker.CheckNow(); !errors.Is(err, ErrNoTime) {
			t.Error(err)
		}
		close(believed)
		h.pass(2 * time.Minute)
		h.wants("") // and then as after a start
		h.pass(time.Hour)
		h.wants(hit)
	})
}
