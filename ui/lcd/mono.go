package lcd

import (
	"fmt"
	"image"
	"image/color"

	"phoned/internal/qrcode"
	"phoned/ui"
)

// Smallest and largest panel of one bit a pixel. Below MinWidth×MinHeight a
// picture is set in bitmap type, row by row.
const (
	MinMonoWidth  = 128
	MinMonoHeight = 64
)

// Mono draws screens on a panel of one bit a pixel: 128×64, or larger. It
// belongs to one goroutine.
//
// A body is a pile of blocks (a name, a number, a strip). Each has a rank;
// when the panel is too low for all, the blocks of the last ranks are left
// out, and what is left is set from the top down. That rule is the same for
// every size.
type Mono struct {
	img   *image.RGBA
	items []bitItem
	spare []bitItem
	fonts []*bitFont
	codes *painter // keeps the QR code
	logos bitLogoCache
	fresh bool
}

// NewMono makes a renderer for a panel of one bit a pixel; bounds must start
// at 0,0 and be at least 128×64. The first Draw paints everything.
func NewMono(bounds image.Rectangle) (*Mono, error) {
	if bounds.Min != (image.Point{}) || bounds.Dx() < MinMonoWidth || bounds.Dy() < MinMonoHeight {
		return nil, fmt.Errorf("lcd: panel of %v: the layouts need at least %d×%d from 0,0", bounds, MinMonoWidth, MinMonoHeight)
	}
	fonts, err := fixedSizes()
	if err != nil {
		return nil, err
	}
	return &Mono{img: image.NewRGBA(bounds), fonts: fonts, codes: newPainter(), fresh: true}, nil
}

// bitItem is one thing of a picture of one bit a pixel. Equal items paint
// equal pixels.
type bitItem struct {
	slot   image.Rectangle
	fill   bool // the slot is lit; text on it is dark
	invert bool // dark on a lit ground
	text   string
	font   int
	scale  int // pixels a pixel of the font
	icon   ui.Icon
	code   string // of a QR code
	logo   *bitLogo
	words  bool // text of a catalogue: it must fit
	cut    bool
	body   bool
}

// Colours of a lit and of a dark pixel.
var (
	lit  = color.RGBA{0xe8, 0xf4, 0xff, 255}
	dark = color.RGBA{0x05, 0x08, 0x0c, 255}
)

// Draw brings the picture to s and returns it with the rectangles that
// changed. A pixel is lit or dark, nothing between; Lit tells which.
func (m *Mono) Draw(s ui.Screen) (img *image.RGBA, dirty []image.Rectangle) {
	l := bitLayout{fonts: m.fonts, codes: m.codes, logos: &m.logos, bounds: m.img.Rect, items: m.spare[:0]}
	l.screen(s)
	var d dirtySet
	if m.fresh {
		d.add(m.img.Rect)
	} else {
		for _, pair := range [2][2][]bitItem{{m.items, l.items}, {l.items, m.items}} {
			for i := range pair[0] {
				if !containsBit(pair[1], &pair[0][i], i) {
					d.add(pair[0][i].slot.Intersect(m.img.Rect))
				}
			}
		}
	}
	for _, r := range d {
		fill(m.img, r, dark)
		for i := range l.items {
			m.paint(&l.items[i], r)
		}
	}
	m.spare, m.items, m.fresh = m.items, l.items, false
	return m.img, d
}

func containsBit(list []bitItem, it *bitItem, at int) bool {
	if at < len(list) && list[at] == *it {
		return true
	}
	for i := range list {
		if list[i] == *it {
			return true
		}
	}
	return false
}

// Invalidate forgets what was drawn: the next Draw paints everything.
func (m *Mono) Invalidate() { m.fresh = true }

// SoftWidth is how many characters a soft key has room for (ui.Env).
func (m *Mono) SoftWidth() int { return 5 }

// Lit reports whether a pixel of the last picture is lit.
func (m *Mono) Lit(x, y int) bool { return m.img.RGBAAt(x, y).R > 0x80 }

