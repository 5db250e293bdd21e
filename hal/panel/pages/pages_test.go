package pages_test

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"testing"
	"time"

	"phoned/hal/haltest"
	"phoned/hal/panel/pages"
	"phoned/hal/panel/ssd1306"
	"phoned/hal/panel/st7567"
)

// bus puts a glass on one of the two buses.
func bus(t *testing.T, g *haltest.PageGlass, kind string) pages.Bus {
	t.Helper()
	if kind == "i2c" {
		return pages.OverI2C(g, 0)
	}
	b, err := pages.OverSPI(g, g.DC, 0)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func open(t *testing.T, ctl pages.Controller, kind string, cfg pages.Config) (*pages.Panel, *haltest.PageGlass) {
	t.Helper()
	g := haltest.NewPageGlass(ctl.Name)
	cfg.Pause = func(time.Duration) {}
	p, err := pages.New(bus(t, g, kind), ctl, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return p, g
}

func TestConformance(t *testing.T) {
	for _, c := range []struct {
		ctl pages.Controller
		bus string
	}{{ssd1306.Controller, "i2c"}, {ssd1306.Controller, "spi"}, {st7567.Controller, "spi"}} {
		for _, turned := range []bool{false, true} {
			t.Run(fmt.Sprint(c.ctl.Name, " ", c.bus, " ", turned), func(t *testing.T) {
				haltest.Panel(t, haltest.Virtual, func(t *testing.T) haltest.PanelRig {
					l := new(haltest.Light)
					p, g := open(t, c.ctl, c.bus, pages.Config{Turned: turned, Light: l})
					return haltest.PanelRig{Panel: p, Shown: haltest.OneBit, Seen: func() *image.RGBA { return g.Seen(turned) },
						Dark: func() bool { return g.Dark() || l.Percent() == 0 }}
				})
			})
		}
	}
}

// Brightness of a display that shines itself is its contrast.
func TestBrightness(t *testing.T) {
	p, g := open(t, ssd1306.Controller, "i2c", pages.Config{Contrast: 200})
	if err := p.Backlight(50); err != nil || g.Contrast() != 100 || g.Dark() {
		t.Errorf("%v, contrast %d, dark %v", err, g.Contrast(), g.Dark())
	}
	lcd, g := open(t, st7567.Controller, "spi", pages.Config{Contrast: 30})
	if err := lcd.Backlight(50); err != nil || g.Contrast() != 30 || g.Dark() {
		t.Errorf("%v, contrast %d, dark %v", err, g.Contrast(), g.Dark())
	}
}

// A display that is pulled is told once; put back, it shows all that was drawn
// meanwhile, at the brightness that was set.
func TestPulledAndPutBack(t *testing.T) {
	var told []string
	cfg := pages.Config{Lost: func(err error) { told = append(told, fmt.Sprint("lost: ", errors.Is(err, haltest.ErrNoAnswer))) }, Up: func() { told = append(told, "up") }}
	g := haltest.NewPageGlass("ssd1306")
	g.Pull(true)
	p, err := pages.New(pages.OverI2C(g, 0), ssd1306.Controller, cfg)
	if err != nil {
		t.Fatalf("a display that is not there stops the start: %v", err)
	}
	img := haltest.TestPicture(p.Bounds())
	whole := func() {
		t.Helper()
		if err := p.Backlight(60); err != nil {
			t.Fatal(err)
		}
		for _, r := range []image.Rectangle{image.Rect(0, 0, 70, 64), image.Rect(70, 0, 128, 64)} {
			if err := p.Draw(img, r); err != nil {
				t.Fatal(err)
			}
		}
	}
	whole()
	g.Pull(false)
	if err := p.Draw(img, image.Rect(0, 0, 1, 1)); err != nil || g.Dark() {
		t.Fatalf("%v, dark %v", err, g.Dark())
	}
	seen := g.Seen(false)
	for y := range 64 {
		for x := range 128 {
			if got, want := seen.RGBAAt(x, y), haltest.OneBit(img.RGBAAt(x, y)); got != want {
				t.Fatalf("pixel %d,%d is %v, want %v", x, y, got, want)
			}
		}
	}
	if got := fmt.Sprint(told); got != "[lost: true up]" {
		t.Errorf("told %s", got)
	}
	g.Pull(true)
	whole()
	if err := p.Close(); err != nil {
		t.Errorf("closing a display that is gone: %v", err)
	}
	if got := fmt.Sprint(told); got != "[lost: true up lost: true]" {
		t.Errorf("told %s", got)
	}
}

func TestMirroredInvertedAndShifted(t *testing.T) {
	dot := image.NewRGBA(image.Rect(0, 0, 128, 64))
	dot.Set(3, 5, color.White)
	p, g := open(t, st7567.Controller, "spi", pages.Config{Mirrored: true, Invert: true})
	if err := p.Draw(dot, dot.Rect); err != nil {
		t.Fatal(err)
	}
	if seen := g.Seen(false); seen.RGBAAt(124, 5) != (color.RGBA{A: 255}) || seen.RGBAAt(3, 5) == (color.RGBA{A: 255}) {
		t.Errorf("the dot is not mirrored and dark")
	}
	for _, cfg := range []pages.Config{{Width: 200, Height: 64}, {Width: 128, Height: 60}, {Width: 128, Height: 72}, {OffsetX: 5}, {OffsetX: -1}, {Contrast: 64}} {
		if _, err := pages.New(bus(t, haltest.NewPageGlass("st7567"), "spi"), st7567.Controller, cfg); err == nil {
			t.Errorf("%+v was accepted", cfg)
		}
	}
}

// TestBytesOnTheBus: a part costs the pages that it touches.
func TestBytesOnTheBus(t *testing.T) {
	p, g := open(t, ssd1306.Controller, "i2c", pages.Config{})
	img := haltest.TestPicture(p.Bounds())
	for _, c := range []struct {
		part image.Rectangle
		want int
	}{{img.Rect, 8 * (128 + 3)}, {image.Rect(80, 9, 128, 17), 2 * (48 + 3)}, {image.Rect(0, 8, 1, 16), 4}} {
		g.Sent()
		if err := p.Draw(img, c.part); err != nil {
			t.Fatal(err)
		}
		if n := g.Sent(); n != c.want {
			t.Errorf("%v: %d bytes, want %d", c.part, n, c.want)
		}
	}
}

// recorder keeps the commands.
type recorder struct{ bytes.Buffer }

func (r *recorder) Command(b []byte) error { r.Write(b); return nil }
func (*recorder) Data([]byte) error        { return nil }
func (*recorder) Close() error             { return nil }

// With a reset line the controller is reset by it, low in between; without one
// by its command, if it has one.
func TestReset(t *testing.T) {
	var levels []bool
	line := func(high bool) error { levels = append(levels, high); return nil }
	for _, c := range []struct {
		reset func(bool) error
		first byte
	}{{line, 0xae}, {nil, 0xe2}} {
		r := new(recorder)
		if _, err := pages.New(r, st7567.Controller, pages.Config{Reset: c.reset, Pause: func(time.Duration) {}}); err != nil {
			t.Fatal(err)
		}
		if r.Bytes()[0] != c.first {
			t.Errorf("it begins with %#x, want %#x", r.Bytes()[0], c.first)
		}
	}
	if fmt.Sprint(levels) != "[true false true]" {
		t.Errorf("reset line: %v", levels)
	}
}
