package manage

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"phoned/internal/clock"
	"phoned/internal/secret"
	"phoned/phone"
)

func testCertificate(t testing.TB) *tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// enrolWorld is a page, who signs in there, and what was said of it.
type enrolWorld struct {
	*Enrolment
	t     testing.TB
	clock *clock.Fake
	log   *bytes.Buffer
	offer EnrolOffer
	done  chan error
	stop  context.CancelFunc
	seen  *x509.Certificate // what the last connection showed

	mu     sync.Mutex
	tried  []string
	answer func(email, password string) phone.SignInWhy
	audit  []string
}

type lockedBuffer struct {
	mu *sync.Mutex
	b  *bytes.Buffer
}

func (l lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func newEnrolWorld(t testing.TB) *enrolWorld {
	t.Helper()
	w := &enrolWorld{t: t, clock: clock.NewFake(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)), log: &bytes.Buffer{}}
	cert := testCertificate(t)
	w.answer = func(string, string) phone.SignInWhy { return "" }
	w.Enrolment = NewEnrolment(EnrolConfig{
		SignIn: func(_ context.Context, email string, password secret.String) phone.SignInWhy {
			w.mu.Lock()
			w.tried = append(w.tried, email+"/"+password.Reveal())
			f := w.answer
			w.mu.Unlock()
			return f(email, password.Reveal())
		},
		Certificate: func() (*tls.Certificate, error) { return cert, nil },
		Address:     func() netip.Addr { return netip.MustParseAddr("127.0.0.1") },
		Audit: func(what string, d map[string]any) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.audit = append(w.audit, fmt.Sprint(what, d))
		},
		Clock: w.clock, Log: slog.New(slog.NewTextHandler(lockedBuffer{&w.mu, w.log}, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	return w
}

// open runs the page until it ends.
func (w *enrolWorld) open() {
	w.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	w.stop, w.done = stop, make(chan error, 1)
	shown := make(chan EnrolOffer, 1)
	go func() { w.done <- w.Run(ctx, func(o EnrolOffer) { shown <- o }) }()
	w.t.Cleanup(stop)
	select {
	case w.offer = <-shown:
	case err := <-w.done:
		w.t.Fatal(err)
	}
}

func (w *enrolWorld) client() *http.Client {
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true,
		VerifyConnection: func(s tls.ConnectionState) error { w.seen = s.PeerCertificates[0]; return nil }}}}
}

// send posts to the page; why is the reason it gives, "" for a sign-in.
func (w *enrolWorld) send(body string) (status int, why string) {
	w.t.Helper()
	w.clock.Advance(enrolSpacing)
	return w.sendNow(body)
}

func (w *enrolWorld) sendNow(body string) (status int, why string) {
	w.t.Helper()
	r, err := w.client().Post(w.offer.URL, "application/json", strings.NewReader(body))
	if err != nil {
		return 0, err.Error()
	}
	defer r.Body.Close()
	var out struct{ Why string }
	if r.StatusCode != http.StatusNoContent {
		if err := json.NewDecoder(r.Body).Decode(&out); err != nil {
			w.t.Error(err)
		}
	}
	return r.StatusCode, out.Why
}

func enrolBodyOf(code, password string) string {
	b, _ := json.Marshal(map[string]string{"code": code, "email": "anna@acme.example", "password": password})
	return string(b)
}

const enrolSecret = "correct horse battery"

func (w *enrolWorld) want(body string, status int, why string) {
	w.t.Helper()
	if s, y := w.send(body); s != status || y != why {
		w.t.Errorf("answered %d %q, wanted %d %q", s, y, status, why)
	}
}

// A browser that scanned the code signs the phone in, once; the display's
// fingerprint is that of the certificate; then nothing listens any more. Nothing
// that was logged or audited has the password or the code.
func TestEnrolOnce(t *testing.T) {
	w := newEnrolWorld(t)
	w.open()
	base, code, ok := strings.Cut(w.offer.QR, "#")
	if !ok || base != w.offer.URL || plainCode(w.offer.Code) != code || len(code) != enrolCodeSize || !strings.HasPrefix(base, "https://127.0.0.1:") {
		t.Fatalf("the offer is %+v", w.offer)
	}
	if want := w.clock.Now().Add(enrolLife); !w.offer.Expires.Equal(want) {
		t.Errorf("expires at %v", w.offer.Expires)
	}
	w.want(enrolBodyOf(strings.ToLower(w.offer.Code), enrolSecret), http.StatusNoContent, "")
	if err := <-w.done; err != nil {
		t.Errorf("the page ended with %v", err)
	}
	sum := sha256.Sum256(w.seen.Raw)
	if hex.EncodeToString(sum[:]) != strings.ToLower(w.offer.Fingerprint) {
		t.Error("the display's fingerprint is not the certificate's")
	}
	if !slices.Equal(w.tried, []string{"anna@acme.example/" + enrolSecret}) {
		t.Errorf("signed in with %q", w.tried)
	}
	if s, why := w.send(enrolBodyOf(code, enrolSecret)); s != 0 {
		t.Errorf("after its use the page answers %d %q", s, why)
	}
	old := code
	w.open() // the phone was signed out again
	w.want(enrolBodyOf(old, enrolSecret), http.StatusGone, "used")
	w.stop()
	if err := <-w.done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	said := w.log.String() + strings.Join(w.audit, "\n")
	for _, s := range []string{enrolSecret, old, plainCode(w.offer.Code)} {
		if strings.Contains(said, s) {
			t.Errorf("said: %s", said)
		}
	}
	if got := strings.Join(w.audit, " "); !strings.Contains(got, "opened") || !strings.Contains(got, "signed_in") || !strings.Contains(got, "refusedmap[why:used]") {
		t.Errorf("audit: %s", got)
	}
}

