package app

import (
	"context"
	"errors"
	"os"
	"path/filepath"
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

// lateHelper is one that answers when it is let.
type lateHelper struct {
	update.Slotter
	answer, inspected chan struct{}
}

func (l *lateHelper) Status(context.Context) (update.Boot, error) {
	<-l.answer
	return update.Boot{Way: update.Slots, Slot: "A", Version: "1.0", Compatible: "board"}, nil
}
func (l *lateHelper) Confirm(context.Context) error { return nil }
func (l *lateHelper) Inspect(context.Context) (update.Bundle, error) {
	close(l.inspected)
	return update.Bundle{}, update.ErrSource
}

// A stick that was in the phone when it was switched on is looked at once it is known
// what runs.
func TestAStickThatWasInBefore(t *testing.T) {
	stick := t.TempDir()
	if err := os.WriteFile(filepath.Join(stick, "phoned-2.0.raucb"), []byte("bundle"), 0o600); err != nil {
		t.Fatal(err)
	}
	late := &lateHelper{answer: make(chan struct{}), inspected: make(chan struct{})}
	u := NewUpdates(UpdatesConfig{DataDir: t.TempDir(), Slots: late})
	u.stick = stick
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); u.Manager.Run(ctx) }()
	u.lookAtStick()
	u.Manager.Tell(update.Facts{Ready: true, Registered: true})
	close(late.answer)
	<-late.inspected
	if src := u.Manager.State().Source; !src.Left || src.Name != "phoned-2.0.raucb" {
		t.Errorf("%+v", src)
	}
	cancel()
	<-done
	u.wg.Wait()
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
