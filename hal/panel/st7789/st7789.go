// Package st7789 drives a 240×320 colour panel with a Sitronix ST7789 (and the
// compatible part of an ILI9341's command set) on SPI, in 16-bit colour.
//
// It starts no goroutine. Transfers are cut to what the SPI port takes at once
// (spidev: 4096 bytes by default).
package st7789

import (
	"errors"
	"fmt"
	"image"
	"time"

	"periph.io/x/conn/v3"
	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/physic"
	"periph.io/x/conn/v3/spi"
)

// Rotation of the picture against the glass, clockwise.
type Rotation int

const (
	Portrait         Rotation = 0
	Landscape        Rotation = 90
	PortraitFlipped  Rotation = 180
	LandscapeFlipped Rotation = 270
)

// Commands of the ST7789V datasheet, section 9.
const (
	cmdSLPIN   = 0x10
	cmdSLPOUT  = 0x11
	cmdNORON   = 0x13
	cmdINVOFF  = 0x20
	cmdINVON   = 0x21
	cmdDISPOFF = 0x28
	cmdDISPON  = 0x29
	cmdCASET   = 0x2a
	cmdRASET   = 0x2b
	cmdRAMWR   = 0x2c
	cmdMADCTL  = 0x36
	cmdCOLMOD  = 0x3a
)

// Config of a panel.
type Config struct {
	Width, Height int // of the picture after rotation: 320×240
	Rotation      Rotation
	Hz            physic.Frequency // 0: 40 MHz
	Invert        bool             // IPS panels want it
	BGR           bool
	// OffsetX and OffsetY are the glass's place in the controller's memory.
	OffsetX, OffsetY int
	// Reset and Light may be nil: wired to the board.
	DC, Reset, Light gpio.PinOut
	// Pause waits out the controller's reset and wake-up; nil: time.Sleep.
	Pause func(time.Duration)
}

// Panel is an open display; it implements hal.Panel.
type Panel struct {
	cfg   Config
	port  spi.PortCloser
	bus   spi.Conn
	chunk int
	buf   []byte
}

// defaultChunk is spidev's buffer when the port does not tell its own.
const defaultChunk = 4096

// New wakes the controller up and switches the display on. The port is the
// Panel's from then on.
func New(port spi.PortCloser, cfg Config) (*Panel, error) {
	if cfg.Width <= 0 || cfg.Height <= 0 || cfg.Width > 320 || cfg.Height > 320 {
		return nil, fmt.Errorf("st7789: %d×%d pixels are not possible", cfg.Width, cfg.Height)
	}
	if cfg.DC == nil {
		return nil, errors.New("st7789: the D/C line is missing")
	}
	if cfg.Hz == 0 {
		cfg.Hz = 40 * physic.MegaHertz
	}
	if cfg.Pause == nil {
		cfg.Pause = time.Sleep
	}
	bus, err := port.Connect(cfg.Hz, spi.Mode0, 8)
	if err != nil {
		return nil, fmt.Errorf("st7789: %w", err)
	}
	p := &Panel{cfg: cfg, port: port, bus: bus, chunk: defaultChunk}
	if l, ok := bus.(conn.Limits); ok && l.MaxTxSize() > 0 {
		p.chunk = l.MaxTxSize()
	}
	p.buf = make([]byte, 0, cfg.Width*cfg.Height*2)
	return p, p.wake()
}

