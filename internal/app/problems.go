package app

import (
	"errors"
	"fmt"

	"phoned/internal/health"
	"phoned/phone"
	"phoned/sip"
)

// startHealth mirrors the registry into the core, for the screen.
func (p *Phone) startHealth() {
	if p.cfg.Health == nil {
		return
	}
	p.cfg.Health.Listen(p.mirrorProblems)
	p.mirrorProblems(p.cfg.Health.List())
}

func (p *Phone) mirrorProblems(list []health.Problem) {
	out := make([]phone.ProblemInfo, len(list))
	for i, h := range list {
		out[i] = phone.ProblemInfo{
			Code: h.Code, Subject: h.Subject, Title: h.Title, Advice: h.Advice, Detail: h.Detail,
			Severity: int(h.Severity), Since: h.Since,
		}
	}
	p.loop.Post(phone.ProblemsChanged{Problems: out})
}

func (p *Phone) problem(h health.Problem) {
	if p.cfg.Health != nil {
		p.cfg.Health.Set(h)
	}
}

func (p *Phone) solved(code, subject string) {
	if p.cfg.Health != nil {
		p.cfg.Health.Clear(code, subject)
	}
}

const lineCode = "line.unregistered"

// lineProblem words why a line has no service.
func (p *Phone) lineProblem(e sip.LineChanged) {
	if e.State == sip.Registered || e.State == sip.Off || e.Err == nil {
		p.solved(lineCode, e.Line)
		return
	}
	h := health.Problem{Code: lineCode, Subject: e.Line, Severity: health.Error, Detail: e.Err.Error()}
	switch {
	case errors.Is(e.Err, sip.ErrCertificate):
		h.Title, h.Advice = "The exchange's certificate is not trusted", "Ask your administrator to check the certificate or the phone's date."
	case errors.Is(e.Err, sip.ErrCredentials):
		h.Title, h.Advice = "The exchange refuses this phone's password", "Sign in again, or ask your administrator."
	case errors.Is(e.Err, sip.ErrForbidden):
		h.Title, h.Advice = "The exchange does not allow this phone", "Ask your administrator."
	case errors.Is(e.Err, sip.ErrUnreachable), errors.Is(e.Err, sip.ErrFlowDown):
		h.Title, h.Advice = "The exchange cannot be reached", "Check the network cable. The phone keeps trying."
	case errors.Is(e.Err, sip.ErrTimeout):
		h.Title, h.Advice = "The exchange does not answer", "The phone keeps trying."
	default:
		h.Title = "The exchange refused to register this phone"
		if e.Code > 0 {
			h.Title = fmt.Sprintf("The exchange refused to register this phone (%d)", e.Code)
		}
	}
	p.problem(h)
}
