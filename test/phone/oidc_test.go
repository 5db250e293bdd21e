package phone_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"phoned/backend"
	"phoned/internal/clock"
	"phoned/internal/httpcall"
	"phoned/lab"
	"phoned/phone"
	"phoned/provisioning"
)

// foreign is an OAuth server that nobody here wrote, as a process of its own.
type foreign struct {
	t    testing.TB
	base string
}

// newForeign starts oidc-provider for the accounts of the lab.
func newForeign(t testing.TB, domain string) *foreign {
	t.Helper()
	dir := filepath.Join("..", "oauth")
	if _, err := os.Stat(filepath.Join("..", "node_modules", "oidc-provider")); err != nil {
		t.Skip("the package oidc-provider is not installed: scripts/setup test")
	}
	users := map[string]map[string]any{}
	for i, ext := range []string{"1001", "1002"} {
		users[lab.Email(ext)] = map[string]any{"user_id": 123 + i, "extension": ext}
	}
	setup, err := json.Marshal(map[string]any{"domain": domain, "users": users})
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command("node", filepath.Join(dir, "provider.mjs"), string(setup))
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close(); _ = c.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal("oidc-provider does not start:", err)
	}
	return &foreign{t, strings.TrimSpace(line)}
}

// control slows the next polls, or lets the server's time leap; it gives what the
// token endpoint has answered so far.
func (f *foreign) control(query string) []string {
	f.t.Helper()
	r, err := http.Get(f.base + "/test/control?" + query)
	if err != nil {
		f.t.Fatal(err)
	}
	defer r.Body.Close()
	var out struct{ Words []string }
	if err := json.NewDecoder(r.Body).Decode(&out); err != nil {
		f.t.Fatal(err)
	}
	return out.Words
}

var (
	formTag  = regexp.MustCompile(`(?s)<form[^>]*action="([^"]+)".*?</form>`)
	inputTag = regexp.MustCompile(`<input[^>]*>`)
	nameAttr = regexp.MustCompile(`name="([^"]*)"`)
	valAttr  = regexp.MustCompile(`value="([^"]*)"`)
)

// approve opens the address that the phone shows and does what a person does
// there: confirms the code, signs in, allows. With abort it says no.
func (f *foreign) approve(address, email string, abort bool) {
	f.t.Helper()
	jar, _ := cookiejar.New(nil)
	c := &http.Client{Jar: jar}
	r, err := c.Get(address)
	var seen []string
	for range 12 {
		if err != nil {
			f.t.Fatal(err)
		}
		b, rerr := io.ReadAll(r.Body)
		r.Body.Close()
		if rerr != nil {
			f.t.Fatal(rerr)
		}
		page := string(b)
		seen = append(seen, fmt.Sprint(r.Request.URL.Path, " ", r.StatusCode))
		if strings.Contains(page, "Sign-in Success") || abort && strings.Contains(page, "was interrupted") {
			return
		}
		form := formTag.FindStringSubmatch(page)
		if form == nil {
			f.t.Fatalf("no form on the way: %q: %s", seen, page)
		}
		values := url.Values{}
		for _, tag := range inputTag.FindAllString(form[0], -1) {
			name, value := nameAttr.FindStringSubmatch(tag), valAttr.FindStringSubmatch(tag)
			switch {
			case name == nil:
			case name[1] == "login":
				values.Set("login", email)
			case name[1] == "password":
				values.Set("password", "anything")
			case value != nil:
				values.Set(name[1], html.UnescapeString(value[1]))
			}
		}
		if abort && values.Has("confirm") {
			values.Set("abort", "yes")
		}
		to, perr := r.Request.URL.Parse(html.UnescapeString(form[1]))
		if perr != nil {
			f.t.Fatal(perr)
		}
		r, err = c.PostForm(to.String(), values)
	}
	f.t.Fatalf("the device page does not end: %q", seen)
}

