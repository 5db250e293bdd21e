package backend

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"phoned/internal/secret"
)

func TestSignInByPassword(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, newServer(t), newVault(), nil).start(Tokens{})
		next[SignedOut](r)
		if err := r.SignIn(t.Context(), email, password); err != nil {
			t.Fatal(err)
		}
		next[SigningIn](r)
		s := next[SignedIn](r).Session
		want := Line{ID: "1001@prod-registration", Extension: "1001", SIPDomain: "prod-registration", DomainID: "7",
			Password: secret.New("123@prod-registration"), Servers: []string{"wss://sip1.example.net:8443", "wss://sip2.example.net:8443"}}
		if s.UserID != "123" || len(s.Lines) != 1 || !s.Lines[0].equal(want) {
			t.Errorf("got %+v", s)
		}
		if r.State() != StateSignedIn || r.Email() != email {
			t.Errorf("%v %q", r.State(), r.Email())
		}
		// The same person again: a warning and nothing else.
		if err := r.SignIn(t.Context(), email, secret.New("anything")); err != nil {
			t.Error(err)
		}
		if err := r.SignInWithTokens(t.Context(), r.server.tokens()); err != nil {
			t.Error(err)
		}
		r.none()
		if n := r.server.count("POST /token"); n != 1 {
			t.Errorf("%d sign-ins", n)
		}
		r.saidMu.Lock()
		if !strings.Contains(r.said.String(), "unknown fields") || !strings.Contains(r.said.String(), "user.dialer_config.theme") {
			t.Error("unknown fields were not logged")
		}
		r.saidMu.Unlock()
	})
}

func TestWrongPassword(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, newServer(t), newVault(), nil).start(Tokens{})
		next[SignedOut](r)
		err := r.SignIn(t.Context(), email, secret.New("access-token-value")) // quoted back by the server
		if !errors.Is(err, ErrWrongPassword) {
			t.Fatalf("got %v", err)
		}
		searchSecrets(t, fmt.Sprintf("%v %+v %#v", err, err, err))
		if p := next[ProblemRaised](r).Problem; p.Code != CodeWrongPassword || p.Title != "Wrong e-mail or password." {
			t.Errorf("got %+v", p)
		}
		if r.State() != StateSignedOut {
			t.Errorf("state %v", r.State())
		}
		if err := r.SignIn(t.Context(), email, password); err != nil {
			t.Fatal(err)
		}
		next[ProblemCleared](r)
	})
}

func TestStaleAccessTokenIsRotatedAndSavedBeforeUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, v := newServer(t), newVault()
		s.onBearer = func(token string) {
			if strings.HasPrefix(token, "access") && v.get(vaultAccess) != token {
				t.Error("a token was used before it was in the vault")
			}
		}
		tokens := s.tokens()
		s.expire()
		r := newRig(t, s, v, nil).start(tokens)
		next[SigningIn](r)
		next[TokenRefreshed](r)
		next[SignedIn](r)
		if got := s.tokens(); v.get(vaultRefresh) != got.Refresh.Reveal() || v.get(vaultAccess) != got.Access.Reveal() {
			t.Error("the vault does not hold the new pair")
		}
	})
}

func TestManyCallersOneRefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t)
		s.api = status(200, `[]`)
		r := newRig(t, s, newVault(), nil).start(s.tokens())
		until[SignedIn](r)
		s.expire()
		s.fail("/refresh-token", func(w http.ResponseWriter, q *http.Request) {
			time.Sleep(time.Second) // so that all of them come meanwhile
			s.ServeHTTP(w, q)
		})
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				if _, err := r.API().ParkSlots(t.Context(), "prod"); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		// One for the caller, counted twice because the slow answer asks again.
		if n := s.count("POST /refresh-token"); n != 2 {
			t.Errorf("%d refreshes", n-1)
		}
	})
}

// A caller that gives up must not break a rotation that the server committed.
func TestCallerGivesUpAndTheRotationStillLands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, v := newServer(t), newVault()
		r := newRig(t, s, v, nil).start(s.tokens())
		until[SignedIn](r)
		s.expire()
		s.fail("/refresh-token", func(w http.ResponseWriter, q *http.Request) {
			time.Sleep(10 * time.Second)
			s.ServeHTTP(w, q)
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := r.API().ParkSlots(ctx, "prod"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		until[TokenRefreshed](r)
		if v.get(vaultRefresh) != s.tokens().Refresh.Reveal() {
			t.Error("the new refresh token is lost")
		}
	})
}

