package jitter

import "time"

// baseline is the transit time of the quickest packets: the least of the last
// 5 to 10 seconds, so that it follows a drifting clock and a new route.
type baseline struct {
	set      bool
	cur, old time.Duration
	since    time.Duration
}

const baselineWindow = 5 * time.Second

// relative takes a packet's transit (arrival − media time, any origin) and
// gives how much later than the quickest it came.
func (b *baseline) relative(now, transit time.Duration) time.Duration {
	switch {
	case !b.set:
		b.set, b.cur, b.old, b.since = true, transit, transit, now
	case now-b.since > baselineWindow:
		b.old, b.cur, b.since = b.cur, transit, now
	}
	b.cur = min(b.cur, transit)
	return transit - min(b.cur, b.old)
}

const (
	bins     = 256
	binWidth = 2 * time.Millisecond
	memory   = 350 // packets until a weight has fallen to 1/e
)

// histogram holds the lateness of packets with exponential forgetting: newer
// packets weigh more by growing the weight instead of shrinking the bins.
type histogram struct {
	bin    [bins]float64
	sum    float64
	weight float64
	total  int
}

func (h *histogram) add(d time.Duration) {
	if h.weight == 0 {
		h.weight = 1
	}
	i := int(min(max(d, 0)/binWidth, bins-1))
	h.bin[i] += h.weight
	h.sum += h.weight
	h.total++
	h.weight *= 1 + 1.0/memory
	if h.weight > 1e6 {
		for i := range h.bin {
			h.bin[i] /= h.weight
		}
		h.sum /= h.weight
		h.weight = 1
	}
}

// quantile is the lateness that the part q of packets does not exceed, taking
// the packets of a bin as evenly spread over it; those of the first bin are on
// time: 0.
func (h *histogram) quantile(q float64) time.Duration {
	over := h.sum * (1 - q)
	for i := bins - 1; i > 0; i-- {
		if over < h.bin[i] {
			return time.Duration((float64(i+1) - over/h.bin[i]) * float64(binWidth))
		}
		over -= h.bin[i]
	}
	return 0
}
