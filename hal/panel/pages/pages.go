// Package pages drives displays of one bit a pixel whose memory is organised in
// pages: bytes of eight rows, the topmost in the lowest bit, addressed by page
// and column. SSD1306 and ST7567 are such; what sets them apart stands in their
// own packages. The bus is SPI with a D/C line, or I²C.
//
// It starts no goroutine. A display that does not answer is no error of Draw:
// what it should show is kept, each later Draw tries to wake it, and then it
// gets the whole picture. Only I²C has an answer; on SPI a display that is not
// plugged in can't be noticed.
package pages

import (
	"errors"
	"fmt"
	"image"
	"sync"
	"time"
)

// ErrClosed: the panel was closed.
var ErrClosed = errors.New("the panel is closed")

// Commands that all these controllers share.
const (
	columnLow  = 0x00 // | the lower four bits
	columnHigh = 0x10 // | the upper four
	contrast   = 0x81
	columnsUp  = 0xa0 // | 1: columns counted from the other side
	pixelsOn   = 0xa4 // what the memory says; | 1: all points on
	normal     = 0xa6 // | 1: inverted
	displayOff = 0xae // | 1: on
	page       = 0xb0 // | page
	rowsUp     = 0xc0 // | 8: rows counted from the other side
)

// Controller is what sets one controller apart.
type Controller struct {
	Name    string
	Columns int // of its memory
	// Reset is sent first where there is no reset line, Setup after it.
	Reset, Setup []byte
	// ColumnsDown and RowsDown are how the usual glass is upright.
	ColumnsDown, RowsDown bool
	// Contrast is used where Config has none; Brightness says that it is the
	// brightness as well, as on displays that shine themselves.
	Contrast, MostContrast byte
	Brightness             bool
	// Asleep ends the display's consumption.
	Asleep []byte
}

// Light is what shines behind the glass.
type Light interface {
	// Set sets the brightness, 0 (off) to 100.
	Set(percent int) error
}

// Config of a panel.
type Config struct {
	Width, Height int  // 0: 128×64
	Turned        bool // by 180°
	Mirrored      bool // glass that is wired the other way round
	Invert        bool // dark on light
	OffsetX       int  // the glass's first column
	Contrast      int  // 1 to the controller's most; 0: the controller's
	Reset         func(high bool) error
	Light         Light // nil: always on, or the display shines itself
	// Lost is told when the display stops answering, Up when it answers
	// (again); nil is allowed.
	Lost func(error)
	Up   func()
	// Pause waits out resets; nil: time.Sleep.
	Pause func(time.Duration)
}

// Bus is how bytes get to the controller.
type Bus interface {
	Command(b []byte) error
	Data(b []byte) error
	Close() error
}

// Panel is an open display; it implements hal.Panel. Close may be called from
// another goroutine than Draw.
type Panel struct {
	ctl Controller
	cfg Config
	bus Bus

	mu      sync.Mutex // held over a whole transfer
	memory  []byte     // what the display should show, page by page
	percent int
	awake   bool
	told    bool // Lost was the last word
	closed  bool
}

// New wakes the controller up. Its error is about the configuration, or nil:
// a display that does not answer is told by Lost. The bus is the Panel's from
// then on, unless New fails.
func New(bus Bus, ctl Controller, cfg Config) (*Panel, error) {
	if cfg.Width == 0 && cfg.Height == 0 {
		cfg.Width, cfg.Height = 128, 64
	}
	if cfg.Width <= 0 || cfg.OffsetX < 0 || cfg.Width+cfg.OffsetX > ctl.Columns || cfg.Height <= 0 || cfg.Height > 64 || cfg.Height%8 != 0 {
		return nil, fmt.Errorf("%s: %d×%d pixels from column %d are not possible", ctl.Name, cfg.Width, cfg.Height, cfg.OffsetX)
	}
	if cfg.Contrast < 0 || cfg.Contrast > int(ctl.MostContrast) {
		return nil, fmt.Errorf("%s: contrast %d is not between 1 and %d", ctl.Name, cfg.Contrast, ctl.MostContrast)
	}
	if cfg.Contrast == 0 {
		cfg.Contrast = int(ctl.Contrast)
	}
	if cfg.Pause == nil {
		cfg.Pause = time.Sleep
	}
	p := &Panel{ctl: ctl, cfg: cfg, bus: bus, memory: make([]byte, cfg.Width*cfg.Height/8)}
	p.tell(p.send(p.Bounds()))
	return p, nil
}

// Bounds implements hal.Panel.
func (p *Panel) Bounds() image.Rectangle { return image.Rect(0, 0, p.cfg.Width, p.cfg.Height) }

