package sip

import "context"

// pulse goes through the queue of events and reaches nobody: it shows that the
// receiver of events takes them.
type pulse struct{ seen chan<- struct{} }

func (pulse) event() {}

// Responds reports whether the agent's loop and the receiver of its events
// each come to an end with what they do before ctx ends. A closed agent
// responds. For a watchdog: an agent that hangs neither keeps its registrations
// nor takes a call, and nothing but a new process ends that.
func (a *Agent) Responds(ctx context.Context) bool {
	seen := make(chan struct{}, 1)
	if !a.jobs.put(func() { a.emit(pulse{seen}) }) {
		return true
	}
	select {
	case <-seen:
		return true
	case <-a.loopDone:
		return true
	case <-ctx.Done():
		return false
	}
}
