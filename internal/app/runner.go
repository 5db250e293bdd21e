package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"

	"phoned/internal/health"
	"phoned/provisioning"
)

// Made is a phone that is ready to run, with what its maker has to close after it.
type Made struct {
	System *System
	Listen net.Listener // of the management server, nil: none
	Close  func() error // nil: nothing
}

// Runner keeps a phone running: whenever there is another configuration it waits
// for the calls to end, says goodbye to the exchange and makes the phone anew.
type Runner struct {
	Provisioner *Provisioner
	// Make builds a phone of a configuration. The problems are those of reading it.
	Make func(cfg provisioning.Config, told []health.Problem) (Made, error)
	// Started is called with every phone that runs; nil: nobody.
	Started func(*System)
	Log     *slog.Logger
}

// Run runs one phone after the other until ctx ends or none can be made. A
// configuration of which no phone can be made is taken back if it is on trial.
func (r *Runner) Run(ctx context.Context) error {
	for {
		cfg, warns, err := r.Provisioner.Config()
		made, err := r.Make(cfg, ConfigProblems(warns, err))
		if err != nil {
			if _, trial := r.Provisioner.cfg.Depot.Trial(); !trial {
				return err
			}
			r.Log.Error("no phone can be made of the new configuration", "err", err)
			if err := r.Provisioner.cfg.Depot.RollBack("no phone could be made of it"); err != nil {
				return fmt.Errorf("take the configuration back: %w", err)
			}
			continue
		}
		again, err := r.one(ctx, made)
		if err != nil || !again {
			return err
		}
		r.Log.Info("the phone starts anew with another configuration")
	}
}

// one runs one phone; true: until there was another configuration.
func (r *Runner) one(ctx context.Context, made Made) (again bool, err error) {
	s := made.System
	s.forget, s.standing = r.Provisioner.Forget, r.Provisioner.Standing
	defer r.Provisioner.begun(s)()
	run, stop := context.WithCancel(ctx)
	defer stop()
	var wg sync.WaitGroup
	wg.Go(func() { r.Provisioner.Watch(run, s.Phone, s.Health) })
	wg.Go(func() {
		select {
		case <-r.Provisioner.Changed():
			again = s.Phone.Idle(run)
			stop()
		case <-run.Done():
		}
	})
	if _, trial := r.Provisioner.cfg.Depot.Trial(); trial {
		s.networkOnTrial(run)
	}
	if r.Started != nil {
		r.Started(s)
	}
	err = s.Run(run, made.Listen)
	stop()
	wg.Wait()
	if made.Close != nil {
		err = errors.Join(err, made.Close())
	}
	again = again && ctx.Err() == nil && !errors.Is(err, ErrFactoryReset)
	if again && err != nil {
		// An exchange that does not answer the goodbye must not keep the phone from
		// the configuration that leads away from it.
		r.Log.Warn("the phone before did not end well", "err", err)
		err = nil
	}
	return again, err
}
