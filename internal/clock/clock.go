// Package clock is the injected time of everything outside the pure core.
// Production uses Real; tests either run under testing/synctest with Real, or
// drive a Fake by hand.
package clock

import (
	"context"
	"time"
)

// Clock tells the time and calls back later. Implementations are safe for
// concurrent use; f runs on a goroutine of its own.
type Clock interface {
	Now() time.Time
	AfterFunc(d time.Duration, f func()) Timer
}

// Timer is a pending AfterFunc. Stop reports whether it prevented the call.
type Timer interface{ Stop() bool }

// Real is the machine's clock.
type Real struct{}

// Now implements Clock.
func (Real) Now() time.Time { return time.Now() }

// AfterFunc implements Clock.
func (Real) AfterFunc(d time.Duration, f func()) Timer { return time.AfterFunc(d, f) }

// Sleep waits by a clock; false: ctx ended first.
func Sleep(ctx context.Context, c Clock, d time.Duration) bool { return Wait(ctx, c, d, nil) }

// Wait is Sleep that a value on early ends as well.
func Wait(ctx context.Context, c Clock, d time.Duration, early <-chan struct{}) bool {
	over := make(chan struct{})
	t := c.AfterFunc(d, func() { close(over) })
	defer t.Stop()
	select {
	case <-over:
	case <-early:
	case <-ctx.Done():
		return false
	}
	return true
}
