// Package malgodev is the device.Driver of real sound cards: ALSA through
// malgo (miniaudio), which loads libasound when the program runs. It is the
// only package that imports malgo, and needs cgo.
//
// Each started stream has a C thread of miniaudio, which only copies to or from
// a ring, a watchdog goroutine, one that stops the thread when the card is lost
// and, for playback, one that keeps the ring filled. All end with Stop. What miniaudio gets wrong on Linux is put
// right here:
//
//   - a card that is pulled out stops calling back without a word, while
//     miniaudio's thread spins and logs thousands of lines a second: the first
//     line tells that the card is lost, the thread loses its priority and is
//     stopped, and the log is rationed; where no line comes a watchdog notices after 300 ms;
//   - ma_device_uninit of such a device never returns unless ma_device_stop came
//     first: Close always stops;
//   - the null backend's number is 14, not malgo.BackendNull;
//   - ALSA writes its errors to stderr: they are caught and kept for the error
//     text instead.
package malgodev

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/gen2brain/malgo"

	"phoned/media/device"
)

// backendNull is miniaudio's ma_backend_null. malgo.BackendNull is 13, which
// is ma_backend_custom in miniaudio 0.11.
const backendNull = malgo.Backend(14)

// Config says how cards are used. The zero Config is right for a phone.
type Config struct {
	// Period is how often the card asks for sound, 5 to 40 ms; 0 is 10 ms.
	Period time.Duration
	// Periods is how many the card's buffer holds, 2 to 8; 0 is 3.
	Periods int
	// Null uses miniaudio's own null card instead of ALSA: for tests.
	Null bool
	// Log is the logger, nil for none.
	Log *slog.Logger
}

func (c Config) withDefaults() (Config, error) {
	if c.Period == 0 {
		c.Period = 10 * time.Millisecond
	}
	if c.Periods == 0 {
		c.Periods = 3
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Period < 5*time.Millisecond || c.Period > 40*time.Millisecond || c.Periods < 2 || c.Periods > 8 {
		return c, fmt.Errorf("sound card: %d periods of %v are out of range", c.Periods, c.Period)
	}
	return c, nil
}

// Driver opens ALSA devices.
type Driver struct {
	cfg Config
	ctx *malgo.AllocatedContext
	log *ration

	mu     sync.Mutex // held while a device is opened
	closed bool

	openMu sync.Mutex // never held while miniaudio works: its threads need it
	open   map[*stream]bool
}

// New loads ALSA. It fails if libasound is not installed.
func New(cfg Config) (*Driver, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	backend := malgo.Backend(malgo.BackendAlsa)
	if cfg.Null {
		backend = backendNull
	} else {
		catchALSAErrors()
	}
	d := &Driver{cfg: cfg, log: newRation(cfg.Log, time.Now), open: map[*stream]bool{}}
	d.log.gone = d.gone
	d.ctx, err = malgo.InitContext([]malgo.Backend{backend}, malgo.ContextConfig{
		ThreadPriority: malgo.ThreadPriorityRealtime,
	}, d.log.line)
	if err != nil {
		return nil, fmt.Errorf("start ALSA (is libasound2 installed?): %w", err)
	}
	return d, nil
}

// Close frees the driver. All its devices must have been closed.
func (d *Driver) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil
	}
	if open := d.opened(); open > 0 {
		return fmt.Errorf("close sound driver: %d devices are open", open)
	}
	d.closed = true
	err := d.ctx.Uninit()
	d.ctx.Free()
	return err
}

// List implements device.Driver.
func (d *Driver) List() ([]device.Info, error) {
	var out []device.Info
	for _, dir := range []device.Direction{device.Playback, device.Capture} {
		kind := malgo.Playback
		if dir == device.Capture {
			kind = malgo.Capture
		}
		list, err := d.ctx.Devices(kind)
		if err != nil {
			return nil, fmt.Errorf("list %s devices: %w%s", dir, err, alsaDetail())
		}
		for _, i := range list {
			out = append(out, device.Info{
				ID: stableID(idString(i.ID), cardIDs), Name: tidyName(i.Name()), Direction: dir, Default: i.IsDefault != 0,
			})
		}
	}
	return out, nil
}

