package backend

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"phoned/internal/backoff"
	"phoned/internal/httpcall"
	"phoned/internal/secret"
)

// TokenSource holds the tokens and rotates them. However many callers meet a
// 401 at once, one refresh goes out (single flight); both new tokens are in the
// vault before any caller gets one.
//
// When the vault can't take them they stay in memory, unused, and are offered
// to it again at the next call: the only valid refresh token is never dropped,
// and the spent one is not sent again. It is safe for concurrent use.
type TokenSource struct {
	cfg   Config
	http  *httpcall.Client
	vault Vault
	log   *slog.Logger
	// rotated is told of every saved rotation, lost of a refused one; both on
	// the refreshing goroutine, with no lock held.
	rotated func(answer node)
	lost    func(err error)

	mu      sync.Mutex
	tokens  Tokens
	unsaved *Tokens // received, not yet in the vault
	flight  *flight
	gen     int // counts sign-ins and sign-outs: a late answer is dropped
	wait    *backoff.Backoff
	notTill time.Time // no refresh before this
	lastErr error     // why
	// unanswered: the last refresh may have been carried out, and its answer
	// got lost. The token in use is then spent, unless the server is patient.
	unanswered bool
	running    sync.WaitGroup
	life       context.Context // of rotations, which outlive who asked for them
	giveUp     context.CancelFunc
}

type flight struct {
	done  chan struct{}
	token secret.String
	err   error
}

func newTokenSource(cfg Config, vault Vault, client *httpcall.Client) *TokenSource {
	t := &TokenSource{
		cfg: cfg, http: client, vault: vault, log: cfg.Log,
		rotated: func(node) {}, lost: func(error) {},
		wait: backoff.New(retryFirst, retryMax, retryJitter, cfg.Rand),
	}
	t.life, t.giveUp = context.WithCancel(context.Background())
	return t
}

// Waits between attempts at something that failed.
const (
	retryFirst  = time.Second
	retryMax    = 5 * time.Minute
	retryJitter = 0.5
)

// load takes the tokens from the vault, if they belong to our endpoint.
func (t *TokenSource) load() error {
	var got [3]secret.String
	for i, name := range []string{vaultAccess, vaultRefresh, vaultEndpoint} {
		v, err := t.vault.Get(name)
		if err != nil {
			return fmt.Errorf("read the sign-in: %w: %w", ErrVault, err)
		}
		got[i] = v
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.gen++
	t.tokens, t.unsaved = Tokens{}, nil
	if got[1].Empty() || got[2].Reveal() != t.cfg.oauth("") {
		return ErrSignedOut
	}
	t.tokens = Tokens{Access: got[0], Refresh: got[1]}
	return nil
}

// adopt saves tokens of a new sign-in, with more values in the same write, and
// uses them after that.
func (t *TokenSource) adopt(n Tokens, more map[string]secret.String) error {
	values := map[string]secret.String{}
	for k, v := range more {
		values[k] = v
	}
	values[vaultAccess], values[vaultRefresh] = n.Access, n.Refresh
	values[vaultEndpoint] = secret.New(t.cfg.oauth(""))
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.vault.Set(values); err != nil {
		return fmt.Errorf("sign in: %w: %w", ErrVault, err)
	}
	t.gen++
	t.tokens, t.unsaved, t.flight = n, nil, nil
	t.notTill, t.lastErr, t.unanswered = time.Time{}, nil, false
	t.wait.Reset()
	return nil
}

// forget drops the tokens from memory; the vault is the caller's business.
func (t *TokenSource) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.gen++
	t.tokens, t.unsaved, t.flight, t.unanswered = Tokens{}, nil, nil, false
}

// Token gives the access token in use. ErrSignedOut: there is none; ErrVault:
// there is one that can't be saved.
func (t *TokenSource) Token() (secret.String, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.saveLocked(); err != nil {
		return secret.String{}, err
	}
	if t.tokens.Refresh.Empty() {
		return secret.String{}, ErrSignedOut
	}
	return t.tokens.Access, nil
}

// saveLocked brings what a refresh gave into the vault, then into use.
func (t *TokenSource) saveLocked() error {
	if t.unsaved == nil {
		return nil
	}
	err := t.vault.Set(map[string]secret.String{vaultAccess: t.unsaved.Access, vaultRefresh: t.unsaved.Refresh})
	if err != nil {
		return fmt.Errorf("refresh the sign-in: %w: %w", ErrVault, err)
	}
	t.tokens, t.unsaved = *t.unsaved, nil
	return nil
}

// Refresh gives a token newer than stale: the one in use if that is newer
// already, else the result of one rotation shared by all callers. ctx ends the
// wait of this caller, not the rotation. ErrSignInLost: the server refused the
// rotation itself. Anything else leaves the tokens as they are; until the
// back-off (or Retry-After) has passed, further calls get the same error at
// once.
func (t *TokenSource) Refresh(ctx context.Context, stale secret.String) (secret.String, error) {
	t.mu.Lock()
	if err := t.saveLocked(); err != nil {
		t.mu.Unlock()
		return secret.String{}, err
	}
	switch {
	case t.tokens.Refresh.Empty():
		t.mu.Unlock()
		return secret.String{}, ErrSignedOut
	case t.tokens.Access != stale && !t.tokens.Access.Empty():
		defer t.mu.Unlock()
		return t.tokens.Access, nil
	case t.flight == nil && t.cfg.Clock.Now().Before(t.notTill):
		defer t.mu.Unlock()
		return secret.String{}, t.lastErr
	}
	f := t.flight
	if f == nil {
		f = &flight{done: make(chan struct{})}
		t.flight = f
		gen, old := t.gen, t.tokens
		t.running.Go(func() { t.rotate(t.life, f, gen, old) })
	}
	t.mu.Unlock()
	select {
	case <-f.done:
		return f.token, f.err
	case <-ctx.Done():
		return secret.String{}, ctx.Err()
	}
}

