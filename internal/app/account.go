package app

import (
	"context"
	"time"

	"phoned/backend"
	"phoned/phone"
	"phoned/sip"
)

const signOutTime = 5 * time.Second

// onAccount translates what the sign-in reports. It runs on the account's
// goroutine and must not block.
func (p *Phone) onAccount(e backend.Event) {
	switch e := e.(type) {
	case backend.SignedOut:
		p.history.user("")
		p.setSession(nil)
		p.loop.Post(phone.SessionChanged{Session: phone.SessionInfo{State: phone.SessionOut}})
		p.signIn() // a phone out of the box shows its code at once
	case backend.SigningIn:
		p.loop.Post(phone.SessionChanged{Session: phone.SessionInfo{State: phone.SessionPending}})
	case backend.SignedIn:
		p.taken.Store(false)
		p.stopSignIn()
		p.history.user(e.Session.UserID)
		p.setSession(e.Session.Lines)
		p.parking.kick()
		p.loadNumbers(e.Session.Lines)
		p.loop.Post(phone.SessionChanged{Session: phone.SessionInfo{State: phone.SessionIn, User: e.Session.UserID}})
	case backend.Lost:
		p.history.user("")
		p.log.Warn("the sign-in was taken away", "err", e.Err)
		p.event("auth-failed", map[string]any{"error": e.Err.Error()})
		if e.Never { // spent tokens of the configuration: as out of the box
			p.loop.Post(phone.SessionChanged{Session: phone.SessionInfo{State: phone.SessionOut}})
			p.signIn()
			return
		}
		p.loop.Post(phone.SessionChanged{Session: phone.SessionInfo{State: phone.SessionLost}})
		p.taken.Store(true)
		p.leaveWhenIdle()
	case backend.TokenRefreshed:
		p.event("token-refreshed", map[string]any{"user": e.UserID})
	case backend.ProblemRaised:
		p.problem(e.Problem)
	case backend.ProblemCleared:
		p.solved(e.Code, e.Subject)
	}
}

// setSession makes the session's lines the phone's.
func (p *Phone) setSession(lines []backend.Line) {
	out := make([]Line, 0, len(lines))
	for _, l := range lines {
		n := Line{Media: MediaWebRTC, Session: true, SIP: sip.Line{
			ID: l.ID, User: l.Extension, Domain: l.SIPDomain, Password: l.Password, Servers: l.Servers,
		}}
		if p.cfg.LineDefaults != nil {
			p.cfg.LineDefaults(&n)
		}
		out = append(out, n)
	}
	p.linesMu.Lock()
	p.sessionL = out
	p.linesMu.Unlock()
	p.applyLines()
}

// leaveWhenIdle unregisters a phone whose sign-in was taken away, once its last
// call is over (contract §1).
func (p *Phone) leaveWhenIdle() {
	p.common.add(func() {
		if len(p.calls.all()) == 0 && p.taken.CompareAndSwap(true, false) {
			p.setSession(nil)
		}
	})
}

// signOut ends calls, unregisters and wipes what signing in gave.
func (p *Phone) signOut() {
	if p.cancelCode() { // nobody is signed in while a code is shown
		return
	}
	p.endCalls()
	if p.account == nil {
		return
	}
	p.saves.add(func() {
		ctx, cancel := context.WithTimeout(p.ctx, signOutTime)
		defer cancel()
		if err := p.account.SignOut(ctx); err != nil {
			p.log.Warn("sign-out", "err", err)
		}
		if p.cfg.SignedOut != nil {
			p.cfg.SignedOut()
		}
	})
}
