package malgodev

import (
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
