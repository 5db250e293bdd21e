package backend

import (
	"context"
	"errors"
	"log/slog"
	"sync"

	"phoned/internal/backoff"
	"phoned/internal/clock"
	"phoned/internal/health"
	"phoned/internal/httpcall"
	"phoned/internal/secret"
)

// Account runs a sign-in: from tokens in the vault, from provisioned tokens or
// from e-mail and password to a Session, and keeps it through everything but
// the server's own refusal of the refresh. Its methods are safe for concurrent
// use.
//
//	caller ──SignIn/SignOut/Refresh──▶ inbox ──▶ run ──Event──▶ notify
//	rotation ──rotated/lost──────────▶   ▲         └──fetch──▶ GET /session
//	timer ──retry────────────────────▶   └────────────result───────┘
type Account struct {
	cfg    Config
	vault  Vault
	notify func(Event)
	log    *slog.Logger
	http   *httpcall.Client
	tokens *TokenSource
	api    *Client
	inbox  inbox
	cancel context.CancelFunc
	done   chan struct{}
	work   sync.WaitGroup // fetches

	// Owned by run; mu guards reads from outside.
	mu      sync.Mutex
	state   State
	session Session
	cached  bool
	email   string

	fetchGen int
	stopOp   context.CancelFunc
	retry    clock.Timer
	wait     *backoff.Backoff
	problem  health.Problem // the one that is true, Code "": none
	waiters  []chan error   // for the result of the fetch on its way
}

// NewAccount checks the configuration. notify gets every event; see Event.
func NewAccount(cfg Config, vault Vault, notify func(Event)) (*Account, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if vault == nil || notify == nil {
		panic("backend: NewAccount needs a vault and a receiver of events")
	}
	cfg.defaults()
	h := cfg.client()
	a := &Account{
		cfg: cfg, vault: vault, notify: notify, log: cfg.Log, done: make(chan struct{}),
		wait: backoff.New(retryFirst, retryMax, retryJitter, cfg.Rand),
	}
	a.inbox.signal = make(chan struct{}, 1)
	a.http = h
	a.tokens = newTokenSource(cfg, vault, h)
	a.tokens.rotated = func(answer node) { a.inbox.post(func(ctx context.Context) { a.onRotated(answer) }) }
	a.tokens.lost = func(err error) { a.inbox.post(func(ctx context.Context) { a.onLost(err) }) }
	a.api = newClient(cfg, h, a.tokens)
	return a, nil
}

// Start loads the sign-in and runs until ctx ends or Close; it returns at once.
// provisioned are tokens of the configuration: they are taken when nobody is
// signed in, and only once, because the first rotation spends them.
// Start must be called once.
func (a *Account) Start(ctx context.Context, provisioned Tokens) {
	ctx, a.cancel = context.WithCancel(ctx)
	a.inbox.post(func(ctx context.Context) { a.begin(ctx, provisioned) })
	go a.run(ctx)
}

// Close ends the Account and waits for a rotation on its way, so that new
// tokens reach the vault. The sign-in stays in the vault.
func (a *Account) Close() {
	if a.cancel == nil { // never started
		return
	}
	a.cancel()
	<-a.done
	a.http.Close()
}

// API gives the REST calls of this sign-in.
func (a *Account) API() *Client { return a.api }

// State says how far signing in is.
func (a *Account) State() State { a.mu.Lock(); defer a.mu.Unlock(); return a.state }

// Session gives the lines; false: there are none.
func (a *Account) Session() (Session, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.session, a.state == StateSignedIn
}

// Email is who signed in by e-mail and password; "": by other means.
func (a *Account) Email() string { a.mu.Lock(); defer a.mu.Unlock(); return a.email }

