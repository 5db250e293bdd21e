// Package board turns a board file into running drivers: which line is which
// key, where the display hangs, which sound card is the handset.
//
// Open and Start never fail as a whole: what is not there is told in one sentence each,
// and the phone runs with the rest. Open starts no goroutine of its own; Start has one for
// each part that it waits for, and one that watches the devices' files.
package board

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"phoned/hal"
	"phoned/hal/input"
	"phoned/hal/keypad"
	"phoned/hal/serialpad"
	"phoned/hal/serialport"
)

// File is a board file. Every section may be missing.
type File struct {
	Name   string  `toml:"name"`
	Keypad *Keypad `toml:"keypad"`
	Hook   *Hook   `toml:"hook"`
	Panel  *Panel  `toml:"panel"`
	Lamps  []Lamp  `toml:"lamp"`
	// SerialPad is a keypad behind a microcontroller, Inputs are keys that the
	// kernel knows.
	SerialPad *SerialPad `toml:"serialpad"`
	Inputs    []Input    `toml:"input"`
	Scanner   *Scanner   `toml:"scanner"`
	Camera    *Camera    `toml:"camera"`
	Audio     Audio      `toml:"audio"`
}

// Keypad is a key matrix: lines by name ("GPIO17", or "chip:GPIO17" where two
// chips have one), and the keys row by row.
type Keypad struct {
	Rows    []string    `toml:"rows"`
	Columns []string    `toml:"columns"`
	Keys    [][]hal.Key `toml:"keys"`
}

// Hook is the cradle switch.
type Hook struct {
	Line    string `toml:"line"`
	OffHook string `toml:"off_hook"` // the level, "high" or "low"
}

// Panel is the display.
type Panel struct {
	Driver   string `toml:"driver"` // "st7789", "ili9341", "ssd1306", "st7567"
	SPI      string `toml:"spi"`    // "SPI0.0"
	I2C      string `toml:"i2c"`    // or "I2C1": ssd1306 only
	Address  int    `toml:"address"`
	DC       string `toml:"dc"`
	Reset    string `toml:"reset"`
	Light    string `toml:"light"`     // a GPIO line: on or off
	LightPWM string `toml:"light_pwm"` // or a PWM channel that dims: "pwmchip0:0"
	Width    int    `toml:"width"`
	Height   int    `toml:"height"`
	Rotation int    `toml:"rotation"`
	Invert   bool   `toml:"invert"`
	BGR      bool   `toml:"bgr"`
	Mirror   bool   `toml:"mirror"`   // glass of one bit a pixel, wired the other way round
	Contrast int    `toml:"contrast"` // of one bit a pixel; 0: the controller's
	OffsetX  int    `toml:"offset_x"`
	OffsetY  int    `toml:"offset_y"`
	MHz      int    `toml:"mhz"`
}

// Lamp is an LED on a GPIO line. Sections of the same id with a colour each are
// one lamp of several colours.
type Lamp struct {
	ID     hal.LampID `toml:"id"`
	Line   string     `toml:"line"`
	Active string     `toml:"active"` // the level that lights it, "high" or "low"
	Colour hal.Colour `toml:"colour"` // "red", "green", "amber", ""
}

// SerialPad is a keypad or expansion module on a serial port
// (docs/serialpad.md): the device's numbers of keys and lamps.
type SerialPad struct {
	Device string             `toml:"device"`
	Baud   int                `toml:"baud"`
	Keys   map[string]hal.Key `toml:"keys"` // "0" = "k1"
	Lamps  map[string]int     `toml:"lamps"`
}

// Input is an input device of the kernel: by path, or by a part of its name.
type Input struct {
	Device string             `toml:"device"`
	Name   string             `toml:"name"`
	Keys   map[string]hal.Key `toml:"keys"` // KEY_KP1 = "1"
}

// Scanner is a QR scanner module on a serial port.
type Scanner struct {
	Device string `toml:"device"`
	Baud   int    `toml:"baud"`
}

// Camera is a V4L2 camera for QR codes.
type Camera struct {
	Device string `toml:"device"` // "": the first one
}

// MaxSize bounds a board file.
const MaxSize = 64 << 10

// Error is something wrong in a board file: where and what.
type Error struct {
	Line  int    // 1-based; 0: the whole file
	Field string // "keypad.rows"
	What  string
}

// Error implements error.
func (e Error) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", e.Field, e.What)
	}
	return fmt.Sprintf("line %d, %s: %s", e.Line, e.Field, e.What)
}

// Parse reads and checks a board file. All that is wrong is reported at once,
// each with line and field.
func Parse(text []byte) (*File, error) {
	if len(text) > MaxSize {
		return nil, Error{Field: "board file", What: fmt.Sprintf("%d bytes are more than %d", len(text), MaxSize)}
	}
	var f File
	d := toml.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		return nil, worded(err)
	}
	c := checker{text: string(text)}
	c.file(&f)
	if len(c.errs) > 0 {
		return nil, errors.Join(c.errs...)
	}
	return &f, nil
}

// worded turns the parser's errors into ours.
func worded(err error) error {
	var strict *toml.StrictMissingError
	if errors.As(err, &strict) {
		var out []error
		for _, e := range strict.Errors {
			row, _ := e.Position()
			out = append(out, Error{row, strings.Join(e.Key(), "."), "there is no such field"})
		}
		return errors.Join(out...)
	}
	var bad *toml.DecodeError
	if errors.As(err, &bad) {
		row, _ := bad.Position()
		field := strings.Join(bad.Key(), ".")
		if field == "" {
			field = "board file"
		}
		return Error{row, field, strings.TrimPrefix(bad.Error(), "toml: ")}
	}
	return Error{Field: "board file", What: err.Error()}
}

