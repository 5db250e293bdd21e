package backend

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"

	"phoned/internal/health"
	"phoned/internal/secret"
)

// Everything here runs on Account.run.

const vaultEmail = "oauth.email"

// begin finds out where we are at the start.
func (a *Account) begin(ctx context.Context, provisioned Tokens) {
	if a.cfg.OAuthEndpoint == "" {
		a.raise(ErrNotConfigured)
		a.notify(SignedOut{})
		return
	}
	err := a.tokens.load()
	switch {
	case err == nil:
		a.resume(ctx)
	case errors.Is(err, ErrSignedOut) && !provisioned.Refresh.Empty() && a.isNew(provisioned):
		if err := a.adopt(ctx, provisioned, ""); err != nil {
			a.notify(SignedOut{})
		}
	default:
		if !errors.Is(err, ErrSignedOut) {
			a.raise(err)
		}
		a.notify(SignedOut{})
	}
}

// resume goes on with the tokens of the vault; a cached session lets the lines
// register while the server can't be reached.
func (a *Account) resume(ctx context.Context) {
	s, ok := a.cachedSession()
	email, _ := a.vault.Get(vaultEmail)
	a.set(func() { a.email = email.Reveal() })
	if ok {
		a.set(func() { a.state, a.session, a.cached = StateSignedIn, s, true })
		a.notify(SignedIn{Session: s, Cached: true})
	} else {
		a.set(func() { a.state = StateSigningIn })
		a.notify(SigningIn{})
	}
	a.fetch(ctx)
}

// isNew: provisioned tokens are taken once; after a rotation they are spent,
// and after a sign-out they must not bring the person back.
func (a *Account) isNew(t Tokens) bool {
	had, err := a.vault.Get(vaultAdopted)
	return err == nil && had.Reveal() != digest(t.Refresh)
}

func digest(s secret.String) string {
	h := sha256.Sum256([]byte(s.Reveal()))
	return hex.EncodeToString(h[:])
}

// adopt starts a sign-in with new tokens.
func (a *Account) adopt(ctx context.Context, t Tokens, email string) error {
	err := a.tokens.adopt(t, map[string]secret.String{
		vaultAdopted: secret.New(digest(t.Refresh)), vaultEmail: secret.New(email),
		vaultSession: {}, vaultUser: {},
	})
	if err != nil {
		a.raise(err)
		return err
	}
	a.halt()
	a.answerWaiters(ErrSignedOut)
	if a.state == StateSignedIn {
		a.notify(SignedOut{})
	}
	a.set(func() { a.state, a.session, a.cached, a.email = StateSigningIn, Session{}, false, email })
	a.wait.Reset()
	a.clear()
	a.notify(SigningIn{})
	a.fetch(ctx)
	return nil
}

// fetch asks for the session unless that is on its way.
func (a *Account) fetch(ctx context.Context) {
	if a.retry != nil {
		a.retry.Stop()
		a.retry = nil
	}
	if a.stopOp != nil {
		return
	}
	ctx, a.stopOp = context.WithCancel(ctx)
	a.fetchGen++
	gen, user := a.fetchGen, a.session.UserID
	a.work.Go(func() {
		s, err := a.api.session(ctx, user)
		a.inbox.post(func(ctx context.Context) {
			if gen == a.fetchGen {
				a.fetched(ctx, s, err)
			}
		})
	})
}

func (a *Account) fetched(ctx context.Context, s Session, err error) {
	a.stopOp()
	a.stopOp = nil
	defer a.answerWaiters(err)
	switch {
	case err == nil:
		a.wait.Reset()
		a.clear()
		a.take(s)
	case isGone(err): // onLost or leave has told of it
	default:
		a.raise(err)
		after := max(a.wait.Next(), retryAfterOf(err))
		gen := a.fetchGen
		a.retry = a.cfg.Clock.AfterFunc(after, func() {
			a.inbox.post(func(ctx context.Context) {
				if gen == a.fetchGen {
					a.fetch(ctx)
				}
			})
		})
		a.log.Warn("session not available", "err", err, "retry", after.Round(time.Millisecond))
	}
}

// take applies a session that the server gave.
func (a *Account) take(s Session) {
	changed := a.state != StateSignedIn || a.cached || !a.session.Equal(s)
	store := a.state != StateSignedIn || !a.session.Equal(s)
	a.set(func() { a.state, a.session, a.cached = StateSignedIn, s, false })
	if store {
		a.saveSession(s)
	}
	if changed {
		a.log.Info("signed in", "lines", len(s.Lines))
		a.notify(SignedIn{Session: s})
	}
}

