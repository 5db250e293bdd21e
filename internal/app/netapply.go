package app

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"phoned/internal/clock"
	"phoned/internal/health"
	"phoned/internal/netsettings"
	"phoned/provisioning"
)

// NetworkSetter puts the device's network settings in force; *netsettings.Client is one.
type NetworkSetter interface {
	// Apply makes the wired port, the wireless networks and the system's time zone what
	// is given, and says whether anything had to be changed. It is called at the start
	// of every phone, also with nothing, and must leave alone what fits already. It
	// returns when the settings are in force, not when there is an address.
	Apply(ctx context.Context, s netsettings.Settings) (changed bool, err error)
	// Scan listens for wireless networks for some seconds, the strongest first.
	Scan(ctx context.Context) ([]netsettings.Heard, error)
}

// codeNetwork: the network is not set up as the configuration has it.
const codeNetwork = "config.network"

const (
	// applyTime bounds Apply: the phone starts early, and who helps it only when the
	// system is up, half a minute later on the slowest.
	applyTime = 90 * time.Second
	// hearTime bounds a search for wireless networks.
	hearTime = 30 * time.Second
	// settleTime is waited after a change on trial: a line that registers by the
	// addresses of before, which are about to go, would confirm it.
	settleTime = 3 * time.Second
)

// applyNetwork hands the settings over, or says plainly that nobody takes them.
func applyNetwork(ctx context.Context, n NetworkSetter, c provisioning.Config, problems *health.Registry, log *slog.Logger) (changed bool) {
	want := c.Network()
	var err error
	if n == nil {
		if !want.Empty() {
			err = netsettings.ErrNoHelper
		}
	} else {
		ctx, cancel := context.WithTimeout(ctx, applyTime)
		defer cancel()
		changed, err = n.Apply(ctx, want)
	}
	if err == nil {
		problems.Clear(codeNetwork, "")
		return changed
	}
	log.Warn("the network settings could not be put in force", "err", err)
	p := health.Problem{Code: codeNetwork, Severity: health.Error, Title: "The network settings are not in force",
		Advice: "Check them in the configuration.", Detail: err.Error()}
	if errors.Is(err, netsettings.ErrNoHelper) || errors.Is(err, netsettings.ErrUnmanaged) || errors.Is(err, netsettings.ErrNoRadio) {
		p.Severity, p.Advice = health.Warning, "This phone can't set up its network; use the system's own tools, or a cable."
	}
	problems.Set(p)
	return changed
}

// networkOnTrial puts settings that are on trial in force before the phone runs, and
// waits until the ones before have no effect any more. Nothing judges meanwhile
// whether the phone hangs.
func (s *System) networkOnTrial(ctx context.Context) {
	if s.applyNetwork(ctx) {
		clock.Sleep(ctx, s.clock, settleTime)
	}
	s.applied = true
}

// StartTime is how long what can wait is put off while the phone starts, unless it is
// in service sooner.
const StartTime = 30 * time.Second

// setUpNetwork puts the settings in force beside the phone that starts; done: it has.
// Where there are none, the helper only has to take back what there was before: that
// can wait until the phone is in service, or seems not to come into it.
func (s *System) setUpNetwork(ctx context.Context) (done <-chan struct{}) {
	over := make(chan struct{})
	if s.applied {
		close(over)
		return over
	}
	go func() {
		defer close(over)
		if s.plainNetwork {
			s.awaitService(ctx, StartTime)
		}
		s.applyNetwork(ctx)
	}()
	return over
}

// awaitService waits until a line is registered, but no longer than patience.
func (s *System) awaitService(ctx context.Context, patience time.Duration) {
	views, stop := s.Phone.Subscribe()
	defer stop()
	over := make(chan struct{})
	t := s.clock.AfterFunc(patience, func() { close(over) })
	defer t.Stop()
	for v := s.Phone.View(); !hasService(v); {
		select {
		case next, ok := <-views:
			if !ok {
				return
			}
			v = next
		case <-over:
			return
		case <-ctx.Done():
			return
		}
	}
}
