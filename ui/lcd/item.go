package lcd

import (
	"image"
	"image/color"

	"phoned/ui"
)

// kind is what an item paints.
type kind uint8

const (
	kindFill kind = iota // a rectangle, rounded by radius
	kindGlow             // the ringing ground: from fg at the top to bg
	kindText             // a run of text
	kindIcon             // an icon
	kindCode             // a QR code
	kindRing             // a disc of bg with a rim of fg
	kindLogo             // the brand's picture
)

// item is one thing of the display list. It paints within slot and nowhere
// else. Items are comparable: equal items paint equal pixels, so the pixels
// that change between two lists are those of the items that only one has.
// Items of a list may lie on each other only as ground and content.
type item struct {
	kind   kind
	slot   image.Rectangle
	window image.Rectangle // what of the slot is to be seen; empty: all of it
	fg, bg color.RGBA      // bg is what a text or icon stands on
	edge   color.RGBA      // a line round a fill; without alpha none
	radius int

	style    style
	text     string
	x        int // the pen's start
	baseline int
	shape    ui.Icon
	scale    int // pixels a module of a QR code
	logo     *logoPicture

	part  part
	words bool // text of a catalogue: it must fit
	cut   bool // the text was elided
	area  bool // a container: content lies on it
	flow  bool // a line of flowing text, off the grid by its leading
}

// part says which layer of the picture an item is of; overlays hide what lies
// under them.
type part uint8

const (
	partGround part = iota
	partHeader
	partBody
	partBar
	partOverlay
)

// painter paints items with the glyphs of its faces.
type painter struct {
	faces map[[2]int]*face
	icons map[sizedIcon]*mask
	disc  map[int][]uint8
	codes map[string]*code
	logos logoCache
}

func newPainter() *painter {
	return &painter{faces: map[[2]int]*face{}, icons: map[sizedIcon]*mask{}, disc: map[int][]uint8{}, codes: map[string]*code{}}
}

// face gives a cut at a size; the fonts were read when the renderer was made.
func (p *painter) face(s style) *face {
	k := [2]int{int(s.weight), s.size}
	if f, ok := p.faces[k]; ok {
		return f
	}
	fonts, err := cuts()
	if err != nil {
		panic("lcd: face before New: " + err.Error())
	}
	f, err := newFace(fonts[s.weight], s.size)
	if err != nil {
		panic("lcd: " + err.Error())
	}
	p.faces[k] = f
	return f
}

// seen is the rectangle in which the item paints.
func (it *item) seen() image.Rectangle {
	if it.window.Empty() {
		return it.slot
	}
	return it.slot.Intersect(it.window)
}

// paint paints the part of it that lies in clip.
func (p *painter) paint(dst *image.RGBA, it *item, clip image.Rectangle) {
	clip = clip.Intersect(it.seen())
	if clip.Empty() {
		return
	}
	switch it.kind {
	case kindFill:
		if it.edge.A > 0 {
			p.fillEdged(dst, it, clip)
		} else if it.radius > 0 {
			p.fillRound(dst, it, clip)
		} else {
			fill(dst, clip, it.fg)
		}
	case kindGlow:
		glow(dst, it, clip)
	case kindText:
		p.drawText(dst, it, clip)
	case kindIcon:
		k := sizedIcon{it.shape, it.slot.Dx()}
		m, ok := p.icons[k]
		if !ok {
			m = iconMask(k.name, k.size)
			p.icons[k] = m
		}
		m.draw(dst, it.slot.Min.X, it.slot.Min.Y, it.fg, clip)
	case kindCode:
		p.drawCode(dst, it, clip)
	case kindRing:
		p.drawRing(dst, it, clip)
	case kindLogo:
		it.logo.draw(dst, it.slot.Min, clip)
	}
}

