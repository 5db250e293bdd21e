//go:build kernel

package kernel

import (
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"os"
	"testing"

	"golang.org/x/sys/unix"
	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/spi/spireg"

	"phoned/hal/haltest"
	"phoned/hal/panel/backlight"
	"phoned/hal/panel/pages"
	"phoned/hal/panel/ssd1306"
	"phoned/hal/panel/st7567"
	"phoned/test/kernel/spilog"
)

// monoGolden is a screen as the phone draws it for 128×64 pixels.
const monoGolden = "active-digits.en.png"

// pageBus follows what the SPI host records on a display with pages.
type pageBus struct {
	bus
	glass *haltest.PageGlass
}

func (b *pageBus) follow(t *testing.T) {
	t.Helper()
	for {
		tr, err := spilog.Read(&b.bus)
		if errors.Is(err, io.EOF) {
			return
		}
		if err == nil && tr.Dropped != 0 {
			err = fmt.Errorf("%d transfers were not recorded", tr.Dropped)
		}
		if err == nil {
			err = b.glass.Take(tr.Data, tr.Bytes)
		}
		if err != nil {
			t.Fatal(err)
		}
		b.bytes += len(tr.Bytes)
		b.hz = tr.Hz
	}
}

// testPageDrivers: the displays of one bit a pixel pass the suite on the
// kernel's SPI, and the picture that the phone draws for them arrives pixel by
// pixel.
func testPageDrivers(t *testing.T) {
	fd, err := unix.Open("/dev/spi-phonetest", unix.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Close(fd) }()
	img := monoPicture(t)
	for _, ctl := range []pages.Controller{ssd1306.Controller, st7567.Controller} {
		t.Run(ctl.Name, func(t *testing.T) {
			b := &pageBus{bus: bus{fd: fd}}
			open := func(t *testing.T) haltest.PanelRig { return openPages(t, ctl, b) }
			haltest.Panel(t, haltest.Real, open)
			r := open(t)
			for _, part := range []image.Rectangle{img.Rect, image.Rect(80, 0, 128, 8)} {
				b.follow(t)
				before := b.bytes
				if err := r.Draw(img, part); err != nil {
					t.Fatal(err)
				}
				b.follow(t)
				n := b.bytes - before
				t.Logf("%v: %d bytes, %.2f ms on the wires at %d MHz", part, n, float64(n)*8000/float64(b.hz), b.hz/1_000_000)
			}
			sameMono(t, b.glass.Seen(false), img)
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// monoPicture is a screen as the phone draws it for one bit a pixel.
func monoPicture(t *testing.T) *image.RGBA {
	t.Helper()
	f, err := os.Open("../../ui/lcd/testdata/mono/" + monoGolden)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	picture, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	return oneBit(asRGBA(picture))
}

// oneBit is a picture as these displays can show it.
func oneBit(img *image.RGBA) *image.RGBA {
	out := image.NewRGBA(img.Rect)
	for y := img.Rect.Min.Y; y < img.Rect.Max.Y; y++ {
		for x := img.Rect.Min.X; x < img.Rect.Max.X; x++ {
			out.SetRGBA(x, y, haltest.OneBit(img.RGBAAt(x, y)))
		}
	}
	return out
}

func sameMono(t *testing.T, seen, want *image.RGBA) {
	t.Helper()
	for y := range want.Rect.Dy() {
		for x := range want.Rect.Dx() {
			if got, want := seen.RGBAAt(x, y), want.RGBAAt(x, y); got != want {
				t.Fatalf("%s at %d,%d: %v, want %v", monoGolden, x, y, got, want)
			}
		}
	}
}

func asRGBA(img image.Image) *image.RGBA {
	out := image.NewRGBA(img.Bounds())
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			out.Set(x, y, img.At(x, y))
		}
	}
	return out
}

func openPages(t *testing.T, ctl pages.Controller, b *pageBus) haltest.PanelRig {
	t.Helper()
	b.glass = haltest.NewPageGlass(ctl.Name)
	port, err := spireg.Open("SPI0.0")
	if err != nil {
		t.Fatal(err)
	}
	on, err := pages.OverSPI(port, panelLine(t, "LCD_DC"), 0)
	if err != nil {
		t.Fatal(err)
	}
	rst := panelLine(t, "LCD_RST")
	p, err := pages.New(on, ctl, pages.Config{Reset: func(high bool) error { return rst.Out(gpio.Level(high)) },
		Light: backlight.Pin{Out: panelLine(t, "LCD_BL")}, Lost: func(err error) { t.Error(err) }})
	if err != nil {
		t.Fatal(err)
	}
	return haltest.PanelRig{Panel: p, Shown: haltest.OneBit,
		Seen: func() *image.RGBA { b.follow(t); return b.glass.Seen(false) },
		Dark: func() bool { b.follow(t); return b.glass.Dark() || !lineLevel(t, 14) },
	}
}
