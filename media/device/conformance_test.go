package device_test

import (
	"path/filepath"
	"testing"
	"testing/synctest"

	"phoned/media/audio"
	"phoned/media/audio/wav"
	"phoned/media/device"
	"phoned/media/device/devicetest"
)

func TestConformance(t *testing.T) {
	in := filepath.Join(t.TempDir(), "in.wav")
	if err := wav.WriteFile(in, make([]int16, audio.Rate), audio.Rate); err != nil {
		t.Fatal(err)
	}
	for name, open := range map[string]func() (*device.Card, error){
		"null": func() (*device.Card, error) { return device.NewNull(), nil },
		"loop": func() (*device.Card, error) { return device.NewLoop(), nil },
		"wav":  func() (*device.Card, error) { return device.NewWAV(in, true, filepath.Join(t.TempDir(), "out.wav")) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				card, err := open()
				if err != nil {
					t.Fatal(err)
				}
				defer card.Close()
				devicetest.Run(t, func(d device.Direction) (device.Device, error) { return card.Open(d, "") })
			})
		})
	}
}
