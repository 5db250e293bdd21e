package app

import (
	"phoned/media"
	"phoned/media/process"
	"phoned/media/process/handsfree"
	"phoned/phone"
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

// earCeiling keeps what is held to the ear from shocking it, in dBFS.
const earCeiling = -6

// DefaultTuning is for hardware of which nothing is known: only the limit at
// the ear.
func DefaultTuning() map[media.Path]media.Tuning {
	return map[media.Path]media.Tuning{media.PathHandset: {Ceiling: earCeiling}, media.PathHeadset: {Ceiling: earCeiling}}
}

// mutedVoice: somebody talks and has forgotten the mute key.
func (s *System) mutedVoice() {
	if s.Phone != nil {
		s.Phone.Post(phone.MutedSpeech{})
	}
}
