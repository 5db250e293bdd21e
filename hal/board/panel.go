package board

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/physic"
	"periph.io/x/conn/v3/spi"

	"phoned/hal"
	"phoned/hal/panel/backlight"
	"phoned/hal/panel/ili9341"
	"phoned/hal/panel/mipi"
	"phoned/hal/panel/pages"
	"phoned/hal/panel/ssd1306"
	"phoned/hal/panel/st7567"
	"phoned/hal/panel/st7789"
)

// The displays that a board file may name: in colour, and of one bit a pixel.
var (
	controllers = map[string]mipi.Controller{
		st7789.Controller.Name:  st7789.Controller,
		ili9341.Controller.Name: ili9341.Controller,
	}
	oneBit = map[string]pages.Controller{
		ssd1306.Controller.Name: ssd1306.Controller,
		st7567.Controller.Name:  st7567.Controller,
	}
)

func (c *checker) panel(p *Panel) {
	mono, isMono := oneBit[p.Driver]
	c.word("panel.driver", p.Driver, append(slices.Sorted(maps.Keys(controllers)), slices.Sorted(maps.Keys(oneBit))...)...)
	c.pin("panel.dc", p.DC, p.I2C == "")
	c.pin("panel.reset", p.Reset, false)
	c.pin("panel.light", p.Light, false)
	if _, _, ok := pwm(p.LightPWM); !ok && p.LightPWM != "" {
		c.bad("panel.light_pwm", "%q is not a channel such as pwmchip0:0", p.LightPWM)
	}
	if p.Light != "" && p.LightPWM != "" {
		c.bad("panel.light_pwm", "the light is on line %s already", p.Light)
	}
	if p.MHz < 0 || p.MHz > 125 {
		c.bad("panel.mhz", "%d is not a clock between 1 and 125 MHz", p.MHz)
	}
	if isMono {
		c.mono(p, mono)
		return
	}
	if p.I2C != "" {
		c.bad("panel.i2c", "an %s is not on I²C", p.Driver)
	}
	if p.Mirror {
		c.bad("panel.mirror", "a colour display is not mirrored: the driver is another, or the rotation")
	}
	if p.Contrast != 0 {
		c.bad("panel.contrast", "a colour display has none")
	}
	if p.Width == 0 && p.Height == 0 {
		p.Width, p.Height = 320, 240
	}
	if p.Width < 64 || p.Width > 320 || p.Height < 64 || p.Height > 320 {
		c.bad("panel.width", "%d×%d pixels are not possible", p.Width, p.Height)
	}
	if !slices.Contains([]int{0, 90, 180, 270}, p.Rotation) {
		c.bad("panel.rotation", "%d is not one of 0, 90, 180, 270", p.Rotation)
	}
}

// mono checks a display of one bit a pixel: the layouts need 128×64, and more
// the controllers don't have.
func (c *checker) mono(p *Panel, ctl pages.Controller) {
	if p.Width == 0 && p.Height == 0 {
		p.Width, p.Height = 128, 64
	}
	if p.Width != 128 || p.Height != 64 {
		c.bad("panel.width", "an %s has 128×64 pixels, not %d×%d", p.Driver, p.Width, p.Height)
	}
	if p.Rotation != 0 && p.Rotation != 180 {
		c.bad("panel.rotation", "%d is not one of 0, 180", p.Rotation)
	}
	if p.OffsetX < 0 || p.OffsetX+p.Width > ctl.Columns || p.OffsetY != 0 {
		c.bad("panel.offset_x", "the controller has %d columns and 64 rows", ctl.Columns)
	}
	if p.Contrast < 0 || p.Contrast > int(ctl.MostContrast) {
		c.bad("panel.contrast", "%d is not between 1 and %d", p.Contrast, ctl.MostContrast)
	}
	if p.BGR {
		c.bad("panel.bgr", "the display has no colours")
	}
	switch {
	case p.I2C == "":
	case p.SPI != "" || p.DC != "":
		c.bad("panel.i2c", "give either i2c or spi and dc")
	case p.Driver != ssd1306.Controller.Name:
		c.bad("panel.i2c", "an %s is not on I²C", p.Driver)
	}
	if p.Address != 0 && (p.I2C == "" || p.Address < 0x08 || p.Address > 0x77) {
		c.bad("panel.address", "%#x is not an address on I²C", p.Address)
	}
}

