package media

import (
	"context"
	"time"
)

// pulseStep is how often Responds looks while it waits.
const pulseStep = 50 * time.Millisecond

// Responds reports whether the engine's control goroutine, and its clock where
// a device is open, go on before ctx ends. A closed engine responds. A device
// that stopped is no hang: the engine exchanges it for silence by itself.
// For a watchdog; it allocates a little and is not for the audio thread.
func (e *Engine) Responds(ctx context.Context) bool {
	turns, ticks := e.counts.turns.Load(), e.counts.ticks.Load()
	e.signal()
	step := time.NewTicker(pulseStep)
	defer step.Stop()
	for {
		controls := e.counts.turns.Load() != turns
		clock := e.counts.ticks.Load() != ticks || len(e.routing.Load().outs) == 0
		if controls && clock {
			return true
		}
		select {
		case <-step.C:
		case <-e.done:
			return true
		case <-ctx.Done():
			return false
		}
	}
}
