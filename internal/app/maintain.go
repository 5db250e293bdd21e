package app

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"strings"
	"time"

	"phoned/internal/health"
	"phoned/internal/walltime"
	"phoned/manage"
	"phoned/phone"
	"phoned/provisioning"
)

// maintainer looks after the device for management.
type maintainer struct {
	s *System
	o *Options
}

var _ manage.Maintainer = maintainer{}

// SelfTest implements manage.Maintainer.
func (m maintainer) SelfTest(ctx context.Context) []manage.Check {
	s := m.s
	var out []manage.Check
	add := func(name string, ok bool, detail string) {
		out = append(out, manage.Check{Name: name, OK: ok, Detail: detail})
	}
	add("call control", s.healthy(ctx), "")
	err := save(ctx, s.DB, "selftest", s.clock.Now().Unix())
	add("storage", err == nil, words(err))
	list, err := s.Sound.List()
	add("sound devices", err == nil && len(list) > 0, fmt.Sprintf("%d devices%s", len(list), words(err)))
	for r, id := range s.Sound.InUse() {
		if id != "" {
			err := s.Sound.plugged(r, id)
			add(strings.TrimSpace("sound "+string(r.Path)+" "+r.Direction.String()), err == nil, words(err))
		}
	}
	// A part that is waited for is in the board whether it is there or not.
	part := func(name, code string, named bool, detail string) {
		why, bad := boardTrouble(s.Health.List(), code)
		add(name, named && !bad, cmp.Or(why, detail))
	}
	part("keys", "board.keypad", len(m.o.Board.Keypads) > 0, fmt.Sprintf("%d keypads", len(m.o.Board.Keypads)))
	part("hook switch", "board.hook", m.o.Board.Hook != nil, "")
	part("lamps", "board.lamp", m.o.Board.Lamps != nil, "")
	part("display", "board.panel", len(m.o.Board.Panels) > 0 || s.Mirror != nil, fmt.Sprintf("%d panels", len(m.o.Board.Panels)))
	add("clock", s.Gate.State() >= walltime.Plausible, s.Gate.State().String())
	add("network", addressed(), "")
	for _, l := range s.Phone.View().Lines {
		add("line "+string(l.ID), l.State == phone.LineRegistered, strings.TrimSpace(string(l.State)+" "+l.Detail))
	}
	return out
}

// boardTrouble says what is wrong with a part of the board, if anything is.
func boardTrouble(problems []health.Problem, code string) (why string, bad bool) {
	for _, p := range problems {
		if p.Code == code {
			return cmp.Or(p.Detail, p.Title), true
		}
	}
	return "", false
}

func (s *System) healthy(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	return s.Phone.Healthy(ctx)
}

func words(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// addressed: the machine has an address that others can reach, or at least itself.
func addressed() bool {
	all, err := net.InterfaceAddrs()
	return err == nil && len(all) > 0
}

// Restart implements manage.Maintainer.
func (m maintainer) Restart(now bool) error {
	if m.o.CheckConfig == nil {
		return fmt.Errorf("%w: nothing starts this phone's program again", manage.ErrNotNow)
	}
	m.s.log.Warn("a restart is asked for", "now", now)
	if now {
		m.s.Phone.endCalls()
	}
	m.o.CheckConfig(true)
	return nil
}

// Reboot implements manage.Maintainer.
func (m maintainer) Reboot(now bool) error {
	if m.o.Reboot == nil {
		return fmt.Errorf("%w: this phone may not restart its device", manage.ErrNotNow)
	}
	m.s.log.Warn("a restart of the device is asked for", "now", now)
	if now {
		m.s.Phone.endCalls()
	}
	return m.o.Reboot(now)
}

// readOnly is the configuration of a phone that nothing new can be told.
type readOnly struct{ c provisioning.Config }

var _ manage.Configuration = readOnly{}

func (r readOnly) Config() (provisioning.Config, []provisioning.Warning, error) {
	return r.c, nil, nil
}

func (readOnly) Propose(provisioning.Document) (provisioning.Proposal, error) {
	return provisioning.Proposal{}, fmt.Errorf("%w: this phone takes no configuration while it runs", manage.ErrNotNow)
}
func (readOnly) Apply(provisioning.Proposal) error { return manage.ErrNotNow }
func (readOnly) RollBackNow(string) ([]provisioning.Change, error) {
	return nil, fmt.Errorf("%w: this phone takes no configuration while it runs", manage.ErrNotNow)
}
func (readOnly) Standing() (*provisioning.Trial, *provisioning.Outcome) { return nil, nil }

// configurationOf is what gives the phone its configuration, if it can be told more.
func configurationOf(o *Options) manage.Configuration {
	if c, ok := o.Given.(manage.Configuration); ok {
		return c
	}
	return readOnly{o.Config}
}
