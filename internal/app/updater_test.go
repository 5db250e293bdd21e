package app

import (
	"context"
	"errors"
	"testing"

	"phoned/manage"
	"phoned/update"
)

// plainDebian is a system that apt updates; it counts its restarts.
type plainDebian struct {
	update.Slotter
	restarts int
}

func (p *plainDebian) Status(context.Context) (update.Boot, error) {
	return update.Boot{Way: update.Packages, Version: "1.2"}, nil
}
func (p *plainDebian) Reboot(context.Context) error { p.restarts++; return nil }

// Where apt updates the phone the interface says so and restarts it all the same;
// before the helper has answered it does neither.
func TestUpdaterOfAPlainDebian(t *testing.T) {
	slots := &plainDebian{}
	answered := make(chan struct{})
	u := NewUpdates(UpdatesConfig{DataDir: t.TempDir(), Slots: slots})
	if err := u.Reboot(true); !errors.Is(err, manage.ErrNotNow) || slots.restarts != 0 {
		t.Errorf("without the helper: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	u.Manager = update.New(update.Config{Dir: t.TempDir(), Slots: slots, Changed: func(s update.State) {
		if s.Boot.Way == update.Packages {
			select {
			case <-answered:
			default:
				close(answered)
			}
		}
	}})
	done := make(chan struct{})
	go func() { defer close(done); u.Run(ctx) }()
	<-answered
	if s := u.UpdateState(); s.Way != "apt" || s.Version != "1.2" || s.Phase != "idle" || s.Percent != nil {
		t.Errorf("%+v", s)
	}
	if err := u.InstallURL(t.Context(), "https://example.net/x.raucb", false); !errors.Is(err, manage.ErrNoUpdates) {
		t.Errorf("a bundle: %v", err)
	}
	if err := u.CancelUpdate(); !errors.Is(err, manage.ErrNotNow) {
		t.Errorf("nothing to cancel: %v", err)
	}
	if err := u.Reboot(false); err != nil || slots.restarts != 1 {
		t.Errorf("a restart: %v, %d", err, slots.restarts)
	}
	cancel()
	<-done
}

func TestRefusedUpdates(t *testing.T) {
	for err, want := range map[error]error{
		nil: nil, update.ErrPackages: manage.ErrNoUpdates, update.ErrBusy: manage.ErrNotNow, update.ErrNoHelper: manage.ErrNotNow, update.ErrSource: manage.ErrInvalid,
	} {
		if got := refused(err); !errors.Is(got, want) {
			t.Errorf("%v becomes %v", err, got)
		}
	}
}