// rotate is the one refresh on its way. httpcall bounds its time.
func (t *TokenSource) rotate(ctx context.Context, f *flight, gen int, old Tokens) {
	var next Tokens
	var answer node
	err := t.ready()
	if err == nil {
		next, answer, err = t.ask(ctx, old.Refresh)
	}
	t.mu.Lock()
	if t.gen != gen { // signed out or in meanwhile
		t.mu.Unlock()
		f.err = ErrSignedOut
		close(f.done)
		return
	}
	t.flight = nil
	gone := false
	switch {
	case err == nil:
		t.unsaved, t.unanswered = &next, false
		t.wait.Reset()
		t.notTill = time.Time{}
		if err = t.saveLocked(); err == nil {
			f.token = t.tokens.Access
		}
	case errors.Is(err, ErrSignInLost):
		if t.unanswered {
			err = fmt.Errorf("%w: %w", ErrAnswerLost, err)
		}
		t.tokens, t.unanswered, gone = Tokens{}, false, true
		t.gen++
	default:
		if !next.Refresh.Empty() { // half an answer: the old one is spent
			t.unsaved = &Tokens{Access: old.Access, Refresh: next.Refresh}
			_ = t.saveLocked() // tried again at the next call
		}
		t.unanswered = next.Refresh.Empty() && (t.unanswered || mayHaveArrived(err))
		t.notTill = t.cfg.Clock.Now().Add(max(t.wait.Next(), retryAfterOf(err)))
		t.lastErr = err
	}
	f.err = err
	t.mu.Unlock()
	switch {
	case gone:
		t.log.Info("the server ended the sign-in", "err", err)
		t.lost(err)
	case err == nil:
		t.log.Debug("tokens rotated")
		t.rotated(answer)
	default:
		t.log.Warn("refresh of the sign-in failed", "err", err)
	}
	close(f.done)
}

// refreshTime is how long the answer to a refresh is waited for: longer than
// anything else, because giving up costs the sign-in if the server was only slow.
const refreshTime = time.Minute

// mayHaveArrived: the server may have carried the request out, although it was
// not told so: no answer, or one that can't be read. Any status that is not 2xx
// says that it was not.
func mayHaveArrived(err error) bool {
	var he *httpcall.Error
	if !errors.As(err, &he) {
		return errors.Is(err, ErrAnswer)
	}
	return he.Status == 0 && (errors.Is(err, httpcall.ErrUnreachable) || errors.Is(err, httpcall.ErrTooLarge))
}

// ready keeps a rotation from being asked for while its answer could not be
// kept: the server would void the refresh token on the disk.
func (t *TokenSource) ready() error {
	v, ok := t.vault.(Prober)
	if !ok {
		return nil
	}
	if err := v.Ready(); err != nil {
		return fmt.Errorf("refresh the sign-in: %w: %w", ErrVault, err)
	}
	return nil
}

// ask is POST /refresh-token.
func (t *TokenSource) ask(ctx context.Context, refresh secret.String) (Tokens, node, error) {
	const op = "refresh the sign-in"
	a, err := t.http.Do(ctx, httpcall.Request{
		Op: op, Method: http.MethodPost, URL: t.cfg.oauth("/refresh-token"),
		JSON: map[string]string{"refresh_token": refresh.Reveal()}, Timeout: max(refreshTime, t.cfg.Timeout),
	})
	var he *httpcall.Error
	if errors.As(err, &he) {
		if he.Status == http.StatusBadRequest && he.OAuth == "invalid_grant" ||
			he.Status == http.StatusUnauthorized || he.Status == http.StatusForbidden {
			return Tokens{}, node{}, fmt.Errorf("%w: %w", ErrSignInLost, err)
		}
		return Tokens{}, node{}, err
	}
	if err != nil {
		return Tokens{}, node{}, err
	}
	root, err := parse(op, a.Body)
	if err != nil {
		return Tokens{}, node{}, err
	}
	n, err := readTokens(root, refresh)
	return n, root, err
}

// readTokens reads both tokens, at the top level or under data. old is kept
// where the answer brings no new refresh token (RFC 6749 §6). With an error,
// Refresh may be set all the same, and has then replaced the old one.
func readTokens(root node, old secret.String) (Tokens, error) {
	root = underData(underData(root, "access_token"), "refresh_token")
	n := Tokens{Refresh: secret.New(root.get("refresh_token").optText())}
	if n.Refresh.Empty() && root.doc.err == nil {
		if old.Empty() {
			root.get("refresh_token").fail("a text that is not empty")
		}
		n.Refresh = old
	}
	n.Access = secret.New(root.get("access_token").text())
	return n, root.doc.err
}

// settleTime is how long a phone that is being stopped waits for a rotation:
// its service manager does not wait much longer.
const settleTime = 5 * time.Second

// settle waits until no rotation is on its way: one that the server has
// committed must reach the disk.
func (t *TokenSource) settle() {
	late := t.cfg.Clock.AfterFunc(settleTime, t.giveUp)
	defer late.Stop()
	t.running.Wait()
}

func retryAfterOf(err error) time.Duration {
	var he *httpcall.Error
	if errors.As(err, &he) {
		return he.RetryAfter
	}
	return 0
}

// uses says whether these are the tokens in use.
func (t *TokenSource) uses(o Tokens) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.tokens.Refresh == o.Refresh
}
