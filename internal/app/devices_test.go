package app

import (
	"errors"
	"log/slog"
	"path/filepath"
	"testing"

	"phoned/media"
	"phoned/media/audio/wav"
	"phoned/media/device"
	"phoned/store"
)

// A device is chosen by a person, told to the interfaces, and there again after a
// restart; what is not plugged in can't be chosen.
func TestSoundDevicesAreChosenAndRemembered(t *testing.T) {
	cards := device.Mux{Named: map[string]device.Driver{"a": device.NewNull(), "b": device.NewNull()}}
	o := Options{Devices: cards, Paths: map[media.Path]media.Endpoint{media.PathHandset: {Speaker: "a", Microphone: "a"}}, Log: slog.New(slog.DiscardHandler)}
	db, err := store.Open(filepath.Join(t.TempDir(), "phone.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	engine, err := media.NewEngine(media.EngineConfig{Devices: cards, Paths: o.Paths})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	told := []string{}
	tell := func(name string, detail map[string]any) { told = append(told, name) }
	c := newSoundCards(o, engine, db, tell)
	mic := SoundRole{media.PathHandset, device.Capture}
	if err := c.Choose(t.Context(), mic, "b"); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []struct {
		role SoundRole
		id   string
		want error
	}{
		{mic, "nobody's", device.ErrNotFound},
		{SoundRole{media.PathGroup, device.Playback}, "a", ErrNoSoundRole},
		{SoundRole{media.PathNone, device.Capture}, "a", ErrNoSoundRole},
	} {
		if err := c.Choose(t.Context(), bad.role, bad.id); !errors.Is(err, bad.want) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	again := newSoundCards(o, engine, db, tell)
	if use := again.InUse(); use[mic] != "b" || use[SoundRole{media.PathHandset, device.Playback}] != "a" {
		t.Errorf("after a restart: %v", use)
	}
	if err := again.Choose(t.Context(), mic, ""); err != nil {
		t.Fatal(err)
	}
	if use := newSoundCards(o, engine, db, tell).InUse(); use[mic] != "a" {
		t.Errorf("the board's device is not used again: %v", use)
	}
	again.changed()
	if want := []string{"microphone-changed", "microphone-changed", "devices-changed"}; len(told) != 3 || told[0] != want[0] || told[2] != want[2] {
		t.Errorf("told %v", told)
	}
}

func TestTapToFile(t *testing.T) {
	engine, err := media.NewEngine(media.EngineConfig{Devices: device.NewNull()})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	s := &System{Engine: engine, log: slog.New(slog.DiscardHandler)}
	name := filepath.Join(t.TempDir(), "call.wav")
	stop, err := s.TapToFile(media.TapConversation, name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.TapToFile(media.TapSend, name); err == nil {
		t.Error("an existing file was overwritten")
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if _, rate, err := wav.ReadFile(name); err != nil || rate != 48000 {
		t.Errorf("%d Hz, %v", rate, err)
	}
}
