package backend

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"

	"phoned/internal/httpcall"
	"phoned/internal/secret"
)

// Client makes the REST calls. Each of them carries the bearer token; a 401
// gives one single-flight refresh and one retry. It is safe for concurrent use.
type Client struct {
	cfg    Config
	http   *httpcall.Client
	tokens *TokenSource
	log    *slog.Logger

	mu   sync.Mutex
	told map[string]bool      // what was logged already
	tags map[string]taggedDoc // the last park slots of a domain
}

type taggedDoc struct {
	etag  string
	slots []ParkSlot
}

func newClient(cfg Config, h *httpcall.Client, t *TokenSource) *Client {
	return &Client{cfg: cfg, http: h, tokens: t, log: cfg.Log, told: map[string]bool{}, tags: map[string]taggedDoc{}}
}

// api makes one call to APIURL.
func (c *Client) api(ctx context.Context, path string, r httpcall.Request) (httpcall.Answer, error) {
	if c.cfg.APIURL == "" {
		return httpcall.Answer{}, fmt.Errorf("%s: api_url: %w", r.Op, ErrNotConfigured)
	}
	r.URL = c.cfg.api(path)
	if !c.cfg.AuthToken.Empty() {
		r.Bearer = c.cfg.AuthToken
		a, err := c.http.Do(ctx, r)
		return a, explain(err)
	}
	return c.authorized(ctx, r)
}

// authorized sends the access token, and once more a fresh one after a 401.
func (c *Client) authorized(ctx context.Context, r httpcall.Request) (httpcall.Answer, error) {
	token, err := c.tokens.Token()
	if err != nil {
		return httpcall.Answer{}, fmt.Errorf("%s: %w", r.Op, err)
	}
	r.Bearer = token
	a, err := c.http.Do(ctx, r)
	if !hasStatus(err, http.StatusUnauthorized) {
		return a, explain(err)
	}
	fresh, err := c.tokens.Refresh(ctx, token)
	if err != nil {
		return httpcall.Answer{}, fmt.Errorf("%s: %w", r.Op, err)
	}
	r.Bearer = fresh
	a, err = c.http.Do(ctx, r)
	return a, explain(err)
}

// explain gives the statuses that mean something here their sentinel.
func explain(err error) error {
	switch {
	case hasStatus(err, http.StatusUnauthorized):
		return fmt.Errorf("%w: %w", ErrUnauthorized, err)
	case hasStatus(err, http.StatusForbidden):
		return fmt.Errorf("%w: %w", ErrForbidden, err)
	}
	return err
}

func hasStatus(err error, status int) bool {
	var he *httpcall.Error
	return errors.As(err, &he) && he.Status == status
}

// session is GET /session.
func (c *Client) session(ctx context.Context, userID string) (Session, error) {
	const op = "session"
	a, err := c.authorized(ctx, httpcall.Request{Op: op, URL: c.cfg.oauth("/session")})
	if err != nil {
		return Session{}, err
	}
	root, err := parse(op, a.Body)
	if err != nil {
		return Session{}, err
	}
	s, err := readSession(root, userID, c.cfg)
	c.remark(root)
	return s, err
}

// signIn is POST /token.
func (c *Client) signIn(ctx context.Context, email string, password secret.String) (Tokens, error) {
	const op = "sign in"
	a, err := c.http.Do(ctx, httpcall.Request{
		Op: op, Method: http.MethodPost, URL: c.cfg.oauth("/token"),
		JSON: map[string]string{"email": email, "password": password.Reveal()},
	})
	if hasStatus(err, http.StatusUnauthorized) || hasStatus(err, http.StatusForbidden) ||
		hasStatus(err, http.StatusBadRequest) || hasStatus(err, http.StatusUnprocessableEntity) {
		return Tokens{}, fmt.Errorf("%w: %w", ErrWrongPassword, err)
	}
	if err != nil {
		return Tokens{}, err
	}
	root, err := parse(op, a.Body)
	if err != nil {
		return Tokens{}, err
	}
	return readTokens(root, secret.String{})
}

// remark logs each unknown field of the answers once, at debug, and each kind
// of element that was passed over once, as a warning: names, never values.
func (c *Client) remark(n node) {
	var fresh []string
	c.mu.Lock()
	for _, f := range n.unknownFields() {
		if c.firstLocked(n.doc.op + f) {
			fresh = append(fresh, f)
		}
	}
	warn := n.doc.skipped != nil && c.firstLocked(withoutIndexes(n.doc.skipped.Error()))
	c.mu.Unlock()
	if len(fresh) > 0 {
		c.log.Debug("answer has unknown fields", "op", n.doc.op, "fields", strings.Join(fresh, " "))
	}
	if warn {
		c.log.Warn("part of an answer was passed over", "op", n.doc.op, "err", n.doc.skipped)
	}
}

// firstLocked says whether something is told for the first time.
func (c *Client) firstLocked(what string) bool {
	if c.told[what] || len(c.told) >= 500 {
		return false
	}
	c.told[what] = true
	return true
}
