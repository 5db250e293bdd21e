package backend

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"phoned/internal/secret"
)

// server is a backend that rotates refresh tokens strictly: one that was used
// before is refused, as a real one refuses it.
type server struct {
	t *testing.T

	mu       sync.Mutex
	n        int // rotations
	access   string
	refresh  string
	session  string
	asked    map[string]int // by "METHOD path"
	bodies   map[string][]string
	faults   map[string][]http.HandlerFunc // by path, each for one request
	api      http.HandlerFunc
	onBearer func(token string)
	onRotate func()
}

const (
	testHost     = "https://backend.example"
	testEndpoint = testHost + "/oauth/internal"
	email        = "ann@example.net"
)

var password = secret.New("correct-horse-battery-9")

const defaultSession = `{"user":{"user_id":123,"name":"Ann","dialer_config":{"theme":"x","domains":[
 {"id":7,"sip_domain":"prod-registration","sip_proxy_1":"sip1.example.net","sip_proxy_2":"sip2.example.net","extensions":[{"extension":"1001"}]}]}}}`

func newServer(t *testing.T) *server {
	s := &server{t: t, session: defaultSession, asked: map[string]int{}, bodies: map[string][]string{}, faults: map[string][]http.HandlerFunc{}}
	s.rotate()
	return s
}

// rotate makes a new pair; mu is held or nobody else is there yet.
func (s *server) rotate() {
	s.n++
	s.access, s.refresh = fmt.Sprintf("access-token-value-%d", s.n), fmt.Sprintf("refresh-token-value-%d", s.n)
}

// expire makes the access token stale, as time would.
func (s *server) expire() { s.mu.Lock(); s.access = "nobody has this"; s.mu.Unlock() }

func (s *server) tokens() Tokens {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Tokens{secret.New(s.access), secret.New(s.refresh)}
}

// fail makes the next requests to a path go wrong, in order.
func (s *server) fail(path string, h ...http.HandlerFunc) {
	s.mu.Lock()
	s.faults[path] = append(s.faults[path], h...)
	s.mu.Unlock()
}

func (s *server) count(what string) int { s.mu.Lock(); defer s.mu.Unlock(); return s.asked[what] }

func status(code int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body)
	}
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	path := strings.TrimPrefix(r.URL.Path, "/oauth/internal")
	s.mu.Lock()
	s.asked[r.Method+" "+path]++
	s.bodies[path] = append(s.bodies[path], string(body))
	var fault http.HandlerFunc
	if l := s.faults[path]; len(l) > 0 {
		fault, s.faults[path] = l[0], l[1:]
	}
	s.mu.Unlock()
	if fault != nil {
		fault(w, r)
		return
	}
	switch path {
	case "/token":
		s.token(w, body)
	case "/refresh-token":
		s.refreshToken(w, body)
	default:
		s.authorized(w, r, path)
	}
}

func (s *server) token(w http.ResponseWriter, body []byte) {
	var in struct{ Email, Password string }
	_ = json.Unmarshal(body, &in)
	if in.Email != email || in.Password != password.Reveal() {
		// A server that quotes what it was sent must not bring it into our log.
		status(401, `{"error":"bad password `+in.Password+`"}`)(w, nil)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rotate()
	fmt.Fprintf(w, `{"data":{"access_token":%q,"refresh_token":%q}}`, s.access, s.refresh)
}

func (s *server) refreshToken(w http.ResponseWriter, body []byte) {
	var in struct {
		RefreshToken string `json:"refresh_token"`
	}
	_ = json.Unmarshal(body, &in)
	s.mu.Lock()
	defer s.mu.Unlock()
	if in.RefreshToken != s.refresh {
		status(400, `{"error":"invalid_grant","error_description":"`+in.RefreshToken+` is spent"}`)(w, nil)
		return
	}
	s.rotate()
	if s.onRotate != nil {
		s.onRotate()
	}
	fmt.Fprintf(w, `{"access_token":%q,"refresh_token":%q}`, s.access, s.refresh)
}

func (s *server) authorized(w http.ResponseWriter, r *http.Request, path string) {
	got := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if s.onBearer != nil {
		s.onBearer(got)
	}
	s.mu.Lock()
	want, session, api := s.access, s.session, s.api
	s.mu.Unlock()
	switch {
	case got != want:
		status(401, `{"error":"invalid_token","error_description":"`+got+`"}`)(w, r)
	case path == "/session":
		_, _ = io.WriteString(w, session)
	case api != nil:
		api(w, r)
	default:
		status(404, "")(w, r)
	}
}

// RoundTrip makes the server a transport without sockets, so that tests can
// run on synctest's time.
func (s *server) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host != "backend.example" {
		return nil, fmt.Errorf("a request to %s left the test", r.URL.Host)
	}
	rec := httptest.NewRecorder()
	done := make(chan struct{})
	served := r.Clone(r.Context())
	if served.Body == nil {
		served.Body = http.NoBody
	}
	go func() { defer close(done); s.ServeHTTP(rec, served) }()
	select {
	case <-done:
	case <-r.Context().Done():
		<-done
		return nil, r.Context().Err()
	}
	if rec.Code == broken {
		return nil, io.ErrUnexpectedEOF
	}
	resp := rec.Result()
	resp.Request = r
	return resp, nil
}

