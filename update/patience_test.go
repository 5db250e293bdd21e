package update

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// counted is a helper that counts the questions.
type counted struct {
	Slotter
	asked atomic.Int32
}

func (c *counted) Status(context.Context) (Boot, error) {
	c.asked.Add(1)
	return Boot{Way: Packages, Version: "1.0"}, nil
}

// While the phone starts the helper is left alone, unless somebody waits for it.
func TestPatience(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(*Manager)
		soon bool
	}{
		"nothing":          {func(*Manager) {}, false},
		"not registered":   {func(m *Manager) { m.Tell(Facts{Ready: true}) }, false},
		"registered":       {func(m *Manager) { m.Tell(Facts{Ready: true, Registered: true}) }, true},
		"registered twice": {func(m *Manager) { m.Tell(well); m.Tell(well) }, true},
		"somebody looks":   {func(m *Manager) { m.Hurry() }, true},
		"an update is wanted": {func(m *Manager) {
			if err := m.Begin(Source{Kind: Stick}, false); !errors.Is(err, ErrNoHelper) {
				t.Error(err)
			}
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				helper := &counted{}
				m := New(Config{Dir: t.TempDir(), Slots: helper, Patience: 30 * time.Second})
				ctx, cancel := context.WithCancel(t.Context())
				go m.Run(ctx)
				synctest.Wait()
				c.do(m)
				synctest.Wait()
				if want := map[bool]int32{true: 1}[c.soon]; helper.asked.Load() != want {
					t.Errorf("asked %d times, not %d", helper.asked.Load(), want)
				}
				time.Sleep(31 * time.Second)
				synctest.Wait()
				if s := m.State(); helper.asked.Load() != 1 || s.Boot.Way != Packages {
					t.Errorf("after half a minute asked %d times: %+v", helper.asked.Load(), s.Boot)
				}
				cancel()
				synctest.Wait()
			})
		})
	}
}
