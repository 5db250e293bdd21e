package device

import (
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"phoned/media/audio"
	"phoned/media/audio/wav"
)

func TestWAVCard(t *testing.T) {
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.wav"), filepath.Join(dir, "out.wav")
	sound := make([]int16, 1000)
	for i := range sound {
		sound[i] = int16(i + 1)
	}
	if err := wav.WriteFile(in, sound, audio.Rate); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		c, err := NewWAV(in, true, out)
		if err != nil {
			t.Fatal(err)
		}
		var heard []int16
		c.Microphone().Start(func(f []int16) { heard = append(heard, f...) })
		c.Speaker().Start(func(f []int16) {
			for i := range f {
				f[i] = 77
			}
		})
		time.Sleep(105 * time.Millisecond)
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		if want := slices.Repeat(sound, 5)[:10*audio.FrameLen]; !slices.Equal(heard, want) {
			t.Error("the microphone does not hear the file over and over")
		}
	})
	got, rate, err := wav.ReadFile(out)
	if err != nil || rate != audio.Rate || len(got) != 10*audio.FrameLen || got[0] != 77 || got[len(got)-1] != 77 {
		t.Errorf("recorded %d samples at %d Hz, %v", len(got), rate, err)
	}
}

func TestRecordingEnds(t *testing.T) {
	r, err := NewRecording(make([]int16, 160), 16000, false)
	if err != nil {
		t.Fatal(err)
	}
	f := make([]int16, audio.FrameLen)
	if !r.ReadFrame(f) || r.ReadFrame(f) {
		t.Error("10 ms of sound are not one frame")
	}
	if _, err := NewRecording(nil, 44100, false); err == nil {
		t.Error("44.1 kHz was accepted")
	}
	if _, err := NewWAV(filepath.Join(t.TempDir(), "none.wav"), false, ""); err == nil {
		t.Error("a file that is not there was accepted")
	}
}
