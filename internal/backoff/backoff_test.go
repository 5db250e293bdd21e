package backoff

import (
	"testing"
	"time"
)

func TestNextDoublesUpToMaxAndResets(t *testing.T) {
	b := New(time.Second, 60*time.Second, 0.5, func() float64 { return 0.5 })
	for i, want := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
		if got := b.Next(); got != want*time.Second {
			t.Errorf("wait %d = %v, want %v", i, got, want*time.Second)
		}
	}
	b.Reset()
	if got := b.Next(); got != time.Second {
		t.Errorf("after Reset: %v, want 1s", got)
	}
}

func TestNextSpreadsOverTheJitter(t *testing.T) {
	for _, c := range []struct {
		r    float64
		want time.Duration
	}{{0, 5 * time.Second}, {0.5, 10 * time.Second}, {0.75, 12500 * time.Millisecond}} {
		b := New(10*time.Second, time.Minute, 0.5, func() float64 { return c.r })
		if got := b.Next(); got != c.want {
			t.Errorf("random %v: %v, want %v", c.r, got, c.want)
		}
	}
	b := New(time.Second, time.Second, 0.5, nil)
	seen := map[time.Duration]bool{}
	for range 100 {
		d := b.Next()
		if d < 500*time.Millisecond || d > 1500*time.Millisecond {
			t.Fatalf("wait %v outside ±50%% of 1s", d)
		}
		seen[d] = true
	}
	if len(seen) < 50 {
		t.Errorf("only %d different waits in 100", len(seen))
	}
}

func TestNextDoesNotOverflow(t *testing.T) {
	b := New(time.Hour, 1<<62, 0, nil)
	for range 100 {
		if d := b.Next(); d <= 0 {
			t.Fatalf("wait %v", d)
		}
	}
}

func TestNewRefusesNonsense(t *testing.T) {
	for _, f := range []func(){
		func() { New(0, 1, 0, nil) }, func() { New(2, 1, 0, nil) },
		func() { New(1, 1, 1.5, nil) }, func() { New(1, 1, -1, nil) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			f()
		}()
	}
}
