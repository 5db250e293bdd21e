package app

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"phoned/internal/clock"
	"phoned/phone"
)

// Settings go to the helper at once; where there are none it is left alone until the
// phone is in service, or seems not to come into it.
func TestNetworkIsSetUp(t *testing.T) {
	for name, c := range map[string]struct {
		plain, applied, registered bool
		soon                       bool
		late                       int
	}{
		"settings":                 {late: 1, soon: true},
		"none, in service":         {plain: true, registered: true, late: 1, soon: true},
		"none, no service":         {plain: true, late: 1},
		"tried before already":     {plain: true, applied: true},
		"settings that were tried": {applied: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				p := &Phone{loop: phone.NewLoop(phone.New(phone.Settings{}), time.Now, func([]phone.Effect) {})}
				go p.loop.Run(ctx)
				asked := make(chan bool, 2)
				s := &System{Phone: p, clock: clock.Real{}, plainNetwork: c.plain, applied: c.applied,
					applyNetwork: func(context.Context) bool { asked <- true; return false }}
				done := s.setUpNetwork(ctx)
				p.Post(phone.LinesConfigured{Lines: []phone.LineInfo{{ID: "1", Number: "1001"}}})
				if c.registered {
					p.Post(phone.LineChanged{Line: "1", State: phone.LineRegistered})
				}
				synctest.Wait()
				if (len(asked) > 0) != c.soon {
					t.Errorf("asked %d times at once", len(asked))
				}
				time.Sleep(StartTime)
				synctest.Wait()
				if len(asked) != c.late {
					t.Errorf("asked %d times", len(asked))
				}
				<-done
				cancel()
				synctest.Wait()
			})
		})
	}
}

// A phone that ends does not wait for service.
func TestNetworkOfAPhoneThatEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		p := &Phone{loop: phone.NewLoop(phone.New(phone.Settings{}), time.Now, func([]phone.Effect) {})}
		go p.loop.Run(ctx)
		s := &System{Phone: p, clock: clock.Real{}, plainNetwork: true, applyNetwork: func(ctx context.Context) bool { return ctx.Err() != nil }}
		began := time.Now()
		done := s.setUpNetwork(ctx)
		cancel()
		<-done
		if time.Since(began) != 0 {
			t.Errorf("it took %v", time.Since(began))
		}
	})
}
