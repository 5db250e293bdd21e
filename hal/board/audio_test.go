package board

import (
	"strings"
	"testing"
)

const tuned = `
[audio.handset]
speaker = "plughw:Handset,0"
speaker_gain = -3.5
microphone_gain = 12.0
sidetone = -26.0
ceiling = -9.0
processing = "off"
speaker_eq = [ { kind = "high_pass", hz = 200.0 }, { kind = "peak", hz = 2500.0, db = 4.0, q = 1.4 } ]

[audio.speaker]
processing = "full"
`

func TestAudioProfiles(t *testing.T) {
	f, err := Parse([]byte(tuned))
	if err != nil {
		t.Fatal(err)
	}
	h := f.Audio.Handset
	if h.SpeakerGain != -3.5 || h.MicrophoneGain != 12 || h.Sidetone != -26 || h.Ceiling == nil || *h.Ceiling != -9 || h.Processing != "off" {
		t.Errorf("%+v", h)
	}
	if len(h.SpeakerBands) != 2 || h.SpeakerBands[1] != (Band{"peak", 2500, 4, 1.4}) {
		t.Errorf("%+v", h.SpeakerBands)
	}
	if f.Audio.Speaker.Ceiling != nil || f.Audio.Speaker.Processing != "full" {
		t.Errorf("%+v", f.Audio.Speaker)
	}
}

func TestAudioProfilesAreChecked(t *testing.T) {
	for text, want := range map[string]string{
		"[audio.handset]\nspeaker_gain = 90.0":                                 "audio.handset.speaker_gain",
		"[audio.headset]\nmicrophone_gain = nan":                               "audio.headset.microphone_gain",
		"[audio.handset]\nsidetone = 3.0":                                      "sidetone",
		"[audio.handset]\nceiling = 0.0":                                       "ceiling",
		"[audio.speaker]\nprocessing = \"loud\"":                               "processing",
		"[audio.speaker]\nspeaker_eq = [{kind = \"bell\", hz = 100.0}]":        "kind",
		"[audio.speaker]\nmicrophone_eq = [{kind = \"peak\", hz = 5.0}]":       "hz",
		"[audio.speaker]\nspeaker_eq = [{kind=\"peak\", hz=500.0, db = 99.0}]": "db",
	} {
		if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}
