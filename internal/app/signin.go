package app

import (
	"context"
	"errors"
	"sync"
	"time"

	"phoned/backend"
	"phoned/internal/backoff"
	"phoned/internal/clock"
	"phoned/internal/health"
	"phoned/manage"
	"phoned/phone"
	"phoned/provisioning"
)

// Grant gives a one-time code to show, and waits until it has been used on
// another device; *provisioning.DeviceGrant is one.
type Grant interface {
	Start(ctx context.Context) (provisioning.Prompt, error)
	Wait(ctx context.Context, p provisioning.Prompt) (backend.Tokens, error)
}

// Waits between attempts to get a code from a server in trouble.
const (
	signInFirst  = 2 * time.Second
	signInMax    = 2 * time.Minute
	signInJitter = 0.5
	// enrolPause is how long no code is offered after too many tries of one.
	enrolPause = 30 * time.Second
)

// The codes of the sign-in's own problems.
const (
	codeDenied = "signin.denied"
	codeNoCode = "signin.no_code"
)

// signer runs at most one sign-in by code at a time.
type signer struct {
	mu     sync.Mutex
	cancel context.CancelFunc
	again  chan struct{} // ends a wait between attempts
}

// tellWays says how people can sign in.
func (p *Phone) tellWays() {
	w := p.cfg.Ways
	w.Code = p.cfg.Grant != nil || p.cfg.Enrol != nil
	w.Password = p.account != nil && w.Server != ""
	w.SetServer = w.SetServer && p.cfg.SetServer != nil && p.account != nil
	p.loop.Post(phone.SignInWaysChanged{Ways: w})
}

// cancelCode ends a sign-in by code that a person does not want; false: there is
// none.
func (p *Phone) cancelCode() bool {
	p.signer.mu.Lock()
	running := p.signer.cancel != nil
	p.signer.mu.Unlock()
	if !running {
		return false
	}
	p.stopSignIn()
	p.loop.Post(phone.SessionChanged{Session: phone.SessionInfo{State: phone.SessionOut}})
	return true
}

// signIn shows a code on the screen and signs in with what it brings. Codes
// that expire are replaced; it ends with the sign-in, a refusal or stopSignIn.
// While it runs it only ends a wait.
func (p *Phone) signIn() {
	if p.cfg.Grant == nil && p.cfg.Enrol == nil {
		p.log.Info("signing in by a code is not configured")
		return
	}
	p.signer.mu.Lock()
	defer p.signer.mu.Unlock()
	if p.signer.cancel != nil {
		select {
		case p.signer.again <- struct{}{}:
		default:
		}
		return
	}
	ctx, cancel := context.WithCancel(p.ctx)
	again := make(chan struct{}, 1)
	p.signer.cancel, p.signer.again = cancel, again
	p.solved(codeDenied, "")
	p.wg.Go(func() {
		defer func() {
			p.signer.mu.Lock()
			defer p.signer.mu.Unlock()
			if p.signer.again == again {
				p.signer.cancel = nil
			}
			cancel()
		}()
		if err := p.signInByCode(ctx, again); err != nil && ctx.Err() == nil {
			p.log.Warn("sign-in by a code", "err", err)
			p.loop.Post(phone.SessionChanged{Session: phone.SessionInfo{State: phone.SessionOut}})
		}
	})
}

// stopSignIn ends a sign-in by code: somebody is signed in by other means.
func (p *Phone) stopSignIn() {
	p.signer.mu.Lock()
	defer p.signer.mu.Unlock()
	if p.signer.cancel != nil {
		p.signer.cancel()
		p.signer.cancel = nil
	}
	p.solved(codeNoCode, "")
	p.solved(codeDenied, "")
	p.solved(codeEnrolTries, "")
}

// networkChanged ends a wait for a code: there may be a way now.
func (p *Phone) networkChanged() {
	p.signer.mu.Lock()
	defer p.signer.mu.Unlock()
	if p.signer.cancel == nil {
		return
	}
	select {
	case p.signer.again <- struct{}{}:
	default:
	}
}

func (p *Phone) signInByCode(ctx context.Context, again <-chan struct{}) error {
	wait := backoff.New(signInFirst, signInMax, signInJitter, nil)
	for {
		var tokens backend.Tokens
		var err error
		if p.cfg.Grant != nil {
			tokens, err = p.useCode(ctx)
		}
		page := p.cfg.Enrol != nil && (p.cfg.Grant == nil || noGrant(err))
		if page {
			err = p.usePage(ctx)
		}
		switch {
		case err == nil && page:
			return nil
		case err == nil:
			return p.account.SignInWithTokens(ctx, tokens)
		case ctx.Err() != nil:
			return err
		case errors.Is(err, provisioning.ErrExpired), errors.Is(err, manage.ErrEnrolExpired):
			wait.Reset()
			continue
		case errors.Is(err, manage.ErrEnrolTries):
			p.triedTooOften(err)
			p.loop.Post(phone.SessionChanged{Session: phone.SessionInfo{State: phone.SessionOut}})
			if !clock.Wait(ctx, p.clock, enrolPause, again) {
				return ctx.Err()
			}
			continue
		case errors.Is(err, provisioning.ErrDenied):
			p.problem(health.Problem{Code: codeDenied, Severity: health.Warning, Detail: err.Error(),
				Title: "The sign-in was refused on the other device.", Advice: "Press Sign in for a new code."})
			return err
		}
		p.noCode(err)
		if !clock.Wait(ctx, p.clock, wait.Next(), again) {
			return ctx.Err()
		}
	}
}

// useCode shows a code and waits until it has been used.
func (p *Phone) useCode(ctx context.Context) (backend.Tokens, error) {
	prompt, err := p.cfg.Grant.Start(ctx)
	if err != nil {
		return backend.Tokens{}, err
	}
	p.solved(codeNoCode, "")
	p.loop.Post(phone.SessionChanged{Session: phone.SessionInfo{
		State: phone.SessionPending, URL: prompt.URI, QR: prompt.URIComplete, Code: prompt.UserCode, Until: prompt.Expires,
	}})
	return p.cfg.Grant.Wait(ctx, prompt)
}

// noCode says why there is no code on the screen.
func (p *Phone) noCode(err error) {
	h := backend.ProblemOf(err)
	switch {
	case errors.Is(err, manage.ErrEnrolNowhere):
		h = health.Problem{Severity: health.Warning, Title: "The phone has no network for its sign-in page.", Advice: "Check the network; the phone tries again by itself.", Detail: err.Error()}
	case errors.Is(err, provisioning.ErrGrant):
		h.Title, h.Advice = "The server gives no code to sign in with.", "Tell your administrator; the phone tries again by itself."
	}
	h.Code, h.Subject = codeNoCode, ""
	p.log.Warn("no code to sign in with", "err", err)
	p.problem(h)
	p.loop.Post(phone.SessionChanged{Session: phone.SessionInfo{State: phone.SessionOut}})
}