// Draw implements hal.Panel: pixels brighter than the middle are lit. Whole
// pages are sent, as far as the part touches them.
func (p *Panel) Draw(img *image.RGBA, r image.Rectangle) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return ErrClosed
	}
	r = r.Intersect(p.Bounds()).Intersect(img.Rect)
	if r.Empty() {
		return nil
	}
	for y := r.Min.Y; y < r.Max.Y; y++ {
		row := p.memory[y/8*p.cfg.Width:]
		for x := r.Min.X; x < r.Max.X; x++ {
			if bit := byte(1) << (y % 8); Lit(img, x, y) {
				row[x] |= bit
			} else {
				row[x] &^= bit
			}
		}
	}
	p.tell(p.send(r))
	return nil
}

// Lit says whether a pixel is lit: its luminance is over the middle.
func Lit(img *image.RGBA, x, y int) bool {
	c := img.Pix[img.PixOffset(x, y):]
	return 299*int(c[0])+587*int(c[1])+114*int(c[2]) > 128*1000
}

// tell passes on whether the display answers. One that does not has to be woken.
func (p *Panel) tell(err error) {
	if err == nil {
		if p.told && p.cfg.Up != nil {
			p.cfg.Up()
		}
		p.told = false
		return
	}
	p.awake = false
	if !p.told && p.cfg.Lost != nil {
		p.cfg.Lost(err)
	}
	p.told = true
}

// send sends the part r of memory, all of it to a display that had to be woken.
func (p *Panel) send(r image.Rectangle) error {
	if !p.awake {
		if err := p.wake(); err != nil {
			return err
		}
		if err := p.window(p.Bounds()); err != nil {
			return err
		}
		if err := p.shine(); err != nil {
			return err
		}
		p.awake = true
		return nil
	}
	return p.window(r)
}

// window sends the pages that r touches, r's columns of each.
func (p *Panel) window(r image.Rectangle) error {
	for n := r.Min.Y / 8; n <= (r.Max.Y-1)/8; n++ {
		c := r.Min.X + p.offset()
		if err := p.command(page|byte(n), columnLow|byte(c&15), columnHigh|byte(c>>4)); err != nil {
			return err
		}
		if err := p.bus.Data(p.memory[n*p.cfg.Width+r.Min.X : n*p.cfg.Width+r.Max.X]); err != nil {
			return fmt.Errorf("%s: page %d: %w", p.ctl.Name, n, err)
		}
	}
	return nil
}

// down says whether columns are counted from the other side.
func (p *Panel) down() bool { return p.ctl.ColumnsDown != p.cfg.Turned != p.cfg.Mirrored }

// offset is the memory's column of the picture's first.
func (p *Panel) offset() int {
	if p.down() {
		return p.ctl.Columns - p.cfg.Width - p.cfg.OffsetX
	}
	return p.cfg.OffsetX
}

func (p *Panel) wake() error {
	if r := p.cfg.Reset; r != nil {
		for _, high := range []bool{true, false, true} {
			if err := r(high); err != nil {
				return fmt.Errorf("%s: reset: %w", p.ctl.Name, err)
			}
			p.cfg.Pause(5 * time.Millisecond)
		}
	} else if len(p.ctl.Reset) > 0 {
		if err := p.command(p.ctl.Reset...); err != nil {
			return err
		}
		p.cfg.Pause(5 * time.Millisecond)
	}
	setup := append([]byte{displayOff}, p.ctl.Setup...)
	setup = append(setup, columnsUp|bit(p.down(), 1), rowsUp|bit(p.ctl.RowsDown != p.cfg.Turned, 8), contrast, byte(p.cfg.Contrast), pixelsOn, normal|bit(p.cfg.Invert, 1))
	return p.command(setup...)
}

func bit(on bool, b byte) byte {
	if on {
		return b
	}
	return 0
}

// Backlight implements hal.Panel.
func (p *Panel) Backlight(percent int) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return ErrClosed
	}
	p.percent = max(0, min(100, percent))
	if !p.awake {
		return nil // it is set when the display answers
	}
	p.tell(p.shine())
	return nil
}

// shine sets light, contrast and display as percent says.
func (p *Panel) shine() error {
	if p.cfg.Light != nil {
		if err := p.cfg.Light.Set(p.percent); err != nil {
			return err
		}
	}
	if p.ctl.Brightness {
		if err := p.command(contrast, byte(p.cfg.Contrast*p.percent/100)); err != nil {
			return err
		}
	}
	return p.command(displayOff | bit(p.percent > 0, 1))
}

// Close implements hal.Panel: the display goes dark and to sleep.
func (p *Panel) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil
	}
	p.closed = true
	var errs []error
	if p.cfg.Light != nil {
		errs = append(errs, p.cfg.Light.Set(0))
	}
	if p.awake {
		errs = append(errs, p.command(append([]byte{displayOff}, p.ctl.Asleep...)...))
	}
	return errors.Join(append(errs, p.bus.Close())...)
}

func (p *Panel) command(b ...byte) error {
	if err := p.bus.Command(b); err != nil {
		return fmt.Errorf("%s: command %#02x: %w", p.ctl.Name, b[0], err)
	}
	return nil
}
