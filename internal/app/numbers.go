package app

import (
	"context"
	"errors"
	"time"

	"phoned/backend"
	"phoned/internal/health"
	"phoned/phone"
)

// Numbers asks the backend which numbers may be presented; *backend.Client is
// one.
type Numbers interface {
	Numbers(ctx context.Context, domainID string) ([]backend.Number, int, error)
}

// The problem of numbers that can't be had.
const codeNumbers = "numbers.unavailable"

const numbersTime = 30 * time.Second

// loadNumbers gives the core the numbers that calls may show (contract §6). It
// is called when somebody is signed in, and when the session has changed.
func (p *Phone) loadNumbers(lines []backend.Line) {
	if p.cfg.Numbers == nil || len(lines) == 0 {
		return
	}
	p.wg.Go(func() {
		ctx, cancel := context.WithTimeout(p.ctx, numbersTime)
		defer cancel()
		numbers, err := p.askNumbers(ctx, lines)
		switch {
		case ctx.Err() != nil && p.ctx.Err() != nil:
			return
		case errors.Is(err, backend.ErrNotConfigured):
			p.log.Info("numbers to present are not known", "err", err)
		case err != nil:
			h := backend.ProblemOf(err)
			h.Code, h.Subject, h.Severity = codeNumbers, "", health.Info
			h.Title, h.Advice = "The numbers that calls can show are not available.", "Calls show the line's own number; the phone asks again at the next sign-in."
			p.log.Warn("numbers to present are not known", "err", err)
			p.problem(h)
			return // what was known stays
		default:
			p.solved(codeNumbers, "")
		}
		p.loop.Post(phone.CallerIDsLoaded{Numbers: numbers})
	})
}

// askNumbers joins the numbers of all domains, each once.
func (p *Phone) askNumbers(ctx context.Context, lines []backend.Line) ([]phone.CallerID, error) {
	var out []phone.CallerID
	asked, seen := map[string]bool{}, map[string]bool{}
	var missing error
	for _, l := range lines {
		if asked[l.DomainID] {
			continue
		}
		asked[l.DomainID] = true
		list, _, err := p.cfg.Numbers().Numbers(ctx, l.DomainID)
		if errors.Is(err, backend.ErrNotConfigured) {
			missing = err
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, n := range list {
			if !seen[n.Number] {
				seen[n.Number] = true
				out = append(out, phone.CallerID{Number: n.Number, Label: n.Label})
			}
		}
	}
	if len(out) == 0 && missing != nil {
		return nil, missing
	}
	return out, nil
}