type checker struct {
	text string
	errs []error
	used map[string]string // line → field
}

func (c *checker) bad(field, format string, args ...any) {
	c.errs = append(c.errs, Error{locate(c.text, field), field, fmt.Sprintf(format, args...)})
}

// pin checks that a line is named and used once.
func (c *checker) pin(field, line string, needed bool) {
	if line == "" {
		if needed {
			c.bad(field, "the line's name is missing")
		}
		return
	}
	if c.used == nil {
		c.used = map[string]string{}
	}
	if other, taken := c.used[line]; taken {
		c.bad(field, "line %s is used by %s already", line, other)
		return
	}
	c.used[line] = field
}

func (c *checker) word(field, got string, may ...string) {
	if !slices.Contains(may, got) {
		c.bad(field, "%q is not one of %s", got, strings.Join(may, ", "))
	}
}

func (c *checker) file(f *File) {
	if k := f.Keypad; k != nil {
		for _, l := range k.Rows {
			c.pin("keypad.rows", l, true)
		}
		for _, l := range k.Columns {
			c.pin("keypad.columns", l, true)
		}
		if len(k.Keys) != len(k.Rows) {
			c.bad("keypad.keys", "there are %d rows of keys and %d row lines", len(k.Keys), len(k.Rows))
		} else if err := keypad.Layout(k.Keys).Validate(); err != nil {
			c.bad("keypad.keys", "%s", err)
		} else if len(k.Keys[0]) != len(k.Columns) {
			c.bad("keypad.keys", "a row has %d keys and there are %d column lines", len(k.Keys[0]), len(k.Columns))
		}
	}
	if h := f.Hook; h != nil {
		c.pin("hook.line", h.Line, true)
		c.word("hook.off_hook", h.OffHook, "high", "low")
	}
	if p := f.Panel; p != nil {
		c.panel(p)
	}
	for i, l := range f.Lamps {
		c.pin("lamp.line", l.Line, true)
		if l.ID == "" {
			c.bad("lamp.id", "the lamp's name is missing")
		}
		c.word("lamp.active", l.Active, "high", "low")
		c.word("lamp.colour", string(l.Colour), "", string(hal.Red), string(hal.Green), string(hal.Amber))
		for _, other := range f.Lamps[:i] {
			if other.ID == l.ID && (l.Colour == "" || other.Colour == "" || other.Colour == l.Colour) {
				c.bad("lamp.colour", "the lamp %s is there twice and not in two colours", l.ID)
			}
		}
	}
	c.audio(f.Audio)
	if s := f.Scanner; s != nil {
		c.serial("scanner", s.Device, s.Baud)
	}
	if s := f.SerialPad; s != nil {
		c.serial("serialpad", s.Device, s.Baud)
		if _, err := numbered(s.Keys); err != nil {
			c.bad("serialpad.keys", "%s", err)
		}
		if len(s.Keys) == 0 && len(s.Lamps) == 0 {
			c.bad("serialpad.keys", "there are neither keys nor lamps")
		}
		for id, n := range s.Lamps {
			if n < 0 || n > serialpad.MaxNumber {
				c.bad("serialpad.lamps", "%s: %d is not a number from 0 to %d", id, n, serialpad.MaxNumber)
			}
		}
	}
	for _, in := range f.Inputs {
		if (in.Device == "") == (in.Name == "") {
			c.bad("input.device", "give either the device's path or a part of its name")
		}
		if _, err := coded(in.Keys); err != nil {
			c.bad("input.keys", "%s", err)
		}
		if len(in.Keys) == 0 {
			c.bad("input.keys", "there are no keys")
		}
	}
}

func (c *checker) serial(section, device string, baud int) {
	if !strings.HasPrefix(device, "/dev/") {
		c.bad(section+".device", "%q is not a device such as /dev/ttyACM0", device)
	}
	if baud != 0 && !slices.Contains(serialport.Speeds, baud) {
		c.bad(section+".baud", "%d is not one of %v", baud, serialport.Speeds)
	}
}

// numbered reads the keys of a serial pad, which are named by numbers.
func numbered(keys map[string]hal.Key) (map[int]hal.Key, error) {
	out := map[int]hal.Key{}
	for _, name := range slices.Sorted(maps.Keys(keys)) {
		n, err := strconv.Atoi(name)
		if err != nil || n < 0 || n > serialpad.MaxNumber {
			return nil, fmt.Errorf("%q is not a number from 0 to %d", name, serialpad.MaxNumber)
		}
		out[n] = keys[name]
	}
	return out, nil
}

// coded reads the keys of an input device, which have the kernel's names.
func coded(keys map[string]hal.Key) (map[uint16]hal.Key, error) {
	out := map[uint16]hal.Key{}
	for _, name := range slices.Sorted(maps.Keys(keys)) {
		c, err := input.Code(name)
		if err != nil {
			return nil, err
		}
		out[c] = keys[name]
	}
	return out, nil
}

// locate finds the line of a field ("section.key") for an error: the parser
// forgets positions once it has decoded. 0 if it isn't written.
func locate(text, field string) int {
	section, key, _ := strings.Cut(field, ".")
	in, at := "", 0
	for i, l := range strings.Split(text, "\n") {
		l = strings.TrimSpace(l)
		if strings.HasPrefix(l, "[") {
			in = strings.Trim(strings.SplitN(l, "]", 2)[0], "[] ")
			if in == section || strings.HasPrefix(field+".", in+".") {
				at = i + 1
			}
			continue
		}
		name, _, ok := strings.Cut(l, "=")
		if ok && in == section && strings.TrimSpace(name) == key {
			return i + 1
		}
	}
	return at
}
