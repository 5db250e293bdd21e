package audio

import "math"

// VoiceDetector tells speech from the noise of a room by its level: speech is
// well over the noise floor, which follows what is quietest, and it comes and
// goes. It is for hints to a person, not for cutting sound. The zero
// VoiceDetector is ready. Not safe for concurrent use.
type VoiceDetector struct {
	floor  float64 // dBFS
	hold   int     // frames that still count as speech
	others float64 // dBFS of the loudspeaker, falling slowly
	begun  bool
}

const (
	voiceOver  = 12.0  // dB over the floor
	voiceLeast = -48.0 // dBFS: what is below is not meant for anybody
	voiceHold  = 15    // frames: the gaps between syllables
	floorRise  = 0.03  // dB a frame: 3 dB/s
	otherFall  = 0.3   // dB a frame: a room's reverberation and a device's delay
	echoMargin = 3.0   // dB that a voice must be over the loudspeaker's
)

// Frame looks at 10 ms of a microphone, and of what the loudspeaker played
// meanwhile, and reports whether somebody speaks into the microphone.
func (d *VoiceDetector) Frame(mic, speaker []int16) bool {
	level := levelDB(mic)
	if !d.begun {
		d.begun, d.floor, d.others = true, max(level, -70), -100
	}
	d.others = max(d.others-otherFall, levelDB(speaker))
	if level < d.floor {
		d.floor += (level - d.floor) / 8
	} else {
		d.floor += floorRise
	}
	d.floor = max(d.floor, -80)
	if level > voiceLeast && level > d.floor+voiceOver && level > d.others+echoMargin {
		d.hold = voiceHold
	} else if d.hold > 0 {
		d.hold--
	}
	return d.hold > 0
}

// levelDB is a frame's level in dB below a full-scale sine, at least -100.
func levelDB(frame []int16) float64 {
	square, _ := Power(frame)
	if square == 0 {
		return -100
	}
	return max(-100, 10*math.Log10(2*square/(32768*32768)))
}
