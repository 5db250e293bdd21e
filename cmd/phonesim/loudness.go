package main

import (
	"context"

	"phoned/phone"
)

// keepVolume sets the volume of every path that comes into use to what a script
// asked for, until it asks for another.
func (w *world) keepVolume(ctx context.Context, asked <-chan int) {
	views, cancel := w.Phone.Subscribe()
	defer cancel()
	v, percent := w.Phone.View(), -1
	for ok := true; ok; {
		if percent >= 0 && v.Path != phone.PathNone && v.Settings.Volumes[v.Path] != percent {
			w.Phone.Post(phone.SetVolume{Percent: percent})
		}
		select {
		case v, ok = <-views:
		case percent = <-asked:
		case <-ctx.Done():
			return
		}
	}
}
