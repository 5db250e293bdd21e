package board

import "fmt"

// Audio names the ALSA devices of each path, "" is the default device, and how
// they are fitted to the ear.
type Audio struct {
	Handset Endpoint `toml:"handset"`
	Headset Endpoint `toml:"headset"`
	Speaker Endpoint `toml:"speaker"`
	Ringer  Endpoint `toml:"ringer"`
	Opus    Opus     `toml:"opus"`
}

// Opus is what the processor can afford; 0: the default.
type Opus struct {
	Bitrate    int `toml:"bitrate"`    // bit/s, 6,000–128,000
	Complexity int `toml:"complexity"` // 1–10
}

// Endpoint is a loudspeaker and a microphone. What is left out suits hardware of
// which nothing is known.
type Endpoint struct {
	Speaker    string `toml:"speaker"`
	Microphone string `toml:"microphone"`
	// Gains in dB, -40 to 40.
	SpeakerGain    float64 `toml:"speaker_gain"`
	MicrophoneGain float64 `toml:"microphone_gain"`
	// Sidetone in dB below the own voice, -60 to -6; 0: none.
	Sidetone float64 `toml:"sidetone"`
	// Ceiling against acoustic shock in dBFS, -40 to -0.1; nil: -6 at the ear,
	// none in the room.
	Ceiling *float64 `toml:"ceiling"`
	// Processing of the microphone: "full" or "standard" (echo, noise, gain),
	// "soft" and "hard" (the same, with a gentler and a harder suppression of what
	// echo is left), "noise" (noise, gain), "off"; "": full in the room, off at the
	// ear.
	Processing string `toml:"processing"`
	// SpeakerBands and MicrophoneBands are equalisers.
	SpeakerBands    []Band `toml:"speaker_eq"`
	MicrophoneBands []Band `toml:"microphone_eq"`
}

// Band is one filter of an equaliser.
type Band struct {
	Kind string  `toml:"kind"` // peak, low_shelf, high_shelf, high_pass, low_pass
	Hz   float64 `toml:"hz"`
	DB   float64 `toml:"db"`
	Q    float64 `toml:"q"` // 0: 0.707
}

func (c *checker) audio(a Audio) {
	if n := a.Opus.Complexity; n < 0 || n > 10 {
		c.bad("audio.opus.complexity", "%d is not 1 to 10", n)
	}
	if b := a.Opus.Bitrate; b != 0 && (b < 6000 || b > 128000) {
		c.bad("audio.opus.bitrate", "%d is not 6000 to 128000", b)
	}
	c.endpoint("audio.handset", a.Handset)
	c.endpoint("audio.headset", a.Headset)
	c.endpoint("audio.speaker", a.Speaker)
	c.endpoint("audio.ringer", a.Ringer)
}

func (c *checker) endpoint(field string, e Endpoint) {
	c.number(field+".speaker_gain", e.SpeakerGain, -40, 40)
	c.number(field+".microphone_gain", e.MicrophoneGain, -40, 40)
	if e.Sidetone != 0 {
		c.number(field+".sidetone", e.Sidetone, -60, -6)
	}
	if e.Ceiling != nil {
		c.number(field+".ceiling", *e.Ceiling, -40, -0.1)
	}
	if e.Processing != "" {
		c.word(field+".processing", e.Processing, "full", "standard", "soft", "hard", "noise", "off")
	}
	c.bands(field+".speaker_eq", e.SpeakerBands)
	c.bands(field+".microphone_eq", e.MicrophoneBands)
}

func (c *checker) bands(field string, bands []Band) {
	if len(bands) > 8 {
		c.bad(field, "%d bands are more than 8", len(bands))
	}
	for i, b := range bands {
		at := fmt.Sprintf("%s[%d]", field, i)
		c.word(at+".kind", b.Kind, "peak", "low_shelf", "high_shelf", "high_pass", "low_pass")
		c.number(at+".hz", b.Hz, 20, 20000)
		c.number(at+".db", b.DB, -24, 24)
		if b.Q != 0 {
			c.number(at+".q", b.Q, 0.1, 10)
		}
	}
}

// number checks a range; not-a-number is out of any.
func (c *checker) number(field string, v, from, to float64) {
	if !(v >= from && v <= to) {
		c.bad(field, "%v is not %v to %v", v, from, to)
	}
}
