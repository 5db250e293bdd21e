package app

import (
	"context"
	"time"
)

// Hanging names the part of the phone that gave no sign of life within d, for the
// watchdog: the core's loop, the signalling's, or the sound's control and clock.
// "" when all of them did. It takes d at most.
func (s *System) Hanging(d time.Duration) string {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	switch {
	case !s.Phone.Healthy(ctx):
		return "call control"
	case s.Agent != nil && !s.Agent.Responds(ctx):
		return "signalling"
	case !s.Engine.Responds(ctx):
		return "sound"
	}
	return ""
}
