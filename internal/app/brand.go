package app

import (
	"crypto/x509"
	"strings"

	"phoned/internal/brandlogo"
	"phoned/internal/health"
	"phoned/internal/httpcall"
	"phoned/internal/walltime"
	"phoned/manage"
	"phoned/ui"
)

// startLogo lets the keeper of the brand's logo work.
func (p *Phone) startLogo() {
	if p.cfg.Logo != nil {
		p.wg.Go(func() { p.cfg.Logo.Run(p.ctx) })
	}
}

// logoOf is the picture that a keeper has now, for the screens.
func logoOf(k *brandlogo.Keeper) *ui.Logo {
	if now := k.Current(); now != nil {
		return ui.NewLogo(now.Image)
	}
	return nil
}

// brandLogo makes the keeper of the configured logo; nil without one.
func brandLogo(o Options, roots *x509.CertPool, gate *walltime.Gate, problems *health.Registry) *brandlogo.Keeper {
	source := strings.TrimSpace(o.Config.BrandLogo.Value)
	if source == "" {
		return nil
	}
	return brandlogo.New(brandlogo.Config{
		Source: source, Dir: o.DataDir, Problems: problems, Clock: o.Clock, Log: o.Log,
		HTTP: httpcall.New(httpcall.Config{Roots: roots, Gate: gate, Clock: o.Clock, UserAgent: "phoned/" + o.Version}),
	})
}

// brandOf is the brand as the web page shows it.
func (s *System) brandOf(k *brandlogo.Keeper) func() manage.Brand {
	return func() manage.Brand {
		b := manage.Brand{Name: s.Phone.View().Settings.BrandName}
		if now := k.Current(); now != nil {
			b.Logo, b.Tag = now.PNG, now.Tag
		}
		return b
	}
}
