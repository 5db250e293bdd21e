package app

import (
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"phoned/media"
	"phoned/media/device"
)

// Every counter reaches the struct, closed devices' xruns stay counted, and the
// JSON has lists, not null, in an idle phone.
func TestSoundStats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine, err := media.NewEngine(media.EngineConfig{Devices: device.NewNull()})
		if err != nil {
			t.Fatal(err)
		}
		defer engine.Close()
		s := &System{Engine: engine, log: slog.New(slog.DiscardHandler)}
		b, err := json.Marshal(s.SoundStats())
		if err != nil || !strings.Contains(string(b), `"devices":[],"calls":[]`) {
			t.Errorf("%s, %v", b, err)
		}
		if err := engine.Apply(media.Plan{Path: media.PathHandset}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		got := s.SoundStats()
		if len(got.Devices) != 2 || !got.Devices[0].Clock || got.Devices[0].Frames < 90 || got.Ticks < 90 || got.Devices[1].Direction != "capture" {
			t.Errorf("%+v", got)
		}
	})
	c := callSound(media.Stats{Codec: "opus", RecvCodec: "PCMA", PacketsRecv: 100, Concealed: 7, Late: 3, LossPercent: 10, JitterDelay: 40 * time.Millisecond})
	if c.Concealed != 7 || c.Late != 3 || c.BufferMS != 40 || c.Quality != "fair" || c.Cause != media.CauseDownlink || c.R < 60 || c.MOS < 3 {
		t.Errorf("%+v", c)
	}
}