// A phone out of the box against an OAuth server that is not ours (RFC 8628): the
// code and the QR code on its display, confirmed on the server's own device page,
// and the phone is registered. On the way the server says slow_down and no.
func TestDeviceGrantOfAForeignServer(t *testing.T) {
	t.Parallel()
	ex := newLab(t, labDefault)
	f := newForeign(t, ex.Domain())
	doc := fmt.Sprintf("oauth_endpoint = %q\nws_servers = [%q]\ndevice_authorization_endpoint = %q\ntoken_endpoint = %q\nclient_id = \"phoned\"\ndevice_scope = \"openid offline_access\"\n",
		f.base+"/oauth/internal", ex.WSSURL(), f.base+"/device/auth", f.base+"/token")
	w := start(t, setup{external: ex, config: doc})
	code := func(v phone.View) bool { return v.Session.State == phone.SessionPending && v.Session.Code != "" }
	v := w.until("a code", code)
	if !strings.HasPrefix(v.Session.QR, f.base+"/device?user_code=") || v.Session.Fingerprint != "" {
		t.Fatalf("shown: %+v", v.Session)
	}
	f.approve(v.Session.QR, "", true)
	poll := func(what string, is func(phone.View) bool) phone.View {
		t.Helper()
		return w.until(what, func(v phone.View) bool {
			if is(v) {
				return true
			}
			w.clock.leap(time.Second)
			return false
		})
	}
	pollUntil(t, w, f, "access_denied")
	w.problem("signin.denied")
	w.softKey(phone.ActSignIn)
	w.screen(phone.ScreenMenu)
	w.press("ok")
	v = w.until("another code", code)
	f.control("slow=1")
	pollUntil(t, w, f, "slow_down")
	pollUntil(t, w, f, "authorization_pending")
	if n := len(f.control("")); n == 0 {
		t.Error("the phone never polled")
	}
	f.approve(v.Session.QR, lab.Email("1002"), false)
	pollUntil(t, w, f, "tokens")
	v = poll("registered", func(v phone.View) bool { return len(v.Lines) > 0 && v.Lines[0].State == phone.LineRegistered })
	if v.Lines[0].Number != "1002" {
		t.Errorf("signed in as %+v", v.Lines[0])
	}
	w.dial("9196")
	w.active()
	w.hangUp()
	w.gone()
}

// pollUntil lets the phone's time pass until the server's last answers have this
// word in them.
func pollUntil(t *testing.T, w *world, f *foreign, word string) {
	t.Helper()
	from := len(f.control(""))
	for end := time.Now().Add(patience); time.Now().Before(end); {
		if got := f.control(""); slices.Contains(got[min(from, len(got)):], word) || word == "access_denied" && slices.Contains(got, word) {
			return
		}
		w.clock.leap(time.Second)
	}
	t.Fatalf("the server never said %s: %q", word, f.control(""))
}

// The words of RFC 8628 §3.5 as that server says them: pending, slow_down (five
// seconds more from then on), expired_token, and tokens that rotate.
func TestForeignServersWords(t *testing.T) {
	t.Parallel()
	f := newForeign(t, "d")
	fake := clock.NewFake(time.Now())
	g := provisioning.DeviceGrant{Endpoint: f.base + "/device/auth", TokenEndpoint: f.base + "/token", ClientID: "phoned", Scope: "openid offline_access",
		HTTP: httpcall.New(httpcall.Config{}), Clock: fake}
	type outcome struct {
		tokens backend.Tokens
		err    error
	}
	begin := func() (provisioning.Prompt, chan outcome) {
		p, err := g.Start(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan outcome, 1)
		go func() { tokens, err := g.Wait(t.Context(), p); done <- outcome{tokens, err} }()
		return p, done
	}
	// tick lets time pass, in steps that are shorter than any interval, until the
	// server has been asked once more; it gives the steps that took.
	tick := func() (seconds int) {
		before := len(f.control(""))
		for end := time.Now().Add(patience); len(f.control("")) == before; seconds++ {
			if time.Now().After(end) {
				t.Fatal("the phone does not poll")
			}
			fake.Advance(time.Second)
		}
		return seconds
	}
	p, done := begin()
	if !regexp.MustCompile(`^[A-Z]{4}-[A-Z]{4}$`).MatchString(p.UserCode) || p.URIComplete != p.URI+"?user_code="+p.UserCode {
		t.Errorf("the prompt is %+v", p)
	}
	tick()
	f.control("slow=1")
	tick()
	words := f.control("")
	if !slices.Equal(words, []string{"authorization_pending", "slow_down"}) {
		t.Errorf("the server said %q", words)
	}
	if n := tick(); n < 10 {
		t.Errorf("after slow_down the phone polled again after %d s", n)
	}
	f.control("leap=700")
	tick()
	if o := <-done; !errors.Is(o.err, provisioning.ErrExpired) {
		t.Errorf("an expired code ends with %v", o.err)
	}
	if words := f.control(""); !slices.Contains([]string{"expired_token", "invalid_grant"}, words[len(words)-1]) {
		t.Errorf("the server said %q", words)
	}
	p, done = begin()
	f.approve(p.URIComplete, lab.Email("1001"), false)
	tick()
	if o := <-done; o.err != nil || o.tokens.Access.Empty() || o.tokens.Refresh.Empty() {
		t.Errorf("after the approval: %v", o.err)
	}
}
