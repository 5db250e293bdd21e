package lcd

import (
	_ "embed"
	"fmt"
	"image"
	"sync"

	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// Inter, by the Inter Project Authors, SIL Open Font License 1.1
// (fonts/OFL.txt): Latin, Greek and Cyrillic of three cuts.
var (
	//go:embed fonts/Inter-Regular.ttf
	interRegular []byte
	//go:embed fonts/Inter-Medium.ttf
	interMedium []byte
	//go:embed fonts/Inter-SemiBold.ttf
	interSemiBold []byte
)

type weight uint8

const (
	regular weight = iota
	medium
	semibold
	weights
)

var cuts = sync.OnceValues(func() ([weights]*sfnt.Font, error) {
	var out [weights]*sfnt.Font
	for i, b := range [weights][]byte{interRegular, interMedium, interSemiBold} {
		f, err := sfnt.Parse(b)
		if err != nil {
			return out, fmt.Errorf("lcd: read font %d: %w", i, err)
		}
		out[i] = f
	}
	return out, nil
})

// style is how a run of text is set.
type style struct {
	weight  weight
	size    int  // pixels per em
	tabular bool // digits have one advance
	colon   bool // colons stand at the middle of the digits
}

// face is a cut at a size with its caches. All lengths are 26.6 fixed point.
type face struct {
	f       *sfnt.Font
	buf     sfnt.Buffer
	size    int
	ppem    fixed.Int26_6
	xHeight fixed.Int26_6
	cap     fixed.Int26_6
	track   fixed.Int26_6 // added to every advance
	digit   fixed.Int26_6 // the advance of tabular digits
	runes   map[rune]runeInfo
	kerns   map[[2]sfnt.GlyphIndex]fixed.Int26_6
	glyphs  map[glyphKey]*mask
}

type runeInfo struct {
	id      sfnt.GlyphIndex
	advance fixed.Int26_6
	missing bool
	bits    *mask // of a bitmap font, where the cut lacks it
}

type glyphKey struct {
	id    sfnt.GlyphIndex
	phase uint8 // quarter pixels
}

// mask is the coverage of a glyph or an icon, its rectangle relative to the
// pen.
type mask struct {
	r     image.Rectangle
	alpha []uint8
}

func newFace(f *sfnt.Font, size int) (*face, error) {
	fc := &face{f: f, size: size, ppem: fixed.I(size), runes: map[rune]runeInfo{},
		kerns: map[[2]sfnt.GlyphIndex]fixed.Int26_6{}, glyphs: map[glyphKey]*mask{}}
	m, err := f.Metrics(&fc.buf, fc.ppem, font.HintingNone)
	if err != nil {
		return nil, fmt.Errorf("lcd: measure font: %w", err)
	}
	fc.xHeight, fc.cap = m.XHeight, m.CapHeight
	fc.track = tracking(size)
	for r := '0'; r <= '9'; r++ {
		fc.digit = max(fc.digit, fc.rune(r).advance)
	}
	fc.digit -= fc.ppem / 40 // the cells of 1 and 7 are wide enough
	return fc, nil
}

// tracking sets large type tighter, as Inter is drawn for text sizes: nothing
// up to 14 pixels, then towards −2.2 % of the em.
func tracking(size int) fixed.Int26_6 {
	if size <= 14 {
		return 0
	}
	permille := min((size-14)*2, 22)
	return -fixed.Int26_6(size * 64 * permille / 1000)
}

// rune looks a character up; one the font lacks is drawn as a box.
func (fc *face) rune(r rune) runeInfo {
	if i, ok := fc.runes[r]; ok {
		return i
	}
	id, err := fc.f.GlyphIndex(&fc.buf, r)
	i := runeInfo{id: id, missing: err != nil || id == 0}
	if i.missing {
		i.advance = fc.ppem * 5 / 8
		if f, g := ideograph(r, fc.size+fc.size/4); g != nil {
			i.bits = bitMask(f, g, fc.size)
			i.advance = fixed.I(i.bits.r.Dx())
		}
	} else if a, err := fc.f.GlyphAdvance(&fc.buf, id, fc.ppem, font.HintingNone); err == nil {
		i.advance = a + fc.track
	}
	if len(fc.runes) < cacheLimit {
		fc.runes[r] = i
	}
	return i
}

// cacheLimit bounds each cache: a stranger's names must not fill the memory.
const cacheLimit = 1024

func (fc *face) kern(a, b sfnt.GlyphIndex) fixed.Int26_6 {
	k := [2]sfnt.GlyphIndex{a, b}
	if v, ok := fc.kerns[k]; ok {
		return v
	}
	v, err := fc.f.Kern(&fc.buf, a, b, fc.ppem, font.HintingNone)
	if err != nil {
		v = 0
	}
	if len(fc.kerns) < cacheLimit {
		fc.kerns[k] = v
	}
	return v
}

// pen walks over a text and calls at with each character and where it stands;
// it returns the whole advance.
func (fc *face) pen(s string, tabular bool, at func(i int, r rune, info runeInfo, x fixed.Int26_6)) fixed.Int26_6 {
	var x fixed.Int26_6
	var last runeInfo
	hasLast := false
	for i, r := range s {
		info := fc.rune(r)
		fixedDigit := tabular && r >= '0' && r <= '9'
		if hasLast && !tabular && !info.missing && !last.missing {
			x += fc.kern(last.id, info.id)
		}
		if at != nil {
			off := fixed.Int26_6(0)
			if fixedDigit {
				off = (fc.digit - info.advance) / 2
			}
			at(i, r, info, x+off)
		}
		if fixedDigit {
			x += fc.digit
		} else {
			x += info.advance
		}
		last, hasLast = info, true
	}
	return x
}

// width is the advance of a text in whole pixels, rounded up.
func (fc *face) width(s string, tabular bool) int { return fc.pen(s, tabular, nil).Ceil() }

// capHeight is the height of capitals as drawn: whole pixels.
func (fc *face) capHeight() int { return fc.cap.Round() }

// glyph gives the coverage of a glyph whose pen stands at phase quarter
// pixels.
func (fc *face) glyph(info runeInfo, phase uint8) *mask {
	k := glyphKey{info.id, phase}
	if m, ok := fc.glyphs[k]; ok {
		return m
	}
	m := fc.rasterise(info.id, phase)
	if len(fc.glyphs) >= cacheLimit {
		clear(fc.glyphs)
	}
	fc.glyphs[k] = m
	return m
}

func (fc *face) rasterise(id sfnt.GlyphIndex, phase uint8) *mask {
	segs, err := fc.f.LoadGlyph(&fc.buf, id, fc.ppem, nil)
	if err != nil {
		return &mask{}
	}
	var o outline
	pt := func(p fixed.Point26_6) point {
		return point{int32(p.X) + int32(phase)*16, -fc.alignY(-int32(p.Y))}
	}
	for _, s := range segs {
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			o.moveTo(pt(s.Args[0]))
		case sfnt.SegmentOpLineTo:
			o.lineTo(pt(s.Args[0]))
		case sfnt.SegmentOpQuadTo:
			o.quadTo(pt(s.Args[0]), pt(s.Args[1]))
		case sfnt.SegmentOpCubeTo:
			o.cubeTo(pt(s.Args[0]), pt(s.Args[1]), pt(s.Args[2]))
		}
	}
	return o.fill()
}

// alignY moves heights so that x-height and capitals end on whole pixels and
// round letters do not reach beyond (y is up, 26.6): the one part of hinting
// that small type on a coarse panel needs.
func (fc *face) alignY(y int32) int32 {
	over := int32(fc.ppem) / 48 // Inter's overshoot is below 1/64 em
	xh, ch := int32(fc.xHeight), int32(fc.cap)
	xs, cs := (xh+32)&^63, (ch+32)&^63
	switch {
	case y < -over:
		return y
	case y < 0:
		if fc.size > 30 {
			return y
		}
		return 0
	case y <= xh:
		return y * xs / xh
	case y <= xh+over && fc.size <= 30:
		return xs
	case y <= ch:
		from := xh
		if fc.size <= 30 {
			from = xh + over
		}
		return xs + (y-from)*(cs-xs)/(ch-from)
	case y <= ch+over && fc.size <= 30:
		return cs
	}
	if fc.size <= 30 {
		return y - ch - over + cs
	}
	return y - ch + cs
}
