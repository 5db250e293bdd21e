package media

import "phoned/media/audio"

// Path is where the sound goes: a loudspeaker and a microphone. The words are
// those of the phone's audio-path machine.
type Path string

const (
	PathNone    Path = "none"
	PathHandset Path = "handset"
	PathHeadset Path = "headset"
	PathSpeaker Path = "speaker"
	PathGroup   Path = "group" // handset and loudspeaker, handset microphone
)

// Endpoint names the devices of a path: ids of the Engine's device.Driver, ""
// is the driver's default.
type Endpoint struct{ Speaker, Microphone string }

// Plan says everything the Engine has to do at a moment. The zero Plan is
// silence.
type Plan struct {
	// Path in use; "" is PathNone.
	Path Path
	// Mic is the port that hears the microphone, nil for none.
	Mic Port
	// Listen are the ports that are heard.
	Listen []Port
	// Conference makes every port of Listen hear the microphone and all the
	// others, never itself; Mic is then not looked at. Legs come and go with
	// Listen, without a click; while Muted they still hear each other.
	Conference bool
	// Muted sends zeros instead of the microphone, from the next frame on.
	Muted bool
	// Tone is played on the path, under speech if ports are heard.
	Tone audio.ToneName
	// Ring is what the ringer plays, beside whatever the path does.
	Ring Ring
	// Volumes in percent, 0 to 100; a path that is missing is at 100.
	// PathNone stands for the ringer.
	Volumes map[Path]int
}

// Ring is what the ringer plays.
type Ring struct {
	On     bool
	Melody string // a name of audio.Melodies; "" or an unknown one: the first
	Soft   bool   // quietly: a call waits while another path is in use
}
