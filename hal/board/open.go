package board

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"periph.io/x/conn/v3/driver/driverreg"
	"periph.io/x/conn/v3/gpio"
	"periph.io/x/host/v3/gpioioctl"
	_ "periph.io/x/host/v3/sysfs" // spidev and i2c-dev

	"phoned/hal"
	"phoned/hal/hook"
	"phoned/hal/input"
	"phoned/hal/keypad"
	"phoned/hal/lamp"
	"phoned/hal/qrscanner"
	"phoned/hal/serialpad"
	"phoned/hal/serialport"
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

var initOnce = sync.OnceValue(func() error { _, err := driverreg.Init(); return err })

// Open starts a driver for each section of the file. What can't be started is
// told in missing, and the rest runs. Devices that may be plugged in later are
// waited for: changed is told when one goes, and with Err nil when it is there;
// it runs on the drivers' goroutines, and may be nil.
func Open(f *File, changed func(Missing)) (d Devices, missing []Missing) {
	if changed == nil {
		changed = func(Missing) {}
	}
	d.Name, d.Audio, d.Camera, d.FewKeys = f.Name, f.Audio, f.Camera, f.fewKeys()
	lost := func(part, title string, err error) {
		missing = append(missing, Missing{Part: part, Title: title, Err: err})
	}
	if err := initOnce(); err != nil {
		lost("gpio", "The board's pins can't be used.", err)
	}
	if f.Keypad != nil {
		if k, err := openKeypad(f.Keypad, changed); err != nil {
			lost("keypad", "The keypad does not work.", err)
		} else {
			d.Keypads = append(d.Keypads, k)
		}
	}
	if f.Hook != nil {
		if h, err := openHook(f.Hook); err != nil {
			lost("hook", "The hook switch does not work.", err)
		} else {
			d.Hook = h
		}
	}
	if f.Panel != nil {
		if p, err := openPanel(f.Panel, changed); err != nil {
			lost("panel", "The display does not work.", err)
		} else {
			d.Panels = append(d.Panels, p)
		}
	}
	if len(f.Lamps) > 0 {
		l, errs := openLamps(f.Lamps)
		d.lamp(l)
		for _, err := range errs {
			lost("lamp", "A lamp does not work.", err)
		}
	}
	if f.Scanner != nil {
		s, err := qrscanner.New(port("scanner", "The QR scanner is not there.", f.Scanner.Device, f.Scanner.Baud, changed))
		if err != nil {
			lost("scanner", "The QR scanner does not work.", err)
		} else {
			d.Scanners = append(d.Scanners, s)
		}
	}
	if f.SerialPad != nil {
		if p, err := openSerialPad(f.SerialPad, changed); err != nil {
			lost("serialpad", "The serial keypad does not work.", err)
		} else {
			d.Keypads = append(d.Keypads, p)
			d.lamp(p)
		}
	}
	for _, in := range f.Inputs {
		if k, err := openInput(in, changed); err != nil {
			lost("input", "An input device does not work.", err)
		} else {
			d.Keypads = append(d.Keypads, k)
		}
	}
	return d, missing
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

// Close ends what nobody has taken; keypads, hooks, lamps, panels and scanners
// are closed by who took them, scanners a second time here.
func (d Devices) Close() error {
	var errs []error
	for _, s := range d.Scanners {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}

// line finds a GPIO line by its name, or by chip and name ("chip:GPIO17").
// Names are the kernel's; numbers differ between kernels.
func line(name string) (gpio.PinIO, error) {
	chipName, lineName, both := strings.Cut(name, ":")
	if !both {
		lineName = name
	}
	for _, c := range gpioioctl.Chips {
		if both && chipName != c.Name() && chipName != c.Label() {
			continue
		}
		// Of lines of one name the library calls all but the first after their chip.
		for _, n := range []string{lineName, c.Name() + "-" + lineName} {
			if l := c.ByName(n); l != nil {
				return l, nil
			}
		}
	}
	if len(gpioioctl.Chips) == 0 {
		return nil, fmt.Errorf("line %s: this machine has no GPIO chip", name)
	}
	return nil, fmt.Errorf("line %s: no GPIO chip has a line of that name", name)
}

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
		m := Missing{Part: "key", Subject: string(key), Title: fmt.Sprintf("The key %s is stuck.", key)}
		if stuck {
			m.Err = ErrStuck
		}
		changed(m)
	}}, w)
}

func openHook(f *Hook) (hal.Hook, error) {
	l, err := line(f.Line)
	if err != nil {
		return nil, err
	}
	return hook.New(l, f.OffHook == "high", time.Now)
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
	return serialpad.New(serialpad.Config{Keys: keys, Lamps: lamps, Port: port("serialpad", "The serial keypad is not there.", f.Device, f.Baud, changed)})
}

func openInput(f Input, changed func(Missing)) (hal.Keypad, error) {
	keys, err := coded(f.Keys)
	if err != nil {
		return nil, err
	}
	m := Missing{Part: "input", Subject: cmp.Or(f.Name, f.Device), Title: "An input device is not there."}
	return input.New(input.Config{Device: f.Device, Name: f.Name, Keys: keys, Up: func() { changed(m) }, Lost: func(err error) { changed(m.because(err)) }})
}

func openLamps(fs []Lamp) (hal.Lamps, []error) {
	pins := map[hal.LampID][]lamp.Pin{}
	var errs []error
	for _, f := range fs {
		l, err := line(f.Line)
		if err == nil {
			err = l.Out(gpio.Level(f.Active == "low")) // dark, if it is ours
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("lamp %s, line %s: %w", f.ID, f.Line, err))
			continue
		}
		pins[f.ID] = append(pins[f.ID], lamp.Pin{Out: l, ActiveLow: f.Active == "low", Colour: f.Colour})
	}
	return lamp.New(pins, nil), errs
}
