package clock

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended, end := context.WithCancel(t.Context())
		end()
		early := make(chan struct{}, 1)
		early <- struct{}{}
		for name, c := range map[string]struct {
			ctx   context.Context
			early chan struct{}
			whole bool
			takes time.Duration
		}{
			"its time":  {t.Context(), nil, true, time.Second},
			"early":     {t.Context(), early, true, 0},
			"ctx's end": {ended, nil, false, 0},
		} {
			begin := time.Now()
			if ok := Wait(c.ctx, Real{}, time.Second, c.early); ok != c.whole || time.Since(begin) != c.takes {
				t.Errorf("%s: %v after %v", name, ok, time.Since(begin))
			}
		}
	})
}