// Whoever signs in ends what offered it, before the page has heard the outcome: the
// code counts as used all the same, and the page's end is a good one.
func TestEnrolEndedByItsSignIn(t *testing.T) {
	w := newEnrolWorld(t)
	w.answer = func(string, string) phone.SignInWhy {
		w.stop()
		select { // as much time as the page may take for its end
		case err := <-w.done:
			t.Errorf("the page ended before its sign-in: %v", err)
		case <-time.After(50 * time.Millisecond):
		}
		return ""
	}
	w.open()
	old := w.offer.Code
	w.want(enrolBodyOf(old, enrolSecret), http.StatusNoContent, "")
	if err := <-w.done; err != nil {
		t.Errorf("the page ended with %v", err)
	}
	w.open()
	w.want(enrolBodyOf(old, enrolSecret), http.StatusGone, "used")
}

// What a code can be refused for.
func TestEnrolRefusals(t *testing.T) {
	w := newEnrolWorld(t)
	w.open()
	code := w.offer.Code
	w.want(`{"code":"`+code+`"`, http.StatusBadRequest, "empty")
	w.want(`{"code":"`+code+`","email":"a@b","password":""}`, http.StatusBadRequest, "empty")
	w.want(`{"code":"`+code+`","email":"`+strings.Repeat("a", 300)+`","password":"x"}`, http.StatusBadRequest, "empty")
	w.want(`{"code":"`+strings.Repeat("a", enrolBody)+`","email":"a@b","password":"x"}`, http.StatusBadRequest, "empty")
	w.want(enrolBodyOf("BBBB-BBBB", "x"), http.StatusForbidden, "code")
	if s, why := w.sendNow(enrolBodyOf(code, "x")); s != http.StatusTooManyRequests || why != "slow" {
		t.Errorf("too fast: %d %q", s, why)
	}
	for why, status := range map[phone.SignInWhy]int{phone.WhyPassword: 401, phone.WhyUnreachable: 502, phone.WhyNoLine: 502, phone.WhyStorage: 500} {
		w.mu.Lock()
		w.answer = func(string, string) phone.SignInWhy { return why }
		w.mu.Unlock()
		w.want(enrolBodyOf(code, "x"), status, string(why))
	}
	w.clock.Advance(enrolLife)
	if err := <-w.done; !errors.Is(err, ErrEnrolExpired) {
		t.Errorf("the page ended with %v", err)
	}
	w.open()
	if w.offer.Code == code {
		t.Fatal("the same code again")
	}
	w.want(enrolBodyOf(code, "x"), http.StatusGone, "expired")
	for range enrolCodes - 2 {
		w.want(enrolBodyOf("BBBB", "x"), http.StatusForbidden, "code")
	}
	w.want(enrolBodyOf("", "x"), http.StatusGone, "tries")
	if err := <-w.done; !errors.Is(err, ErrEnrolTries) {
		t.Errorf("the page ended with %v", err)
	}
	w.open()
	w.mu.Lock()
	w.answer = func(string, string) phone.SignInWhy { return phone.WhyPassword }
	w.mu.Unlock()
	for range enrolSignIns {
		w.want(enrolBodyOf(w.offer.Code, "x"), http.StatusUnauthorized, "password")
	}
	if err := <-w.done; !errors.Is(err, ErrEnrolTries) {
		t.Errorf("the page ended with %v", err)
	}
}

// Two browsers at once: one of them signs in, the other is told to wait; and the
// one on its way is answered although the page is closing.
func TestEnrolTwoAtOnce(t *testing.T) {
	w := newEnrolWorld(t)
	w.open()
	asked, answer := make(chan struct{}), make(chan struct{})
	w.answer = func(string, string) phone.SignInWhy { close(asked); <-answer; return "" }
	first := make(chan int, 1)
	body := enrolBodyOf(w.offer.Code, enrolSecret)
	go func() { s, _ := w.sendNow(body); first <- s }()
	<-asked
	w.want(body, http.StatusConflict, "busy_now")
	w.stop() // as when the sign-in's own event comes before its answer
	close(answer)
	if s := <-first; s != http.StatusNoContent {
		t.Errorf("the browser that signed in is told %d", s)
	}
	<-w.done
}

