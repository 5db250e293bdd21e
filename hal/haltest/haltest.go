// Package haltest proves drivers: one conformance suite for each interface of
// package hal, which every driver and the virtual board run in a few lines,
// and fakes of what drivers hang on: GPIO lines solved as a circuit with the
// habits of the kernel's interface (Circuit), and the glass at the far end of
// an SPI bus (Glass).
//
// A suite runs each of its parts on a freshly opened driver, in virtual time
// where the rig says so (testing/synctest), else in real time, as on a real
// kernel. No part measures time; that nothing came is proved by what comes
// next.
package haltest

import (
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Time says which time a suite's parts run in.
type Time bool

const (
	Virtual Time = true
	Real    Time = false
)

// patience bounds every wait for something that must come.
const patience = 20 * time.Second

// part runs one part of a suite and checks that no driver's goroutine is left.
func (v Time) part(t *testing.T, name string, f func(*testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		before := drivers()
		if v == Virtual {
			synctest.Test(t, f) // which fails by itself when goroutines remain
			return
		}
		f(t)
		for end := time.Now().Add(patience); drivers() > before; runtime.Gosched() {
			if time.Now().After(end) {
				buf := make([]byte, 1<<20)
				t.Fatalf("goroutines are left after Close:\n%s", buf[:runtime.Stack(buf, true)])
			}
			time.Sleep(time.Millisecond)
		}
	})
}

// drivers counts the goroutines that a driver has started.
func drivers() (n int) {
	buf := make([]byte, 1<<20)
	for g := range strings.SplitSeq(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
		for line := range strings.SplitSeq(g, "\n") {
			if by, ok := strings.CutPrefix(line, "created by "); ok && strings.Contains(by, "/hal/") && !strings.Contains(by, "/hal/haltest.") && !strings.Contains(by, "_test.") {
				n++
			}
		}
	}
	return n
}

// next receives what must come.
func next[T any](t *testing.T, what string, c <-chan T) T {
	t.Helper()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case v, open := <-c:
		if !open {
			t.Fatalf("%s: the channel is closed", what)
		}
		return v
	case <-timer.C:
		t.Fatalf("%s: nothing within %v", what, patience)
	}
	panic("unreachable")
}

// closed waits for a channel's end and throws away what is still in it.
func closed[T any](t *testing.T, c <-chan T) {
	t.Helper()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for {
		select {
		case _, open := <-c:
			if !open {
				return
			}
		case <-timer.C:
			t.Fatalf("the channel is not closed within %v", patience)
		}
	}
}

// within fails when f does not return: Close must never hang.
func within(t *testing.T, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
		t.Fatalf("%s does not return", what)
	}
}

// closing closes d twice at once and once more, and reports what it said.
func closing(t *testing.T, d interface{ Close() error }) {
	t.Helper()
	within(t, "Close", func() {
		errs := make(chan error, 2)
		for range 2 {
			go func() { errs <- d.Close() }()
		}
		for range 2 {
			if err := <-errs; err != nil {
				t.Errorf("Close: %v", err)
			}
		}
		if err := d.Close(); err != nil {
			t.Errorf("Close once more: %v", err)
		}
	})
}