// onRotated: the tokens changed; the answer may bring changed lines as well.
func (a *Account) onRotated(answer node) {
	if a.state == StateSignedOut || a.state == StateLost {
		return
	}
	a.notify(TokenRefreshed{UserID: a.session.UserID})
	if a.state != StateSignedIn || a.stopOp != nil {
		return // a fetch is on its way and knows better
	}
	top := underData(answer, "user")
	if !top.get("user").get("dialer_config").present() {
		return
	}
	if s, err := readSession(answer, a.session.UserID, a.cfg); err == nil {
		a.take(s)
	}
}

// onLost: the server refused the refresh.
func (a *Account) onLost(err error) {
	if a.state == StateSignedOut || a.state == StateLost {
		return
	}
	a.halt()
	never := a.state != StateSignedIn
	_ = a.forget(StateLost) // logged there; the tokens are worthless now
	a.raise(err)
	a.notify(Lost{Err: err, Never: never})
	a.answerWaiters(err)
}

// leave is the sign-out by a person.
func (a *Account) leave() error {
	if a.state == StateSignedOut {
		a.log.Warn("sign-out ignored: nobody is signed in")
		return nil
	}
	a.halt()
	a.clear()
	err := a.forget(StateSignedOut)
	if err != nil {
		a.raise(err)
	}
	a.log.Info("signed out")
	a.notify(SignedOut{})
	a.answerWaiters(ErrSignedOut)
	return err
}

// forget wipes the sign-in. The digest of provisioned tokens stays.
func (a *Account) forget(next State) error {
	a.tokens.forget()
	a.set(func() { a.state, a.session, a.cached, a.email = next, Session{}, false, "" })
	err := a.vault.Wipe(vaultAccess, vaultRefresh, vaultEndpoint, vaultUser, vaultSession, vaultEmail)
	if err != nil {
		a.log.Error("the sign-in could not be wiped", "err", err)
		return errors.Join(ErrVault, err)
	}
	return nil
}

// raise makes err the one problem that is true.
func (a *Account) raise(err error) {
	p := ProblemOf(err)
	if a.problem.Code != "" && (a.problem.Code != p.Code || a.problem.Subject != p.Subject) {
		a.clear()
	}
	if a.problem == p {
		return
	}
	a.problem = p
	a.notify(ProblemRaised{p})
}

func (a *Account) clear() {
	if a.problem.Code == "" {
		return
	}
	p := a.problem
	a.problem = health.Problem{}
	a.notify(ProblemCleared{p.Code, p.Subject})
}

// savedSession is a Session in the vault. The password is derived again.
type savedSession struct {
	UserID    string      `json:"userId"`
	FetchedAt time.Time   `json:"fetchedAt"`
	Lines     []savedLine `json:"lines"`
}

type savedLine struct {
	Extension string   `json:"extension"`
	SIPDomain string   `json:"sipDomain"`
	Servers   []string `json:"servers"`
	DomainID  string   `json:"domainId,omitempty"`
}

func (a *Account) saveSession(s Session) {
	out := savedSession{UserID: s.UserID, FetchedAt: s.FetchedAt}
	for _, l := range s.Lines {
		out.Lines = append(out.Lines, savedLine{l.Extension, l.SIPDomain, l.Servers, l.DomainID})
	}
	b, err := json.Marshal(out)
	if err == nil {
		err = a.vault.Set(map[string]secret.String{vaultSession: secret.New(string(b)), vaultUser: secret.New(s.UserID)})
	}
	if err != nil {
		// The phone works; only the next start needs the server.
		a.log.Warn("the session could not be kept for the next start", "err", err)
	}
}

func (a *Account) cachedSession() (Session, bool) {
	v, err := a.vault.Get(vaultSession)
	if err != nil || v.Empty() {
		return Session{}, false
	}
	var in savedSession
	if json.Unmarshal([]byte(v.Reveal()), &in) != nil || in.UserID == "" || len(in.Lines) == 0 {
		return Session{}, false
	}
	s := Session{UserID: in.UserID, FetchedAt: in.FetchedAt}
	for _, l := range in.Lines {
		if len(a.cfg.WSServers) > 0 {
			l.Servers = a.cfg.WSServers
		}
		if a.cfg.DomainID != "" {
			l.DomainID = a.cfg.DomainID
		}
		s.Lines = append(s.Lines, Line{
			ID: l.Extension + "@" + l.SIPDomain, Extension: l.Extension, SIPDomain: l.SIPDomain,
			Servers: l.Servers, DomainID: l.DomainID, Password: secret.New(in.UserID + "@" + l.SIPDomain),
		})
	}
	return s, true
}
