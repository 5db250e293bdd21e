// Package clock is the injected time of everything outside the pure core.
// Production uses Real; tests either run under testing/synctest with Real, or
// drive a Fake by hand.
package clock

import "time"

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
