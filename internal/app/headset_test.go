package app

import (
	"context"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"phoned/media"
	"phoned/media/device"
	"phoned/store"
)

// jack is a driver whose card "usb" can be pulled out.
type jack struct {
	device.Driver
	mu  sync.Mutex
	out bool
}

func (j *jack) pull(out bool) { j.mu.Lock(); defer j.mu.Unlock(); j.out = out }
func (j *jack) Plugged(id string) (plugged, known bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return !j.out, id == "usb"
}

// A headset's absence is told once, its return once, a default device never; many
// messages of one card make one list.
func TestHeadsetPulledOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &jack{Driver: device.NewNull(), out: true}
		db, err := store.Open(filepath.Join(t.TempDir(), "phone.db"), store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		paths := map[media.Path]media.Endpoint{media.PathHeadset: {Speaker: "usb", Microphone: "usb"}, media.PathHandset: {}}
		engine, err := media.NewEngine(media.EngineConfig{Devices: j, Paths: paths})
		if err != nil {
			t.Fatal(err)
		}
		defer engine.Close()
		lists := 0
		c := newSoundCards(Options{Devices: j, Paths: paths, Log: slog.New(slog.DiscardHandler)}, engine, db, func(string, map[string]any) { lists++ })
		var told []bool
		c.watchHeadset(func(in bool) { told = append(told, in) })
		ctx, cancel := context.WithCancel(t.Context())
		changes := make(chan struct{})
		go c.follow(ctx, changes)
		burst := func(out bool) {
			j.pull(out)
			for range 6 {
				changes <- struct{}{}
			}
			time.Sleep(cardsSettle + time.Millisecond)
			synctest.Wait()
		}
		burst(false)
		burst(true)
		cancel()
		synctest.Wait()
		if want := []bool{false, true, false}; !slices.Equal(told, want) {
			t.Errorf("told %v, want %v", told, want)
		}
		if lists != 2 {
			t.Errorf("%d lists for two changes", lists)
		}
	})
}