func (p *Panel) wake() error {
	if r := p.cfg.Reset; r != nil {
		for _, step := range []struct {
			level gpio.Level
			rest  time.Duration
		}{{gpio.High, 5 * time.Millisecond}, {gpio.Low, 20 * time.Millisecond}, {gpio.High, 120 * time.Millisecond}} {
			if err := r.Out(step.level); err != nil {
				return fmt.Errorf("st7789: reset: %w", err)
			}
			p.cfg.Pause(step.rest)
		}
	}
	invert := byte(cmdINVOFF)
	if p.cfg.Invert {
		invert = cmdINVON
	}
	for _, c := range []struct {
		cmd  byte
		data []byte
		rest time.Duration
	}{
		{cmdSLPOUT, nil, 120 * time.Millisecond},
		{cmdCOLMOD, []byte{0x55}, 0}, // 65k colours, 16 bits a pixel
		{cmdMADCTL, []byte{p.madctl()}, 0},
		{invert, nil, 0},
		{cmdNORON, nil, 0},
		{cmdDISPON, nil, 0},
	} {
		if err := p.command(c.cmd, c.data); err != nil {
			return err
		}
		if c.rest > 0 {
			p.cfg.Pause(c.rest)
		}
	}
	return p.Backlight(0)
}

// madctl is the memory access order: MY 0x80, MX 0x40, MV 0x20, BGR 0x08.
func (p *Panel) madctl() byte {
	m := map[Rotation]byte{Portrait: 0x00, Landscape: 0x60, PortraitFlipped: 0xc0, LandscapeFlipped: 0xa0}[p.cfg.Rotation]
	if p.cfg.BGR {
		m |= 0x08
	}
	return m
}

// Bounds implements hal.Panel.
func (p *Panel) Bounds() image.Rectangle { return image.Rect(0, 0, p.cfg.Width, p.cfg.Height) }

// Draw implements hal.Panel: one window, then its pixels.
func (p *Panel) Draw(img *image.RGBA, r image.Rectangle) error {
	r = r.Intersect(p.Bounds()).Intersect(img.Rect)
	if r.Empty() {
		return nil
	}
	x0, x1 := r.Min.X+p.cfg.OffsetX, r.Max.X-1+p.cfg.OffsetX
	y0, y1 := r.Min.Y+p.cfg.OffsetY, r.Max.Y-1+p.cfg.OffsetY
	if err := p.command(cmdCASET, []byte{byte(x0 >> 8), byte(x0), byte(x1 >> 8), byte(x1)}); err != nil {
		return err
	}
	if err := p.command(cmdRASET, []byte{byte(y0 >> 8), byte(y0), byte(y1 >> 8), byte(y1)}); err != nil {
		return err
	}
	p.buf = Pixels(p.buf[:0], img, r)
	return p.command(cmdRAMWR, p.buf)
}

// Pixels appends the part r of img as the controller wants it: RGB 5-6-5, the
// high byte first.
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

// Backlight implements hal.Panel; without PWM every level but 0 is on.
func (p *Panel) Backlight(percent int) error {
	if p.cfg.Light == nil {
		return nil
	}
	if percent <= 0 {
		return p.cfg.Light.Out(gpio.Low)
	}
	if percent < 100 {
		duty := gpio.Duty(int64(gpio.DutyMax) * int64(percent) / 100)
		if err := p.cfg.Light.PWM(duty, 1*physic.KiloHertz); err == nil {
			return nil
		}
	}
	return p.cfg.Light.Out(gpio.High)
}

// Close implements hal.Panel: the display goes dark and to sleep.
func (p *Panel) Close() error {
	return errors.Join(p.Backlight(0), p.command(cmdDISPOFF, nil), p.command(cmdSLPIN, nil), p.port.Close())
}

func (p *Panel) command(cmd byte, data []byte) error {
	if err := p.cfg.DC.Out(gpio.Low); err != nil {
		return fmt.Errorf("st7789: D/C: %w", err)
	}
	if err := p.bus.Tx([]byte{cmd}, nil); err != nil {
		return fmt.Errorf("st7789: command %#02x: %w", cmd, err)
	}
	if len(data) == 0 {
		return nil
	}
	if err := p.cfg.DC.Out(gpio.High); err != nil {
		return fmt.Errorf("st7789: D/C: %w", err)
	}
	for len(data) > 0 {
		n := min(p.chunk, len(data))
		if err := p.bus.Tx(data[:n], nil); err != nil {
			return fmt.Errorf("st7789: data of command %#02x: %w", cmd, err)
		}
		data = data[n:]
	}
	return nil
}
