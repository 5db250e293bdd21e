package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"phoned/manage"
	"phoned/update"
	"phoned/update/check"
)

var _ manage.Updater = (*Updates)(nil)

// UpdateState implements manage.Updater.
func (u *Updates) UpdateState() manage.UpdateState {
	u.Manager.Hurry() // somebody looks
	s, c := u.Manager.State(), u.checker.Status()
	out := manage.UpdateState{
		Phase: string(s.Phase), Way: string(s.Boot.Way), Version: s.Boot.Version, Available: available(s, c),
		Reason: string(s.Report.Reason), Detail: s.Report.Detail,
		Checked: moment(c.Checked), NextCheck: moment(c.Next), CheckFailed: c.Failure,
		Offered: c.Offered, ByItself: c.ByItself, Refused: string(c.Refused), From: moment(c.From), To: moment(c.To),
	}
	if n := s.Percent(); n >= 0 {
		out.Percent = &n
	}
	out.At = moment(s.Report.At)
	return out
}

// moment is a time that may be missing.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// CheckUpdate implements manage.Updater.
func (u *Updates) CheckUpdate() error { return refused(u.checker.CheckNow()) }

// InstallOffered implements manage.Updater.
func (u *Updates) InstallOffered() error { return refused(u.checker.InstallNow()) }

// InstallURL implements manage.Updater.
func (u *Updates) InstallURL(_ context.Context, address string, older bool) error {
	return refused(u.Manager.Begin(update.Source{Kind: update.URL, Place: address}, older))
}

// InstallUpload implements manage.Updater.
func (u *Updates) InstallUpload(ctx context.Context, name string, body io.Reader, size int64, older bool) error {
	return refused(u.Manager.Upload(ctx, name, body, size, older))
}

// refused puts the reasons of the update's manager into the interface's.
func refused(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, update.ErrPackages):
		return fmt.Errorf("%w: %w", manage.ErrNoUpdates, err)
	case errors.Is(err, update.ErrBusy), errors.Is(err, update.ErrNoHelper), errors.Is(err, context.Canceled),
		errors.Is(err, check.ErrInCall), errors.Is(err, check.ErrNoTime), errors.Is(err, check.ErrNoServer), errors.Is(err, check.ErrNothing):
		return fmt.Errorf("%w: %w", manage.ErrNotNow, err)
	}
	return fmt.Errorf("%w: %w", manage.ErrInvalid, err)
}

// CancelUpdate implements manage.Updater.
func (u *Updates) CancelUpdate() error {
	if p := u.Manager.State().Phase; p != update.Fetching && p != update.Verifying {
		return fmt.Errorf("%w: there is no update that could be ended (%s)", manage.ErrNotNow, p)
	}
	u.Manager.Cancel()
	return nil
}

// rebootTime bounds the order to root's helper.
const rebootTime = 20 * time.Second

// Reboot restarts the device, now or once nobody telephones. The order is root's
// helper's to carry out; without it ErrNotNow.
func (u *Updates) Reboot(now bool) error {
	u.Manager.Hurry()
	u.mu.Lock()
	sys := u.sys
	u.mu.Unlock()
	if u.Manager.State().Boot.Way == update.Unknown {
		return fmt.Errorf("%w: %w", manage.ErrNotNow, update.ErrNoHelper)
	}
	restart := func() error {
		ctx, cancel := context.WithTimeout(context.Background(), rebootTime)
		defer cancel()
		return u.slots.Reboot(ctx)
	}
	if now || sys == nil {
		return restart()
	}
	views, stop := sys.Phone.Subscribe()
	u.wg.Go(func() {
		defer stop()
		for v := sys.Phone.View(); factsOf(v).Busy; {
			select {
			case v = <-views:
			case <-sys.Phone.ctx.Done():
				return // the phone was made anew, or ends: who wanted it asks again
			}
		}
		if err := restart(); err != nil {
			u.log.Error("the device did not restart", "err", err)
		}
	})
	return nil
}
