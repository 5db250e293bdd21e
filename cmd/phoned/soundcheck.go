package main

import (
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"phoned/hal/board"
	"phoned/media/audio"
	"phoned/media/device"
	"phoned/media/device/malgodev"
)

const (
	checkSpeech  = 4 * time.Second
	checkPatient = 10 * time.Second // beyond what the sound itself takes
	// A microphone that is there is never quite still: below this, in dBFS, it
	// is muted or not connected.
	checkSilence = -80.0
)

// checkTone is 440 Hz for a second and a half, quiet enough for an ear.
func checkTone() []int16 {
	var p audio.TonePlayer
	t := &audio.Tone{Once: []audio.Segment{{Freqs: []float64{440}, Len: 1500 * time.Millisecond}}, Level: -20}
	p.Play(t)
	out := make([]int16, t.Len()*audio.Rate/time.Second)
	for at := 0; at < len(out); at += audio.FrameLen {
		p.ReadFrame(out[at : at+audio.FrameLen])
	}
	return out
}

// openCards finds the sound cards for a check, which says what goes wrong.
func openCards() (device.Driver, func() error, error) {
	d, err := malgodev.New(malgodev.Config{Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		return nil, nil, err
	}
	return d, d.Close, nil
}

// sound plays a tone on every path and gives back what is said into it.
func (c *checker) sound(a board.Audio) {
	paths := []struct {
		name string
		ends board.Endpoint
	}{{"handset", a.Handset}, {"headset", a.Headset}, {"speaker", a.Speaker}, {"ringer", a.Ringer}}
	for _, p := range paths {
		if p.ends.Speaker != "" {
			c.say("\nThe %s plays a tone (%s).", p.name, p.ends.Speaker)
			if err := c.play(p.ends.Speaker, checkTone()); err != nil {
				c.failed(fmt.Sprintf("%s, tone: %v", p.name, err))
			} else {
				c.seen(p.name+", tone", "Did the "+p.name+" play it?")
			}
		}
		if p.ends.Microphone != "" {
			c.speech(p.name, p.ends)
		}
	}
}

// speech records and gives back.
func (c *checker) speech(name string, e board.Endpoint) {
	c.say("\nSpeak into the %s for %.0f seconds, now (%s).", name, checkSpeech.Seconds(), e.Microphone)
	said, err := c.record(e.Microphone, checkSpeech)
	if err != nil {
		c.failed(fmt.Sprintf("%s, microphone: %v", name, err))
		return
	}
	var m audio.Meter
	loudest := -120.0
	for at := 0; at+audio.FrameLen <= len(said); at += audio.FrameLen {
		m.Frame(said[at : at+audio.FrameLen])
		loudest = max(loudest, m.DB())
	}
	if loudest < checkSilence {
		c.failed(fmt.Sprintf("%s, microphone: it delivers silence (%.0f dBFS): muted in the mixer, or not connected", name, loudest))
		return
	}
	c.say("          loudest at %.0f dBFS", loudest)
	if e.Speaker == "" {
		c.passed(name + ", microphone")
		return
	}
	if err := c.play(e.Speaker, said); err != nil {
		c.failed(fmt.Sprintf("%s, playing it back: %v", name, err))
		return
	}
	c.seen(name+", speech", "Did you hear yourself?")
}

// play returns when all of it has left the card.
func (c *checker) play(id string, samples []int16) error {
	done := make(chan struct{})
	var once sync.Once
	return c.run(device.Playback, id, time.Duration(len(samples))*time.Second/audio.Rate, done, func(frame []int16) {
		n := copy(frame, samples)
		clear(frame[n:])
		samples = samples[n:]
		if n == 0 {
			once.Do(func() { close(done) })
		}
	})
}

func (c *checker) record(id string, d time.Duration) ([]int16, error) {
	want := int(d * audio.Rate / time.Second)
	said := make([]int16, 0, want+audio.FrameLen)
	done := make(chan struct{})
	var once sync.Once
	err := c.run(device.Capture, id, d, done, func(frame []int16) {
		if len(said) < want {
			said = append(said, frame...)
			return
		}
		once.Do(func() { close(done) })
	})
	return said, err
}

// run moves sound until done is closed, the device is lost, or far too much
// time has passed; f does not run any more then.
func (c *checker) run(dir device.Direction, id string, takes time.Duration, done <-chan struct{}, f device.Callback) (err error) {
	d, err := c.cards.Open(dir, id)
	if err != nil {
		return err
	}
	defer func() {
		if e := d.Close(); err == nil {
			err = e
		}
	}()
	if err := d.Start(f); err != nil {
		return err
	}
	late := time.NewTimer(takes + checkPatient)
	defer late.Stop()
	select {
	case <-done:
		time.Sleep(d.Latency()) // the last of it is on its way to the ear
		return d.Stop()
	case <-d.Lost():
		return fmt.Errorf("%w: it went away", device.ErrNotFound)
	case <-late.C:
		return fmt.Errorf("the sound card moves no sound: %d frames of 10 ms came", d.Stats().Frames)
	}
}
