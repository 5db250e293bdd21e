package app

import (
	"context"
	"errors"
	"sync"

	"phoned/backend"
	"phoned/phone"
	"phoned/provisioning"
)

// Grant gives a one-time code to show, and waits until it has been used on
// another device; *provisioning.DeviceGrant is one.
type Grant interface {
	Start(ctx context.Context) (provisioning.Prompt, error)
	Wait(ctx context.Context, p provisioning.Prompt) (backend.Tokens, error)
}

// signer runs at most one sign-in by code at a time.
type signer struct {
	mu     sync.Mutex
	cancel context.CancelFunc
}

// signIn shows a code on the screen and signs in with what it brings. Codes
// that expire are replaced; it ends with the sign-in, a refusal or stopSignIn.
func (p *Phone) signIn() {
	if p.cfg.Grant == nil {
		p.log.Info("signing in by a code is not configured")
		return
	}
	p.signer.mu.Lock()
	defer p.signer.mu.Unlock()
	if p.signer.cancel != nil {
		return // one is on the screen
	}
	ctx, cancel := context.WithCancel(p.ctx)
	p.signer.cancel = cancel
	p.wg.Go(func() {
		defer p.stopSignIn()
		if err := p.signInByCode(ctx); err != nil && ctx.Err() == nil {
			p.log.Warn("sign-in by a code", "err", err)
			p.loop.Post(phone.SessionChanged{Session: phone.SessionInfo{State: phone.SessionOut}})
		}
	})
}

func (p *Phone) stopSignIn() {
	p.signer.mu.Lock()
	defer p.signer.mu.Unlock()
	if p.signer.cancel != nil {
		p.signer.cancel()
		p.signer.cancel = nil
	}
}

func (p *Phone) signInByCode(ctx context.Context) error {
	for {
		prompt, err := p.cfg.Grant.Start(ctx)
		if err != nil {
			return err
		}
		p.loop.Post(phone.SessionChanged{Session: phone.SessionInfo{
			State: phone.SessionPending, URL: prompt.URI, QR: prompt.URIComplete, Code: prompt.UserCode, Until: prompt.Expires,
		}})
		tokens, err := p.cfg.Grant.Wait(ctx, prompt)
		switch {
		case errors.Is(err, provisioning.ErrExpired):
			continue
		case err != nil:
			return err
		}
		return p.account.SignInWithTokens(ctx, tokens)
	}
}
