package provisioning

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"phoned/backend"
	"phoned/internal/clock"
	"phoned/internal/httpcall"
	"phoned/internal/secret"
)

// What the device authorization grant can end with.
var (
	// ErrDenied: the person said no.
	ErrDenied = errors.New("the sign-in was refused on the other device")
	// ErrExpired: nobody entered the code in time; ask for a new one.
	ErrExpired = errors.New("the code has expired")
	// ErrGrant: the server does not take part in the grant as it should.
	ErrGrant = errors.New("the server does not offer sign-in by a code")
)

// DeviceGrant signs in by a code that a person enters on another device: the
// OAuth device authorization grant, RFC 8628. It is for one sign-in at a time.
type DeviceGrant struct {
	// Endpoint is the device authorization endpoint, TokenEndpoint the token
	// endpoint; both from the configuration.
	Endpoint, TokenEndpoint string
	ClientID                string
	Scope                   string // may be empty
	HTTP                    *httpcall.Client
	Clock                   clock.Clock  // nil: clock.Real
	Log                     *slog.Logger // nil: discard
}

// Prompt is what the person is shown.
type Prompt struct {
	UserCode string
	// URI is where to enter it; URIComplete, may be empty, has it entered
	// already and is for the QR code.
	URI, URIComplete string
	Expires          time.Time

	device   secret.String
	interval time.Duration
}

// RFC 8628 §3.2, §3.5: the interval when none is given, and what slow_down adds.
const (
	defaultInterval = 5 * time.Second
	slowDown        = 5 * time.Second
	maxInterval     = time.Minute
	maxCodeLife     = time.Hour
)

// Start asks for a code (RFC 8628 §3.1).
func (g *DeviceGrant) Start(ctx context.Context) (Prompt, error) {
	const op = "ask for a code"
	form := url.Values{"client_id": {g.ClientID}}
	if g.Scope != "" {
		form.Set("scope", g.Scope)
	}
	a, err := g.HTTP.Do(ctx, httpcall.Request{Op: op, Method: http.MethodPost, URL: g.Endpoint, Form: form})
	if err != nil {
		return Prompt{}, err
	}
	return readPrompt(a.Body, g.now())
}

// readPrompt reads RFC 8628 §3.2.
func readPrompt(body []byte, now time.Time) (Prompt, error) {
	var in struct {
		DeviceCode              string      `json:"device_code"`
		UserCode                string      `json:"user_code"`
		VerificationURI         string      `json:"verification_uri"`
		VerificationURIComplete string      `json:"verification_uri_complete"`
		ExpiresIn               json.Number `json:"expires_in"`
		Interval                json.Number `json:"interval"`
	}
	bad := func(field string) error { return fmt.Errorf("%w: %s is missing or wrong", ErrGrant, field) }
	if json.Unmarshal(body, &in) != nil {
		return Prompt{}, bad("its answer")
	}
	life, lerr := in.ExpiresIn.Int64()
	if in.ExpiresIn == "" || lerr != nil || life <= 0 {
		return Prompt{}, bad("expires_in")
	}
	p := Prompt{
		UserCode: in.UserCode, URI: in.VerificationURI, URIComplete: in.VerificationURIComplete,
		Expires: now.Add(time.Duration(min(life, int64(maxCodeLife/time.Second))) * time.Second),
		device:  secret.New(in.DeviceCode), interval: defaultInterval,
	}
	if in.Interval != "" {
		n, err := in.Interval.Int64()
		if err != nil || n < 0 {
			return Prompt{}, bad("interval")
		}
		p.interval = time.Duration(min(max(n, 1), int64(maxInterval/time.Second))) * time.Second
	}
	switch {
	case in.DeviceCode == "":
		return Prompt{}, bad("device_code")
	case p.UserCode == "" || len(p.UserCode) > 40 || !printableASCII(p.UserCode):
		return Prompt{}, bad("user_code")
	case !shownURL(p.URI):
		return Prompt{}, bad("verification_uri")
	case p.URIComplete != "" && !shownURL(p.URIComplete):
		p.URIComplete = "" // the short one still serves
	}
	return p, nil
}

// shownURL: fit for a person and a QR code.
func shownURL(s string) bool {
	_, err := httpcall.CheckURL(s)
	return err == nil && len(s) <= 300 && printableASCII(s)
}

func printableASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < 0x20 || r > 0x7e }) < 0
}

// Wait polls until the person has entered the code (RFC 8628 §3.4, §3.5).
// ErrDenied and ErrExpired end it; no answer and 5xx double the interval.
func (g *DeviceGrant) Wait(ctx context.Context, p Prompt) (backend.Tokens, error) {
	interval := p.interval
	for {
		if err := g.sleep(ctx, interval); err != nil {
			return backend.Tokens{}, err
		}
		if !g.now().Before(p.Expires) {
			return backend.Tokens{}, ErrExpired
		}
		t, err := g.poll(ctx, p.device)
		var he *httpcall.Error
		if !errors.As(err, &he) {
			return t, err
		}
		switch {
		case he.OAuth == "authorization_pending":
		case he.OAuth == "slow_down":
			interval = min(interval+slowDown, maxInterval)
		case he.OAuth == "access_denied":
			return backend.Tokens{}, fmt.Errorf("%w: %w", ErrDenied, err)
		case he.OAuth == "expired_token", he.OAuth == "invalid_grant":
			return backend.Tokens{}, fmt.Errorf("%w: %w", ErrExpired, err)
		case ctx.Err() != nil:
			return backend.Tokens{}, ctx.Err()
		case he.Temporary():
			interval = min(max(2*interval, he.RetryAfter), maxInterval)
			if g.Log != nil {
				g.Log.Warn("the sign-in by code has to wait", "err", err)
			}
		default:
			return backend.Tokens{}, fmt.Errorf("%w: %w", ErrGrant, err)
		}
	}
}

func (g *DeviceGrant) poll(ctx context.Context, device secret.String) (backend.Tokens, error) {
	a, err := g.HTTP.Do(ctx, httpcall.Request{
		Op: "sign in by code", Method: http.MethodPost, URL: g.TokenEndpoint, Form: url.Values{
			"grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "device_code": {device.Reveal()}, "client_id": {g.ClientID},
		},
	})
	if err != nil {
		return backend.Tokens{}, err
	}
	var in struct {
		AccessToken  secret.String `json:"access_token"`
		RefreshToken secret.String `json:"refresh_token"`
	}
	if json.Unmarshal(a.Body, &in) != nil || in.AccessToken.Empty() || in.RefreshToken.Empty() {
		return backend.Tokens{}, fmt.Errorf("%w: access_token or refresh_token is missing", ErrGrant)
	}
	return backend.Tokens{Access: in.AccessToken, Refresh: in.RefreshToken}, nil
}

func (g *DeviceGrant) clock() clock.Clock {
	if g.Clock == nil {
		return clock.Real{}
	}
	return g.Clock
}

func (g *DeviceGrant) now() time.Time { return g.clock().Now() }

func (g *DeviceGrant) sleep(ctx context.Context, d time.Duration) error {
	done := make(chan struct{})
	t := g.clock().AfterFunc(d, func() { close(done) })
	defer t.Stop()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
