package phone_test

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"phoned/internal/app"
	"phoned/lab"
	"phoned/lab/b2b"
	"phoned/lab/faults"
	"phoned/phone"
)

// do sends one request to the management interface.
func (w *world) do(method, path, body string) (int, string) {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Host, r.RemoteAddr = "127.0.0.1", "127.0.0.1:40000"
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	a := httptest.NewRecorder()
	w.Server.Handler().ServeHTTP(a, r)
	w.heard.add("management answer", a.Body.String())
	return a.Code, a.Body.String()
}

func (w *world) order(want int, method, path, body string) string {
	w.t.Helper()
	code, text := w.do(method, path, body)
	if code != want {
		w.t.Fatalf("%s %s: %d %s", method, path, code, text)
	}
	return text
}

// Signing out over HTTP ends the call, unregisters and wipes; signing in by
// password brings the phone back. Twice changes nothing.
func TestSignOutAndInByTheInterface(t *testing.T) {
	t.Parallel()
	w := ready(t, setup{api: true})
	w.dial("9196")
	w.active()
	m := w.mark()
	w.order(204, "DELETE", "/api/v1/session", "")
	w.labEvent(m, "bye", nil)
	w.labEvent(m, "unregistered", nil)
	w.until("signed out", func(v phone.View) bool { return nobody(v) && len(v.Lines) == 0 })
	w.hangUp()
	w.event(m, "sip-unregistered", nil)
	w.order(204, "DELETE", "/api/v1/session", "")
	for _, s := range w.lab.OAuth.Issued() {
		if b, err := os.ReadFile(filepath.Join(w.data, "secrets.json")); err == nil && strings.Contains(string(b), s) {
			t.Error("a token is still in the file of secrets")
		}
	}
	w.order(403, "POST", "/api/v1/session", `{"email":"1001@lab.test","password":"not it"}`)
	w.order(422, "POST", "/api/v1/session", `{"email":"1001@lab.test"}`)
	in := `{"email":"1001@lab.test","password":"` + lab.AccountPassword + `"}`
	w.order(204, "POST", "/api/v1/session", in)
	w.registered()
	before := w.lab.OAuth.Counts()["token"]
	w.order(204, "POST", "/api/v1/session", in)
	if v := w.Phone.View(); v.Session.State != phone.SessionIn || v.Lines[0].State != phone.LineRegistered {
		t.Errorf("a second sign-in changed something: %+v", v.Session)
	}
	if n := w.lab.OAuth.Counts()["token"]; n != before {
		t.Errorf("the server was asked %d times more", n-before)
	}
}

// Re-initialise asks the server and neither restarts nor ends a call.
func TestReinitialiseDuringACall(t *testing.T) {
	t.Parallel()
	w := ready(t, setup{api: true})
	w.dial("9196")
	c := w.active()
	m := w.mark()
	asked := w.lab.OAuth.Counts()["session"]
	w.lab.Faults.SetToken(faults.Token{SessionShape: "extra"})
	w.order(204, "POST", "/api/v1/session/refresh", "")
	if n := w.lab.OAuth.Counts()["session"]; n != asked+1 {
		t.Errorf("the session was fetched %d times", n-asked)
	}
	if now := newest(w.Phone.View()); now.ID != c.ID || now.State != phone.Active {
		t.Errorf("the call is %+v", now)
	}
	for _, e := range w.lab.Engine.Record.Events(m.lab) {
		if e.Kind == "bye" || e.Kind == "unregistered" {
			t.Errorf("the exchange saw %+v", e)
		}
	}
	w.hangUp()
	w.gone()
}

// Line off ends the call and unregisters, and keeps the sign-in; on connects.
func TestLineOffAndOn(t *testing.T) {
	t.Parallel()
	w := ready(t, setup{})
	w.dial("9196")
	w.active()
	m := w.mark()
	w.order(202, "POST", "/api/v1/lines/off", "")
	w.labEvent(m, "bye", nil)
	w.labEvent(m, "unregistered", nil)
	w.labEvent(m, "flow-closed", nil)
	w.hangUp()
	if v := w.Phone.View(); v.Session.State != phone.SessionIn {
		t.Errorf("the session is %+v", v.Session)
	}
	m = w.mark()
	w.order(202, "POST", "/api/v1/lines/on", "")
	w.labEvent(m, "registered", nil)
	w.registered()
	w.order(404, "POST", "/api/v1/lines/sideways", "")
}

