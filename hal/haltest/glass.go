package haltest

import (
	"fmt"
	"image"
	"image/color"
	"sync"

	"periph.io/x/conn/v3"
	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/physic"
	"periph.io/x/conn/v3/spi"
)

// Glass is a 240×320 panel at the far end of an SPI port: it follows the MIPI
// Display Command Set as ST7789 and ILI9341 do, and shows what arrived. It
// implements spi.PortCloser. A transfer beyond 4096 bytes fails, as spidev's
// does. Safe for concurrent use.
type Glass struct {
	DC, Reset *Pin
	// Mirrored and BGR are the controller's (ILI9341: both).
	Mirrored, BGR bool

	mu     sync.Mutex
	mem    [glassW * glassH]uint16
	cmd    byte
	args   []byte
	x0, x1 int
	y0, y1 int
	x, y   int
	half   int // the first byte of a pixel, -1: none
	order  byte
	awake  bool
	on     bool
	closed bool
	sent   int
	resets int
	Hz     physic.Frequency
}

const (
	glassW = 240
	glassH = 320
)

// NewGlass makes a sleeping panel on a circuit of its own.
func NewGlass() *Glass {
	c := NewCircuit()
	return &Glass{DC: c.Pin("DC"), Reset: c.Pin("RST"), half: -1}
}

// String implements conn.Resource.
func (g *Glass) String() string { return "glass" }

// Close implements spi.PortCloser.
func (g *Glass) Close() error { g.mu.Lock(); defer g.mu.Unlock(); g.closed = true; return nil }

// LimitSpeed implements spi.PortCloser.
func (g *Glass) LimitSpeed(physic.Frequency) error { return nil }

// Connect implements spi.Port.
func (g *Glass) Connect(hz physic.Frequency, _ spi.Mode, bits int) (spi.Conn, error) {
	if bits != 8 {
		return nil, fmt.Errorf("glass: %d bits a word", bits)
	}
	g.Hz = hz
	return wire{g}, nil
}

// wire is the bus.
type wire struct{ *Glass }

func (wire) Duplex() conn.Duplex            { return conn.Full }
func (wire) MaxTxSize() int                 { return 4096 }
func (w wire) TxPackets([]spi.Packet) error { return fmt.Errorf("glass: packets are not used") }

// Tx implements conn.Conn.
func (w wire) Tx(out, _ []byte) error {
	g := w.Glass
	data := bool(g.DC.Level())
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.closed:
		return fmt.Errorf("glass: the port is closed")
	case len(out) > 4096:
		return fmt.Errorf("glass: %d bytes at once: message too long", len(out))
	}
	g.sent += len(out)
	for _, b := range out {
		if err := g.byteLocked(data, b); err != nil {
			return err
		}
	}
	return nil
}

func (g *Glass) byteLocked(data bool, b byte) error {
	if !data {
		g.cmd, g.args = b, g.args[:0]
		switch b {
		case 0x01:
			g.awake, g.on, g.order = false, false, 0
			g.resets++
		case 0x11:
			g.awake = true
		case 0x10:
			g.awake = false
		case 0x29:
			g.on = true
		case 0x28:
			g.on = false
		case 0x2c:
			g.x, g.y, g.half = g.x0, g.y0, -1
		}
		return nil
	}
	if g.cmd == 0x2c {
		return g.pixelLocked(b)
	}
	g.args = append(g.args, b)
	switch {
	case g.cmd == 0x36:
		g.order = b
	case g.cmd == 0x3a && b != 0x55:
		return fmt.Errorf("glass: pixel format %#x", b)
	case len(g.args) == 4 && (g.cmd == 0x2a || g.cmd == 0x2b):
		lo, hi := int(g.args[0])<<8|int(g.args[1]), int(g.args[2])<<8|int(g.args[3])
		if g.cmd == 0x2a {
			g.x0, g.x1 = lo, hi
		} else {
			g.y0, g.y1 = lo, hi
		}
	}
	return nil
}

// pixelLocked stores a byte where window and memory order put it.
func (g *Glass) pixelLocked(b byte) error {
	if g.half < 0 {
		g.half = int(b)
		return nil
	}
	if g.y > g.y1 {
		return fmt.Errorf("glass: more pixels than the window %d,%d–%d,%d has", g.x0, g.y0, g.x1, g.y1)
	}
	x, y := g.x, g.y
	if g.order&0x20 != 0 {
		x, y = y, x
	}
	if (g.order&0x40 != 0) != g.Mirrored {
		x = glassW - 1 - x
	}
	if g.order&0x80 != 0 {
		y = glassH - 1 - y
	}
	if x < 0 || y < 0 || x >= glassW || y >= glassH {
		return fmt.Errorf("glass: pixel %d,%d is outside", x, y)
	}
	g.mem[y*glassW+x] = uint16(g.half)<<8 | uint16(b)
	g.half = -1
	if g.x++; g.x > g.x1 {
		g.x, g.y = g.x0, g.y+1
	}
	return nil
}

// Seen is the picture as somebody sees it who holds the glass turned clockwise
// by degrees the other way.
func (g *Glass) Seen(degrees int) *image.RGBA {
	g.mu.Lock()
	defer g.mu.Unlock()
	w, h := glassW, glassH
	if degrees%180 != 0 {
		w, h = h, w
	}
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			at := map[int][2]int{0: {x, y}, 90: {h - 1 - y, x}, 180: {w - 1 - x, h - 1 - y}, 270: {y, w - 1 - x}}[degrees]
			v := g.mem[at[1]*glassW+at[0]]
			c := In16(color.RGBA{R: uint8(v >> 8 & 0xf8), G: uint8(v >> 3 & 0xfc), B: uint8(v << 3)})
			if (g.order&0x08 != 0) != g.BGR {
				c.R, c.B = c.B, c.R
			}
			img.SetRGBA(x, y, c)
		}
	}
	return img
}

// Dark says that the display sleeps or is off.
func (g *Glass) Dark() bool { g.mu.Lock(); defer g.mu.Unlock(); return !g.awake || !g.on }

// Sent counts the bytes that came since the last call.
func (g *Glass) Sent() int { g.mu.Lock(); defer g.mu.Unlock(); n := g.sent; g.sent = 0; return n }

// Resets counts the resets by command.
func (g *Glass) Resets() int { g.mu.Lock(); defer g.mu.Unlock(); return g.resets }

// Light is a back-light that can be looked at.
type Light struct {
	mu      sync.Mutex
	percent int
}

// Set implements mipi.Light.
func (l *Light) Set(percent int) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.percent = percent
	return nil
}

// Percent is the brightness.
func (l *Light) Percent() int { l.mu.Lock(); defer l.mu.Unlock(); return l.percent }

var (
	_ spi.PortCloser = (*Glass)(nil)
	_ gpio.PinIO     = (*Pin)(nil)
)
