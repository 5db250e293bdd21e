package backlight

import (
	"errors"
	"io/fs"
	"testing"
	"testing/synctest"
	"time"
)

// The files of a channel become the phone's a moment after they were made; what
// never does is told after two seconds.
func TestWhenAllowed(t *testing.T) {
	for tries, want := range map[int]error{0: nil, 5: nil, 1000: fs.ErrPermission} {
		synctest.Test(t, func(t *testing.T) {
			n, begin := 0, time.Now()
			err := whenAllowed(func() error {
				if n++; n <= tries {
					return fs.ErrPermission
				}
				return nil
			})
			if !errors.Is(err, want) || time.Since(begin) > allowed {
				t.Errorf("%d refusals: %v after %v", tries, err, time.Since(begin))
			}
		})
	}
}
