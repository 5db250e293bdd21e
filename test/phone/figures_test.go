package phone_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"phoned/internal/calllog"
	"phoned/store"
)

// Figures of the whole phone over its store and backend, for
// docs/measurements.md: `make figures`. They assert nothing about time.

func measured(t *testing.T) {
	t.Helper()
	if os.Getenv("PHONED_FIGURES") == "" {
		t.Skip("only for make figures")
	}
}

func spread(l []time.Duration) string {
	slices.Sort(l)
	return fmt.Sprintf("median %v, %v–%v, n = %d", l[len(l)/2].Round(100*time.Microsecond), l[0].Round(100*time.Microsecond), l[len(l)-1].Round(100*time.Microsecond), len(l))
}

// From putting the phone together to a registered line, with what the last run
// kept and without the provisioned tokens.
func TestFigureColdStart(t *testing.T) {
	measured(t)
	dir := t.TempDir()
	first := ready(t, setup{api: true, data: dir})
	ex := first.lab
	first.ownLab = false
	first.close(t)
	var took []time.Duration
	for range 10 {
		began := time.Now()
		w := ready(t, setup{api: true, data: dir, external: ex, fresh: true})
		took = append(took, time.Since(began))
		w.close(t)
	}
	if err := ex.Close(); err != nil {
		t.Error(err)
	}
	t.Logf("FIGURE cold start to a registered line, kept sign-in: %s", spread(took))
}

// A thousand calls that were kept while the server was away reach it.
func TestFigureThousandCallsOffline(t *testing.T) {
	measured(t)
	dir := t.TempDir()
	first := ready(t, setup{api: true, data: dir})
	ex := first.lab
	first.ownLab = false
	first.close(t)
	db, err := store.Open(filepath.Join(dir, "phone.db"), store.Options{MaxHistory: 2000})
	if err != nil {
		t.Fatal(err)
	}
	const calls = 1000
	var inserts []time.Duration
	began := time.Now()
	for i := range calls {
		r := calllog.Record{CallID: fmt.Sprintf("00000000-0000-4000-8000-%012d", i), UserID: "123", SIPDomain: ex.Domain(), PhoneNumber: "9196",
			Direction: calllog.Outbound, Disposition: calllog.Answered, StartedAt: began.Add(-time.Duration(calls-i) * time.Minute), Duration: time.Minute}
		at := time.Now()
		if err := db.AddCall(t.Context(), r, true); err != nil {
			t.Fatal(err)
		}
		inserts = append(inserts, time.Since(at))
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	began = time.Now()
	w := ready(t, setup{api: true, data: dir, external: ex, fresh: true})
	m := w.mark()
	for len(ex.OAuth.History()) < calls {
		m.lab = w.labEvent(m, "history", nil).N
	}
	took := time.Since(began)
	w.close(t)
	if n := len(ex.OAuth.History()); n != calls {
		t.Errorf("the backend has %d calls", n)
	}
	if err := ex.Close(); err != nil {
		t.Error(err)
	}
	t.Logf("FIGURE a call kept (WAL, synchronous=FULL): %s", spread(inserts))
	t.Logf("FIGURE %d calls sent after a start, one by one over TLS: %v", calls, took.Round(10*time.Millisecond))
}

// What a phone in use holds and writes; the lab of this process is in the RSS.
func TestFigureMemoryAndWear(t *testing.T) {
	measured(t)
	w := ready(t, setup{api: true})
	before := field(t, "/proc/self/io", "write_bytes:")
	const calls = 10
	for range calls {
		m := w.mark()
		w.dial("9196")
		w.active()
		w.hangUp()
		w.gone()
		w.labEvent(m, "history", nil)
	}
	after := field(t, "/proc/self/io", "write_bytes:")
	t.Logf("FIGURE RSS with the lab in the process, after %d calls: %s", calls, field(t, "/proc/self/status", "VmRSS:"))
	t.Logf("FIGURE write_bytes of %d calls, history and out-box: %s to %s", calls, before, after)
}

func field(t *testing.T, file, name string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for l := range strings.Lines(string(b)) {
		if v, ok := strings.CutPrefix(l, name); ok {
			return strings.TrimSpace(v)
		}
	}
	return "unknown"
}
