//go:build kernel

package kernel

import (
	"errors"
	"fmt"
	"image"
	"io"
	"testing"

	"golang.org/x/sys/unix"
	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/physic"
	"periph.io/x/conn/v3/spi"
	"periph.io/x/conn/v3/spi/spireg"

	"phoned/hal/haltest"
	"phoned/hal/panel/ili9341"
	"phoned/hal/panel/mipi"
	"phoned/hal/panel/st7789"
	"phoned/test/kernel/spilog"
)

// testPanelRotations: each colour display in each of its four positions. What the bus
// saw is put on glass that does not turn with the picture, as a person sees it.
func testPanelRotations(t *testing.T) {
	fd, err := unix.Open("/dev/spi-phonetest", unix.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Close(fd) }()
	for _, ctl := range []mipi.Controller{st7789.Controller, ili9341.Controller} {
		for _, rotation := range []int{0, 90, 180, 270} {
			t.Run(fmt.Sprint(ctl.Name, " ", rotation), func(t *testing.T) {
				port, err := spireg.Open("SPI0.0")
				if err != nil {
					t.Fatal(err)
				}
				cfg := mipi.Config{Width: 240, Height: 320, Rotation: mipi.Rotation(rotation), DC: panelLine(t, "LCD_DC")}
				if rotation%180 != 0 {
					cfg.Width, cfg.Height = 320, 240
				}
				p, err := mipi.New(port, ctl, cfg)
				if err != nil {
					t.Fatal(err)
				}
				img := haltest.TestPicture(p.Bounds())
				for _, part := range []image.Rectangle{img.Rect, image.Rect(3, 5, 100, 7)} {
					if err := p.Draw(img, part); err != nil {
						t.Fatal(err)
					}
				}
				seen := onGlass(t, &bus{fd: fd}, ctl).Seen(rotation)
				for y := range cfg.Height {
					for x := range cfg.Width {
						if got, want := seen.RGBAAt(x, y), haltest.In16(img.RGBAAt(x, y)); got != want {
							t.Fatalf("pixel %d,%d is %v, want %v", x, y, got, want)
						}
					}
				}
				if err := p.Close(); err != nil {
					t.Error(err)
				}
				if !onGlass(t, &bus{fd: fd}, ctl).Dark() {
					t.Error("it does not sleep after Close")
				}
			})
		}
	}
}

// onGlass plays what the bus has recorded to glass.
func onGlass(t *testing.T, b *bus, ctl mipi.Controller) *haltest.Glass {
	t.Helper()
	g := haltest.NewGlass()
	g.Mirrored, g.BGR = ctl.Mirrored, ctl.BGR
	wire, err := g.Connect(40*physic.MegaHertz, spi.Mode0, 8)
	if err != nil {
		t.Fatal(err)
	}
	for {
		tr, err := spilog.Read(b)
		if errors.Is(err, io.EOF) {
			return g
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := g.DC.Out(gpio.Level(tr.Data)); err != nil {
			t.Fatal(err)
		}
		if err := wire.Tx(tr.Bytes, nil); err != nil {
			t.Fatal(err)
		}
	}
}