// Pages appends the last picture as controllers of the families SSD1306 and
// ST7567 take it: page after page of eight rows, a byte a column, the topmost
// row in the lowest bit. A height that is no multiple of eight ends with a
// page whose last rows are dark.
func (m *Mono) Pages(dst []byte) []byte {
	b := m.img.Rect
	for y := 0; y < b.Max.Y; y += 8 {
		for x := range b.Max.X {
			var v byte
			for i := 0; i < 8 && y+i < b.Max.Y; i++ {
				if m.Lit(x, y+i) {
					v |= 1 << i
				}
			}
			dst = append(dst, v)
		}
	}
	return dst
}

func (m *Mono) paint(it *bitItem, clip image.Rectangle) {
	clip = clip.Intersect(it.slot).Intersect(m.img.Rect)
	if clip.Empty() {
		return
	}
	c := lit
	if it.invert {
		c = dark
	}
	switch {
	case it.fill:
		fill(m.img, clip, lit)
	case it.icon != ui.IconNone:
		drawBits(m.img, it.slot.Min, iconRows(it.icon), c, clip)
	case it.logo != nil:
		it.logo.draw(m.img, it.slot.Min, c, clip)
	case it.code != "":
		m.paintCode(it, clip)
	default:
		m.paintText(it, c, clip)
	}
}

func drawBits(img *image.RGBA, at image.Point, rows []string, c color.RGBA, clip image.Rectangle) {
	for y, row := range rows {
		for x := range len(row) {
			if p := at.Add(image.Pt(x, y)); row[x] != ' ' && p.In(clip) {
				img.SetRGBA(p.X, p.Y, c)
			}
		}
	}
}

func (m *Mono) paintText(it *bitItem, c color.RGBA, clip image.Rectangle) {
	f := m.fonts[it.font]
	x := it.slot.Min.X
	for _, r := range it.text {
		g, gf := f.glyph(r), f
		if g == nil {
			if gf, g = ideograph(r, f.height); g != nil && gf.height > f.height {
				g = nil
			}
		}
		w := advance(f, r)
		if g == nil {
			box := image.Rect(x+1, it.slot.Min.Y+2, x+w-1, it.slot.Min.Y+f.ascent*it.scale)
			for _, e := range []image.Rectangle{{box.Min, image.Pt(box.Max.X, box.Min.Y+1)}, {image.Pt(box.Min.X, box.Max.Y-1), box.Max},
				{box.Min, image.Pt(box.Min.X+1, box.Max.Y)}, {image.Pt(box.Max.X-1, box.Min.Y), box.Max}} {
				fill(m.img, e.Intersect(clip), c)
			}
			x += w * it.scale
			continue
		}
		up := gf.ascent - f.ascent
		for gy := range gf.height {
			for gx := range gf.width {
				if !gf.on(g, gx, gy) {
					continue
				}
				p := image.Pt(x+gx*it.scale, it.slot.Min.Y+(gy-up)*it.scale)
				fill(m.img, image.Rectangle{p, p.Add(image.Pt(it.scale, it.scale))}.Intersect(clip), c)
			}
		}
		x += w * it.scale
	}
}

// advance is the width of a character in a font, in its pixels.
func advance(f *bitFont, r rune) int {
	if f.glyph(r) == nil {
		if gf, g := ideograph(r, f.height); g != nil && gf.height <= f.height {
			return gf.width
		}
	}
	return f.width
}

func (m *Mono) paintCode(it *bitItem, clip image.Rectangle) {
	c := m.codes.code(it.code)
	if c == nil {
		return
	}
	fill(m.img, clip, lit)
	for y := range c.side() {
		for x := range c.side() {
			if c.Black(x-qrcode.Quiet, y-qrcode.Quiet) {
				p := it.slot.Min.Add(image.Pt(x*it.scale, y*it.scale))
				fill(m.img, image.Rectangle{p, p.Add(image.Pt(it.scale, it.scale))}.Intersect(clip), dark)
			}
		}
	}
}
