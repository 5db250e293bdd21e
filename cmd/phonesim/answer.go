package main

import (
	"context"
	"slices"

	"phoned/phone"
)

// answerCalls lifts the handset when the phone rings and puts it back after the
// last call, as a quick person would who likes it loud: at full volume what is
// played is as loud as what came.
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
			case v.Path == phone.PathHandset && v.Settings.Volumes[v.Path] < 100:
				w.Phone.Post(phone.SetVolume{Percent: 100})
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
