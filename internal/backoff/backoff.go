// Package backoff computes how long to wait before the next attempt at
// something that failed: doubling from a first wait up to a limit, each wait
// shifted at random so that a building full of phones does not come back in
// the same second. It owns no timer and starts no goroutine.
package backoff

import (
	"math"
	"math/rand/v2"
	"time"
)

// Backoff is the sequence of waits of one retried thing. It is not safe for
// concurrent use: it belongs to whoever retries.
type Backoff struct {
	first, max time.Duration
	jitter     float64
	rand       func() float64
	next       time.Duration
}

// New makes a sequence that starts at first, doubles up to max, and spreads
// each wait evenly over ±jitter of itself (0.5 is ±50 %). random returns
// numbers in [0,1); nil uses the process's generator. It panics if first is
// not positive, max is below first, or jitter is outside [0,1]: a programmer's
// error.
func New(first, max time.Duration, jitter float64, random func() float64) *Backoff {
	if first <= 0 || max < first || jitter < 0 || jitter > 1 || math.IsNaN(jitter) {
		panic("backoff: want 0 < first <= max and jitter in [0,1]")
	}
	if random == nil {
		random = rand.Float64
	}
	return &Backoff{first: first, max: max, jitter: jitter, rand: random, next: first}
}

// Next returns the wait before the coming attempt and advances the sequence.
// A jittered wait may exceed max by the jitter, and is never zero unless the
// jitter is 1.
func (b *Backoff) Next() time.Duration {
	d := b.next
	if b.next > b.max/2 {
		b.next = b.max
	} else {
		b.next *= 2
	}
	return d + time.Duration((2*b.rand()-1)*b.jitter*float64(d))
}

// Reset starts the sequence over: what was retried has held.
func (b *Backoff) Reset() { b.next = b.first }
