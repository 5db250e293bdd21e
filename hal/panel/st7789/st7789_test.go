package st7789

import (
	"bytes"
	"image"
	"image/color"
	"testing"
	"time"

	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/gpio/gpiotest"
	"periph.io/x/conn/v3/spi/spitest"
)

// glass is the other end of the bus: it rebuilds the controller's memory from
// what was sent, as the datasheet says it would.
type glass struct {
	t          *testing.T
	w, h       int
	mem        []byte
	cmd        byte
	args       []byte
	x0, x1     int
	y0, y1     int
	at         int
	awake, lit bool
}

func (g *glass) byte(data bool, b byte) {
	if !data {
		g.cmd, g.args, g.at = b, nil, 0
		switch b {
		case cmdSLPOUT:
			g.awake = true
		case cmdSLPIN:
			g.awake = false
		case cmdDISPON:
			g.lit = true
		case cmdDISPOFF:
			g.lit = false
		}
		return
	}
	if g.cmd == cmdRAMWR {
		width := g.x1 - g.x0 + 1
		x, y := g.x0+g.at/2%width, g.y0+g.at/2/width
		if y > g.y1 {
			g.t.Fatalf("more pixels than the window %d,%d–%d,%d has", g.x0, g.y0, g.x1, g.y1)
		}
		g.mem[2*(y*g.w+x)+g.at%2] = b
		g.at++
		return
	}
	g.args = append(g.args, b)
	if len(g.args) == 4 {
		lo, hi := int(g.args[0])<<8|int(g.args[1]), int(g.args[2])<<8|int(g.args[3])
		switch g.cmd {
		case cmdCASET:
			g.x0, g.x1 = lo, hi
		case cmdRASET:
			g.y0, g.y1 = lo, hi
		}
	}
}

// bus is periph's recorder with the level of D/C noted for each transfer.
type dc struct {
	gpiotest.Pin
	rec  *spitest.Record
	data []bool
}

func (d *dc) Out(l gpio.Level) error { d.sync(); return d.Pin.Out(l) }
func (d *dc) sync() {
	for len(d.data) < len(d.rec.Ops) {
		d.data = append(d.data, bool(d.Pin.L))
	}
}

func open(t *testing.T) (*Panel, *spitest.Record, *dc, *glass) {
	t.Helper()
	rec := &spitest.Record{}
	line := &dc{Pin: gpiotest.Pin{N: "DC"}, rec: rec}
	p, err := New(rec, Config{
		Width: 320, Height: 240, Rotation: Landscape, DC: line,
		Reset: &gpiotest.Pin{N: "RST"}, Light: &gpiotest.Pin{N: "BL"}, Pause: func(time.Duration) {},
	})
	if err != nil {
		t.Fatal(err)
	}
	return p, rec, line, &glass{t: t, w: 320, h: 240, mem: make([]byte, 320*240*2)}
}

func (g *glass) play(rec *spitest.Record, line *dc) {
	line.sync()
	for i, op := range rec.Ops {
		if len(op.W) > defaultChunk {
			g.t.Fatalf("transfer %d has %d bytes", i, len(op.W))
		}
		for _, b := range op.W {
			g.byte(line.data[i], b)
		}
	}
	rec.Ops, line.data = nil, nil
}

func pattern() *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, 320, 240))
	for y := range 240 {
		for x := range 320 {
			img.SetRGBA(x, y, color.RGBA{uint8(x), uint8(y), uint8(x ^ y), 255})
		}
	}
	return img
}

func TestFrameArrivesByteForByte(t *testing.T) {
	p, rec, line, g := open(t)
	img := pattern()
	if err := p.Draw(img, img.Rect); err != nil {
		t.Fatal(err)
	}
	g.play(rec, line)
	if want := Pixels(nil, img, img.Rect); !bytes.Equal(g.mem, want) {
		t.Fatal("the picture on the glass is another one")
	}
	if !g.awake || !g.lit {
		t.Error("the display sleeps")
	}
}

func TestPartialWindow(t *testing.T) {
	p, rec, line, g := open(t)
	img := pattern()
	r := image.Rect(17, 33, 99, 71)
	if err := p.Draw(img, r); err != nil {
		t.Fatal(err)
	}
	sent := 0
	for _, op := range rec.Ops {
		sent += len(op.W)
	}
	g.play(rec, line)
	full := Pixels(nil, img, img.Rect)
	for y := range 240 {
		for x := range 320 {
			i := 2 * (y*320 + x)
			want := []byte{0, 0}
			if (image.Point{X: x, Y: y}).In(r) {
				want = full[i : i+2]
			}
			if !bytes.Equal(g.mem[i:i+2], want) {
				t.Fatalf("pixel %d,%d is %x, want %x", x, y, g.mem[i:i+2], want)
			}
		}
	}
	if limit := r.Dx()*r.Dy()*2 + 64; sent > limit {
		t.Errorf("%d bytes for a part, at most %d expected", sent, limit)
	}
}

func TestRGB565(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 3, 1))
	img.Set(0, 0, color.RGBA{255, 0, 0, 255})
	img.Set(1, 0, color.RGBA{0, 255, 0, 255})
	img.Set(2, 0, color.RGBA{0, 0, 255, 255})
	if got, want := Pixels(nil, img, img.Rect), []byte{0xf8, 0, 0x07, 0xe0, 0, 0x1f}; !bytes.Equal(got, want) {
		t.Fatalf("%x, want %x", got, want)
	}
}

func TestCloseSleeps(t *testing.T) {
	p, rec, line, g := open(t)
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	g.play(rec, line)
	if g.awake || g.lit {
		t.Error("the display is still on")
	}
}

func TestBadConfig(t *testing.T) {
	for _, c := range []Config{{Width: 320, Height: 240}, {Width: 0, Height: 240, DC: &gpiotest.Pin{}}, {Width: 9000, Height: 1, DC: &gpiotest.Pin{}}} {
		if _, err := New(&spitest.Record{}, c); err == nil {
			t.Errorf("%+v was accepted", c)
		}
	}
}

func BenchmarkFrame(b *testing.B) {
	img := pattern()
	buf := make([]byte, 0, 320*240*2)
	for b.Loop() {
		buf = Pixels(buf[:0], img, img.Rect)
	}
}
