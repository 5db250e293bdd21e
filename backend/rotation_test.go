package backend

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"phoned/internal/httpcall"
)

// Whichever write of the vault fails, the valid refresh token is never lost:
// when the vault works again, so does the sign-in.
func TestVaultFailsAtEachWrite(t *testing.T) {
	for n := 1; n <= 6; n++ {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, v := newServer(t), newVault()
				s.api = status(200, `[]`)
				boom := errors.New("disk full")
				// Three failures in a row from the n-th write on.
				v.fail = func(i int) error {
					if i >= n && i < n+3 {
						return boom
					}
					return nil
				}
				r := newRig(t, s, v, nil).start(Tokens{})
				for i := 0; r.SignIn(t.Context(), email, password) != nil; i++ {
					if i > 10 {
						t.Fatal("never signed in")
					}
					time.Sleep(time.Minute)
				}
				for range 3 {
					s.expire()
					for i := 0; ; i++ {
						_, err := r.API().ParkSlots(t.Context(), "x")
						if err == nil {
							break
						}
						if errors.Is(err, ErrSignInLost) || i > 10 {
							t.Fatalf("attempt %d: %v", i, err)
						}
						if errors.Is(err, ErrVault) && ProblemOf(err).Code != CodeStorage {
							t.Errorf("got %+v", ProblemOf(err))
						}
						time.Sleep(time.Minute)
					}
				}
				if v.get(vaultRefresh) != s.tokens().Refresh.Reveal() {
					t.Error("the vault does not hold the valid token")
				}
				r.Close()
				r = newRig(t, s, v.copy(), nil).start(Tokens{})
				until[SignedIn](r)
			})
		})
	}
}

// The power goes after each write: what is in the vault then signs in, or the
// server has answered a rotation that never reached us.
func TestPowerCutAfterEachWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, v := newServer(t), newVault()
		s.api = status(200, `[]`)
		r := newRig(t, s, v, nil).start(Tokens{})
		if err := r.SignIn(t.Context(), email, password); err != nil {
			t.Fatal(err)
		}
		for range 4 {
			// Whatever is used now is on the disk already: a copy taken at the
			// moment of use must work by itself.
			s.expire()
			if _, err := r.API().ParkSlots(t.Context(), "x"); err != nil {
				t.Fatal(err)
			}
			again := newRig(t, s, v.copy(), nil).start(Tokens{})
			until[SignedIn](again)
			if again.vault.get(vaultRefresh) != s.tokens().Refresh.Reveal() {
				t.Error("the copy does not hold the valid token")
			}
			again.Close()
		}
	})
}

func TestLostAnswerOfARotationIsSeenAsLostOnlyByTheServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, v := newServer(t), newVault()
		r := newRig(t, s, v, nil).start(s.tokens())
		until[SignedIn](r)
		s.expire()
		s.fail("/refresh-token", s.lostAnswer)
		if err := r.Refresh(t.Context()); !errors.Is(err, httpcall.ErrUnreachable) {
			t.Fatalf("got %v", err)
		}
		if r.State() != StateSignedIn || v.get(vaultRefresh) == "" {
			t.Fatal("signed out by a broken connection")
		}
		// The strict server refuses the spent token afterwards.
		if lost := until[Lost](r); !errors.Is(lost.Err, ErrSignInLost) || !errors.Is(lost.Err, ErrAnswerLost) {
			t.Errorf("lost by %v", lost.Err)
		}
	})
}

// A server that takes the token before the last one again gives the sign-in
// back: the retry brings the tokens whose first copy got lost.
func TestLostAnswerAndAPatientServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, v := newServer(t), newVault()
		r := newRig(t, s, v, nil).start(s.tokens())
		until[SignedIn](r)
		s.expire()
		before := s.tokens().Refresh
		s.fail("/refresh-token", s.lostAnswer, func(w http.ResponseWriter, req *http.Request) {
			b, _ := io.ReadAll(req.Body)
			s.mu.Lock()
			defer s.mu.Unlock()
			if !strings.Contains(string(b), before.Reveal()) {
				t.Errorf("asked with another token than the one in use")
			}
			fmt.Fprintf(w, `{"access_token":%q,"refresh_token":%q}`, s.access, s.refresh)
		})
		if err := r.Refresh(t.Context()); !errors.Is(err, httpcall.ErrUnreachable) {
			t.Fatalf("got %v", err)
		}
		until[TokenRefreshed](r)
		until[ProblemCleared](r)
		if r.State() != StateSignedIn || v.get(vaultRefresh) != s.tokens().Refresh.Reveal() {
			t.Error("the second answer was not taken")
		}
	})
}

// A status says that nothing was done: a refusal after it is no lost answer.
func TestRefusalAfterTroubleIsNoLostAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t)
		r := newRig(t, s, newVault(), nil).start(s.tokens())
		until[SignedIn](r)
		s.expire()
		s.fail("/refresh-token", status(503, "later"), status(400, `{"error":"invalid_grant"}`))
		if err := r.Refresh(t.Context()); err == nil {
			t.Fatal("no error")
		}
		if lost := until[Lost](r); errors.Is(lost.Err, ErrAnswerLost) {
			t.Errorf("lost by %v", lost.Err)
		}
	})
}

// A phone that is stopped does not wait for ever for a server that is silent.
func TestClosingWaitsForARotationOnlySoLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t)
		r := newRig(t, s, newVault(), nil).start(s.tokens())
		until[SignedIn](r)
		s.expire()
		s.fail("/refresh-token", hang)
		go func() { _ = r.Refresh(t.Context()) }()
		synctest.Wait()
		began := time.Now()
		r.Close()
		if d := time.Since(began); d > settleTime {
			t.Errorf("closed after %v", d)
		}
	})
}

func TestHalfARotationKeepsTheNewRefreshToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, v := newServer(t), newVault()
		r := newRig(t, s, v, nil).start(s.tokens())
		until[SignedIn](r)
		s.expire()
		s.fail("/refresh-token", func(w http.ResponseWriter, _ *http.Request) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.rotate()
			fmt.Fprintf(w, `{"access_token":7.5,"refresh_token":%q}`, s.refresh)
			s.access = "not told"
		})
		if err := r.Refresh(t.Context()); !errors.Is(err, ErrAnswer) {
			t.Fatalf("got %v", err)
		}
		if v.get(vaultRefresh) != s.tokens().Refresh.Reveal() {
			t.Fatal("the new refresh token was dropped")
		}
		until[TokenRefreshed](r)
		until[ProblemCleared](r)
	})
}

// brim is a vault on a disk that may be full.
type brim struct {
	Vault
	full atomic.Bool
}

var errBrim = errors.New("disk full")

func (b *brim) Ready() error {
	if b.full.Load() {
		return errBrim
	}
	return nil
}

// A rotation voids the token on the disk: it is not asked for while the new one
// could not be kept.
func TestNoRotationOnAFullDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t)
		r := newRig(t, s, newVault(), nil)
		disk := &brim{Vault: r.tokens.vault}
		r.tokens.vault = disk
		r.start(s.tokens())
		until[SignedIn](r)
		disk.full.Store(true)
		s.expire()
		if err := r.Refresh(t.Context()); !errors.Is(err, ErrVault) || !errors.Is(err, errBrim) || ProblemOf(err).Code != CodeStorage {
			t.Fatalf("got %v", err)
		}
		if n := s.count("POST /refresh-token"); n != 0 {
			t.Errorf("%d rotations", n)
		}
		disk.full.Store(false)
		until[TokenRefreshed](r)
		until[ProblemCleared](r)
	})
}
