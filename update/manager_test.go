package update

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"phoned/internal/clock"
	"phoned/internal/httpcall"
)

// bench is a Manager over a helper of fake slots.
type bench struct {
	t      *testing.T
	m      *Manager
	slots  *fakeSlots
	helper *Helper
	states chan State
}

func newBench(t *testing.T, f *fakeSlots, client *httpcall.Client) *bench {
	t.Helper()
	return newBenchBy(t, nil, f, client)
}

func newBenchBy(t *testing.T, clk clock.Clock, f *fakeSlots, client *httpcall.Client) *bench {
	t.Helper()
	h, c := served(t, f)
	b := &bench{t: t, slots: f, helper: h, states: make(chan State, 1000)}
	dir := t.TempDir()
	h.File = filepath.Join(dir, StagedName)
	b.m = New(Config{Dir: dir, Slots: c, Clock: clk, HTTP: func() *httpcall.Client { return client }, Changed: func(s State) { b.states <- s }})
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { b.m.Run(ctx) })
	t.Cleanup(func() { cancel(); wg.Wait() })
	return b
}

// until gives the first state that is as wanted.
func (b *bench) until(is func(State) bool) State {
	b.t.Helper()
	for {
		select {
		case s := <-b.states:
			if is(s) {
				return s
			}
		case <-b.t.Context().Done():
			b.t.Fatal("never")
		}
	}
}

func (b *bench) ended() State {
	b.t.Helper()
	return b.until(func(s State) bool { return s.Phase == Idle && s.Report.Reason != "" })
}

func ordinary() *fakeSlots {
	return &fakeSlots{boot: Boot{Way: Slots, Slot: "A", Version: "1.0", Compatible: "board"}, bundle: Bundle{"board", "2.0"}}
}

func (b *bench) ready() {
	b.t.Helper()
	b.m.Tell(well)
	b.until(func(s State) bool { return s.confirmed && strings.Contains(b.slots.did(), "good") })
}

func stickWith(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, n := range names {
		if err := os.WriteFile(filepath.Join(dir, n), []byte("bundle "+n), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestFromTheStick(t *testing.T) {
	b := newBench(t, ordinary(), nil)
	b.ready()
	src, err := OnStick(stickWith(t, "phoned-1.9.raucb", "phoned-1.10.raucb", "letter.txt"))
	if err != nil || src.Name != "phoned-1.10.raucb" {
		t.Fatalf("%+v, %v", src, err)
	}
	if err := b.m.Begin(src, false); err != nil {
		t.Fatal(err)
	}
	b.until(func(s State) bool { return s.Phase == Restarting })
	if did := b.slots.did(); did != "good install" {
		t.Error(did)
	}
	if err := b.m.Begin(src, false); !errors.Is(err, ErrBusy) {
		t.Errorf("a second one: %v", err)
	}
	b.m.Tell(talks)
	b.m.Tell(well)
	if _, err := OnStick(t.TempDir()); !errors.Is(err, ErrSource) {
		t.Errorf("an empty stick: %v", err)
	}
}

func TestDownload(t *testing.T) {
	body := strings.Repeat("bundle", 300_000)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/good":
			http.ServeContent(w, r, "good", time.Time{}, strings.NewReader(body))
		case "/short":
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write([]byte("short"))
		case "/endless":
			w.Header().Set("Content-Length", "99999999999")
		default:
			http.NotFound(w, r)
		}
	}))
	defer srv.Close()
	for path, want := range map[string]Reason{"/short": Unreachable, "/endless": Unreachable, "/none": Unreachable} {
		b := newBench(t, ordinary(), httpcall.New(httpcall.Config{}))
		b.ready()
		if err := b.m.Begin(Source{Kind: URL, Place: srv.URL + path + "?token=geheim"}, false); err != nil {
			t.Fatal(err)
		}
		s := b.ended()
		if s.Report.Reason != want || strings.Contains(s.Report.Detail+s.Source.Name, "geheim") {
			t.Errorf("%s: %+v", path, s.Report)
		}
		if _, err := os.Stat(b.m.staged()); err == nil {
			t.Errorf("%s: half a bundle stays", path)
		}
	}
	b := newBench(t, ordinary(), httpcall.New(httpcall.Config{}))
	b.ready()
	if err := b.m.Begin(Source{Kind: URL, Place: srv.URL + "/good"}, false); err != nil {
		t.Fatal(err)
	}
	if s := b.until(func(s State) bool { return s.Percent() > 0 }); s.Total != int64(len(body)) && s.Total != 100 {
		t.Errorf("of %d", s.Total)
	}
	b.until(func(s State) bool { return s.Phase == Restarting })
	if err := b.m.Begin(Source{Kind: URL, Place: "http://example.net/x"}, false); err == nil {
		t.Error("a download without TLS")
	}
}

