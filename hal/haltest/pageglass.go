package haltest

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"sync"

	"periph.io/x/conn/v3"
	"periph.io/x/conn/v3/physic"
	"periph.io/x/conn/v3/spi"
)

// PageGlass is a 128×64 display of one bit a pixel with its memory in pages, on
// an SPI port with a D/C line or on I²C: SSD1306 (128 columns, upright with
// both directions reversed) or ST7567 (132, rows only). It implements
// spi.PortCloser and i2c.BusCloser. Safe for concurrent use.
type PageGlass struct {
	DC *Pin

	mu           sync.Mutex
	mem          [8][132]byte
	columns      int
	wiredDown    bool // the glass's first column hangs on the last output
	page, column int
	args         int // of the command that is being taken
	cmd          byte
	reversed     bool
	rowsReversed bool
	on, inverted bool
	contrast     byte
	absent       bool
	closed       bool
	sent         int
}

// ErrNoAnswer is what an I²C bus says when nobody is at the address.
var ErrNoAnswer = errors.New("remote I/O error")

// NewPageGlass makes a display of a controller: "ssd1306" or "st7567".
func NewPageGlass(controller string) *PageGlass {
	g := &PageGlass{DC: NewCircuit().Pin("DC"), columns: 132}
	if controller == "ssd1306" {
		g.columns, g.wiredDown = 128, true
	}
	return g
}

// Pull takes the display off its bus, or puts it back, without power meanwhile.
func (g *PageGlass) Pull(absent bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.absent, g.on, g.reversed, g.rowsReversed = absent, false, false, false
	g.mem = [8][132]byte{}
}

// String implements conn.Resource.
func (g *PageGlass) String() string { return "page glass" }

// Close implements spi.PortCloser and i2c.BusCloser.
func (g *PageGlass) Close() error { g.mu.Lock(); defer g.mu.Unlock(); g.closed = true; return nil }

// LimitSpeed implements spi.PortCloser.
func (g *PageGlass) LimitSpeed(physic.Frequency) error { return nil }

// Connect implements spi.Port.
func (g *PageGlass) Connect(_ physic.Frequency, _ spi.Mode, bits int) (spi.Conn, error) {
	if bits != 8 {
		return nil, fmt.Errorf("page glass: %d bits a word", bits)
	}
	return pageWire{g}, nil
}

// SetSpeed implements i2c.Bus.
func (g *PageGlass) SetSpeed(physic.Frequency) error { return nil }

// Tx implements i2c.Bus: a control byte, then commands or data.
func (g *PageGlass) Tx(address uint16, w, r []byte) error {
	if address != 0x3c || len(r) > 0 || len(w) == 0 || (w[0] != 0 && w[0] != 0x40) {
		return ErrNoAnswer
	}
	return g.Take(w[0] == 0x40, w[1:])
}

type pageWire struct{ *PageGlass }

func (pageWire) Duplex() conn.Duplex          { return conn.Half }
func (pageWire) TxPackets([]spi.Packet) error { return errors.New("page glass: packets are not used") }
func (w pageWire) Tx(out, _ []byte) error     { return w.Take(bool(w.DC.Level()), out) }

// Take takes bytes as they come over the bus.
func (g *PageGlass) Take(data bool, bytes []byte) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed || g.absent {
		return ErrNoAnswer
	}
	g.sent += len(bytes)
	for _, b := range bytes {
		switch {
		case !data:
			g.commandLocked(b)
		case g.column >= g.columns:
			return fmt.Errorf("page glass: column %d of %d", g.column, g.columns)
		default:
			g.mem[g.page][g.column] = b
			g.column++
		}
	}
	return nil
}

// wide are the commands that have a byte behind them.
var wide = map[byte]bool{0x81: true, 0xd5: true, 0xa8: true, 0xd3: true, 0x8d: true, 0x20: true, 0xda: true, 0xd9: true, 0xdb: true}

func (g *PageGlass) commandLocked(b byte) {
	if g.args > 0 {
		g.args--
		if g.cmd == 0x81 {
			g.contrast = b
		}
		return
	}
	g.cmd = b
	switch {
	case wide[b] && (g.columns == 128 || b == 0x81):
		g.args = 1
	case b < 0x10:
		g.column = g.column&0xf0 | int(b)
	case b < 0x20:
		g.column = g.column&0x0f | int(b&15)<<4
	case b >= 0xb0 && b <= 0xb7:
		g.page = int(b & 7)
	case b == 0xa0, b == 0xa1:
		g.reversed = b == 0xa1
	case b == 0xc0, b == 0xc8:
		g.rowsReversed = b == 0xc8
	case b == 0xa6, b == 0xa7:
		g.inverted = b == 0xa7
	case b == 0xae, b == 0xaf:
		g.on = b == 0xaf
	}
}

// Seen is the picture as somebody sees it who holds the glass turned by 180° or
// not: lit pixels white, the others black.
func (g *PageGlass) Seen(turned bool) *image.RGBA {
	g.mu.Lock()
	defer g.mu.Unlock()
	const w, h = 128, 64
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for column := range g.columns {
		output := column
		if g.reversed {
			output = g.columns - 1 - column
		}
		x := output
		if g.wiredDown {
			x = w - 1 - output
		}
		for row := range h {
			y := row // rows are wired from below on both
			if !g.rowsReversed {
				y = h - 1 - row
			}
			c := color.RGBA{A: 255}
			if g.mem[row/8][column]>>(row%8)&1 == 1 != g.inverted {
				c = color.RGBA{255, 255, 255, 255}
			}
			if turned {
				img.SetRGBA(w-1-x, h-1-y, c)
			} else {
				img.SetRGBA(x, y, c)
			}
		}
	}
	return img
}

// Dark says that the display is off.
func (g *PageGlass) Dark() bool { g.mu.Lock(); defer g.mu.Unlock(); return !g.on }

// Contrast is the last that was set.
func (g *PageGlass) Contrast() int { g.mu.Lock(); defer g.mu.Unlock(); return int(g.contrast) }

// Sent counts the bytes that came since the last call.
func (g *PageGlass) Sent() int { g.mu.Lock(); defer g.mu.Unlock(); n := g.sent; g.sent = 0; return n }

// OneBit is how a display of one bit a pixel shows a colour.
func OneBit(c color.RGBA) color.RGBA {
	if 299*int(c.R)+587*int(c.G)+114*int(c.B) > 128*1000 {
		return color.RGBA{255, 255, 255, 255}
	}
	return color.RGBA{A: 255}
}
