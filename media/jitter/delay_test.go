package jitter

import (
	"math/rand/v2"
	"testing"
	"time"
)

// stalls is a network that holds packets of 20 ms for 150 ms, from the given
// seconds on; every packet before and after is at once there.
func stalls(seconds ...int) func(i int) time.Duration {
	return func(i int) time.Duration {
		for _, s := range seconds {
			if k := i - 50*s; k >= 0 && k < 8 {
				return time.Duration(150-20*k) * ms
			}
		}
		return 0
	}
}

// over runs packets [from, to) in seconds through h and tells the least and the
// most that was needed.
func (h *histogram) over(from, to int, late func(i int) time.Duration) (low, high time.Duration) {
	low = time.Hour
	for i := 50 * from; i < 50*to; i++ {
		h.add(late(i))
		low, high = min(low, h.need()), max(high, h.need())
	}
	return low, high
}

func TestStallIsRememberedForAWhile(t *testing.T) {
	h, once := &histogram{}, stalls(20)
	if _, high := h.over(0, 20, once); high > 0 {
		t.Errorf("%v needed on a still network", high)
	}
	h.over(20, 21, once)
	if low, _ := h.over(21, 28, once); low < 140*ms {
		t.Errorf("8 s after a stall only %v are provided for", low)
	}
	h.over(28, 35, once)
	if _, high := h.over(35, 60, once); high > 10*ms {
		t.Errorf("15 s after a stall %v are waited for", high)
	}
}

func TestStallsThatComeBackAreProvidedFor(t *testing.T) {
	h, often := &histogram{}, stalls(10, 15, 20, 25, 30, 35, 40)
	h.over(0, 11, often)
	if low, _ := h.over(11, 42, often); low < 140*ms {
		t.Errorf("%v between stalls", low)
	}
	h.over(42, 70, often)
	if _, high := h.over(70, 80, often); high > 10*ms {
		t.Errorf("%v half a minute after the last", high)
	}
}

// One packet that is late by much is cheaper to conceal than to wait for.
func TestStrayIsNotWaitedFor(t *testing.T) {
	h := &histogram{}
	h.over(0, 20, func(int) time.Duration { return 0 })
	h.add(150 * ms)
	if n := h.need(); n > 10*ms {
		t.Errorf("%v", n)
	}
}

// Evenly spread lateness is waited for whole, a long thin tail is not.
func TestNeedOfDistributions(t *testing.T) {
	for _, c := range []struct {
		name      string
		late      func(r *rand.Rand) float64
		low, high time.Duration
	}{
		{"0–40 ms", func(r *rand.Rand) float64 { return 40 * r.Float64() }, 36 * ms, 40 * ms},
		{"0–80 ms", func(r *rand.Rand) float64 { return 80 * r.Float64() }, 74 * ms, 80 * ms},
		{"exponential, 20 ms", func(r *rand.Rand) float64 { return min(20*r.ExpFloat64(), 120) }, 75 * ms, 120 * ms},
	} {
		h, r := &histogram{}, rand.New(rand.NewPCG(3, 4))
		late := func(int) time.Duration { return time.Duration(c.late(r) * float64(ms)) }
		h.over(0, 20, late)
		if low, high := h.over(20, 200, late); low < c.low || high > c.high {
			t.Errorf("%s: %v to %v, want %v to %v", c.name, low, high, c.low, c.high)
		}
	}
}

func BenchmarkNeed(b *testing.B) {
	h, r := &histogram{}, rand.New(rand.NewPCG(1, 1))
	b.ReportAllocs()
	for b.Loop() {
		h.add(time.Duration(r.Int64N(int64(80 * ms))))
		h.need()
	}
}