func TestUnauthorizedWithAFreshTokenIsNoLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t)
		r := newRig(t, s, newVault(), nil)
		no := status(401, "")
		s.fail("/session", no, no)
		r.start(s.tokens())
		next[SigningIn](r)
		next[TokenRefreshed](r)
		if p := next[ProblemRaised](r).Problem; p.Code != CodeRefused || p.Subject != "backend.example" {
			t.Errorf("got %+v", p)
		}
		if a, b := s.count("GET /session"), s.count("POST /refresh-token"); a != 2 || b != 1 {
			t.Errorf("%d sessions, %d refreshes", a, b)
		}
		next[ProblemCleared](r) // recovers by itself
		next[SignedIn](r)
	})
}

func TestOnlyTheRefreshItselfLosesTheSignIn(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer http.HandlerFunc
		lost   bool
	}{
		{"400 invalid_grant", status(400, `{"error":"invalid_grant"}`), true},
		{"401", status(401, ""), true},
		{"403", status(403, "forbidden"), true},
		{"400 otherwise", status(400, `{"error":"invalid_request"}`), false},
		{"404", status(404, ""), false},
		{"408", status(408, ""), false},
		{"429", status(429, ""), false},
		{"500", status(500, `{"error":"invalid_grant"}`), false},
		{"503", status(503, ""), false},
		{"broken off", status(broken, ""), false},
		{"no answer", hang, false},
		{"not JSON", status(200, "<html>"), false},
		{"wrong type", status(200, `{"access_token":{},"refresh_token":[]}`), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, v := newServer(t), newVault()
				r := newRig(t, s, v, nil).start(s.tokens())
				until[SignedIn](r)
				s.expire()
				s.fail("/refresh-token", c.answer)
				err := r.Refresh(t.Context())
				if err == nil || errors.Is(err, ErrSignInLost) != c.lost {
					t.Fatalf("got %v", err)
				}
				if c.lost {
					if p := next[ProblemRaised](r).Problem; p.Code != CodeLost {
						t.Errorf("got %+v", p)
					}
					if e := next[Lost](r); !errors.Is(e.Err, ErrSignInLost) {
						t.Errorf("got %v", e.Err)
					}
					if v.get(vaultRefresh)+v.get(vaultAccess)+v.get(vaultSession) != "" || r.State() != StateLost {
						t.Errorf("state %v, vault %v", r.State(), v.values)
					}
					if err := r.SignIn(t.Context(), email, password); err != nil {
						t.Errorf("signing in again: %v", err)
					}
					return
				}
				next[ProblemRaised](r)
				if r.State() != StateSignedIn || v.get(vaultRefresh) == "" {
					t.Errorf("state %v", r.State())
				}
				next[TokenRefreshed](r) // by itself
				next[ProblemCleared](r)
			})
		})
	}
}

func TestRetryAfterIsHonoured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t)
		busy := func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "120")
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		s.fail("/session", busy)
		begin := time.Now()
		r := newRig(t, s, newVault(), nil).start(s.tokens())
		until[SignedIn](r)
		if d := time.Since(begin); d != 120*time.Second {
			t.Errorf("asked again after %v", d)
		}
	})
}

// Calls that meet a 401 while the server asked for peace ask nothing.
func TestRetryAfterHoldsForTheRefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t)
		s.api = status(200, `[]`)
		r := newRig(t, s, newVault(), nil).start(s.tokens())
		until[SignedIn](r)
		s.expire()
		s.fail("/refresh-token", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "120")
			w.WriteHeader(http.StatusTooManyRequests)
		})
		for range 119 {
			if _, err := r.API().ParkSlots(t.Context(), "x"); ProblemOf(err).Code != CodeBusy {
				t.Fatalf("got %v", err)
			}
			time.Sleep(time.Second)
		}
		if n := s.count("POST /refresh-token"); n != 1 {
			t.Errorf("%d refreshes within Retry-After", n)
		}
		time.Sleep(2 * time.Second)
		if _, err := r.API().ParkSlots(t.Context(), "x"); err != nil {
			t.Error(err)
		}
	})
}

func TestBackOffDoublesUpToFiveMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t)
		var at []time.Duration
		begin := time.Now()
		for range 12 {
			s.fail("/session", func(w http.ResponseWriter, r *http.Request) {
				at = append(at, time.Since(begin).Round(time.Second))
				w.WriteHeader(http.StatusInternalServerError)
			})
		}
		r := newRig(t, s, newVault(), nil).start(s.tokens())
		until[SignedIn](r)
		want := "[0s 1s 3s 7s 15s 31s 1m3s 2m7s 4m15s 8m31s 13m31s 18m31s]"
		if got := fmt.Sprint(at); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
}

func TestStartWithTheServerAwayUsesTheKeptSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, v := newServer(t), newVault()
		first := newRig(t, s, v, nil).start(s.tokens())
		want := until[SignedIn](first).Session
		first.Close()
		s.fail("/session", status(broken, ""), hang)
		r := newRig(t, s, v, nil).start(Tokens{})
		got := next[SignedIn](r)
		if !got.Cached || !got.Session.Equal(want) || !got.Session.FetchedAt.Equal(want.FetchedAt) {
			t.Errorf("got %+v", got)
		}
		p := next[ProblemRaised](r).Problem
		if p.Code != CodeUnreachable || p.Title != "The server can't be reached." {
			t.Errorf("got %+v", p)
		}
		if e := until[ProblemCleared](r); e.Code != CodeUnreachable {
			t.Errorf("got %+v", e)
		}
		if e := next[SignedIn](r); e.Cached {
			t.Error("still only kept")
		}
	})
}

func TestReinitialiseTellsOnlyWhatChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t)
		r := newRig(t, s, newVault(), nil).start(s.tokens())
		until[SignedIn](r)
		if err := r.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		r.none()
		s.mu.Lock()
		s.session = strings.Replace(s.session, "1001", "1002", 1)
		s.mu.Unlock()
		if err := r.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		if e := next[SignedIn](r); e.Session.Lines[0].Extension != "1002" {
			t.Errorf("got %+v", e)
		}
	})
}

func TestRefreshAnswerBringsChangedLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t)
		s.api = status(200, `[]`)
		r := newRig(t, s, newVault(), nil).start(s.tokens())
		until[SignedIn](r)
		s.expire()
		s.fail("/refresh-token", func(w http.ResponseWriter, _ *http.Request) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.rotate()
			fmt.Fprintf(w, `{"access_token":%q,"refresh_token":%q,"user":{"dialer_config":{"domains":[{"sip_domain":"d2","sip_proxy_1":"p2","extensions":[{"extension":"2001"}]}]}}}`, s.access, s.refresh)
		})
		if _, err := r.API().ParkSlots(t.Context(), "x"); err != nil {
			t.Fatal(err)
		}
		next[TokenRefreshed](r)
		l := next[SignedIn](r).Session
		if l.UserID != "123" || l.Lines[0].ID != "2001@d2" || l.Lines[0].Password.Reveal() != "123@d2" {
			t.Errorf("got %+v", l)
		}
	})
}

func TestSignOutWipesAndALateAnswerIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, v := newServer(t), newVault()
		r := newRig(t, s, v, nil).start(s.tokens())
		until[SignedIn](r)
		s.expire()
		s.fail("/refresh-token", func(w http.ResponseWriter, q *http.Request) {
			time.Sleep(5 * time.Second)
			s.ServeHTTP(w, q)
		})
		result := make(chan error, 1)
		go func() { result <- r.Refresh(t.Context()) }()
		time.Sleep(time.Second)
		if err := r.SignOut(t.Context()); err != nil {
			t.Fatal(err)
		}
		next[SignedOut](r)
		if err := <-result; !errors.Is(err, ErrSignedOut) {
			t.Errorf("got %v", err)
		}
		time.Sleep(10 * time.Second) // the answer comes
		r.none()
		for _, n := range []string{vaultAccess, vaultRefresh, vaultSession, vaultUser, vaultEmail, vaultEndpoint} {
			if v.get(n) != "" {
				t.Errorf("%s is still there", n)
			}
		}
		if _, ok := r.Session(); ok || r.State() != StateSignedOut {
			t.Error("still signed in")
		}
		if err := r.SignOut(t.Context()); err != nil { // again: nothing
			t.Error(err)
		}
		if err := r.Refresh(t.Context()); !errors.Is(err, ErrSignedOut) {
			t.Errorf("got %v", err)
		}
		if _, err := r.API().ParkSlots(t.Context(), "x"); !errors.Is(err, ErrSignedOut) {
			t.Errorf("got %v", err)
		}
		r.none()
	})
}

func TestProvisionedTokensAreTakenOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, v := newServer(t), newVault()
		given := s.tokens()
		s.expire() // so that they are spent by the first rotation
		r := newRig(t, s, v, nil).start(given)
		until[SignedIn](r)
		r.Close()
		r = newRig(t, s, v, nil).start(given) // restart with the same file
		until[SignedIn](r)
		if err := r.SignOut(t.Context()); err != nil {
			t.Fatal(err)
		}
		r.Close()
		r = newRig(t, s, v, nil).start(given) // and after a sign-out
		next[SignedOut](r)
		time.Sleep(time.Minute)
		r.none()
		r.Close()
		r = newRig(t, s, v, nil).start(s.tokens()) // other tokens are news
		until[SignedIn](r)
	})
}

func TestAnotherPersonReplacesTheFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t)
		r := newRig(t, s, newVault(), nil).start(s.tokens())
		until[SignedIn](r)
		s.mu.Lock()
		s.session = strings.Replace(s.session, "123", "456", 1)
		s.mu.Unlock()
		if err := r.SignIn(t.Context(), email, password); err != nil {
			t.Fatal(err)
		}
		next[SignedOut](r)
		next[SigningIn](r)
		if e := next[SignedIn](r); e.Session.UserID != "456" {
			t.Errorf("got %+v", e)
		}
	})
}

func TestTokensGoToNoOtherServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, v := newServer(t), newVault()
		r := newRig(t, s, v, nil).start(s.tokens())
		until[SignedIn](r)
		r.Close()
		n := s.count("GET /session")
		r = newRig(t, s, v, func(c *Config) { c.OAuthEndpoint = testHost + "/other/oauth/internal" }).start(Tokens{})
		next[SignedOut](r)
		time.Sleep(time.Minute)
		if s.count("GET /session") != n || v.get(vaultRefresh) == "" {
			t.Error("the tokens were sent or dropped")
		}
		r.Close()
		r = newRig(t, s, v, nil).start(Tokens{})
		until[SignedIn](r)
	})
}

func TestNotConfiguredAndClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, newServer(t), newVault(), func(c *Config) { c.OAuthEndpoint = "" }).start(Tokens{})
		if p := next[ProblemRaised](r).Problem; p.Code != CodeNotConfigured {
			t.Errorf("got %+v", p)
		}
		next[SignedOut](r)
		if err := r.SignIn(t.Context(), email, password); !errors.Is(err, ErrNotConfigured) {
			t.Errorf("got %v", err)
		}
		r.Close()
		if err := r.SignOut(t.Context()); !errors.Is(err, ErrClosed) {
			t.Errorf("got %v", err)
		}
	})
}

func TestConfigNamesTheWrongKey(t *testing.T) {
	for key, c := range map[string]Config{
		"oauth_endpoint: the address can't be used: it must begin": {OAuthEndpoint: "http://x.example/oauth/internal"},
		"it must end in /oauth/internal":                           {OAuthEndpoint: "https://x.example/oauth"},
		"oauth_endpoint: the address can't be used: a URL must":    {OAuthEndpoint: "https://u:hush@x.example/oauth/internal"},
		"api_url: ":       {APIURL: "ftp://x"},
		"ws_servers[1]: ": {WSServers: []string{"wss://a", "https://b"}},
	} {
		err := c.Validate()
		if err == nil || !strings.Contains(err.Error(), key) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v", key, err)
		}
	}
	ok := Config{OAuthEndpoint: "https://x.example/oauth/internal/", APIURL: "http://127.0.0.1:1/a", WSServers: []string{"wss://a:8443/ws"}}
	if err := ok.Validate(); err != nil {
		t.Error(err)
	}
}
