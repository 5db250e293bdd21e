package app

import (
	"phoned/hal/board"
	"phoned/media"
	"phoned/media/audio"
	"phoned/media/process"
	"phoned/media/process/handsfree"
)

// UseBoard takes the sound of a board file, which was checked when it was read:
// the devices of each path, how they are fitted to the ear, and what is done to
// their microphones.
func (o *Options) UseBoard(a board.Audio) {
	o.Paths, o.Tuning = map[media.Path]media.Endpoint{}, DefaultTuning()
	kinds := map[media.Path]handsfree.Kind{}
	for path, e := range map[media.Path]board.Endpoint{
		media.PathHandset: a.Handset, media.PathHeadset: a.Headset, media.PathSpeaker: a.Speaker,
	} {
		o.Paths[path] = media.Endpoint{Speaker: e.Speaker, Microphone: e.Microphone}
		t := media.Tuning{
			Speaker: e.SpeakerGain, Microphone: e.MicrophoneGain, Sidetone: e.Sidetone, Ceiling: o.Tuning[path].Ceiling,
			SpeakerCurve: bands(e.SpeakerBands), MicrophoneCurve: bands(e.MicrophoneBands),
		}
		if e.Ceiling != nil {
			t.Ceiling = *e.Ceiling
		}
		o.Tuning[path] = t
		kinds[path] = handsfree.Kind(e.Processing)
	}
	kinds[media.PathGroup] = kinds[media.PathSpeaker]
	o.Ringer = a.Ringer.Speaker
	o.Voice.Bitrate, o.Voice.Complexity = a.Opus.Bitrate, a.Opus.Complexity
	o.Processor = func(p media.Path) (process.Processor, error) {
		if k := kinds[p]; k != "" {
			return handsfree.New(k)
		}
		return HandsFree(p)
	}
}

func bands(in []board.Band) []audio.Band {
	out := make([]audio.Band, 0, len(in))
	for _, b := range in {
		out = append(out, audio.Band{Kind: audio.BandKind(b.Kind), Hz: b.Hz, DB: b.DB, Q: b.Q})
	}
	return out
}