// A stick that is left in is copied and verified once: after that it is known by its file
// that it brings nothing, until the file is another one, or somebody plugs it in.
func TestAStickIsReadOnce(t *testing.T) {
	slots := ordinary()
	slots.bundle.Version = "1.0" // what runs
	b := newBench(t, slots, nil)
	b.ready()
	dir := stickWith(t, "phoned-1.0.raucb")
	src, err := OnStick(dir)
	if err != nil {
		t.Fatal(err)
	}
	begin := func(left bool) {
		t.Helper()
		src.Left = left
		if err := b.m.Begin(src, false); err != nil {
			t.Fatal(err)
		}
	}
	idle := func() {
		b.until(func(s State) bool { return s.Phase == Verifying })
		b.until(func(s State) bool { return s.Phase == Idle })
	}
	begin(true)
	idle()
	begin(true)
	begin(true)
	if err := os.WriteFile(filepath.Join(dir, src.Name), []byte("another one"), 0o600); err != nil {
		t.Fatal(err)
	}
	begin(true)
	idle()
	if s := b.m.State(); slots.looked != 2 || s.Report.Reason != "" {
		t.Errorf("looked at %d times: %+v", slots.looked, s.Report)
	}
	begin(false)
	if s := b.ended(); slots.looked != 3 || s.Report.Reason != Same {
		t.Errorf("plugged in: looked at %d times: %+v", slots.looked, s.Report)
	}
}

// What did not hold is known by its file too, also to who plugs it in again; and a new
// version that was not installed for another reason is taken.
func TestAKnownStick(t *testing.T) {
	slots := ordinary()
	b := newBench(t, slots, nil)
	b.ready()
	src, err := OnStick(stickWith(t, "phoned-2.0.raucb"))
	if err != nil {
		t.Fatal(err)
	}
	b.m.Tell(talks) // it can be looked at, and not written
	b.until(func(s State) bool { return s.Facts == talks })
	if err := b.m.Begin(src, false); err != nil {
		t.Fatal(err)
	}
	b.until(func(s State) bool { return s.Phase == Installing })
	src.Left = true
	state := b.m.State()
	if b.m.stale(src) {
		t.Error("a newer version is taken for no news")
	}
	state.Report = Report{Reason: NotRegistered, From: "2.0", To: "1.0"}
	b.m.mu.Lock()
	b.m.state = state
	b.m.mu.Unlock()
	for _, left := range []bool{true, false} {
		if src.Left = left; !b.m.stale(src) {
			t.Errorf("left in %v: what did not hold is read again", left)
		}
	}
	if err := os.WriteFile(b.m.seenFile(), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if b.m.stale(src) {
		t.Error("a file that can't be read says something")
	}
}

// hasty is a clock on which short waits are over at once, and counted.
type hasty struct {
	clock.Real
	waited atomic.Int64 // nanoseconds
}

func (h *hasty) AfterFunc(d time.Duration, f func()) clock.Timer {
	if d <= time.Second {
		h.waited.Add(int64(d))
		d = 0
	}
	return h.Real.AfterFunc(d, f)
}

// A download takes little of the network while somebody telephones, and all it can get
// otherwise. It is installed when the call is over.
func TestDownloadDuringACall(t *testing.T) {
	body := strings.Repeat("bundle", 300_000)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "good", time.Time{}, strings.NewReader(body))
	}))
	defer srv.Close()
	for _, busy := range []bool{false, true} {
		clk := &hasty{}
		b := newBenchBy(t, clk, ordinary(), httpcall.New(httpcall.Config{}))
		b.ready()
		facts := well
		facts.Busy = busy
		b.m.Tell(facts)
		b.until(func(s State) bool { return s.Facts.Busy == busy })
		if err := b.m.Begin(Source{Kind: URL, Place: srv.URL + "/good"}, false); err != nil {
			t.Fatal(err)
		}
		b.until(func(s State) bool { return s.Phase == Installing })
		want := map[bool]time.Duration{true: time.Duration(len(body)) * time.Second / callRate}[busy]
		if got := time.Duration(clk.waited.Load()); got < want-time.Millisecond || got > want+time.Second {
			t.Errorf("busy %v: %d bytes took %v, not %v", busy, len(body), got, want)
		}
		b.m.Tell(well)
		b.until(func(s State) bool { return s.Phase == Restarting })
	}
}

