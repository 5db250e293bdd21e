// Package oauth is the lab's backend: sign-in with rotating tokens, the session
// document, parking, call history and numbers, as http.Handler. It starts no
// goroutine. Tokens live in memory only.
package oauth

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"phoned/lab/faults"
)

// Account is one person who can sign in.
type Account struct {
	Email, Password string
	UserID          int
	Extensions      []string
}

// Slot is one parking slot as the interface shows it.
type Slot struct {
	Extension string  `json:"extension"`
	Label     string  `json:"label"`
	Occupied  bool    `json:"occupied"`
	Parked    *Parked `json:"parkedCall,omitempty"`
}

// Parked is the call in a slot.
type Parked struct {
	PhoneNumber string `json:"phoneNumber"`
	ParkedBy    string `json:"parkedBy"`
	ParkedAt    int64  `json:"parkedAt"` // Unix milliseconds
}

// Config of a Server; all fields but the durations are required.
type Config struct {
	Domain   string
	DomainID int
	Proxy    string // sip_proxy_1
	Proxy2   string // sip_proxy_2, left out if empty
	Accounts []Account
	Life     time.Duration // of access tokens, 0: one hour
	Now      func() time.Time
	Faults   *faults.Set
	Slots    func() []Slot
	// Park moves a call; a non-empty text says why it could not.
	Park func(callUUID, slot string) (status int, why string)
	// Note is told what happened: kind, user, detail, HTTP status.
	Note func(kind, user, detail string, code int)
}

type grant struct {
	account *Account
	expires time.Time
}

// Server is the backend. It is safe for concurrent use.
type Server struct {
	cfg     Config
	mux     *http.ServeMux
	mu      sync.Mutex
	again   again
	access  map[string]grant
	refresh map[string]*Account
	history []map[string]any
	posts   map[string]int
	numbers []map[string]any // SetNumbers
	counts  map[string]int
	issued  []string
	devices map[string]*device // by device code
}

// New makes a Server.
func New(cfg Config) *Server {
	if cfg.Life == 0 {
		cfg.Life = time.Hour
	}
	s := &Server{cfg: cfg, mux: http.NewServeMux(), access: map[string]grant{}, refresh: map[string]*Account{},
		posts: map[string]int{}, counts: map[string]int{}, devices: map[string]*device{}}
	s.handle("POST /oauth/internal/token", "token", s.token)
	s.handle("GET /oauth/internal/session", "session", s.bearer(s.session))
	s.handle("POST /oauth/internal/refresh-token", "refresh", s.renew)
	s.handle("GET /v3/park-slots", "park-slots", s.bearer(s.slots))
	s.handle("POST /v3/park-call", "park-call", s.bearer(s.park))
	s.handle("GET /v3/phone-numbers", "phone-numbers", s.bearer(s.listNumbers))
	s.handle("GET /api/call-history", "call-history", s.bearer(s.listHistory))
	s.handle("POST /api/call-history", "call-history", s.bearer(s.postHistory))
	s.handle("PATCH /api/call-history/{id}", "call-history", s.bearer(s.patchHistory))
	s.handleDevice()
	return s
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Date", s.now().UTC().Format(http.TimeFormat))
	s.mux.ServeHTTP(w, r)
}

// now is the server's idea of the time, skew included.
func (s *Server) now() time.Time {
	return s.cfg.Now().Add(time.Duration(s.cfg.Faults.Token().SkewS) * time.Second)
}

// handle wraps an endpoint in its fault switch.
func (s *Server) handle(pattern, name string, h http.HandlerFunc) {
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.counts[name]++
		s.mu.Unlock()
		f := s.cfg.Faults.TakeHTTP(name)
		if f.DelayMS > 0 {
			t := time.NewTimer(time.Duration(f.DelayMS) * time.Millisecond)
			defer t.Stop()
			select {
			case <-t.C:
			case <-r.Context().Done():
				return
			}
		}
		if f.Status != 0 {
			if f.RetryAfter > 0 {
				w.Header().Set("Retry-After", strconv.Itoa(f.RetryAfter))
			}
			s.cfg.Note("http-fault", "", name, f.Status)
			w.WriteHeader(f.Status)
			_, _ = w.Write([]byte(f.Body))
			return
		}
		if f.Lose {
			h(discard{http.Header{}}, r)
			s.cfg.Note("http-lost", "", name, 0)
			panic(http.ErrAbortHandler) // net/http's way to cut the connection
		}
		h(w, r)
	})
}

// discard is the answer that nobody gets.
type discard struct{ h http.Header }

func (d discard) Header() http.Header       { return d.h }
func (discard) Write(b []byte) (int, error) { return len(b), nil }
func (discard) WriteHeader(int)             {}

func reply(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(v) // the peer is gone: nobody to tell
}

func refuse(w http.ResponseWriter, code int, word string) {
	reply(w, code, map[string]string{"error": word})
}

func read(w http.ResponseWriter, r *http.Request, v any) bool {
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10)).Decode(v); err != nil {
		refuse(w, http.StatusBadRequest, "invalid_request")
		return false
	}
	return true
}

