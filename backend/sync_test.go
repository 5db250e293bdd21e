package backend_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"phoned/backend"
	"phoned/internal/calllog"
	"phoned/internal/clock"
	"phoned/store"
)

// The seams that internal/app joins without a word in between.
var (
	_ backend.Vault      = (*store.Secrets)(nil)
	_ backend.Box        = (*store.DB)(nil)
	_ backend.HistoryAPI = (*backend.Client)(nil)
)

// table is the backend's side: each call once, whatever happens on the way.
type table struct {
	mu     sync.Mutex
	calls  map[string]calllog.Record
	posts  int
	faults func(n int) fault
}

type fault int

const (
	fine          fault = iota
	refusedBefore       // nothing was committed
	lostAfter           // committed, and the answer got lost
	neverTaken          // 400
)

var errDown = errors.New("503")

func (b *table) do(id string, commit func()) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.posts++
	switch b.faults(b.posts) {
	case refusedBefore:
		return errDown
	case lostAfter:
		commit()
		return errDown
	case neverTaken:
		return fmt.Errorf("%w: 400", backend.ErrSetAside)
	}
	commit()
	return nil
}

func (b *table) PostCall(_ context.Context, r calllog.Record) error {
	return b.do(r.CallID, func() {
		if _, there := b.calls[r.CallID]; !there { // else 409, which counts as success
			b.calls[r.CallID] = r
		}
	})
}

// seen gives the number of requests and of calls there.
func (b *table) seen() (posts, calls int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.posts, len(b.calls)
}

func (b *table) posted() int { n, _ := b.seen(); return n }

func (b *table) PatchCall(_ context.Context, id string, p calllog.Patch) error {
	return b.do(id, func() {
		r := b.calls[id]
		if r.CallID == "" {
			panic("a change came before its call")
		}
		p.Apply(&r)
		b.calls[id] = r
	})
}

func (b *table) Calls(_ context.Context, _, _ string, offset int) (backend.CallPage, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []calllog.Record
	for _, r := range b.calls {
		all = append(all, r)
	}
	slices.SortFunc(all, func(x, y calllog.Record) int { return strings.Compare(y.CallID, x.CallID) })
	end := min(offset+100, len(all))
	return backend.CallPage{Calls: all[min(offset, end):end], Total: len(all), HasMore: end < len(all)}, nil
}

func call(i int) calllog.Record {
	return calllog.Record{CallID: fmt.Sprintf("id-%05d", i), UserID: "123", SIPDomain: "prod", PhoneNumber: "9196", Direction: calllog.Outbound,
		Disposition: calllog.Answered, StartedAt: time.UnixMilli(int64(i) * 1000).Add(50 * 365 * 24 * time.Hour)}
}

func openBox(t *testing.T, path string) *store.DB {
	t.Helper()
	db, err := store.Open(path, store.Options{Clock: clock.Real{}, MaxHistory: 10_000})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func start(t *testing.T, api backend.HistoryAPI, box backend.Box, notify func(backend.HistoryEvent)) *backend.History {
	if notify == nil {
		notify = func(backend.HistoryEvent) {}
	}
	h := backend.NewHistory(backend.HistoryConfig{API: api, Box: box, Notify: notify, Rand: func() float64 { return 0.5 }})
	h.Start(t.Context())
	return h
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Any order of failures, lost answers and restarts ends with each call exactly
// once in the backend, with its last change.
func TestOutboxEndsWithEachCallOnce(t *testing.T) {
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(seed, 1))
			path := filepath.Join(t.TempDir(), "p.db")
			db := openBox(t, path)
			b := &table{calls: map[string]calllog.Record{}}
			theirs := rand.New(rand.NewPCG(seed, 2)) // the server's own: used under its lock
			b.faults = func(int) fault { return fault(theirs.IntN(3)) }
			h := start(t, b, db, nil)
			h.SetUser("123")
			for i := range 12 {
				must(t, db.AddCall(t.Context(), call(i), true))
				if rnd.IntN(2) == 0 {
					url := fmt.Sprint("https://r/", i)
					must(t, db.UpdateCall(t.Context(), call(i).CallID, calllog.Patch{RecordingURL: &url}, true))
				}
				h.Kick()
				if rnd.IntN(4) == 0 { // the phone restarts
					h.Close()
					must(t, db.Close())
					db = openBox(t, path)
					h = start(t, b, db, nil)
					h.SetUser("123")
				}
				time.Sleep(time.Duration(rnd.IntN(5000)) * time.Millisecond)
			}
			for hours := 0; ; hours++ {
				pending, aside, err := db.OutboxCount(t.Context())
				must(t, err)
				if pending == 0 && aside == 0 {
					break
				}
				if hours > 200 {
					t.Fatalf("seed %d: %d wait, %d aside after %d hours", seed, pending, aside, hours)
				}
				time.Sleep(time.Hour)
			}
			h.Close()
			for i := range 12 {
				mine, err := db.Call(t.Context(), call(i).CallID)
				must(t, err)
				theirs, there := b.calls[mine.CallID]
				if !there || theirs.RecordingURL != mine.RecordingURL || !mine.Synced {
					t.Errorf("seed %d: call %d: there %v %q, here %q synced %v", seed, i, there, theirs.RecordingURL, mine.RecordingURL, mine.Synced)
				}
			}
			if len(b.calls) != 12 {
				t.Errorf("seed %d: %d calls", seed, len(b.calls))
			}
			must(t, db.Close())
		})
	}
}

func TestRefusedCallIsSetAsideAndToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := openBox(t, store.Memory)
		defer db.Close()
		b := &table{calls: map[string]calllog.Record{}, faults: func(n int) fault {
			if n == 1 {
				return neverTaken
			}
			return fine
		}}
		var told []string
		var mu sync.Mutex
		h := start(t, b, db, func(e backend.HistoryEvent) { mu.Lock(); told = append(told, e.Problem.Code); mu.Unlock() })
		must(t, db.AddCall(t.Context(), call(1), true))
		must(t, db.AddCall(t.Context(), call(2), true))
		h.SetUser("123")
		synctest.Wait()
		pending, aside, err := db.OutboxCount(t.Context())
		must(t, err)
		if pending != 0 || aside != 1 || b.posted() != 2 {
			t.Errorf("%d wait, %d aside, %d posts", pending, aside, b.posted())
		}
		time.Sleep(100 * time.Hour)
		if b.posted() != 2 {
			t.Errorf("%d posts: tried again", b.posted())
		}
		mu.Lock()
		if fmt.Sprint(told) != "[history.set_aside]" {
			t.Errorf("told %v", told)
		}
		mu.Unlock()
		h.Close()
	})
}

func TestOneFailingCallDoesNotHoldUpTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := openBox(t, store.Memory)
		defer db.Close()
		b := &poison{table: table{calls: map[string]calllog.Record{}, faults: func(int) fault { return fine }}, id: call(1).CallID}
		for i := range 20 {
			must(t, db.AddCall(t.Context(), call(i+1), true))
		}
		h := start(t, b, db, nil)
		h.SetUser("123")
		time.Sleep(5 * time.Second)
		if _, n := b.seen(); n != 19 {
			t.Errorf("%d of 19 got through", n)
		}
		time.Sleep(24 * time.Hour)
		// 15 minutes between attempts in the end: about a hundred a day.
		h.Close()
		if b.tries < 50 || b.tries > 110 {
			t.Errorf("%d attempts in a day", b.tries)
		}
	})
}

type poison struct {
	table
	id    string
	tries int
}

func (p *poison) PostCall(ctx context.Context, r calllog.Record) error {
	if r.CallID == p.id {
		p.mu.Lock()
		p.tries++
		p.mu.Unlock()
		return errDown
	}
	return p.table.PostCall(ctx, r)
}

func TestNothingIsSentForSomebodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := openBox(t, store.Memory)
		defer db.Close()
		b := &table{calls: map[string]calllog.Record{}, faults: func(int) fault { return fine }}
		must(t, db.AddCall(t.Context(), call(1), true))
		h := start(t, b, db, nil)
		for _, u := range []string{"", "456"} {
			h.SetUser(u)
			time.Sleep(time.Hour)
		}
		if b.posted() != 0 {
			t.Errorf("%d posts", b.posted())
		}
		h.SetUser("123")
		synctest.Wait()
		if b.posted() != 1 {
			t.Errorf("%d posts", b.posted())
		}
		h.Close()
	})
}

func TestSyncReadsPagesAndKeepsWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := openBox(t, store.Memory)
		defer db.Close()
		b := &table{calls: map[string]calllog.Record{}, faults: func(int) fault { return refusedBefore }}
		for i := range 730 {
			b.calls[call(i).CallID] = call(i)
		}
		must(t, db.AddCall(t.Context(), call(9999), true))
		var updated int
		h := start(t, b, db, func(e backend.HistoryEvent) {
			if e.Updated {
				updated++
			}
		})
		must(t, h.Sync(t.Context(), "123", "prod"))
		l, err := db.Calls(t.Context(), store.CallQuery{Limit: 1000})
		must(t, err)
		if len(l) != 501 || l[0].CallID != call(9999).CallID || updated != 1 {
			t.Errorf("%d calls, first %s, told %d times", len(l), l[0].CallID, updated)
		}
		h.Close()
	})
}

func BenchmarkOutboxAfterAThousandCallsOffline(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		db, err := store.Open(filepath.Join(b.TempDir(), "p.db"), store.Options{MaxHistory: 2000})
		if err != nil {
			b.Fatal(err)
		}
		if err := db.Tx(b.Context(), func(tx *store.Tx) error {
			for i := range 1000 {
				if err := tx.AddCall(call(i), true); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			b.Fatal(err)
		}
		all := make(chan struct{})
		api := &table{calls: map[string]calllog.Record{}}
		api.faults = func(n int) fault {
			if n == 1000 {
				close(all)
			}
			return fine
		}
		h := backend.NewHistory(backend.HistoryConfig{API: api, Box: db, Notify: func(backend.HistoryEvent) {}})
		b.StartTimer()
		h.Start(b.Context())
		h.SetUser("123")
		<-all
		b.StopTimer()
		h.Close()
		if err := db.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}
