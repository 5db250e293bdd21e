package malgodev

import "time"

const (
	watchEvery = 100 * time.Millisecond
	// watchLimit looks without progress: 300 ms. Looks are counted, not time,
	// so that a machine too busy to run the watchdog does not lose its card.
	watchLimit = 3
	// watchGrace looks after the start: sound servers may take seconds to begin.
	watchGrace = 30
)

// watchdog calls lose when progress has not changed for watchLimit looks, once,
// and ends; or it ends with quit.
func watchdog(quit <-chan struct{}, progress func() uint64, lose func()) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	last, still, limit := progress(), 0, watchGrace
	for {
		select {
		case <-quit:
			return
		case <-tick.C:
		}
		now := progress()
		if now != last {
			last, still, limit = now, 0, watchLimit
			continue
		}
		if still++; still >= limit {
			lose()
			return
		}
	}
}