// The history is paged, cleared, and loaded from the backend again.
func TestHistoryByTheInterface(t *testing.T) {
	t.Parallel()
	w := ready(t, setup{api: true})
	m := w.mark()
	for range 2 {
		w.dial("9196")
		w.active()
		w.hangUp()
		w.gone()
	}
	w.labEvent(m, "history", nil)
	w.event(m, "history-updated", func(d map[string]any) bool { return len(d["history"].([]map[string]any)) == 2 })
	calls := func(path string) []map[string]any {
		t.Helper()
		var out struct{ Calls []map[string]any }
		w.must(json.Unmarshal([]byte(w.order(200, "GET", path, "")), &out))
		return out.Calls
	}
	all := calls("/api/v1/history")
	if len(all) != 2 || all[0]["phoneNumber"] != "9196" || all[0]["status"] != "answered" || all[0]["direction"] != "outbound" {
		t.Fatalf("%v", all)
	}
	if one := calls("/api/v1/history?limit=1&offset=1"); len(one) != 1 || one[0]["id"] != all[1]["id"] {
		t.Errorf("%v", one)
	}
	w.order(422, "GET", "/api/v1/history?limit=-1", "")
	ctx, cancel := w.waiting()
	defer cancel()
	for waiting := 1; waiting > 0; runtime.Gosched() { // clearing keeps what the backend has not accepted
		var err error
		waiting, _, err = w.DB.OutboxCount(ctx)
		w.must(err)
	}
	w.order(204, "DELETE", "/api/v1/history", "")
	w.until("nothing is kept", func(v phone.View) bool { return len(v.Recent) == 0 })
	w.order(204, "POST", "/api/v1/history/reload", "")
	w.until("both are back", func(v phone.View) bool { return len(v.Recent) == 2 })
}

// Without a backend what would need one says so, and history is the phone's own.
func TestOwnerWithoutABackend(t *testing.T) {
	t.Parallel()
	w := ready(t, setup{})
	w.order(409, "POST", "/api/v1/history/reload", "")
	w.order(409, "GET", "/api/v1/park-slots", "")
	w.dial("9196")
	w.active()
	w.hangUp()
	w.until("kept", func(v phone.View) bool { return len(v.Recent) == 1 })
	if n := w.lab.OAuth.Counts()["call-history"]; n != 0 {
		t.Errorf("the server was asked %d times", n)
	}
}

func TestParkSlotsByTheInterface(t *testing.T) {
	t.Parallel()
	w := ready(t, setup{api: true})
	m := w.mark()
	text := w.order(200, "GET", "/api/v1/park-slots", "")
	var out struct{ Slots []map[string]any }
	w.must(json.Unmarshal([]byte(text), &out))
	if len(out.Slots) != 10 || out.Slots[1]["extension"] != "701" || out.Slots[1]["occupied"] != false {
		t.Errorf("%s", text)
	}
	w.event(m, "park-slots-updated", func(d map[string]any) bool { return len(d["slots"].([]map[string]any)) == 10 })
	w.must(w.lab.Faults.SetHTTP("park-slots", faults.HTTP{Status: 500}))
	w.order(502, "GET", "/api/v1/park-slots", "")
}

// A reset to factory settings ends the call, unregisters, and leaves nothing of
// whoever used the phone in any file; the phone then starts at its sign-in.
func TestFactoryReset(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := ready(t, setup{api: true, data: dir})
	ex := w.lab
	w.ownLab = false
	t.Cleanup(func() {
		if err := ex.Close(); err != nil {
			t.Error(err)
		}
	})
	w.must(os.MkdirAll(filepath.Join(dir, "config"), 0o700))
	w.must(os.WriteFile(filepath.Join(dir, "config", "good-1.json"), []byte(`{"lines":[{"password":"kept-password"}]}`), 0o600))
	w.anna(b2b.Behaviour{})
	w.must(w.lab.SecondPhone().HangUp())
	w.until("missed", func(v phone.View) bool { return v.Missed == 1 })
	w.dial("9196")
	w.active()
	traces := append(ex.OAuth.Issued(), "9196", "1002", "kept-password", "123@"+ex.Domain())
	if !anyIn(t, dir, traces) {
		t.Fatal("the phone had kept nothing: the test proves nothing")
	}
	m := w.mark()
	w.order(422, "POST", "/api/v1/factory-reset", `{"confirm":"yes"}`)
	w.wiped = true
	w.order(202, "POST", "/api/v1/factory-reset", `{"confirm":"erase everything"}`)
	w.labEvent(m, "bye", nil)
	w.labEvent(m, "unregistered", nil)
	if err := <-w.done; !errors.Is(err, app.ErrFactoryReset) {
		t.Fatalf("the phone ended with %v", err)
	}
	w.over = true
	w.end()
	if err := w.bench.card.Close(); err != nil {
		t.Error(err)
	}
	w.must(filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if path != dir {
			t.Errorf("%s is left", path)
		}
		return err
	}))
	again := start(t, setup{api: true, data: dir, external: ex, fresh: true})
	again.until("signed out", func(v phone.View) bool {
		return nobody(v) && len(v.Recent) == 0 && len(v.Lines) == 0
	})
}

// nobody is signed in: a way to sign in may be on the screen.
func nobody(v phone.View) bool {
	return v.Session.State == phone.SessionOut || v.Session.State == phone.SessionPending && v.Session.URL != ""
}

func anyIn(t *testing.T, dir string, words []string) bool {
	t.Helper()
	found := false
	if err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		for _, x := range words {
			found = found || strings.Contains(string(b), x)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return found
}

// A reset that a power cut interrupted is finished at the next start.
func TestResetCutShort(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := ready(t, setup{api: true, data: dir})
	ex := w.lab
	w.ownLab = false
	w.close(t)
	if err := os.WriteFile(filepath.Join(dir, "reset"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	again := start(t, setup{api: true, data: dir, external: ex, fresh: true})
	again.until("signed out", nobody)
	if _, err := os.Stat(filepath.Join(dir, "reset")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the mark is still there: %v", err)
	}
	t.Cleanup(func() {
		if err := ex.Close(); err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}
