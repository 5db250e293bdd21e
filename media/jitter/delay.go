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
	bins     = 512
	binWidth = time.Millisecond
	memory   = 350 // packets until a weight has fallen to 1/e
	// A hole is holeAfter packets in a row, each later by holeOver than nine of ten
	// are: the network stood still. A concealment can't bridge it, and to wait for
	// less than its depth leaves a hole as well; so all of its packets count as late
	// as the latest, and holeWeight times. That makes one stall be provided for
	// during some eight seconds, and stalls that come back for as long as they do.
	holeAfter  = 3
	holeOver   = 40 * time.Millisecond
	holeWeight = 3
	// forgiven is the part of late packets, in percent, that is not waited for at
	// any price: one stray packet, and what is left in memory of another network.
	forgiven = 0.3
)

// histogram holds the lateness of packets with exponential forgetting: newer
// packets weigh more by growing the weight instead of shrinking the bins. Its
// answer is the delay that is worth waiting for.
type histogram struct {
	bin    [bins]float64
	sum    float64
	weight float64
	total  int

	late  int                // in a row, later than limit
	limit time.Duration      // usual before them, and holeOver
	run   [holeAfter - 1]int // bins of the first of them
	depth int                // bin of the latest of them

	best time.Duration
	old  bool // best is not about all packets
}

// add takes a packet's lateness.
func (h *histogram) add(d time.Duration) {
	if h.weight == 0 {
		h.weight = 1
	}
	i := int(min(max(d, 0)/binWidth, bins-1))
	w := h.weight
	if h.late == 0 && d > holeOver { // the quick look first
		h.limit, h.depth = h.usual()+holeOver, 0
	}
	if h.late++; d <= max(h.limit, holeOver) {
		h.late = 0
	} else {
		h.depth = max(h.depth, i)
	}
	switch {
	case h.late == 0:
	case h.late < holeAfter:
		h.run[h.late-1] = i
	default:
		if h.late == holeAfter { // the first ones were part of it
			for _, k := range h.run {
				h.bin[k] = max(h.bin[k]-w, 0)
				h.bin[h.depth] += holeWeight * w
				h.sum += (holeWeight - 1) * w
			}
		}
		i, w = h.depth, w*holeWeight
	}
	h.bin[i] += w
	h.sum += w
	h.total++
	h.old = true
	h.weight *= 1 + 1.0/memory
	if h.weight > 1e6 {
		for i := range h.bin {
			h.bin[i] /= h.weight
		}
		h.sum /= h.weight
		h.weight = 1
	}
}

// usual is the lateness that nine of ten packets do not exceed.
func (h *histogram) usual() time.Duration {
	over := h.sum / 10
	for i := bins - 1; i > 0; i-- {
		if over -= h.bin[i]; over < 0 {
			return time.Duration(i) * binWidth
		}
	}
	return 0
}

// need is the delay at which a listener is disturbed least by waiting and by
// packets that come too late together, as ITU-T G.107 weighs them.
func (h *histogram) need() time.Duration {
	if !h.old {
		return h.best
	}
	h.old = false
	least, over := 0.0, 0.0
	for i := bins - 1; i >= 0; i-- {
		wait := time.Duration(i) * binWidth
		if h.bin[i] == 0 && i > 0 {
			continue // a little less time is as good
		}
		if cost := waiting(wait) + losing(100*over/max(h.sum, 1e-9)-forgiven); cost <= least || least == 0 {
			least, h.best = cost, wait
		}
		over += h.bin[i]
	}
	return h.best
}

// elsewhere is what the way takes besides the playout delay at least: a packet and
// the cards. What the network itself takes nobody knows here.
const elsewhere = 30 * time.Millisecond

// waiting is Id of G.107 as Cole and Rosenbluth reduced it, of this much of delay.
func waiting(d time.Duration) float64 {
	ms := float64(d+elsewhere) / 1e6
	return 0.024*ms + 0.11*max(ms-177.3, 0)
}

// losing is Ie,eff of G.107 for a part of packets in percent, with the robustness
// that G.113 gives G.711 with concealment.
func losing(percent float64) float64 {
	percent = max(percent, 0)
	return 95 * percent / (percent + 25.1)
}