// broken is a status that becomes a connection broken off.
const broken = 599

// hang answers nothing until the caller gives up.
func hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// lostAnswer commits and then breaks the connection off.
func (s *server) lostAnswer(w http.ResponseWriter, r *http.Request) {
	rec := httptest.NewRecorder()
	s.ServeHTTP(rec, r)
	w.WriteHeader(broken)
}

// memVault is a Vault in memory that can fail.
type memVault struct {
	mu     sync.Mutex
	values map[string]string
	sets   int
	fail   func(n int) error // by number of the Set, from 1
}

func newVault() *memVault { return &memVault{values: map[string]string{}} }

func (v *memVault) Get(name string) (secret.String, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return secret.New(v.values[name]), nil
}

func (v *memVault) Set(values map[string]secret.String) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.sets++
	if v.fail != nil {
		if err := v.fail(v.sets); err != nil {
			return err
		}
	}
	for k, s := range values {
		if s.Empty() {
			delete(v.values, k)
		} else {
			v.values[k] = s.Reveal()
		}
	}
	return nil
}

func (v *memVault) Wipe(names ...string) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(names) == 0 {
		v.values = map[string]string{}
	}
	for _, n := range names {
		delete(v.values, n)
	}
	return nil
}

func (v *memVault) get(name string) string { s, _ := v.Get(name); return s.Reveal() }

func (v *memVault) copy() *memVault {
	v.mu.Lock()
	defer v.mu.Unlock()
	c := newVault()
	for k, s := range v.values {
		c.values[k] = s
	}
	return c
}

// rig is an Account with its server, its vault and all it said.
type rig struct {
	*Account
	t      *testing.T
	server *server
	vault  *memVault
	events chan Event
	said   *strings.Builder // log and events, for the search for secrets
	saidMu *sync.Mutex
}

type lockedWriter struct {
	mu *sync.Mutex
	b  *strings.Builder
}

func (w lockedWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.Write(p)
}

func (s *server) config() Config {
	return Config{OAuthEndpoint: testEndpoint, APIURL: testHost + "/api", HTTP: &http.Client{Transport: s}, Rand: func() float64 { return 0.5 }}
}

func newRig(t *testing.T, s *server, v *memVault, change func(*Config)) *rig {
	t.Helper()
	r := &rig{t: t, server: s, vault: v, events: make(chan Event, 1000), said: &strings.Builder{}, saidMu: &sync.Mutex{}}
	cfg := s.config()
	cfg.Log = slog.New(slog.NewTextHandler(lockedWriter{r.saidMu, r.said}, &slog.HandlerOptions{Level: slog.LevelDebug}))
	if change != nil {
		change(&cfg)
	}
	a, err := NewAccount(cfg, v, func(e Event) {
		fmt.Fprintf(lockedWriter{r.saidMu, r.said}, "%T %+v %#v\n", e, e, e)
		r.events <- e
	})
	if err != nil {
		t.Fatal(err)
	}
	r.Account = a
	t.Cleanup(func() { a.Close(); r.noSecrets() })
	return r
}

func (r *rig) start(provisioned Tokens) *rig { r.Start(r.t.Context(), provisioned); return r }

// noSecrets searches everything that was said.
func (r *rig) noSecrets() {
	r.saidMu.Lock()
	defer r.saidMu.Unlock()
	searchSecrets(r.t, r.said.String())
}

func searchSecrets(t *testing.T, text string) {
	t.Helper()
	for _, s := range []string{"access-token-value", "refresh-token-value", password.Reveal(), "123@prod-registration", "apikey-value"} {
		if i := strings.Index(text, s); i >= 0 {
			t.Errorf("a secret came out: …%s…", text[max(i-120, 0):min(i+60, len(text))])
		}
	}
}

// next gives the next event and fails on another type.
func next[E Event](r *rig) E {
	r.t.Helper()
	select {
	case e := <-r.events:
		if got, ok := e.(E); ok {
			return got
		}
		var want E
		r.t.Fatalf("event %T %+v, want %T", e, e, want)
	case <-r.t.Context().Done():
		r.t.Fatal("no event")
	}
	panic("not reached")
}

// until skips events up to the wanted type.
func until[E Event](r *rig) E {
	r.t.Helper()
	for {
		select {
		case e := <-r.events:
			if got, ok := e.(E); ok {
				return got
			}
		case <-time.After(time.Hour): // on synctest's time; a real test has its own limit
			var want E
			r.t.Fatalf("no %T", want)
		}
	}
}

func (r *rig) none() {
	r.t.Helper()
	select {
	case e := <-r.events:
		r.t.Errorf("unexpected event %T %+v", e, e)
	default:
	}
}
