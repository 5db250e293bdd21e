package app

import (
	"context"
	"errors"
	"fmt"

	"phoned/backend"
	"phoned/internal/secret"
	"phoned/manage"
	"phoned/phone"
	"phoned/store"
)

// owner does what the management interface asks in its owner's name; it is the
// manage.Owner of a System.
type owner struct{ s *System }

var _ manage.Owner = owner{}

// what maps the parts' errors to what the interface tells apart.
func (o owner) explain(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, backend.ErrWrongPassword), errors.Is(err, backend.ErrSignInLost):
		return fmt.Errorf("%w: %w", manage.ErrRefused, err)
	case errors.Is(err, backend.ErrNotConfigured), errors.Is(err, backend.ErrSignedOut), errors.Is(err, backend.ErrClosed):
		return fmt.Errorf("%w: %w", manage.ErrNotNow, err)
	}
	return err
}

func (o owner) account() (Account, error) {
	if a := o.s.Phone.account; a != nil {
		return a, nil
	}
	return nil, fmt.Errorf("%w: this phone's lines are configured, nobody signs in", manage.ErrNotNow)
}

// SignIn implements manage.Owner.
func (o owner) SignIn(ctx context.Context, email string, password secret.String) error {
	a, err := o.account()
	if err != nil {
		return err
	}
	return o.explain(a.SignIn(ctx, email, password))
}

// SignInWithTokens implements manage.Owner.
func (o owner) SignInWithTokens(ctx context.Context, access, refresh secret.String) error {
	a, err := o.account()
	if err != nil {
		return err
	}
	return o.explain(a.SignInWithTokens(ctx, backend.Tokens{Access: access, Refresh: refresh}))
}

// SignOut implements manage.Owner: calls end, lines unregister, tokens are
// wiped.
func (o owner) SignOut(ctx context.Context) error {
	a, err := o.account()
	if err != nil {
		return err
	}
	o.s.Phone.endCalls()
	defer o.s.Flight.Forget() // it is of who was signed in
	return o.explain(a.SignOut(ctx))
}

// Reinitialise implements manage.Owner (contract §1, refresh()).
func (o owner) Reinitialise(ctx context.Context) error {
	a, err := o.account()
	if err != nil {
		return err
	}
	return o.explain(a.Refresh(ctx))
}

// SetService implements manage.Owner.
func (o owner) SetService(on bool) { o.s.Phone.setService(on) }

// History implements manage.Owner.
func (o owner) History(ctx context.Context, limit, offset int) ([]map[string]any, error) {
	rows, err := o.s.DB.Calls(ctx, store.CallQuery{Limit: limit, Offset: offset})
	return historyList(rows), err
}

// ReloadHistory implements manage.Owner: the cache is cleared and comes from
// the backend again.
func (o owner) ReloadHistory(ctx context.Context) error {
	if o.s.Phone.history == nil {
		return fmt.Errorf("%w: without api_url the history is this phone's own", manage.ErrNotNow)
	}
	return o.explain(o.s.Phone.history.reload(ctx))
}

// ClearHistory implements manage.Owner.
func (o owner) ClearHistory(ctx context.Context) error {
	if err := o.s.DB.ClearHistory(ctx); err != nil {
		return err
	}
	p := o.s.Phone
	p.saves.add(func() { p.historyChanged() })
	return nil
}

// ParkSlots implements manage.Owner.
func (o owner) ParkSlots(ctx context.Context, line string) ([]map[string]any, error) {
	p := o.s.Phone
	if p.parking == nil {
		return nil, fmt.Errorf("%w: without api_url there is no parking", manage.ErrNotNow)
	}
	_, domain := p.parkDomain(phone.LineID(line))
	slots, err := p.parking.b.Fresh(ctx, domain)
	return slotResources(slots), o.explain(err)
}

// FactoryReset implements manage.Owner.
func (o owner) FactoryReset() { o.s.Phone.saves.add(o.s.Phone.factoryReset) }

// endCalls says goodbye to everybody.
func (p *Phone) endCalls() {
	for _, c := range p.calls.all() {
		if leg := c.legID(); leg != "" {
			_ = p.agent.End(leg, "")
		}
	}
}

// setService is line off and on (contract §1): off ends the calls, unregisters
// and closes the sockets, and keeps the sign-in; on connects again.
func (p *Phone) setService(on bool) {
	p.common.add(func() {
		p.linesMu.Lock()
		was := p.off
		p.off = !on
		p.linesMu.Unlock()
		if was == !on {
			p.log.Warn("line on or off changed nothing", "on", on)
			return
		}
		if !on {
			p.endCalls()
		}
		p.applyLines()
	})
}