// SignIn signs in by e-mail and password and waits for the first answer about
// the session. With the same e-mail when signed in it warns and changes
// nothing. ErrWrongPassword, or what ProblemOf puts into words; an error after
// the tokens were accepted (no session yet) leaves the Account trying.
func (a *Account) SignIn(ctx context.Context, email string, password secret.String) error {
	if a.cfg.OAuthEndpoint == "" {
		return ErrNotConfigured
	}
	if a.State() == StateSignedIn && a.Email() == email && email != "" {
		a.log.Warn("sign-in ignored: signed in as the same person already")
		return nil
	}
	tokens, err := a.api.signIn(ctx, email, password)
	if err != nil {
		a.inbox.post(func(context.Context) {
			if a.state != StateSignedIn {
				a.raise(err)
			}
		})
		return err
	}
	return a.enter(ctx, tokens, email)
}

// SignInWithTokens signs in with tokens and waits for the first answer about
// the session. With the tokens in use it warns and changes nothing.
func (a *Account) SignInWithTokens(ctx context.Context, t Tokens) error {
	switch {
	case a.cfg.OAuthEndpoint == "":
		return ErrNotConfigured
	case t.Refresh.Empty():
		return ErrSignedOut
	}
	if a.State() == StateSignedIn && a.tokens.uses(t) {
		a.log.Warn("sign-in ignored: these tokens are in use already")
		return nil
	}
	return a.enter(ctx, t, "")
}

// SignOut ends the call of the sign-in: tokens and session are wiped from
// memory and vault. When signed out it warns and changes nothing.
func (a *Account) SignOut(ctx context.Context) error {
	result := make(chan error, 1)
	a.inbox.post(func(context.Context) { result <- a.leave() })
	return a.await(ctx, result)
}

// Refresh re-initialises: it fetches the session again and tells what changed;
// it also ends a wait between attempts. It waits for the answer.
func (a *Account) Refresh(ctx context.Context) error {
	result := make(chan error, 1)
	a.inbox.post(func(ctx context.Context) {
		if a.state == StateSignedOut || a.state == StateLost {
			result <- ErrSignedOut
			return
		}
		a.waiters = append(a.waiters, result)
		a.wait.Reset()
		a.fetch(ctx)
	})
	return a.await(ctx, result)
}

// enter takes tokens into use on the run goroutine and waits for the session.
func (a *Account) enter(ctx context.Context, t Tokens, email string) error {
	result := make(chan error, 1)
	a.inbox.post(func(ctx context.Context) {
		if err := a.adopt(ctx, t, email); err != nil {
			result <- err
			return
		}
		a.waiters = append(a.waiters, result)
	})
	return a.await(ctx, result)
}

func (a *Account) await(ctx context.Context, result chan error) error {
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-a.done:
		return ErrClosed
	}
}

// run owns the state: one closure after the other.
func (a *Account) run(ctx context.Context) {
	defer close(a.done)
	for {
		for _, f := range a.inbox.take() {
			if ctx.Err() == nil {
				f(ctx)
			}
		}
		select {
		case <-ctx.Done():
			a.halt()
			a.work.Wait()
			a.tokens.settle()
			return
		case <-a.inbox.signal:
		}
	}
}

// halt stops the fetch and the timer.
func (a *Account) halt() {
	a.fetchGen++
	if a.stopOp != nil {
		a.stopOp()
		a.stopOp = nil
	}
	if a.retry != nil {
		a.retry.Stop()
		a.retry = nil
	}
}

func (a *Account) answerWaiters(err error) {
	for _, w := range a.waiters {
		w <- err
	}
	a.waiters = nil
}

// set changes what others may read.
func (a *Account) set(f func()) { a.mu.Lock(); f(); a.mu.Unlock() }

// inbox is the queue into run; posting never blocks.
type inbox struct {
	mu     sync.Mutex
	queue  []func(context.Context)
	signal chan struct{}
}

func (q *inbox) post(f func(context.Context)) {
	q.mu.Lock()
	q.queue = append(q.queue, f)
	q.mu.Unlock()
	select {
	case q.signal <- struct{}{}:
	default:
	}
}

func (q *inbox) take() []func(context.Context) {
	q.mu.Lock()
	defer q.mu.Unlock()
	out := q.queue
	q.queue = nil
	return out
}

// isGone: the sign-in ended under the request; its own event tells of it.
func isGone(err error) bool {
	return errors.Is(err, ErrSignInLost) || errors.Is(err, ErrSignedOut)
}
