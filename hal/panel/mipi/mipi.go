// Package mipi drives the common part of colour panels on SPI whose
// controllers follow the MIPI Display Command Set in 16-bit colour: sleep,
// windows, memory order, pixels. What a controller wants besides stands in its
// own package (st7789, ili9341).
//
// It starts no goroutine. Transfers are cut to what the SPI port takes at once
// (spidev: 4096 bytes by default).
package mipi

import (
	"errors"
	"fmt"
	"image"
	"sync"
	"time"

	"periph.io/x/conn/v3"
	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/physic"
	"periph.io/x/conn/v3/spi"
)

// ErrClosed: the panel was closed.
var ErrClosed = errors.New("the panel is closed")

// Rotation of the picture against the glass, clockwise.
type Rotation int

const (
	Portrait         Rotation = 0
	Landscape        Rotation = 90
	PortraitFlipped  Rotation = 180
	LandscapeFlipped Rotation = 270
)

// Commands of the MIPI Display Command Set.
const (
	SWRESET = 0x01
	SLPIN   = 0x10
	SLPOUT  = 0x11
	NORON   = 0x13
	INVOFF  = 0x20
	INVON   = 0x21
	DISPOFF = 0x28
	DISPON  = 0x29
	CASET   = 0x2a
	RASET   = 0x2b
	RAMWR   = 0x2c
	MADCTL  = 0x36
	COLMOD  = 0x3a
)

// Bits of MADCTL.
const (
	orderMY  = 0x80
	orderMX  = 0x40
	orderMV  = 0x20
	orderBGR = 0x08
)

// Command is a command with its parameters, and a pause after it.
type Command struct {
	Code byte
	Data []byte
	Rest time.Duration
}

// Controller is what sets one controller apart.
type Controller struct {
	Name string
	Hz   physic.Frequency // used where Config has none
	// Setup is sent after waking up, before the display goes on.
	Setup []Command
	// Mirrored controllers count their columns from the other side.
	Mirrored bool
	// BGR is the order of colours of the usual glass.
	BGR bool
}

// Light is what shines behind the glass.
type Light interface {
	// Set sets the brightness, 0 (off) to 100.
	Set(percent int) error
}

// Config of a panel.
type Config struct {
	Width, Height int // of the picture after rotation: 320×240
	Rotation      Rotation
	Hz            physic.Frequency // 0: the controller's
	Invert        bool             // IPS panels want it
	BGR           bool             // red and blue are the other way round
	// OffsetX and OffsetY are the glass's place in the controller's memory,
	// after rotation.
	OffsetX, OffsetY int
	DC               gpio.PinOut
	Reset            gpio.PinOut // nil: wired high, the reset is a command
	Light            Light       // nil: always on
	// Pause waits out the controller's reset and wake-up; nil: time.Sleep.
	Pause func(time.Duration)
}

// Panel is an open display; it implements hal.Panel. Close may be called from
// another goroutine than Draw.
type Panel struct {
	ctl    Controller
	cfg    Config
	mu     sync.Mutex // held over a whole window: commands must not mix
	closed bool
	port   spi.PortCloser
	bus    spi.Conn
	chunk  int
	buf    []byte
}

// defaultChunk is spidev's buffer when the port does not tell its own.
const defaultChunk = 4096

// New wakes the controller up and switches the display on, with the light off.
// The port is the Panel's from then on, unless New fails.
func New(port spi.PortCloser, ctl Controller, cfg Config) (*Panel, error) {
	if cfg.Width <= 0 || cfg.Height <= 0 || cfg.Width > 320 || cfg.Height > 320 {
		return nil, fmt.Errorf("%s: %d×%d pixels are not possible", ctl.Name, cfg.Width, cfg.Height)
	}
	if cfg.DC == nil {
		return nil, fmt.Errorf("%s: the D/C line is missing", ctl.Name)
	}
	if cfg.Hz == 0 {
		cfg.Hz = ctl.Hz
	}
	if cfg.Pause == nil {
		cfg.Pause = time.Sleep
	}
	bus, err := port.Connect(cfg.Hz, spi.Mode0, 8)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", ctl.Name, err)
	}
	p := &Panel{ctl: ctl, cfg: cfg, port: port, bus: bus, chunk: defaultChunk}
	if l, ok := bus.(conn.Limits); ok && l.MaxTxSize() > 0 {
		p.chunk = l.MaxTxSize()
	}
	p.buf = make([]byte, 0, cfg.Width*cfg.Height*2)
	if err := p.wake(); err != nil {
		return nil, err
	}
	return p, nil
}

