package board

import (
	"cmp"
	"errors"
	"fmt"
	"image"
	"time"

	"periph.io/x/conn/v3/gpio"

	"phoned/hal"
	"phoned/hal/gpiochip"
	"phoned/hal/hook"
	"phoned/hal/input"
	"phoned/hal/keypad"
	"phoned/hal/lamp"
	"phoned/hal/qrscanner"
	"phoned/hal/serialpad"
	"phoned/hal/serialport"
	"phoned/internal/clock"
)

// Devices are the drivers that run.
type Devices struct {
	Name     string
	Keypads  []hal.Keypad
	Hook     hal.Hook
	Lamps    hal.Lamps
	Panels   []hal.Panel
	Scanners []hal.Scanner
	Camera   *Camera // to be opened when a code is to be read; nil: none
	Audio    Audio
	// FewKeys: the file names digits and soft keys only, no other key.
	FewKeys bool
	site    *site // nil: nothing is waited for
}

// Missing is a part that is not there or does not work: one sentence for people,
// and the cause.
type Missing struct {
	Part    string // "keypad", "hook", "panel", …
	Subject string // which of several; "" where there is one
	Title   string
	Err     error
}

func (m Missing) because(err error) Missing { m.Err = err; return m }

// What parts are called in Missing.
const (
	partKey     = "key"
	partKeypad  = "keypad"
	partHook    = "hook"
	partPanel   = "panel"
	partLamp    = "lamp"
	partScanner = "scanner"
	partSerial  = "serialpad"
	partInput   = "input"
)

var (
	noKeypad = Missing{Part: partKeypad, Title: "The keypad does not work."}
	noHook   = Missing{Part: partHook, Title: "The hook switch does not work."}
	noPanel  = Missing{Part: partPanel, Title: "The display does not work."}
)

func noLamp(id hal.LampID) Missing {
	return Missing{Part: partLamp, Subject: string(id), Title: "A lamp does not work."}
}

// Open starts a driver for each section of the file, as things are now. What can't be
// started is told in missing, and the rest runs. Serial and input devices that may be
// plugged in later are waited for: changed is told when one goes, and with Err nil when
// it is there; it runs on the drivers' goroutines, and may be nil.
func Open(f *File, changed func(Missing)) (d Devices, missing []Missing) {
	if changed == nil {
		changed = func(Missing) {}
	}
	d.Name, d.Audio, d.Camera, d.FewKeys = f.Name, f.Audio, f.Camera, f.fewKeys()
	lost := func(m Missing, err error) { missing = append(missing, m.because(err)) }
	if f.Keypad != nil {
		if k, err := openKeypad(f.Keypad, changed); err != nil {
			lost(noKeypad, err)
		} else {
			d.Keypads = append(d.Keypads, k)
		}
	}
	if f.Hook != nil {
		if h, err := openHook(f.Hook); err != nil {
			lost(noHook, err)
		} else {
			d.Hook = h.Hook
		}
	}
	if f.Panel != nil {
		if p, err := openPanel(f.Panel, changed); err != nil {
			lost(noPanel, err)
		} else {
			d.Panels = append(d.Panels, p)
		}
	}
	for _, id := range lampIDs(f.Lamps) {
		if l, err := openLamp(id, f.Lamps, func(m Missing) { missing = append(missing, m) }); err != nil {
			lost(noLamp(id), err)
		} else {
			d.lamp(l)
		}
	}
	missing = append(missing, d.plugged(f, changed)...)
	return d, missing
}

// Start is Open for a phone that begins before the kernel has found its devices: every
// part of the file is in Devices at once, and works as soon as it is there, again and
// again; the display then gets the picture that was drawn before. changed is told of
// what is not there after 15 s, or goes, and with Err nil when it is there; it may be
// nil. What of the file can't work at all is in wrong.
func Start(f *File, changed func(Missing)) (d Devices, wrong []Missing) {
	if changed == nil {
		changed = func(Missing) {}
	}
	s := newSite(clock.Real{}, changed)
	s.watch()
	return startOn(s, f)
}

