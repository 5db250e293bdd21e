package app

import (
	"context"

	"phoned/media"
	"phoned/media/device/hotplug"
	"phoned/media/process"
	"phoned/media/process/handsfree"
)

// HandsFree is the processing of each path's microphone: echo cancelling, noise
// suppression and gain control where a loudspeaker is open to the room, nothing
// on handset and headset.
func HandsFree(p media.Path) (process.Processor, error) {
	if p != media.PathSpeaker && p != media.PathGroup {
		return handsfree.New(handsfree.Off)
	}
	return handsfree.New(handsfree.Full)
}

// watchCards tells the engine when sound cards come and go, until ctx ends.
func (s *System) watchCards(ctx context.Context) {
	err := hotplug.Watch(ctx, func(hotplug.Change) { s.Engine.DevicesChanged() })
	if err != nil {
		s.log.Info("sound cards that are plugged in later are found by trying", "err", err)
	}
}
