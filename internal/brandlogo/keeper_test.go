package brandlogo

import (
	"context"
	"errors"
	"image/color"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"phoned/internal/clock"
	"phoned/internal/health"
	"phoned/internal/httpcall"
)

var (
	red  = color.NRGBA{200, 30, 30, 255}
	blue = color.NRGBA{30, 30, 200, 255}
)

// site is a server with one logo.
type site struct {
	*httptest.Server
	body  atomic.Pointer[[]byte]
	tag   atomic.Value
	asked atomic.Int32
	same  atomic.Int32 // answers without a body
}

func newSite(t *testing.T, body []byte, tag string) *site {
	s := &site{}
	s.set(body, tag)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		tag := s.tag.Load().(string)
		if tag != "" {
			w.Header().Set("ETag", tag)
			if r.Header.Get("If-None-Match") == tag {
				s.same.Add(1)
				w.WriteHeader(http.StatusNotModified)
				return
			}
		}
		_, _ = w.Write(*s.body.Load())
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *site) set(body []byte, tag string) { s.body.Store(&body); s.tag.Store(tag) }

func keeper(source, dir string, problems *health.Registry, c clock.Clock) *Keeper {
	return New(Config{Source: source, Dir: dir, HTTP: httpcall.New(httpcall.Config{}), Problems: problems, Clock: c})
}

func told(k *Keeper) bool {
	select {
	case <-k.Changed():
		return true
	default:
		return false
	}
}

func TestKeeperAsksWithTheETagAndKeeps(t *testing.T) {
	s := newSite(t, wordmark(t, 40, 10, red), `"one"`)
	dir, problems := t.TempDir(), health.NewRegistry(time.Now)
	k := keeper(s.URL+"/logo.png", dir, problems, nil)
	if k.Current() != nil {
		t.Fatal("a logo before any was fetched")
	}
	if every := k.look(t.Context()); every != askEvery || k.Current() == nil || !told(k) {
		t.Fatalf("%v, %v", every, k.Current())
	}
	first := k.Current().Tag
	k.look(t.Context())
	if s.same.Load() != 1 || told(k) || k.Current().Tag != first {
		t.Errorf("the second look did not ask with the ETag")
	}

	// After a restart it is there at once, and only the tag is asked for.
	k = keeper(s.URL+"/logo.png", dir, problems, nil)
	if k.Current() == nil || k.Current().Tag != first {
		t.Fatal("the kept logo is not shown")
	}
	k.look(t.Context())
	if s.same.Load() != 2 {
		t.Error("after the restart the whole picture was asked for")
	}
	s.set(wordmark(t, 40, 10, blue), `"two"`)
	k.look(t.Context())
	if k.Current().Tag == first || !told(k) {
		t.Error("the new logo is not shown")
	}

	// Another address has nothing to do with what is kept.
	if k := keeper(s.URL+"/other.png", dir, problems, nil); k.Current() != nil {
		t.Error("the logo of one address stands for another")
	}
	// A broken picture in the folder is as if there were none.
	if err := os.WriteFile(filepath.Join(dir, pictureName), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	k = keeper(s.URL+"/logo.png", dir, problems, nil)
	if k.Current() != nil {
		t.Fatal("a broken file was shown")
	}
	k.look(t.Context())
	if k.Current() == nil {
		t.Error("the broken file kept the logo from being fetched whole")
	}
}

// TestKeeperKeepsTheOldOne: what a server sends instead of a logo changes nothing.
func TestKeeperKeepsTheOldOne(t *testing.T) {
	s := newSite(t, wordmark(t, 40, 10, red), "")
	problems := health.NewRegistry(time.Now)
	k := keeper(s.URL, t.TempDir(), problems, nil)
	k.look(t.Context())
	tag := k.Current().Tag
	for name, body := range map[string][]byte{
		"bomb": raw(30000, 30000, 8, 6, 1000), "page": []byte("<html>"), "nothing": {}, "large": make([]byte, MaxBytes+1),
	} {
		s.set(body, "")
		every := k.look(t.Context())
		if k.Current() == nil || k.Current().Tag != tag {
			t.Errorf("%s: the logo is gone", name)
		}
		if every >= askEvery || len(problems.List()) != 1 || problems.List()[0].Code != ProblemCode {
			t.Errorf("%s: again in %v, problems %v", name, every, problems.List())
		}
	}
	s.set(wordmark(t, 40, 10, blue), "")
	k.look(t.Context())
	if k.Current().Tag == tag || len(problems.List()) != 0 {
		t.Errorf("the next good one: %v", problems.List())
	}
}

func TestKeeperReadsAFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "logo.png")
	k := keeper(name, t.TempDir(), nil, nil)
	if k.look(t.Context()); k.Current() != nil {
		t.Fatal("a logo of no file")
	}
	if err := os.WriteFile(name, wordmark(t, 40, 10, red), 0o600); err != nil {
		t.Fatal(err)
	}
	if k.look(t.Context()); k.Current() == nil || !told(k) {
		t.Fatal("the file is not shown")
	}
	if err := os.WriteFile(name, wordmark(t, 41, 10, blue), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(name, time.Time{}, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if k.look(t.Context()); k.Current().Image.Rect.Dx() != 41 || !told(k) {
		t.Error("the changed file is not shown")
	}
	// A device or folder is never opened.
	for _, odd := range []string{"/dev/zero", t.TempDir()} {
		_, _, err := keeper(odd, "", nil, nil).local(t.Context())
		if !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %v", odd, err)
		}
	}
}

// TestRun looks at a file again and again, and ends with its context.
func TestRun(t *testing.T) {
	name := filepath.Join(t.TempDir(), "logo.png")
	c := clock.NewFake(time.Unix(0, 0))
	k := keeper(name, "", nil, c)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); k.Run(ctx) }()
	if err := os.WriteFile(name, wordmark(t, 40, 10, red), 0o600); err != nil {
		t.Fatal(err)
	}
	for k.Current() == nil {
		c.Advance(lookEvery)
		runtime.Gosched()
	}
	<-k.Changed()
	cancel()
	<-ended
	var none *Keeper
	if none.Current() != nil || none.Changed() != nil {
		t.Error("no keeper has a logo")
	}
}
