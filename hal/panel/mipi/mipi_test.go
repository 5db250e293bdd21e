package mipi_test

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"testing"
	"time"

	"periph.io/x/conn/v3/physic"

	"phoned/hal/haltest"
	"phoned/hal/panel/ili9341"
	"phoned/hal/panel/mipi"
	"phoned/hal/panel/st7789"
)

func open(t *testing.T, ctl mipi.Controller, rotation int) (*mipi.Panel, *haltest.Glass, *haltest.Light) {
	t.Helper()
	g, l := haltest.NewGlass(), new(haltest.Light)
	g.Mirrored, g.BGR = ctl.Mirrored, ctl.BGR
	cfg := mipi.Config{Width: 240, Height: 320, Rotation: mipi.Rotation(rotation), DC: g.DC, Reset: g.Reset, Light: l, Pause: func(time.Duration) {}}
	if rotation%180 != 0 {
		cfg.Width, cfg.Height = 320, 240
	}
	p, err := mipi.New(g, ctl, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return p, g, l
}

func TestConformance(t *testing.T) {
	for _, ctl := range []mipi.Controller{st7789.Controller, ili9341.Controller} {
		for _, rotation := range []int{0, 90, 180, 270} {
			t.Run(fmt.Sprint(ctl.Name, " ", rotation), func(t *testing.T) {
				haltest.Panel(t, haltest.Virtual, func(t *testing.T) haltest.PanelRig {
					p, g, l := open(t, ctl, rotation)
					return haltest.PanelRig{Panel: p, Seen: func() *image.RGBA { return g.Seen(rotation) },
						Dark: func() bool { return g.Dark() || l.Percent() == 0 }}
				})
			})
		}
	}
}

// TestBytesOnTheBus bounds what a picture costs; times are those of the clock
// alone.
func TestBytesOnTheBus(t *testing.T) {
	p, g, _ := open(t, st7789.Controller, 90)
	img := haltest.TestPicture(p.Bounds())
	for _, c := range []struct {
		what string
		part image.Rectangle
	}{{"full", img.Rect}, {"a timer of 80×24", image.Rect(120, 100, 200, 124)}} {
		g.Sent()
		if err := p.Draw(img, c.part); err != nil {
			t.Fatal(err)
		}
		n := g.Sent()
		if want := 2*c.part.Dx()*c.part.Dy() + 11; n != want {
			t.Errorf("%s: %d bytes, want %d", c.what, n, want)
		}
		t.Logf("%s: %d bytes, %.2f ms at %v", c.what, n, float64(n)*8/float64(g.Hz/physic.KiloHertz), g.Hz)
	}
}

func TestRGB565(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 3, 1))
	img.Set(0, 0, color.RGBA{255, 0, 0, 255})
	img.Set(1, 0, color.RGBA{0, 255, 0, 255})
	img.Set(2, 0, color.RGBA{0, 0, 255, 255})
	if got, want := mipi.Pixels(nil, img, img.Rect), []byte{0xf8, 0, 0x07, 0xe0, 0, 0x1f}; !bytes.Equal(got, want) {
		t.Fatalf("%x, want %x", got, want)
	}
}

func TestBadConfig(t *testing.T) {
	dc := haltest.NewCircuit().Pin("DC")
	for _, c := range []mipi.Config{{Width: 320, Height: 240}, {Width: 0, Height: 240, DC: dc}, {Width: 9000, Height: 1, DC: dc}} {
		if _, err := st7789.New(haltest.NewGlass(), c); err == nil {
			t.Errorf("%+v was accepted", c)
		}
	}
}

// Without a reset line the controller is reset by command, before all else.
func TestResetByCommand(t *testing.T) {
	g := haltest.NewGlass()
	var rests []time.Duration
	cfg := mipi.Config{Width: 320, Height: 240, DC: g.DC, Pause: func(d time.Duration) { rests = append(rests, d) }}
	if _, err := st7789.New(g, cfg); err != nil {
		t.Fatal(err)
	}
	if g.Resets() != 1 || len(rests) != 2 || rests[0] < 120*time.Millisecond || g.Dark() {
		t.Errorf("%d resets, pauses %v, dark %v", g.Resets(), rests, g.Dark())
	}
}

// A panel whose lines are taken is told at the start.
func TestLineThatFails(t *testing.T) {
	c := haltest.NewCircuit()
	dc, busy := c.Pin("DC"), errors.New("device or resource busy")
	c.Fail(busy)
	_, err := st7789.New(haltest.NewGlass(), mipi.Config{Width: 320, Height: 240, DC: dc, Pause: func(time.Duration) {}})
	if !errors.Is(err, busy) {
		t.Errorf("%v", err)
	}
}

func BenchmarkPixels(b *testing.B) {
	img := haltest.TestPicture(image.Rect(0, 0, 320, 240))
	buf := make([]byte, 0, 320*240*2)
	for b.Loop() {
		buf = mipi.Pixels(buf[:0], img, img.Rect)
	}
}
