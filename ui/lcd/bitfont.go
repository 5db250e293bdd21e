package lcd

import (
	"bytes"
	"compress/flate"
	_ "embed"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"sync"
)

// The bitmap fonts are of the X Window System's misc-fixed family, which is in
// the public domain ("Public domain font. Share and enjoy."); genfont made the
// files.
//
//go:generate go run ./genfont -to fonts
//go:embed fonts/fixed.bin
var fixedFonts []byte

// bitFont is a font of one cell size. It is read-only.
type bitFont struct {
	width, height, ascent int
	runes                 []uint16 // ascending
	rows                  []byte   // (width+7)/8 bytes a row, the left pixel in the highest bit
}

// The sizes in fonts/fixed.bin, in its order.
const (
	bit5x8 = iota
	bit6x10
	bit6x13B
	bit8x13B
	bit9x15B
	bit10x20
	bitSizes
)

var fixedSizes = sync.OnceValues(func() ([]*bitFont, error) {
	f, err := readBitFonts(fixedFonts)
	if err == nil && len(f) != bitSizes {
		err = fmt.Errorf("lcd: %d bitmap fonts, want %d", len(f), bitSizes)
	}
	return f, err
})

// maxBitFonts bounds what a font file unpacks to.
const maxBitFonts = 4 << 20

// readBitFonts unpacks a file that genfont wrote.
func readBitFonts(packed []byte) ([]*bitFont, error) {
	b, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), maxBitFonts))
	if err != nil {
		return nil, fmt.Errorf("lcd: unpack bitmap fonts: %w", err)
	}
	var out []*bitFont
	for len(b) > 0 {
		if len(b) < 5 {
			return nil, fmt.Errorf("lcd: bitmap font %d is cut short", len(out))
		}
		f := &bitFont{width: int(b[0]), height: int(b[1]), ascent: int(b[2])}
		n := int(binary.BigEndian.Uint16(b[3:]))
		b = b[5:]
		size := n * f.glyphBytes()
		if len(b) < 2*n+size {
			return nil, fmt.Errorf("lcd: bitmap font %d is cut short", len(out))
		}
		f.runes = make([]uint16, n)
		for i := range f.runes {
			f.runes[i] = binary.BigEndian.Uint16(b[2*i:])
		}
		f.rows = b[2*n : 2*n+size : 2*n+size]
		b = b[2*n+size:]
		out = append(out, f)
	}
	return out, nil
}

func (f *bitFont) glyphBytes() int { return (f.width + 7) / 8 * f.height }

// glyph gives the rows of a character, nil if the font lacks it.
func (f *bitFont) glyph(r rune) []byte {
	if r > 0xffff {
		return nil
	}
	i, ok := slices.BinarySearch(f.runes, uint16(r))
	if !ok {
		return nil
	}
	n := f.glyphBytes()
	return f.rows[i*n : (i+1)*n]
}

// on reports whether a pixel of a glyph is set.
func (f *bitFont) on(glyph []byte, x, y int) bool {
	return glyph[y*((f.width+7)/8)+x/8]&(0x80>>(x%8)) != 0
}

// ideograph finds a character of the Chinese, Japanese and Korean fonts: of
// the largest whose height is at most that, otherwise of the smallest.
func ideograph(r rune, height int) (*bitFont, []byte) {
	if r < 0x3000 {
		return nil, nil
	}
	fonts := ideographs()
	for i := len(fonts) - 1; i >= 0; i-- {
		if f := fonts[i]; f.height <= height {
			if g := f.glyph(r); g != nil {
				return f, g
			}
		}
	}
	for _, f := range fonts {
		if g := f.glyph(r); g != nil {
			return f, g
		}
	}
	return nil, nil
}

// bitMask is a glyph of a bitmap font as coverage, size pixels to its em,
// standing on the baseline: as it is where its height fits, otherwise
// averaged over the pixels it is stretched to.
func bitMask(f *bitFont, glyph []byte, size int) *mask {
	h := f.height
	if size > h+h/4 {
		h = size
	}
	w := f.width * h / f.height
	m := &mask{alpha: make([]uint8, w*h)}
	m.r.Min.Y = -(f.ascent*h + f.height/2) / f.height
	m.r.Max.X, m.r.Max.Y = w, m.r.Min.Y+h
	const sub = 4
	for y := range h {
		for x := range w {
			n := 0
			for i := range sub * sub {
				sx := (x*sub*2 + i%sub*2 + 1) * f.width / (2 * sub * w)
				sy := (y*sub*2 + i/sub*2 + 1) * f.height / (2 * sub * h)
				if f.on(glyph, sx, sy) {
					n++
				}
			}
			m.alpha[y*w+x] = uint8(n * 255 / (sub * sub))
		}
	}
	return m
}
