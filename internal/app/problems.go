package app

import (
	"crypto/x509"
	"errors"
	"fmt"
	"strings"

	"phoned/internal/health"
	"phoned/phone"
	"phoned/provisioning"
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
		h.Title, h.Advice = certificateWords(e.Err)
	case errors.Is(e.Err, sip.ErrCredentials):
		h.Title, h.Advice = "The exchange refuses this phone's password", "Sign in again, or ask your administrator."
	case errors.Is(e.Err, sip.ErrForbidden):
		// Many exchanges answer a wrong password like this as well.
		h.Title, h.Advice = "The exchange does not allow this phone", "User or password may be wrong: sign in again, or ask your administrator."
	case errors.Is(e.Err, sip.ErrUnreachable), errors.Is(e.Err, sip.ErrFlowDown):
		h.Title, h.Advice = "The exchange cannot be reached", "Check the network cable. The phone keeps trying."
	case errors.Is(e.Err, sip.ErrTimeout):
		h.Title, h.Advice = "The exchange does not answer", "The phone keeps trying."
	default:
		h.Title, h.Advice = "The exchange refused to register this phone", "The phone keeps trying; tell your administrator if it stays so."
		if e.Code > 0 {
			h.Title = fmt.Sprintf("The exchange refused to register this phone (%d)", e.Code)
		}
	}
	p.problem(h)
}

// certificateWords tell apart what a person can do something about.
func certificateWords(err error) (title, advice string) {
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "The exchange's certificate is expired or not valid yet", "Check the phone's date and time; else the certificate must be renewed."
	case errors.As(err, new(x509.HostnameError)):
		return "The exchange's certificate is for another name", "Check the exchange's address in the configuration."
	}
	return "The exchange's certificate is not trusted", "Install its certificate authority on the phone, or ask your administrator."
}

// ConfigProblems puts what is wrong with a configuration into plain sentences:
// a refused document, each wrong value, and keys that nobody knows.
func ConfigProblems(warns []provisioning.Warning, err error) []health.Problem {
	var out []health.Problem
	for _, d := range documentErrors(err) {
		h := health.Problem{Code: "config.refused", Subject: d.Origin.String(), Severity: health.Error, Detail: d.Error(),
			Title: "The configuration can't be read.", Advice: "Correct the file; until then nothing of it is used."}
		var wrong *provisioning.KeyError
		if errors.As(error(d), &wrong) {
			h.Title = fmt.Sprintf("The setting %s of the configuration is wrong.", wrong.Key)
			h.Advice = fmt.Sprintf("Give it %s; until then nothing of this configuration is used.", wrong.Want)
		}
		if d.Kept {
			h.Advice = "Correct it; until then the phone uses what it was told before."
		}
		out = append(out, h)
	}
	unknown := map[string][]string{}
	for _, w := range warns {
		unknown[w.Origin.String()] = append(unknown[w.Origin.String()], w.Key+": "+w.Text)
	}
	for from, list := range unknown {
		out = append(out, health.Problem{Code: "config.passed_over", Subject: from, Severity: health.Info, Detail: strings.Join(list, "; "),
			Title: "The configuration has settings that this phone passes over.", Advice: "Check their names; everything else is used."})
	}
	return out
}

// documentErrors are the refused documents that err joins.
func documentErrors(err error) []*provisioning.DocumentError {
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) {
		var out []*provisioning.DocumentError
		for _, inner := range joined.Unwrap() {
			out = append(out, documentErrors(inner)...)
		}
		if len(out) > 0 {
			return out
		}
	}
	var d *provisioning.DocumentError
	if errors.As(err, &d) {
		return []*provisioning.DocumentError{d}
	}
	return nil
}