func startOn(s *site, f *File) (d Devices, wrong []Missing) {
	d.Name, d.Audio, d.Camera, d.FewKeys, d.site = f.Name, f.Audio, f.Camera, f.fewKeys(), s
	if f.Panel != nil { // first: a display takes a third of a second to wake up
		d.Panels = append(d.Panels, newLatePanel(s, image.Pt(f.Panel.Width, f.Panel.Height), noPanel, func(tell func(Missing)) (hal.Panel, error) { return openPanel(f.Panel, tell) }))
	}
	if f.Keypad != nil {
		d.Keypads = append(d.Keypads, newLateKeypad(s, noKeypad, func() (hal.Keypad, error) { return openKeypad(f.Keypad, s.tell) }))
	}
	if f.Hook != nil {
		d.Hook = newLateHook(s, noHook, func() (openedHook, error) { return openHook(f.Hook) })
	}
	if ids := lampIDs(f.Lamps); len(ids) > 0 {
		lamps := lateLamps{}
		for _, id := range ids {
			lamps[id] = newLateLamp(s, id, noLamp(id), func() (hal.Lamps, error) { return openLamp(id, f.Lamps, s.tell) })
		}
		d.lamp(lamps)
	}
	return d, d.plugged(f, s.tell)
}

// plugged starts the drivers of serial and input devices, which wait for them.
func (d *Devices) plugged(f *File, changed func(Missing)) (missing []Missing) {
	lost := func(part, title string, err error) {
		missing = append(missing, Missing{Part: part, Title: title, Err: err})
	}
	if f.Scanner != nil {
		s, err := qrscanner.New(port(partScanner, "The QR scanner is not there.", f.Scanner.Device, f.Scanner.Baud, changed))
		if err != nil {
			lost(partScanner, "The QR scanner does not work.", err)
		} else {
			d.Scanners = append(d.Scanners, s)
		}
	}
	if f.SerialPad != nil {
		if p, err := openSerialPad(f.SerialPad, changed); err != nil {
			lost(partSerial, "The serial keypad does not work.", err)
		} else {
			d.Keypads = append(d.Keypads, p)
			d.lamp(p)
		}
	}
	for _, in := range f.Inputs {
		if k, err := openInput(in, changed); err != nil {
			lost(partInput, "An input device does not work.", err)
		} else {
			d.Keypads = append(d.Keypads, k)
		}
	}
	return missing
}

// lamp adds lamps to those that there are.
func (d *Devices) lamp(l hal.Lamps) {
	if d.Lamps == nil {
		d.Lamps = l
		return
	}
	d.Lamps = both{d.Lamps, l}
}

// both are lamps of two drivers: each ignores the other's.
type both [2]hal.Lamps

// Set implements hal.Lamps.
func (b both) Set(id hal.LampID, s hal.LampState) error {
	return errors.Join(b[0].Set(id, s), b[1].Set(id, s))
}

// Close implements hal.Lamps.
func (b both) Close() error { return errors.Join(b[0].Close(), b[1].Close()) }

// Close ends what nobody has taken, and what Start waits for; keypads, hooks, lamps,
// panels and scanners are closed by who took them, scanners a second time here.
func (d Devices) Close() error {
	var errs []error
	for _, s := range d.Scanners {
		errs = append(errs, s.Close())
	}
	if d.site != nil {
		d.site.close()
	}
	return errors.Join(errs...)
}

// line finds a GPIO line by its name, or by chip and name ("chip:GPIO17").
func line(name string) (gpio.PinIO, error) { return gpiochip.Open(name) }

