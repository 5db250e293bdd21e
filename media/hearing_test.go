package media_test

import (
	"math"
	"testing"
	"testing/synctest"
	"time"

	"phoned/media"
	"phoned/media/device"
	"phoned/media/process"
)

// deaf takes everything for echo.
type deaf struct{ process.None }

func (deaf) Process(mic, _ []int16) { clear(mic) }

// Quiet speech, a microphone of zeros and a loudspeaker that comes back louder
// than it was played are found out.
func TestHearing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mic := &talker{}
		mic.speaks.Store(true)
		e := newEngine(t, media.EngineConfig{Devices: device.NewCard("card", mic, nil)})
		far := &person{}
		connect(t, e, media.PathHandset, far)
		time.Sleep(20 * time.Second)
		if h := e.Hearing(); math.Abs(h.Speech+21.5) > 3 || h.Silent || h.Overload || h.Echo != 0 {
			t.Errorf("a talker at -21 dB: %+v", h)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		e := newEngine(t, media.EngineConfig{Devices: device.NewCard("card", nil, nil)})
		connect(t, e, media.PathHandset, &person{hz: 400, loud: 3000})
		time.Sleep(10 * time.Second)
		if h := e.Hearing(); !h.Silent || h.Speech != 0 {
			t.Errorf("a dead microphone: %+v", h)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		mic := &talker{}
		mic.speaks.Store(true)
		e := newEngine(t, media.EngineConfig{Devices: device.NewCard("card", mic, nil)})
		connect(t, e, media.PathSpeaker, &person{hz: 400, loud: 900}) // 10 dB and more below the talker
		time.Sleep(20 * time.Second)
		if h := e.Hearing(); h.Echo != 0 && h.Echo < -3 || h.Overload {
			t.Errorf("a talker beside a quiet far end: %+v", h)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		e := newEngine(t, media.EngineConfig{Devices: device.NewLoop(), Tuning: map[media.Path]media.Tuning{media.PathSpeaker: {Microphone: 12}},
			Processor: func(media.Path) (process.Processor, error) { return deaf{}, nil }})
		connect(t, e, media.PathSpeaker, &person{hz: 400, loud: 12000})
		time.Sleep(10 * time.Second)
		if h := e.Hearing(); !h.Overload || h.Echo > -8 {
			t.Errorf("a loudspeaker too loud: %+v", h)
		}
	})
}