func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	var in struct{ Email, Password string }
	if !read(w, r, &in) {
		return
	}
	for i := range s.cfg.Accounts {
		a := &s.cfg.Accounts[i]
		if strings.EqualFold(a.Email, in.Email) && a.Password == in.Password {
			access, refresh := s.issue(a)
			s.cfg.Note("signed-in", a.Email, "", 200)
			reply(w, 200, map[string]any{"data": map[string]any{"access_token": access, "refresh_token": refresh, "token_type": "Bearer", "expires_in": int(s.cfg.Life.Seconds())}})
			return
		}
	}
	s.cfg.Note("signed-in", in.Email, "wrong password", 401)
	refuse(w, http.StatusUnauthorized, "invalid_credentials")
}

// issue makes a pair of tokens.
func (s *Server) issue(a *Account) (access, refresh string) {
	b := make([]byte, 40)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	access, refresh = "la_"+hex.EncodeToString(b[:20]), "lr_"+hex.EncodeToString(b[20:])
	expires := s.now().Add(s.cfg.Life)
	if s.cfg.Faults.Token().ExpireNow {
		expires = s.now()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.access[access] = grant{a, expires}
	s.refresh[refresh] = a
	s.issued = append(s.issued, access, refresh)
	return access, refresh
}

// Issue signs an account in by e-mail, as a test's shortcut.
func (s *Server) Issue(email string) (access, refresh string, ok bool) {
	for i := range s.cfg.Accounts {
		if s.cfg.Accounts[i].Email == email {
			access, refresh = s.issue(&s.cfg.Accounts[i])
			return access, refresh, true
		}
	}
	return "", "", false
}

// Issued are all tokens ever given out, dead ones too: for tests that look
// whether one of them got where it must not be.
func (s *Server) Issued() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.issued...)
}

// Expire ends all access tokens; Revoke ends refresh tokens as well.
func (s *Server) Expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.access = map[string]grant{}
}

// Revoke takes every sign-in away.
func (s *Server) Revoke() {
	s.Expire()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refresh = map[string]*Account{}
}

// Counts are the requests seen for each endpoint.
func (s *Server) Counts() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[string]int{}
	for k, v := range s.counts {
		out[k] = v
	}
	return out
}

// renew gives new tokens for a refresh token, which is invalid from then on.
func (s *Server) renew(w http.ResponseWriter, r *http.Request) {
	var in struct {
		RefreshToken string `json:"refresh_token"`
	}
	if !read(w, r, &in) {
		return
	}
	s.mu.Lock()
	a := s.refresh[in.RefreshToken]
	delete(s.refresh, in.RefreshToken)
	if a == nil {
		a = s.again.forgive(s, in.RefreshToken)
	}
	s.again.use(in.RefreshToken)
	s.mu.Unlock()
	if a == nil {
		s.cfg.Note("refreshed", "", "invalid_grant", 400)
		refuse(w, http.StatusBadRequest, "invalid_grant")
		return
	}
	access, refresh := s.issue(a)
	s.mu.Lock()
	s.again.follow(in.RefreshToken, &successor{account: a, access: access, refresh: refresh})
	s.mu.Unlock()
	s.cfg.Note("refreshed", a.Email, "", 200)
	reply(w, 200, map[string]any{"access_token": access, "refresh_token": refresh,
		"user": map[string]any{"dialer_config": s.dialer(a)}})
}

// bearer demands a live access token.
func (s *Server) bearer(h func(http.ResponseWriter, *http.Request, *Account)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		t, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		s.mu.Lock()
		g, ok := s.access[t]
		s.again.use(t)
		s.mu.Unlock()
		if !ok || !s.now().Before(g.expires) {
			w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
			refuse(w, http.StatusUnauthorized, "invalid_token")
			return
		}
		h(w, r, g.account)
	}
}

func (s *Server) dialer(a *Account) map[string]any {
	ext := []map[string]any{}
	for _, e := range a.Extensions {
		ext = append(ext, map[string]any{"extension": e})
	}
	d := map[string]any{"id": s.cfg.DomainID, "sip_domain": s.cfg.Domain, "sip_proxy_1": s.cfg.Proxy, "extensions": ext}
	if s.cfg.Proxy2 != "" {
		d["sip_proxy_2"] = s.cfg.Proxy2
	}
	return map[string]any{"domains": []any{d}}
}

func (s *Server) session(w http.ResponseWriter, _ *http.Request, a *Account) {
	cfg := s.dialer(a)
	user := map[string]any{"user_id": a.UserID, "email": a.Email, "dialer_config": cfg}
	switch s.cfg.Faults.Token().SessionShape {
	case "garbage":
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"user": {"user_id": 12`))
		return
	case "no-domains":
		cfg["domains"] = []any{}
	case "extra":
		user["future"] = map[string]any{"nested": []int{1}}
		cfg["colour"] = "green"
	case "wrong-types":
		user["dialer_config"] = "none"
	}
	reply(w, 200, map[string]any{"user": user})
}
