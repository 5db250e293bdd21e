package malgodev

import (
	"errors"
	"testing"

	"phoned/media/device"
)

var _ device.Presence = (*Driver)(nil)

func TestPlugged(t *testing.T) {
	cards := func() map[string]string { return map[string]string{"0": "Codec", "2": "Headset"} }
	for id, want := range map[string][2]bool{
		"card:Headset,0": {true, true}, "card:Gone,0": {false, true}, ":2,0": {true, true}, ":1,0": {false, true},
		"plughw:Headset,0,0": {true, true}, "hw:2": {true, true}, "plughw:CARD=Headset,DEV=0": {true, true},
		"sysdefault:CARD=Gone": {false, true}, "front:DEV=0,CARD=Codec": {true, true},
		"": {false, false}, "default": {false, false}, "pulse": {false, false}, "null": {false, false}, "dmix:DEV=0": {false, false},
	} {
		if plugged, known := onCard(id, cards); plugged != want[0] || known != want[1] {
			t.Errorf("%q: plugged %v, known %v", id, plugged, known)
		}
	}
}

// A card is tried when its device's file is there, not before; what is no hardware
// is always tried.
func TestReady(t *testing.T) {
	cards := func() map[string]string { return map[string]string{"0": "Codec", "2": "Headset"} }
	files := map[string]bool{"/dev/snd/pcmC0D0p": true, "/dev/snd/pcmC0D0c": true, "/dev/snd/pcmC0D3p": true}
	there := func(file string) bool { return files[file] }
	for _, c := range []struct {
		dir  device.Direction
		id   string
		want bool
	}{
		{device.Playback, "card:Codec,0", true},
		{device.Capture, "card:Codec,0", true},
		{device.Playback, "card:Codec,3", true},
		{device.Capture, "card:Codec,3", false},
		{device.Playback, "plughw:Codec", true},
		{device.Playback, "plughw:CARD=Codec,DEV=3", true},
		{device.Playback, "hw:0,1", false},
		{device.Playback, "card:Headset,0", false}, // announced, but no file yet
		{device.Playback, "card:Gone,0", false},
		{device.Playback, ":1,0", false},
		{device.Playback, "", true},
		{device.Playback, "pulse", true},
		{device.Capture, "sysdefault:CARD=Headset", true},
	} {
		err := ready(c.dir, c.id, cards, there)
		if (err == nil) != c.want {
			t.Errorf("%s %q: %v", c.dir, c.id, err)
		}
		if err != nil && !errors.Is(err, device.ErrNotFound) {
			t.Errorf("%q: %v is not ErrNotFound", c.id, err)
		}
	}
}