// The page: in both languages, without inline code, with strict headers, for
// addresses only, and nothing for other sites.
func TestEnrolPage(t *testing.T) {
	w := newEnrolWorld(t)
	w.open()
	get := func(path, host, lang string) (*http.Response, string) {
		t.Helper()
		r, err := http.NewRequest("GET", strings.TrimSuffix(w.offer.URL, enrolPath)+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept-Language", lang)
		if host != "" {
			r.Host = host
		}
		a, err := w.client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer a.Body.Close()
		b, err := io.ReadAll(a.Body)
		if err != nil {
			t.Fatal(err)
		}
		return a, string(b)
	}
	inline := regexp.MustCompile(`(?i)<script(?: [^>]*)?>[^<]|<style| style=| on[a-z]+=`)
	for lang, words := range map[string][]string{"en-GB,en;q=0.9": {`lang="en"`, "Sign this phone in"}, "fr, de-CH;q=0.8": {`lang="de"`, "Dieses Telefon anmelden"}, "": {`lang="en"`}} {
		a, page := get("/enrol", "", lang)
		for _, x := range words {
			if !strings.Contains(page, x) {
				t.Errorf("%q: no %s in the page", lang, x)
			}
		}
		if a.StatusCode != 200 || inline.MatchString(page) || strings.Contains(page, plainCode(w.offer.Code)) || strings.Contains(page, "{{") {
			t.Errorf("%d %s", a.StatusCode, page)
		}
		csp := a.Header.Get("Content-Security-Policy")
		if !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") || a.Header.Get("Cache-Control") != "no-store" || a.Header.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("headers: %v", a.Header)
		}
	}
	if a, _ := get("/enrol.js", "", ""); a.StatusCode != 200 || !strings.HasPrefix(a.Header.Get("Content-Type"), "text/javascript") {
		t.Errorf("the script: %v", a.Status)
	}
	if a, _ := get("/enrol", "phone.evil.example", ""); a.StatusCode != http.StatusMisdirectedRequest {
		t.Errorf("a foreign name: %v", a.Status)
	}
	if a, _ := get("/api/v1/status", "", ""); a.StatusCode != 404 {
		t.Errorf("something else: %v", a.Status)
	}
	r, _ := http.NewRequest("POST", w.offer.URL, strings.NewReader(enrolBodyOf(w.offer.Code, enrolSecret)))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Origin", "https://evil.example")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	a, err := w.client().Do(r)
	if err != nil || a.StatusCode != http.StatusForbidden || len(w.tried) > 0 {
		t.Errorf("another site: %v %v, tried %q", a.Status, err, w.tried)
	}
	a.Body.Close()
	for lang, words := range enrolWords {
		if !slices.Equal(slices.Sorted(maps.Keys(words)), slices.Sorted(maps.Keys(enrolWords["en"]))) {
			t.Errorf("%s: other words than en", lang)
		}
	}
}

// Every reason has its words on the page.
func TestEnrolReasonsHaveWords(t *testing.T) {
	reasons := slices.Collect(maps.Keys(enrolStatus))
	for _, w := range []phone.SignInWhy{phone.WhyPassword, phone.WhyUnreachable, phone.WhyCertificate, phone.WhyBusy, phone.WhyNoLine, phone.WhyRefused,
		phone.WhyNotConfigured, phone.WhyStorage, phone.WhyFailed} {
		reasons = append(reasons, string(w))
	}
	for _, r := range append(reasons, "empty", "origin", "gone", "wait", "done") {
		for lang, words := range enrolWords {
			if words[r] == "" {
				t.Errorf("%s: nothing is said of %q", lang, r)
			}
		}
	}
}

// No request without the code reaches the server, whatever it holds.
func FuzzEnrolRequest(f *testing.F) {
	f.Add([]byte(enrolBodyOf("BBBB-BBBB", "x")), "application/json")
	f.Add([]byte(`{"code":null,"email":"a@b","password":{}}`), "application/json; charset=utf-8")
	f.Add([]byte(`{"code":"`+strings.Repeat("B", 40)+`","email":"\ud800","password":"x"}{}`), "application/json")
	f.Add([]byte(`code=BBBB&email=a%40b&password=x`), "application/x-www-form-urlencoded")
	w := newEnrolWorld(f)
	run := w.begin()
	h := w.Handler()
	f.Fuzz(func(t *testing.T, body []byte, kind string) {
		if bytes.Contains(bytes.ToUpper(body), []byte(run.code)) {
			t.Skip()
		}
		w.clock.Advance(enrolSpacing)
		w.mu.Lock()
		run.codes = 0
		w.mu.Unlock()
		a := fuzzAnswer(h, body, kind)
		if a < 400 || len(w.tried) > 0 {
			t.Errorf("answered %d, tried %q", a, w.tried)
		}
	})
}

func fuzzAnswer(h http.Handler, body []byte, kind string) int {
	r := httptest.NewRequest("POST", enrolPath, bytes.NewReader(body))
	r.Host = "127.0.0.1:8444"
	r.Header["Content-Type"] = []string{kind}
	a := httptest.NewRecorder()
	h.ServeHTTP(a, r)
	return a.Code
}
