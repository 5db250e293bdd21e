// Command genfont makes the bitmap fonts of package lcd from PCF files of the
// X Window System's misc-fixed family, which is in the public domain
// ("Public domain font. Share and enjoy."). Debian has them in xfonts-base:
//
//	go run ./ui/lcd/genfont -dir /usr/share/fonts/X11/misc -to ui/lcd/fonts
package main

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

func main() {
	dir := flag.String("dir", "/usr/share/fonts/X11/misc", "`folder` of the PCF files")
	to := flag.String("to", filepath.Join("ui", "lcd", "fonts"), "`folder` for fixed.bin and cjk.bin")
	flag.Parse()
	if err := run(*dir, *to); err != nil {
		fmt.Fprintln(os.Stderr, "genfont:", err)
		os.Exit(1)
	}
}

// want says which characters of which font are kept.
type want struct {
	name string
	keep func(r rune) bool
}

func alphabets(r rune) bool {
	return r >= 0x20 && r < 0x7f || r >= 0xa0 && r < 0x530 || r >= 0x1e00 && r < 0x1f00 ||
		r >= 0x2010 && r < 0x2045 || r == 0x20ac || r == 0x2116 || r == 0x2122 || r >= 0x2190 && r < 0x2194
}

func ideographs(r rune) bool {
	return r >= 0x3000 && r < 0x3130 || r >= 0x31f0 && r < 0x3200 || r >= 0x4e00 && r < 0xa000 || r >= 0xac00 && r < 0xd7a4 || r >= 0xff01 && r < 0xffef
}

func run(dir, to string) error {
	for file, list := range map[string][]want{
		"fixed.bin": {{"5x8", alphabets}, {"6x10", alphabets}, {"6x13B", alphabets}, {"8x13B", alphabets}, {"9x15B", alphabets}, {"10x20", alphabets}},
		"cjk.bin":   {{"12x13ja", ideographs}, {"18x18ko", ideographs}},
	} {
		var out bytes.Buffer
		for _, w := range list {
			b, err := convert(filepath.Join(dir, w.name+".pcf.gz"), w)
			if err != nil {
				return err
			}
			out.Write(b)
		}
		var packed bytes.Buffer
		z, err := flate.NewWriter(&packed, flate.BestCompression)
		if err != nil {
			return err
		}
		if _, err := z.Write(out.Bytes()); err != nil {
			return err
		}
		if err := z.Close(); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, file), packed.Bytes(), 0o644); err != nil {
			return err
		}
		fmt.Fprintf(os.Stdout, "%s: %d bytes, %d unpacked\n", file, packed.Len(), out.Len())
	}
	return nil
}

// convert gives a font as: width, height, ascent (a byte each), the number of
// characters (two bytes), the characters (two bytes each, ascending), their
// rows (whole bytes a row, the left pixel in the highest bit).
func convert(path string, w want) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	p, err := parse(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var runes []rune
	for r := range p.glyph {
		if w.keep(r) {
			runes = append(runes, r)
		}
	}
	slices.Sort(runes)
	width := p.metrics[p.glyph[runes[0]]].advance
	height := p.ascent + p.descent
	out := []byte{byte(width), byte(height), byte(p.ascent)}
	out = binary.BigEndian.AppendUint16(out, uint16(len(runes)))
	for _, r := range runes {
		out = binary.BigEndian.AppendUint16(out, uint16(r))
	}
	for _, r := range runes {
		out = append(out, p.cell(p.glyph[r], width, height)...)
	}
	return out, nil
}

type metric struct{ left, right, advance, ascent, descent int }

// pcf is a font in the Portable Compiled Format.
type pcf struct {
	ascent, descent int
	metrics         []metric
	offsets         []int
	bits            []byte
	pad             int
	msbFirst        bool
	glyph           map[rune]int
}

// Table types of the format.
const (
	tableAccelerators = 1 << 1
	tableMetrics      = 1 << 2
	tableBitmaps      = 1 << 3
	tableEncodings    = 1 << 5
)

func parse(b []byte) (*pcf, error) {
	if len(b) < 8 || string(b[:4]) != "\x01fcp" {
		return nil, errors.New("no PCF file")
	}
	p := &pcf{glyph: map[rune]int{}}
	n := int(binary.LittleEndian.Uint32(b[4:]))
	for i := range n {
		e := b[8+16*i:]
		kind, off := binary.LittleEndian.Uint32(e), int(binary.LittleEndian.Uint32(e[12:]))
		t := b[off:]
		format := binary.LittleEndian.Uint32(t)
		var o binary.ByteOrder = binary.LittleEndian
		if format&4 != 0 {
			o = binary.BigEndian
		}
		switch kind {
		case tableAccelerators:
			p.ascent, p.descent = int(o.Uint32(t[12:])), int(o.Uint32(t[16:]))
		case tableMetrics:
			p.readMetrics(t, format, o)
		case tableBitmaps:
			p.readBitmaps(t, format, o)
		case tableEncodings:
			p.readEncodings(t, o)
		}
	}
	return p, nil
}

func (p *pcf) readMetrics(t []byte, format uint32, o binary.ByteOrder) {
	if format&0x100 != 0 { // compressed
		for i := range int(o.Uint16(t[4:])) {
			m := t[6+5*i:]
			v := func(k int) int { return int(m[k]) - 0x80 }
			p.metrics = append(p.metrics, metric{v(0), v(1), v(2), v(3), v(4)})
		}
		return
	}
	for i := range int(o.Uint32(t[4:])) {
		m := t[8+12*i:]
		v := func(k int) int { return int(int16(o.Uint16(m[2*k:]))) }
		p.metrics = append(p.metrics, metric{v(0), v(1), v(2), v(3), v(4)})
	}
}

func (p *pcf) readBitmaps(t []byte, format uint32, o binary.ByteOrder) {
	n := int(o.Uint32(t[4:]))
	for i := range n {
		p.offsets = append(p.offsets, int(o.Uint32(t[8+4*i:])))
	}
	p.bits = t[8+4*n+16:]
	p.pad = 1 << (format & 3)
	p.msbFirst = format&8 != 0
}

func (p *pcf) readEncodings(t []byte, o binary.ByteOrder) {
	v := func(k int) int { return int(o.Uint16(t[4+2*k:])) }
	lo, hi, first, last := v(0), v(1), v(2), v(3)
	k := 5
	for h := first; h <= last; h++ {
		for l := lo; l <= hi; l++ {
			if g := v(k); g != 0xffff {
				p.glyph[rune(h<<8|l)] = g
			}
			k++
		}
	}
}

// cell is a glyph in the font's cell.
func (p *pcf) cell(g, width, height int) []byte {
	m := p.metrics[g]
	w, h := m.right-m.left, m.ascent+m.descent
	stride := (w + 8*p.pad - 1) / (8 * p.pad) * p.pad
	rows := make([]byte, (width+7)/8*height)
	for y := range h {
		for x := range w {
			c := p.bits[p.offsets[g]+y*stride+x/8]
			on := c>>(x%8)&1 != 0
			if p.msbFirst {
				on = c<<(x%8)&0x80 != 0
			}
			cx, cy := x+m.left, y+p.ascent-m.ascent
			if on && cx >= 0 && cx < width && cy >= 0 && cy < height {
				rows[cy*((width+7)/8)+cx/8] |= 0x80 >> (cx % 8)
			}
		}
	}
	return rows
}