func TestUpload(t *testing.T) {
	b := newBench(t, ordinary(), nil)
	b.ready()
	if err := b.m.Upload(t.Context(), "x.raucb", strings.NewReader("bundle"), 6, false); err != nil {
		t.Fatal(err)
	}
	b.until(func(s State) bool { return s.Phase == Restarting })

	b = newBench(t, ordinary(), nil)
	b.ready()
	if err := b.m.Upload(t.Context(), "x.raucb", strings.NewReader("bun"), 6, false); err != nil {
		t.Fatal(err) // it was read; that it is short is in the report
	}
	if s := b.ended(); s.Report.Reason != Unreachable {
		t.Errorf("%+v", s.Report)
	}
	if err := b.m.Upload(t.Context(), "x.raucb", strings.NewReader("x"), MaxBundle+1, false); err == nil {
		t.Error("larger than any disk")
	}
}

func TestTheReportStays(t *testing.T) {
	f := ordinary()
	f.inspect = errors.New("signature verification failed: self-signed certificate")
	b := newBench(t, f, nil)
	b.ready()
	src, _ := OnStick(stickWith(t, "a.raucb"))
	if err := b.m.Begin(src, false); err != nil {
		t.Fatal(err)
	}
	if s := b.ended(); s.Report.Reason != BadSignature {
		t.Errorf("%+v", s.Report)
	}
	again := New(Config{Dir: b.m.cfg.Dir, Slots: b.m.cfg.Slots})
	if r := again.State().Report; r.Reason != BadSignature {
		t.Errorf("after a restart: %+v", r)
	}
	if did := b.slots.did(); did != "good" {
		t.Error(did)
	}
}

func TestARolledBackSystemReports(t *testing.T) {
	f := ordinary()
	h, _ := served(t, f)
	_ = h
	b := newBench(t, f, nil)
	if err := b.helper.keep(Attempt{Slot: "B", From: "1.0", Version: "2.0", Written: true, Verdict: NotRegistered, Detail: "no line"}); err != nil {
		t.Fatal(err)
	}
	// What booted before the note was there is asked again by a new Manager.
	m := New(Config{Dir: t.TempDir(), Slots: b.m.cfg.Slots, Changed: func(s State) { b.states <- s }})
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { m.Run(ctx) })
	defer func() { cancel(); wg.Wait() }()
	if s := b.ended(); !s.Report.RolledBack() || s.Report.Detail != "no line" {
		t.Errorf("%+v", s.Report)
	}
}
