package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"strings"
	"sync"

	"phoned/media"
	"phoned/media/audio"
	"phoned/media/audio/wav"
	"phoned/media/device"
	"phoned/store"
)

// ErrNoSoundRole: a path, or the ringer's microphone, that nothing can be chosen
// for.
var ErrNoSoundRole = errors.New("no device can be chosen for that")

// SoundRole is what a device is chosen for: a direction of a path. The path
// media.PathNone is the ringer, which has a loudspeaker only; a group uses the
// handset's and the speaker's.
type SoundRole struct {
	Path      media.Path
	Direction device.Direction
}

// SoundCards are the devices of the paths: the board's, until a person chooses
// others, which are remembered by their stable identity. A chosen device that is
// pulled out is waited for: its path is a problem meanwhile, the call goes on.
// Safe for concurrent use.
type SoundCards struct {
	driver device.Driver
	engine *media.Engine
	db     *store.DB
	tell   func(name string, detail map[string]any)
	log    *slog.Logger

	mu         sync.Mutex
	board      map[SoundRole]string
	chosen     map[SoundRole]string
	headset    func(in bool) // told when it is plugged in or out; nil: nobody
	headsetOut bool
}

const keyDevice = "audio.device."

// roles are what devices can be chosen for.
func roles() []SoundRole {
	out := []SoundRole{{media.PathNone, device.Playback}}
	for _, p := range []media.Path{media.PathHandset, media.PathHeadset, media.PathSpeaker} {
		out = append(out, SoundRole{p, device.Playback}, SoundRole{p, device.Capture})
	}
	return out
}

// key is the role's place in the settings.
func (r SoundRole) key() string {
	if r.Path == media.PathNone {
		return keyDevice + "ringer." + r.Direction.String()
	}
	return keyDevice + string(r.Path) + "." + r.Direction.String()
}

// newSoundCards reads what was chosen and gives it to the engine.
func newSoundCards(o Options, engine *media.Engine, db *store.DB, tell func(string, map[string]any)) *SoundCards {
	c := &SoundCards{driver: o.Devices, engine: engine, db: db, tell: tell, log: o.Log, board: map[SoundRole]string{}, chosen: map[SoundRole]string{}}
	c.board[SoundRole{media.PathNone, device.Playback}] = o.Ringer
	for p, e := range o.Paths {
		c.board[SoundRole{p, device.Playback}], c.board[SoundRole{p, device.Capture}] = e.Speaker, e.Microphone
	}
	all, err := db.Settings(context.Background())
	if err != nil {
		c.log.Warn("the chosen sound devices could not be read", "err", err)
	}
	for _, s := range all {
		for _, r := range roles() {
			var id string
			if s.Key == r.key() && json.Unmarshal(s.Value, &id) == nil && id != "" {
				c.chosen[r] = id
			}
		}
	}
	if len(c.chosen) > 0 {
		c.apply()
	}
	return c
}

// List tells what is plugged in now.
func (c *SoundCards) List() ([]device.Info, error) { return c.driver.List() }

// InUse are the devices of every role; "" is the system's default. Chosen ones
// may not be plugged in.
func (c *SoundCards) InUse() map[SoundRole]string {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := maps.Clone(c.board)
	maps.Copy(out, c.chosen)
	return out
}

// Choose makes a device, by its id of List, that of a role from now on, also in
// the middle of a call, which goes on; "" goes back to the board's. It is
// remembered over restarts. ErrNoSoundRole, device.ErrNotFound; an error of the
// store means that it is used but not remembered.
func (c *SoundCards) Choose(ctx context.Context, r SoundRole, id string) error {
	known := false
	for _, have := range roles() {
		known = known || have == r
	}
	if !known {
		return fmt.Errorf("choose %s of %q: %w", r.Direction, r.Path, ErrNoSoundRole)
	}
	if id != "" {
		if err := c.plugged(r, id); err != nil {
			return err
		}
	}
	c.mu.Lock()
	if id == "" {
		delete(c.chosen, r)
	} else {
		c.chosen[r] = id
	}
	c.mu.Unlock()
	c.apply()
	c.lookForHeadset()
	c.log.Info("sound device chosen", "path", string(r.Path), "dev", id, "state", r.Direction.String())
	name := "speaker-changed"
	if r.Direction == device.Capture {
		name = "microphone-changed"
	}
	c.tell(name, map[string]any{"id": id, "path": strings.Replace(string(r.Path), string(media.PathNone), "ringer", 1)})
	return save(ctx, c.db, r.key(), id)
}

func (c *SoundCards) plugged(r SoundRole, id string) error {
	list, err := c.driver.List()
	if err != nil {
		return fmt.Errorf("choose %q: %w", id, err)
	}
	for _, i := range list {
		if i.ID == id && i.Direction == r.Direction {
			return nil
		}
	}
	return fmt.Errorf("choose %q for %s: %w", id, r.Direction, device.ErrNotFound)
}

func (c *SoundCards) apply() {
	use := c.InUse()
	paths := map[media.Path]media.Endpoint{}
	for _, p := range []media.Path{media.PathHandset, media.PathHeadset, media.PathSpeaker} {
		paths[p] = media.Endpoint{Speaker: use[SoundRole{p, device.Playback}], Microphone: use[SoundRole{p, device.Capture}]}
	}
	c.engine.SetPaths(paths, use[SoundRole{media.PathNone, device.Playback}])
}

// changed: something was plugged in or out, and its messages have come.
func (c *SoundCards) changed() {
	c.engine.DevicesChanged()
	list, err := c.driver.List()
	if err != nil {
		c.log.Warn("the sound devices can't be listed", "err", err)
		return
	}
	out := make([]map[string]any, 0, len(list))
	for _, i := range list {
		kind := "audiooutput"
		if i.Direction == device.Capture {
			kind = "audioinput"
		}
		out = append(out, map[string]any{"deviceId": i.ID, "label": i.Name, "kind": kind})
	}
	c.tell("devices-changed", map[string]any{"devices": out})
}

// TapToFile writes what passes a point of the sound to a WAV file from now on,
// 48 kHz mono, for a support case; stop ends it and reports whether all of it was
// written. The file holds what people said: it is made for its owner's eyes only.
func (s *System) TapToFile(point media.TapPoint, name string) (stop func() error, err error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("tap %s: %w", point, err)
	}
	w := wav.NewWriter(f, audio.Rate)
	end, err := s.Engine.Tap(point, w)
	if err != nil {
		return nil, errors.Join(err, f.Close(), os.Remove(name))
	}
	s.log.Info("the sound is recorded to a file", "dev", point.String(), "state", name)
	return func() error { return errors.Join(end(), w.Close(), f.Close()) }, nil
}