func fill(dst *image.RGBA, r image.Rectangle, c color.RGBA) {
	r = r.Intersect(dst.Rect)
	if r.Empty() {
		return
	}
	first := dst.Pix[dst.PixOffset(r.Min.X, r.Min.Y):][:r.Dx()*4]
	for i := 0; i < len(first); i += 4 {
		first[i], first[i+1], first[i+2], first[i+3] = c.R, c.G, c.B, 255
	}
	for y := r.Min.Y + 1; y < r.Max.Y; y++ {
		copy(dst.Pix[dst.PixOffset(r.Min.X, y):], first)
	}
}

// rim is the width of a ring's rim.
const rim = 3

func (p *painter) drawRing(dst *image.RGBA, it *item, clip image.Rectangle) {
	outer := item{slot: it.slot, fg: it.fg, radius: it.slot.Dx() / 2}
	p.fillRound(dst, &outer, clip)
	inner := item{slot: it.slot.Inset(rim), fg: it.bg, radius: it.slot.Dx()/2 - rim}
	p.fillRound(dst, &inner, clip.Intersect(inner.slot))
}

// bayer is the order in which the pixels of a cell step up (ordered dither).
var bayer = [4][4]int{{0, 8, 2, 10}, {12, 4, 14, 6}, {3, 11, 1, 9}, {15, 7, 13, 5}}

// glow paints a vertical run from fg to bg that ends softly. Its steps are
// those of a panel of 16 bits a pixel, dithered, so that no panel shows bands.
func glow(dst *image.RGBA, it *item, clip image.Rectangle) {
	h := it.slot.Dy()
	den := 2 * h * h
	for y := clip.Min.Y; y < clip.Max.Y; y++ {
		d := h - (y - it.slot.Min.Y)
		num := d*d + d*h
		var cell [4][4]uint8
		for x := range cell {
			t := bayer[y&3][x]
			cell[x] = [4]uint8{dither(it.bg.R, it.fg.R, num, den, 31, t), dither(it.bg.G, it.fg.G, num, den, 63, t),
				dither(it.bg.B, it.fg.B, num, den, 31, t), 255}
		}
		pix := dst.Pix[dst.PixOffset(clip.Min.X, y):][:4*clip.Dx()]
		for x := clip.Min.X; len(pix) > 0; x++ {
			copy(pix[:4], cell[x&3][:])
			pix = pix[4:]
		}
	}
}

// dither is the step of a channel of levels 0 … most between a and b, up or
// down by the place t (0 … 15) in the cell.
func dither(a, b uint8, num, den, most, t int) uint8 {
	v := (int(a)*(den-num) + int(b)*num) * most * 16 / 255 // sixteenths of a step, times den
	n := min((v/den+t)/16, most)
	if most == 31 {
		return uint8(n<<3 | n>>2)
	}
	return uint8(n<<2 | n>>4)
}

func (p *painter) fillRound(dst *image.RGBA, it *item, clip image.Rectangle) {
	r := min(it.radius, it.slot.Dx()/2, it.slot.Dy()/2)
	a := p.quarter(r)
	s := it.slot
	for y := clip.Min.Y; y < clip.Max.Y; y++ {
		qy := min(y-s.Min.Y, s.Max.Y-1-y)
		if qy >= r {
			fill(dst, image.Rect(clip.Min.X, y, clip.Max.X, y+1), it.fg)
			continue
		}
		for x := clip.Min.X; x < clip.Max.X; x++ {
			qx := min(x-s.Min.X, s.Max.X-1-x)
			if qx >= r {
				end := min(clip.Max.X, s.Max.X-r)
				fill(dst, image.Rect(x, y, end, y+1), it.fg)
				x = end - 1
				continue
			}
			blend(dst, x, y, it.fg, a[qy*r+qx])
		}
	}
}

// fillEdged paints a fill with a line of a pixel round it.
func (p *painter) fillEdged(dst *image.RGBA, it *item, clip image.Rectangle) {
	outer := item{slot: it.slot, fg: it.edge, radius: it.radius}
	inner := item{slot: it.slot.Inset(1), fg: it.fg, radius: max(it.radius-1, 0)}
	p.fillRound(dst, &outer, clip)
	p.fillRound(dst, &inner, clip.Intersect(inner.slot))
}