func openPanel(f *Panel, changed func(Missing)) (hal.Panel, error) {
	reset, err := output(f.Reset)
	if err != nil {
		return nil, err
	}
	light, err := openLight(f)
	if err != nil {
		return nil, err
	}
	if ctl, mono := oneBit[f.Driver]; mono {
		return openMono(f, ctl, reset, light, changed)
	}
	port, dc, err := openSPI(f)
	if err != nil {
		return nil, err
	}
	p, err := mipi.New(port, controllers[f.Driver], mipi.Config{
		Width: f.Width, Height: f.Height, Rotation: mipi.Rotation(f.Rotation), Hz: physic.Frequency(f.MHz) * physic.MegaHertz,
		Invert: f.Invert, BGR: f.BGR, OffsetX: f.OffsetX, OffsetY: f.OffsetY, DC: dc, Reset: reset, Light: light,
	})
	if err != nil {
		return nil, errors.Join(err, port.Close())
	}
	return p, nil
}

func openMono(f *Panel, ctl pages.Controller, reset gpio.PinOut, light mipi.Light, changed func(Missing)) (hal.Panel, error) {
	bus, err := openBus(f)
	if err != nil {
		return nil, err
	}
	gone := Missing{Part: partPanel, Title: "The display does not answer."}
	cfg := pages.Config{
		Width: f.Width, Height: f.Height, Turned: f.Rotation == 180, Mirrored: f.Mirror, Invert: f.Invert, OffsetX: f.OffsetX, Contrast: f.Contrast,
		Up: func() { changed(gone) }, Lost: func(err error) { changed(gone.because(err)) },
	}
	if light != nil {
		cfg.Light = light
	}
	if reset != nil {
		cfg.Reset = func(high bool) error { return reset.Out(gpio.Level(high)) }
	}
	p, err := pages.New(bus, ctl, cfg)
	if err != nil {
		return nil, errors.Join(err, bus.Close())
	}
	return p, nil
}

func openBus(f *Panel) (pages.Bus, error) {
	if f.I2C != "" {
		b, err := openI2CBus(f.I2C)
		if err != nil {
			return nil, err
		}
		return pages.OverI2C(b, uint16(f.Address)), nil // checked: 0x08 to 0x77
	}
	port, dc, err := openSPI(f)
	if err != nil {
		return nil, err
	}
	b, err := pages.OverSPI(port, dc, physic.Frequency(f.MHz)*physic.MegaHertz)
	if err != nil {
		return nil, errors.Join(err, port.Close())
	}
	return b, nil
}

func openSPI(f *Panel) (spi.PortCloser, gpio.PinOut, error) {
	dc, err := line(f.DC)
	if err != nil {
		return nil, nil, err
	}
	port, err := openSPIPort(f.SPI)
	if err != nil {
		return nil, nil, err
	}
	return port, dc, nil
}

// openLight finds what shines behind the display; none is always on.
func openLight(f *Panel) (mipi.Light, error) {
	if chip, channel, ok := pwm(f.LightPWM); ok {
		return backlight.OpenPWM(backlight.Root, chip, channel)
	}
	l, err := output(f.Light)
	if l == nil || err != nil {
		return nil, err
	}
	return backlight.Pin{Out: l}, nil
}

// pwm takes "pwmchip0:1" apart.
func pwm(s string) (chip string, channel int, ok bool) {
	chip, number, ok := strings.Cut(s, ":")
	channel, err := strconv.Atoi(number)
	return chip, channel, ok && err == nil && channel >= 0 && strings.HasPrefix(chip, "pwmchip") && !strings.Contains(chip, "/")
}
