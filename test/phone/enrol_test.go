package phone_test

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"phoned/lab"
	"phoned/phone"
	"phoned/ui"
)

// browse posts to the phone's page as its script does.
func (w *world) browse(address, code, email, password string) (status int, why, fingerprint string) {
	w.t.Helper()
	body, err := json.Marshal(map[string]string{"code": code, "email": email, "password": password})
	if err != nil {
		w.t.Fatal(err)
	}
	c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	r, err := c.Post(address, "application/json", bytes.NewReader(body))
	if err != nil {
		return 0, err.Error(), ""
	}
	defer r.Body.Close()
	var out struct{ Why string }
	if r.StatusCode != http.StatusNoContent {
		if err := json.NewDecoder(r.Body).Decode(&out); err != nil {
			w.t.Error(err)
		}
	}
	w.heard.add("enrolment answer", out.Why)
	sum := sha256.Sum256(r.TLS.PeerCertificates[0].Raw)
	return r.StatusCode, out.Why, strings.ToUpper(hex.EncodeToString(sum[:]))
}

// A phone whose server offers no sign-in by a code shows a page of its own: a
// wrong code and a wrong password are told apart, the right ones sign it in, and
// then there is no page any more. The world's listener finds the password nowhere.
func TestSignInOnThePhonesPage(t *testing.T) {
	t.Parallel()
	ex := newLab(t, labDefault)
	w := start(t, setup{external: ex, config: byPassword(ex)})
	m := w.mark()
	v := w.until("the page", func(v phone.View) bool { return v.Session.Fingerprint != "" })
	s := v.Session
	if b, ok := ui.Build(v, ui.EnvOf(v, w.clock.Now())).Body.(ui.SignIn); !ok || b.Payload != s.QR || len(b.Fingerprint) != 4 || b.Code != s.Code {
		t.Fatalf("the screen: %+v", b)
	}
	address, code, _ := strings.Cut(s.QR, "#")
	next := func() { w.clock.leap(2 * time.Second) } // one try a second
	if status, why, print := w.browse(address, "BBBB-BBBB", lab.Email("1002"), lab.AccountPassword); status != 403 || why != "code" || print != s.Fingerprint {
		t.Errorf("a wrong code: %d %s, fingerprint %v", status, why, print == s.Fingerprint)
	}
	next()
	if status, why, _ := w.browse(address, code, lab.Email("1002"), "not-"+lab.AccountPassword); status != 401 || why != "password" {
		t.Errorf("a wrong password: %d %s", status, why)
	}
	next()
	if status, why, _ := w.browse(address, s.Code, lab.Email("1002"), lab.AccountPassword); status != 204 {
		t.Fatalf("the right ones: %d %s", status, why)
	}
	if v := w.registered(); v.Lines[0].Number != "1002" {
		t.Errorf("signed in as %+v", v.Lines[0])
	}
	w.event(m, "enrolment", func(d map[string]any) bool { return d["what"] == "closed" })
	if status, why, _ := w.browse(address, code, lab.Email("1001"), lab.AccountPassword); status != 0 {
		t.Errorf("used again: %d %s", status, why)
	}
	for _, e := range func() []map[string]any {
		l, _ := w.Bus.After(0)
		var out []map[string]any
		for _, e := range l {
			out = append(out, e.Detail)
		}
		return out
	}() {
		if b, _ := json.Marshal(e); bytes.Contains(b, []byte(code)) {
			t.Errorf("the code was published: %s", b)
		}
	}
}

// A code that nobody uses is replaced, one that somebody guesses at is taken away,
// and Cancel closes the page.
func TestThePhonesPageEnds(t *testing.T) {
	t.Parallel()
	ex := newLab(t, labDefault)
	w := start(t, setup{external: ex, config: byPassword(ex)})
	other := func(than string) phone.SessionInfo {
		t.Helper()
		return w.until("another code", func(v phone.View) bool { return v.Session.Code != "" && v.Session.Code != than }).Session
	}
	first := other("")
	w.clock.leap(11 * time.Minute)
	second := other(first.Code)
	if status, why, _ := w.browse(second.URL, first.Code, "a@b.test", "x"); status != 410 || why != "expired" {
		t.Errorf("the first code: %d %s", status, why)
	}
	for range 4 {
		w.clock.leap(2 * time.Second)
		w.browse(second.URL, "BBBB-BBBB", "a@b.test", "x")
	}
	w.problem("enrol.tries")
	w.until("no code", func(v phone.View) bool { return v.Session.Code == "" })
	w.clock.leap(time.Minute)
	third := other(second.Code)
	w.softKey(phone.ActCancel)
	w.screen(phone.ScreenUnprovisioned)
	ctx, cancel := w.waiting()
	defer cancel()
	for closed := false; !closed; { // the screen is left first, the page a moment later
		status, why, _ := w.browse(third.URL, third.Code, "a@b.test", "x")
		if closed = status == 0 || status == 410; !closed && ctx.Err() != nil {
			t.Fatalf("after Cancel: %d %s", status, why)
		}
	}
	w.softKey(phone.ActSignIn)
	w.screen(phone.ScreenMenu)
	w.press("ok")
	other(third.Code)
}
