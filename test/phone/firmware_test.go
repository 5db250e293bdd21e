package phone_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"phoned/internal/app"
	"phoned/phone"
	"phoned/update"
)

// slotsOf are a phone's two slots as root's helper has them.
type slotsOf struct {
	mu      sync.Mutex
	boot    update.Boot
	bundle  string
	written chan string
}

func (s *slotsOf) Status(context.Context) (update.Boot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.boot, nil
}
func (s *slotsOf) Inspect(context.Context) (update.Bundle, error) {
	return update.Bundle{Compatible: "board", Version: s.bundle}, nil
}
func (s *slotsOf) Install(_ context.Context, a update.Attempt, progress func(int)) error {
	progress(50)
	s.written <- a.Version
	return nil
}
func (s *slotsOf) Confirm(context.Context) error { return nil }
func (s *slotsOf) Forget(context.Context) error  { return nil }
func (s *slotsOf) Reboot(context.Context) error  { return nil }
func (s *slotsOf) Reject(context.Context, update.Reason, string) error {
	return nil
}

// TestFirmwareOfAServer: an administrator has the phone ask its update server, between
// calls; the screen, the interface and the events tell of the version it offers, and
// it is installed when he says so.
func TestFirmwareOfAServer(t *testing.T) {
	t.Parallel()
	bundle := strings.Repeat("bundle", 1000)
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/fw/index.json":
			_, _ = fmt.Fprintf(w, `{"updates":[{"compatible":"board","version":"2.0","url":"2.0.raucb","size":%d,"sha256":"%x"}]}`, len(bundle), sha256.Sum256([]byte(bundle)))
		case "/fw/2.0.raucb":
			_, _ = w.Write([]byte(bundle))
		default:
			http.NotFound(w, r)
		}
		if r.Header.Get("Authorization") != "" || r.Header.Get("User-Agent") != "phoned/test" {
			t.Errorf("asked with %v", r.Header)
		}
	}))
	defer srv.Close()
	slots := &slotsOf{boot: update.Boot{Way: update.Slots, Slot: "A", Version: "1.0", Compatible: "board"}, bundle: "2.0", written: make(chan string, 1)}
	updates := app.NewUpdates(app.UpdatesConfig{DataDir: t.TempDir(), Slots: slots})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); updates.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	w := ready(t, setup{
		more: fmt.Sprintf("update_url = %q\nupdate_mode = \"tell\"\nupdate_window = \"02:00-05:00\"\n", srv.URL+"/fw/index.json"),
		sound: func(o *app.Options) { // the phone's own trust
			o.Roots = o.Roots.Clone()
			o.Roots.AddCert(srv.Certificate())
			o.Updater = updates
		},
	})
	m := w.mark()
	updates.Attach(w.System)
	w.event(m, "update", func(d map[string]any) bool { return d["way"] == "slots" })

	w.dial("9196")
	w.active()
	if code, b := w.ask(http.MethodPost, "/api/v1/update/check", ""); code != http.StatusConflict || !strings.Contains(string(b), "telephones") {
		t.Errorf("in a call: %d %s", code, b)
	}
	w.hangUp()
	w.gone()
	for { // it hears of the end of the call a moment after the screen
		code, b := w.ask(http.MethodPost, "/api/v1/update/check", "")
		if code == http.StatusNoContent {
			break
		}
		if w.ctx.Err() != nil || code != http.StatusConflict {
			t.Fatalf("%d %s", code, b)
		}
	}
	w.event(m, "update", func(d map[string]any) bool { return d["offered"] == "2.0" })
	if p := w.problem("update.offered"); p.Detail != "2.0" || p.Severity != 0 {
		t.Errorf("%+v", p)
	}
	var u struct {
		Phase, Way, Version, Available, Offered, CheckFailed, Refused string
		ByItself                                                      bool
		Checked, NextCheck, WindowFrom                                *time.Time
	}
	if err := json.Unmarshal(w.askFor("/api/v1/update"), &u); err != nil {
		t.Fatal(err)
	}
	if u.Way != "slots" || u.Version != "1.0" || u.Available != "2.0" || u.Offered != "2.0" || u.ByItself || u.Checked == nil || u.NextCheck == nil || u.WindowFrom != nil || u.CheckFailed+u.Refused != "" {
		t.Errorf("%+v", u)
	}
	if code, b := w.ask(http.MethodPost, "/api/v1/update", "{}"); code != http.StatusNoContent {
		t.Fatalf("%d %s", code, b)
	}
	w.until("the phone is to restart", func(v phone.View) bool {
		for _, p := range v.Problems {
			if p.Code == "update.restarting" {
				return true
			}
		}
		return false
	})
	if v := <-slots.written; v != "2.0" {
		t.Errorf("%s was written", v)
	}
	w.healed("update.offered")
	if code, b := w.ask(http.MethodPost, "/api/v1/update/check", ""); code != http.StatusConflict {
		t.Errorf("while one is under way: %d %s", code, b)
	}
}
