package app

import (
	"testing"

	"phoned/media/stream"
	"phoned/provisioning"
)

// The board says what its processor affords, the configuration goes before it.
func TestVoiceOfBoardAndConfiguration(t *testing.T) {
	o := Options{Voice: stream.Config{Bitrate: 16000, Complexity: 2}}
	if v := o.voice(); v.Bitrate != 16000 || v.Complexity != 2 || v.DTX {
		t.Errorf("by the board alone: %+v", v)
	}
	o.Config.OpusBitrate = provisioning.Value[int64]{Value: 40000}
	o.Config.OpusDTX = provisioning.Value[bool]{Value: true}
	if v := o.voice(); v.Bitrate != 40000 || v.Complexity != 2 || !v.DTX {
		t.Errorf("by the configuration: %+v", v)
	}
}
