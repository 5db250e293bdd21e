package app

import (
	"bytes"
	"context"
	"errors"

	"phoned/internal/health"
	"phoned/internal/stickout"
	"phoned/phone"
)

// codeReport: a report could not be written to the stick.
const codeReport = "report"

// saveReport writes a report to the stick that is in. It may take a minute, so it runs
// beside.
func (p *Phone) saveReport() {
	p.wg.Go(func() {
		if p.cfg.Report == nil {
			p.loop.Post(phone.ReportSaved{})
			return
		}
		name, err := p.cfg.Report(p.ctx)
		if err != nil {
			p.reportRefused(err)
		} else {
			p.solved(codeReport, "")
			p.log.Info("a report is on the stick", "dev", "stick", "file", name)
		}
		p.loop.Post(phone.ReportSaved{OK: err == nil})
	})
}

func (p *Phone) reportRefused(err error) {
	h := health.Problem{Code: codeReport, Severity: health.Warning, Title: "The report is not on the stick", Detail: err.Error(), Advice: "Try another stick."}
	switch {
	case errors.Is(err, stickout.ErrHelper):
		h.Advice = "This phone has nothing that writes to sticks. Take the report over the network."
	case errors.Is(err, stickout.ErrNoStick):
		h.Advice = "The stick was pulled out. Plug it in and try again."
	case errors.Is(err, stickout.ErrFull):
		h.Advice = "Make room on the stick, or try another one."
	case errors.Is(err, stickout.ErrReadOnly):
		h.Advice = "The stick is write-protected or damaged. Try another one."
	}
	p.log.Warn(h.Title, "code", codeReport, "err", err)
	p.problem(h)
}

// reportTo makes a report and hands it to the helper that writes to sticks.
func (s *System) reportTo(socket string) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		var b bytes.Buffer
		if err := s.SupportBundle(ctx, &b); err != nil {
			return "", err
		}
		return stickout.Send(ctx, socket, s.SupportName(), b.Bytes())
	}
}