func lines(names []string) ([]gpio.PinIO, error) {
	out := make([]gpio.PinIO, 0, len(names))
	for _, n := range names {
		l, err := line(n)
		if err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	return out, nil
}

// ErrStuck is the cause of a key's Missing.
var ErrStuck = errors.New("it has been down for 20 s, or since the phone was switched on")

func openKeypad(f *Keypad, changed func(Missing)) (hal.Keypad, error) {
	rows, err := lines(f.Rows)
	if err != nil {
		return nil, err
	}
	cols, err := lines(f.Columns)
	if err != nil {
		return nil, err
	}
	w, err := keypad.NewPins(rows, cols)
	if err != nil {
		return nil, err
	}
	return keypad.New(keypad.Config{Layout: f.Keys, Now: time.Now, Stuck: func(key hal.Key, stuck bool) {
		m := Missing{Part: partKey, Subject: string(key), Title: fmt.Sprintf("The key %s is stuck.", key)}
		if stuck {
			m.Err = ErrStuck
		}
		changed(m)
	}}, w)
}

func openHook(f *Hook) (openedHook, error) {
	l, err := gpiochip.Open(f.Line)
	if err != nil {
		return openedHook{}, err
	}
	h, err := hook.New(l, f.OffHook == "high", time.Now)
	if err != nil {
		return openedHook{}, err
	}
	return openedHook{h, l.Lost()}, nil
}

// output finds a line that may be left out.
func output(name string) (gpio.PinOut, error) {
	if name == "" {
		return nil, nil
	}
	return line(name)
}

func port(part, title, device string, baud int, changed func(Missing)) serialport.Config {
	return serialport.Config{Device: device, Baud: baud,
		Up: func() { changed(Missing{Part: part, Title: title}) }, Lost: func(err error) { changed(Missing{Part: part, Title: title, Err: err}) }}
}

func openSerialPad(f *SerialPad, changed func(Missing)) (*serialpad.Pad, error) {
	keys, err := numbered(f.Keys)
	if err != nil {
		return nil, err
	}
	lamps := map[hal.LampID]int{}
	for id, n := range f.Lamps {
		lamps[hal.LampID(id)] = n
	}
	return serialpad.New(serialpad.Config{Keys: keys, Lamps: lamps, Port: port(partSerial, "The serial keypad is not there.", f.Device, f.Baud, changed)})
}

func openInput(f Input, changed func(Missing)) (hal.Keypad, error) {
	keys, err := coded(f.Keys)
	if err != nil {
		return nil, err
	}
	m := Missing{Part: partInput, Subject: cmp.Or(f.Name, f.Device), Title: "An input device is not there."}
	return input.New(input.Config{Device: f.Device, Name: f.Name, Keys: keys, Up: func() { changed(m) }, Lost: func(err error) { changed(m.because(err)) }})
}

// lampIDs are the lamps of a board, each once.
func lampIDs(fs []Lamp) []hal.LampID { return (&File{Lamps: fs}).LampNames() }

// openLamp starts one lamp. Of one that has several LEDs those that work shine; the
// others are told, if any works.
func openLamp(id hal.LampID, fs []Lamp, tell func(Missing)) (hal.Lamps, error) {
	var pins []lamp.Pin
	var bad []Missing
	var errs []error
	for _, f := range fs {
		if f.ID != id {
			continue
		}
		l, err := line(f.Line)
		if err == nil {
			err = l.Out(gpio.Level(f.Active == "low")) // dark, if it is ours
		}
		if err != nil {
			err = fmt.Errorf("lamp %s: %w", f.ID, err)
			errs = append(errs, err)
			bad = append(bad, noLamp(id+" "+hal.LampID(f.Line)).because(err))
			continue
		}
		pins = append(pins, lamp.Pin{Out: l, ActiveLow: f.Active == "low", Colour: f.Colour})
	}
	if len(pins) == 0 {
		return nil, errors.Join(errs...)
	}
	for _, m := range bad {
		tell(m)
	}
	return lamp.New(map[hal.LampID][]lamp.Pin{id: pins}, nil), nil
}
