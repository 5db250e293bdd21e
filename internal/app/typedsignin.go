package app

import (
	"context"
	"errors"
	"sync"
	"time"

	"phoned/backend"
	"phoned/internal/secret"
	"phoned/phone"
	"phoned/provisioning"
)

// typedTime bounds a sign-in by what was typed at the phone.
const typedTime = time.Minute

// typedSignIn is the attempt by e-mail and password that is on its way.
type typedSignIn struct {
	mu   sync.Mutex
	n    int
	stop context.CancelFunc
}

// begin ends the attempt before and gives the next one's context and number.
func (s *typedSignIn) begin(parent context.Context) (context.Context, int) {
	ctx, cancel := context.WithTimeout(parent, typedTime)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stop != nil {
		s.stop()
	}
	s.n++
	s.stop = cancel
	return ctx, s.n
}

// end lets go of an attempt; false: another one is the present one.
func (s *typedSignIn) end(n int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.n != n || s.stop == nil {
		return false
	}
	s.stop()
	s.stop = nil
	return true
}

func (s *typedSignIn) cancel() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stop != nil {
		s.stop()
		s.stop = nil
	}
}

// signInWith signs in by what was typed and tells the form how that went. The
// password is in nobody's hands after it.
func (p *Phone) signInWith(e phone.SignInWith) {
	if p.account == nil {
		p.loop.Post(phone.SignInResult{Why: phone.WhyNotConfigured})
		return
	}
	ctx, n := p.typed.begin(p.ctx)
	p.wg.Go(func() {
		err := p.account.SignIn(ctx, e.Email, secret.New(string(e.Password)))
		if !p.typed.end(n) {
			return // nobody waits any more
		}
		if err != nil {
			p.log.Warn("sign-in at the phone", "err", err)
		}
		p.loop.Post(phone.SignInResult{Why: whyOf(err)})
	})
}

// whys are what a person can do about the problems of a sign-in.
var whys = map[string]phone.SignInWhy{
	backend.CodeWrongPassword: phone.WhyPassword, backend.CodeUnreachable: phone.WhyUnreachable, backend.CodeCertificate: phone.WhyCertificate,
	backend.CodeBusy: phone.WhyBusy, backend.CodeNoLines: phone.WhyNoLine, backend.CodeRefused: phone.WhyRefused, backend.CodeLost: phone.WhyRefused,
	backend.CodeNotConfigured: phone.WhyNotConfigured, backend.CodeStorage: phone.WhyStorage,
}

func whyOf(err error) phone.SignInWhy {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return phone.WhyUnreachable
	}
	if w, ok := whys[backend.ProblemOf(err).Code]; ok {
		return w
	}
	return phone.WhyFailed
}

// setSignInServer keeps the server that was typed; the phone is made anew with it.
func (p *Phone) setSignInServer(e phone.SetSignInServer) {
	if p.cfg.SetServer == nil {
		p.loop.Post(phone.SignInResult{Why: phone.WhyFailed})
		return
	}
	err := p.cfg.SetServer(e.Address)
	var why phone.SignInWhy
	switch {
	case err == nil:
	case errors.Is(err, provisioning.ErrDocument), errors.Is(err, provisioning.ErrValue):
		why = phone.WhyHost
	default:
		why = phone.WhyStorage
	}
	if err != nil {
		p.log.Warn("the sign-in server was not kept", "err", err)
	}
	p.loop.Post(phone.SignInResult{Why: why})
}