func (p *Panel) wake() error {
	if r := p.cfg.Reset; r != nil {
		for _, step := range []struct {
			level gpio.Level
			rest  time.Duration
		}{{gpio.High, 5 * time.Millisecond}, {gpio.Low, 20 * time.Millisecond}, {gpio.High, 120 * time.Millisecond}} {
			if err := r.Out(step.level); err != nil {
				return fmt.Errorf("%s: reset: %w", p.ctl.Name, err)
			}
			p.cfg.Pause(step.rest)
		}
	}
	invert := byte(INVOFF)
	if p.cfg.Invert {
		invert = INVON
	}
	steps := append([]Command{{SLPOUT, nil, 120 * time.Millisecond}}, p.ctl.Setup...)
	if p.cfg.Reset == nil {
		steps = append([]Command{{SWRESET, nil, 120 * time.Millisecond}}, steps...)
	}
	steps = append(steps,
		Command{Code: COLMOD, Data: []byte{0x55}}, // 65k colours, 16 bits a pixel
		Command{Code: MADCTL, Data: []byte{p.order()}},
		Command{Code: invert}, Command{Code: NORON}, Command{Code: DISPON})
	for _, c := range steps {
		if err := p.command(c.Code, c.Data); err != nil {
			return err
		}
		if c.Rest > 0 {
			p.cfg.Pause(c.Rest)
		}
	}
	return p.light(0)
}

// order is the memory access order.
func (p *Panel) order() byte {
	m := map[Rotation]byte{Portrait: 0, Landscape: orderMX | orderMV, PortraitFlipped: orderMX | orderMY, LandscapeFlipped: orderMY | orderMV}[p.cfg.Rotation]
	if p.ctl.Mirrored {
		m ^= orderMX
	}
	if p.ctl.BGR != p.cfg.BGR {
		m |= orderBGR
	}
	return m
}

// Bounds implements hal.Panel.
func (p *Panel) Bounds() image.Rectangle { return image.Rect(0, 0, p.cfg.Width, p.cfg.Height) }

// Draw implements hal.Panel: one window, then its pixels.
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
	x0, x1 := r.Min.X+p.cfg.OffsetX, r.Max.X-1+p.cfg.OffsetX
	y0, y1 := r.Min.Y+p.cfg.OffsetY, r.Max.Y-1+p.cfg.OffsetY
	if err := p.command(CASET, []byte{byte(x0 >> 8), byte(x0), byte(x1 >> 8), byte(x1)}); err != nil {
		return err
	}
	if err := p.command(RASET, []byte{byte(y0 >> 8), byte(y0), byte(y1 >> 8), byte(y1)}); err != nil {
		return err
	}
	p.buf = Pixels(p.buf[:0], img, r)
	return p.command(RAMWR, p.buf)
}

// Pixels appends the part r of img as controllers want it: RGB 5-6-5, the high
// byte first.
func Pixels(dst []byte, img *image.RGBA, r image.Rectangle) []byte {
	for y := r.Min.Y; y < r.Max.Y; y++ {
		row := img.Pix[img.PixOffset(r.Min.X, y):]
		for x := 0; x < r.Dx(); x++ {
			red, green, blue := row[4*x], row[4*x+1], row[4*x+2]
			dst = append(dst, red&0xf8|green>>5, green<<3&0xe0|blue>>3)
		}
	}
	return dst
}

// Backlight implements hal.Panel.
func (p *Panel) Backlight(percent int) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return ErrClosed
	}
	return p.light(percent)
}

func (p *Panel) light(percent int) error {
	if p.cfg.Light == nil {
		return nil
	}
	return p.cfg.Light.Set(max(0, min(100, percent)))
}

// Close implements hal.Panel: the display goes dark and to sleep.
func (p *Panel) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil
	}
	p.closed = true
	return errors.Join(p.light(0), p.command(DISPOFF, nil), p.command(SLPIN, nil), p.port.Close())
}

func (p *Panel) command(code byte, data []byte) error {
	if err := p.cfg.DC.Out(gpio.Low); err != nil {
		return fmt.Errorf("%s: D/C: %w", p.ctl.Name, err)
	}
	if err := p.bus.Tx([]byte{code}, nil); err != nil {
		return fmt.Errorf("%s: command %#02x: %w", p.ctl.Name, code, err)
	}
	if len(data) == 0 {
		return nil
	}
	if err := p.cfg.DC.Out(gpio.High); err != nil {
		return fmt.Errorf("%s: D/C: %w", p.ctl.Name, err)
	}
	for len(data) > 0 {
		n := min(p.chunk, len(data))
		if err := p.bus.Tx(data[:n], nil); err != nil {
			return fmt.Errorf("%s: data of command %#02x: %w", p.ctl.Name, code, err)
		}
		data = data[n:]
	}
	return nil
}