// quarter is the coverage of the upper left quarter of a disc of radius r.
func (p *painter) quarter(r int) []uint8 {
	if a, ok := p.disc[r]; ok {
		return a
	}
	const sub = 8
	a := make([]uint8, r*r)
	for y := 0; y < r; y++ {
		for x := 0; x < r; x++ {
			n := 0
			for i := 0; i < sub*sub; i++ {
				dx := (r-x)*2*sub - 2*(i%sub) - 1
				dy := (r-y)*2*sub - 2*(i/sub) - 1
				if dx*dx+dy*dy <= 4*sub*sub*r*r {
					n++
				}
			}
			a[y*r+x] = uint8(n * 255 / (sub * sub))
		}
	}
	p.disc[r] = a
	return a
}

func blend(dst *image.RGBA, x, y int, c color.RGBA, a uint8) {
	if a == 0 {
		return
	}
	i := dst.PixOffset(x, y)
	blendPixel(dst.Pix[i:i+4:i+4], c, a)
}

func blendPixel(px []uint8, c color.RGBA, a uint8) {
	f := func(d, s uint8) uint8 { return uint8((int(d)*(255-int(a)) + int(s)*int(a) + 127) / 255) }
	px[0], px[1], px[2], px[3] = f(px[0], c.R), f(px[1], c.G), f(px[2], c.B), 255
}

// draw blends the mask with its origin at x, y.
func (m *mask) draw(dst *image.RGBA, x, y int, c color.RGBA, clip image.Rectangle) {
	r := m.r.Add(image.Pt(x, y))
	v := r.Intersect(clip)
	for py := v.Min.Y; py < v.Max.Y; py++ {
		row := m.alpha[(py-r.Min.Y)*m.r.Dx()+v.Min.X-r.Min.X:][:v.Dx()]
		pix := dst.Pix[dst.PixOffset(v.Min.X, py):]
		for i, a := range row {
			switch a {
			case 0:
			case 255:
				px := pix[4*i : 4*i+4 : 4*i+4]
				px[0], px[1], px[2], px[3] = c.R, c.G, c.B, 255
			default:
				blendPixel(pix[4*i:4*i+4:4*i+4], c, a)
			}
		}
	}
}

func (p *painter) drawText(dst *image.RGBA, it *item, clip image.Rectangle) {
	f := p.face(it.style)
	f.place(it, func(m *mask, x, y int) { m.draw(dst, x, y, it.fg, clip) })
}

// place calls put with the mask of every glyph of a text and where its origin
// is.
func (fc *face) place(it *item, put func(m *mask, x, y int)) {
	raise := 0
	if it.style.colon {
		raise = (fc.cap - fc.xHeight).Round() / 2
	}
	fc.pen(it.text, it.style.tabular, func(_ int, r rune, info runeInfo, x26 fixedInt) {
		y := it.baseline
		if r == ':' {
			y -= raise
		}
		whole := int(x26) >> 6
		if info.bits != nil {
			put(info.bits, it.x+whole, y)
			return
		}
		if info.missing {
			put(fc.box(), it.x+whole, y)
			return
		}
		put(fc.glyph(info, uint8(int(x26)&63)>>4), it.x+whole, y)
	})
}

// ink is the rectangle a text blackens, whatever its slot.
func (p *painter) ink(it *item) image.Rectangle {
	var r image.Rectangle
	p.face(it.style).place(it, func(m *mask, x, y int) { r = r.Union(m.r.Add(image.Pt(x, y))) })
	return r
}

// box stands for a character the font lacks.
func (fc *face) box() *mask {
	k := glyphKey{0, 255}
	if m, ok := fc.glyphs[k]; ok {
		return m
	}
	w, h, t := fc.size/2, fc.capHeight(), max(1, fc.size/12)
	m := &mask{r: image.Rect(fc.size/16, -h, fc.size/16+w, 0), alpha: make([]uint8, w*h)}
	for y := 0; y < h; y++ {
		for x := 0; x < w; x++ {
			if x < t || y < t || x >= w-t || y >= h-t {
				m.alpha[y*w+x] = 160
			}
		}
	}
	fc.glyphs[k] = m
	return m
}
