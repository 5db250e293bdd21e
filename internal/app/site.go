package app

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"phoned/internal/backoff"
	"phoned/internal/clock"
	"phoned/internal/health"
	"phoned/internal/httpcall"
	"phoned/provisioning"
)

// Asking the site's server for the phone's document.

const (
	// askFirst and askMax bound the waits between attempts to reach the site's
	// server; askSpread keeps five thousand phones from asking at once.
	askFirst  = 15 * time.Second
	askMax    = time.Hour
	askSpread = 0.5
)

// askOnNetwork has the site's server asked as soon as there is a network, if nobody
// has answered yet: a lease comes when it comes.
func (p *Provisioner) askOnNetwork(ctx context.Context) {
	err := p.cfg.Network(ctx, func() {
		if p.unanswered.Load() {
			poke(p.ask)
		}
	})
	if err != nil && ctx.Err() == nil {
		p.cfg.Log.Warn("changes of the network are not noticed; the site's server is asked by the clock alone", "err", err)
	}
}

// askSite asks the site's server for the phone's document: at the start, at its
// interval with a random spread, and when it is told to.
func (p *Provisioner) askSite(ctx context.Context, problems *health.Registry) {
	wait := backoff.New(askFirst, askMax, askSpread, nil)
	for {
		cfg, _, _ := p.Config()
		next := spread(cfg.ProvisioningInterval.Value)
		p.unanswered.Store(true)
		template, ok := p.siteTemplate(ctx, cfg, problems)
		switch {
		case ok:
			err := p.fetchSite(ctx, cfg, template)
			switch {
			case ctx.Err() != nil:
				return
			case err != nil:
				next = min(wait.Next(), next)
				p.siteTrouble(problems, err)
			default:
				wait.Reset()
				p.unanswered.Store(false)
				problems.Clear(codeSite, "")
			}
		case cfg.ProvisioningDHCP.Value && p.cfg.Offers != nil: // a lease may yet come
			next = min(wait.Next(), next)
		}
		if !clock.Wait(ctx, p.cfg.Clock, next, p.ask) {
			return
		}
	}
}

// spread is d shortened at random by up to a tenth.
func spread(d time.Duration) time.Duration {
	return d - time.Duration(rand.Int64N(int64(d)/10+1))
}

// siteTemplate is the configured address, else what DHCP offers to a phone that may
// take it.
func (p *Provisioner) siteTemplate(ctx context.Context, cfg provisioning.Config, problems *health.Registry) (string, bool) {
	if s := cfg.ProvisioningURL.Value; s != "" {
		return s, true
	}
	if !cfg.ProvisioningDHCP.Value || p.cfg.Offers == nil {
		return "", false
	}
	for _, offer := range p.cfg.Offers(ctx) {
		s, err := provisioning.OfferURL(offer)
		if err == nil {
			return s, true
		}
		p.siteTrouble(problems, err)
	}
	return "", false
}

func (p *Provisioner) fetchSite(ctx context.Context, cfg provisioning.Config, template string) error {
	address, err := provisioning.SiteURL(template, p.cfg.Who)
	if err != nil {
		return err
	}
	etag, from := p.cfg.Depot.ETag(provisioning.LayerSite)
	if !sameHost(address, from) {
		etag = "" // of another server
	}
	got, err := p.fetch(ctx, cfg, address, etag)
	switch {
	case err != nil:
		return err
	case got.Unchanged:
		return nil
	case got.Bundle != nil:
		if err := got.Bundle.Vouched(cfg.Keys(), ""); err != nil && !errors.Is(err, provisioning.ErrPINNeeded) {
			return fmt.Errorf("%s: %w", got.Host, err)
		}
	}
	_, err = p.Take(got.As(provisioning.LayerSite))
	return err
}

// fetch asks one address, with a connection of its own.
func (p *Provisioner) fetch(ctx context.Context, cfg provisioning.Config, address, etag string) (provisioning.Fetched, error) {
	p.mu.Lock()
	gate := p.gate
	p.mu.Unlock()
	client := p.cfg.HTTP(cfg, gate)
	defer client.Close()
	f := provisioning.Fetcher{HTTP: client, Who: p.cfg.Who}
	return f.Fetch(ctx, address, etag)
}

func sameHost(address, host string) bool {
	u, err := httpcall.CheckURL(address)
	return err == nil && u.Host == host
}

func (p *Provisioner) siteTrouble(problems *health.Registry, err error) {
	p.cfg.Log.Warn("the site's configuration", "err", err)
	problems.Set(health.Problem{Code: codeSite, Severity: health.Warning, Title: "The site's configuration can't be had",
		Advice: "The phone goes on with what it has and asks again.", Detail: err.Error()})
}
