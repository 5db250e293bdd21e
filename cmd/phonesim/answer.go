package main

import (
	"context"
	"slices"

	"phoned/phone"
)

// answerCalls lifts the handset when the phone rings and puts it back after the
// last call, as a quick person would.
func (w *world) answerCalls(ctx context.Context) {
	views, cancel := w.Phone.Subscribe()
	defer cancel()
	for {
		select {
		case v, ok := <-views:
			if !ok {
				return
			}
			i := slices.IndexFunc(v.Calls, func(c phone.CallView) bool { return c.State == phone.Incoming })
			switch {
			case i >= 0 && v.OffHook: // the handset is up already
				w.Phone.Post(phone.Answer{Call: v.Calls[i].ID})
			case i >= 0:
				_ = w.hook.Lift() // fails only when the phone is being stopped
			case len(v.Calls) == 0:
				_ = w.hook.HangUp()
			}
		case <-ctx.Done():
			return
		}
	}
}
