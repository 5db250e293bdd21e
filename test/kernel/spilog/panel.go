package spilog

import (
	"fmt"
	"image"
	"image/color"
)

// Commands of the MIPI display command set that ST7789 and ILI9341 share
// (ST7789V datasheet §9.1, ILI9341 datasheet §8.2).
const (
	cmdReset      = 0x01
	cmdSleepIn    = 0x10
	cmdSleepOut   = 0x11
	cmdInvertOff  = 0x20
	cmdInvertOn   = 0x21
	cmdDisplayOff = 0x28
	cmdDisplayOn  = 0x29
	cmdColumns    = 0x2A
	cmdRows       = 0x2B
	cmdWrite      = 0x2C
	cmdMemory     = 0x36
	cmdPixel      = 0x3A
	cmdWriteMore  = 0x3C
)

// Bits of the memory access control (ST7789V §9.1.28).
const (
	rowsReversed    = 0x80 // MY
	columnsReversed = 0x40 // MX
	exchanged       = 0x20 // MV: rows and columns
	blueFirst       = 0x08
)

// Panel follows a display's command stream and keeps its frame memory. It is what
// the glass would show, seen from the side that the memory access control makes the
// upright one: if the driver turns the picture by MADCTL, so does Image.
type Panel struct {
	Awake, On, Inverted bool
	// Ignored counts commands that do not change the picture (gamma, voltages).
	Ignored int

	width, height int // of the glass, unturned
	memory        []color.RGBA
	control       byte
	pixelFormat   byte
	command       byte
	params        []byte
	x0, x1        int // window, inclusive, in turned coordinates
	y0, y1        int
	x, y          int
	partial       []byte // bytes of a pixel split between transfers
}

// NewPanel returns a display of width×height pixels in its unturned position.
func NewPanel(width, height int) *Panel {
	p := &Panel{width: width, height: height, memory: make([]color.RGBA, width*height)}
	p.reset()
	return p
}

func (p *Panel) reset() {
	p.Awake, p.On, p.Inverted = false, false, false
	p.control, p.pixelFormat = 0, 0x66
	p.x0, p.y0, p.x1, p.y1 = 0, 0, p.width-1, p.height-1
}

// Apply follows one transfer. An error names a command that no such display takes.
func (p *Panel) Apply(t Transfer) error {
	if !t.Data {
		for _, c := range t.Bytes {
			p.begin(c)
		}
		return nil
	}
	if p.command == cmdWrite || p.command == cmdWriteMore {
		return p.pixels(t.Bytes)
	}
	for _, b := range t.Bytes {
		p.params = append(p.params, b)
		if err := p.param(); err != nil {
			return err
		}
	}
	return nil
}

func (p *Panel) begin(c byte) {
	p.command, p.params, p.partial = c, p.params[:0], p.partial[:0]
	switch c {
	case cmdReset:
		p.reset()
	case cmdSleepIn:
		p.Awake = false
	case cmdSleepOut:
		p.Awake = true
	case cmdInvertOff, cmdInvertOn:
		p.Inverted = c == cmdInvertOn
	case cmdDisplayOff, cmdDisplayOn:
		p.On = c == cmdDisplayOn
	case cmdWrite:
		p.x, p.y = p.x0, p.y0
	case cmdColumns, cmdRows, cmdMemory, cmdPixel, cmdWriteMore:
	default:
		p.Ignored++
	}
}

func (p *Panel) param() error {
	n := len(p.params)
	switch {
	case (p.command == cmdColumns || p.command == cmdRows) && n == 4:
		from := int(p.params[0])<<8 | int(p.params[1])
		to := int(p.params[2])<<8 | int(p.params[3])
		size := p.turned()
		limit := size.X
		if p.command == cmdRows {
			limit = size.Y
		}
		if from > to || to >= limit {
			return fmt.Errorf("spilog: window %#x %d to %d on a side of %d pixels", p.command, from, to, limit)
		}
		if p.command == cmdColumns {
			p.x0, p.x1 = from, to
		} else {
			p.y0, p.y1 = from, to
		}
	case p.command == cmdMemory && n == 1:
		p.control = p.params[0]
	case p.command == cmdPixel && n == 1:
		p.pixelFormat = p.params[0]
		if low := p.pixelFormat & 7; low != 5 && low != 6 {
			return fmt.Errorf("spilog: pixel format %#x is neither 16 nor 18 bits", p.pixelFormat)
		}
	}
	return nil
}

// turned is the size of the picture as rows and columns are addressed now.
func (p *Panel) turned() image.Point {
	if p.control&exchanged != 0 {
		return image.Pt(p.height, p.width)
	}
	return image.Pt(p.width, p.height)
}

func (p *Panel) pixels(b []byte) error {
	size := 2
	if p.pixelFormat&7 == 6 {
		size = 3
	}
	p.partial = append(p.partial, b...)
	for len(p.partial) >= size {
		p.put(decode(p.partial[:size]))
		p.partial = p.partial[size:]
	}
	p.partial = append([]byte(nil), p.partial...)
	return nil
}

// decode widens a pixel's bits to 8 by repeating the upper ones.
func decode(b []byte) color.RGBA {
	if len(b) == 3 {
		return color.RGBA{b[0]&0xFC | b[0]>>6, b[1]&0xFC | b[1]>>6, b[2]&0xFC | b[2]>>6, 0xFF}
	}
	v := uint16(b[0])<<8 | uint16(b[1])
	r, g, bl := byte(v>>11), byte(v>>5)&0x3F, byte(v)&0x1F
	return color.RGBA{r<<3 | r>>2, g<<2 | g>>4, bl<<3 | bl>>2, 0xFF}
}

// put stores a pixel in the window and steps on; a full window begins anew. A window
// set before the picture was turned may reach outside: what falls there is lost.
func (p *Panel) put(c color.RGBA) {
	if size := p.turned(); p.x < size.X && p.y < size.Y {
		p.memory[p.y*size.X+p.x] = c
	}
	if p.x++; p.x > p.x1 {
		p.x = p.x0
		if p.y++; p.y > p.y1 {
			p.y = p.y0
		}
	}
}

// Mirrored reports how memory is laid on the glass: the bits MY, MX and MV of the
// memory access control, and whether red and blue are exchanged.
func (p *Panel) Mirrored() (rows, columns, turned, bgr bool) {
	return p.control&rowsReversed != 0, p.control&columnsReversed != 0, p.control&exchanged != 0, p.control&blueFirst != 0
}

// Image returns the picture as it was addressed, upright, at full brightness: the
// turning is the glass's affair and ends with the side it is looked at from.
func (p *Panel) Image() *image.RGBA {
	size := p.turned()
	img := image.NewRGBA(image.Rectangle{Max: size})
	for i, c := range p.memory {
		img.SetRGBA(i%size.X, i/size.X, c)
	}
	return img
}