// Open implements device.Driver. Ids are those of List, or any ALSA PCM name
// ("plughw:CARD=Headset").
func (d *Driver) Open(dir device.Direction, id string) (device.Device, error) {
	name, err := alsaName(id, cardIDs)
	if err == nil && !d.cfg.Null {
		err = ready(dir, id, cardIDs, exists)
	}
	if err != nil {
		return nil, fmt.Errorf("open %s %q: %w", dir, id, err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil, fmt.Errorf("open %s %q: driver: %w", dir, id, device.ErrClosed)
	}
	s, err := newStream(d, dir, id, name)
	if err != nil {
		return nil, fmt.Errorf("open %s %q: %w", dir, id, classify(err))
	}
	d.openMu.Lock()
	defer d.openMu.Unlock()
	d.open[s] = true
	return s, nil
}

func (d *Driver) opened() int {
	d.openMu.Lock()
	defer d.openMu.Unlock()
	return len(d.open)
}

func (d *Driver) release(s *stream) {
	d.openMu.Lock()
	defer d.openMu.Unlock()
	delete(d.open, s)
}

// gone is called on the thread of a card that was pulled out, again and again,
// while it holds miniaudio's log. Under real-time scheduling it would take that
// lock again before anybody else got it, and stopping it needs the lock: on a
// board with one processor it went on for ever.
func (d *Driver) gone() {
	ordinary()
	d.openMu.Lock()
	defer d.openMu.Unlock()
	thread := threadID()
	for s := range d.open {
		if s.thread.Load() == thread {
			s.lose()
		}
	}
}

// classify adds what ALSA said, and the sentinel a caller can test for.
func classify(err error) error {
	detail := alsaDetail()
	switch {
	case errors.Is(err, malgo.ErrBusy), errors.Is(err, malgo.ErrAlreadyInUse),
		strings.Contains(detail, "busy"):
		return fmt.Errorf("%w: %w%s", device.ErrBusy, err, detail)
	case errors.Is(err, malgo.ErrOutOfMemory), errors.Is(err, malgo.ErrFormatNotSupported):
		return fmt.Errorf("%w%s", err, detail)
	}
	return fmt.Errorf("%w: %w%s", device.ErrNotFound, err, detail)
}

// idString is the ALSA name in a malgo id: C text in its first bytes.
func idString(id malgo.DeviceID) string {
	s, _, _ := strings.Cut(string(id[:]), "\x00")
	return s
}

// tidyName makes one line of ALSA's two.
func tidyName(s string) string { return strings.Join(strings.Fields(s), " ") }

// miniaudio names hardware ":CARD,DEVICE" by number, and numbers change with
// the order of plugging. Ours are "card:ID,DEVICE" with the card's id, which
// does not.
var (
	byNumber = regexp.MustCompile(`^:(\d+),(\d+)$`)
	byCard   = regexp.MustCompile(`^card:([^,/]+),(\d+)$`)
)

// cardIDs gives the cards that are there now, by number. /proc/asound has them as well,
// but not in the daemon's sandbox (ProcSubset=pid).
func cardIDs() map[string]string {
	ids := map[string]string{}
	files, _ := filepath.Glob("/sys/class/sound/card[0-9]*/id")
	for _, f := range files {
		if b, err := os.ReadFile(f); err == nil {
			number := strings.TrimPrefix(filepath.Base(filepath.Dir(f)), "card")
			ids[number] = strings.TrimSpace(string(b))
		}
	}
	return ids
}

func stableID(name string, cards func() map[string]string) string {
	if m := byNumber.FindStringSubmatch(name); m != nil {
		if id := cards()[m[1]]; id != "" {
			return "card:" + id + "," + m[2]
		}
	}
	return name
}

func alsaName(id string, cards func() map[string]string) (string, error) {
	m := byCard.FindStringSubmatch(id)
	if m == nil {
		if len(id) > 255 || strings.ContainsRune(id, 0) {
			return "", device.ErrNotFound
		}
		return id, nil
	}
	for number, card := range cards() {
		if card == m[1] {
			return ":" + number + "," + m[2], nil
		}
	}
	return "", fmt.Errorf("%w: card %q is not plugged in", device.ErrNotFound, m[1])
}
