package lcd

import (
	"strings"
	"testing"
)

// art draws a glyph with # and a space.
func art(f *bitFont, g []byte) string {
	var b strings.Builder
	for y := range f.height {
		for x := range f.width {
			if f.on(g, x, y) {
				b.WriteByte('#')
			} else {
				b.WriteByte(' ')
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// TestBitFonts: the fonts that are built in read, and have the alphabets.
func TestBitFonts(t *testing.T) {
	fonts, err := fixedSizes()
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range fonts {
		for _, r := range "AZaz09ÄÖÜäöüßéèñçŁşŘžΑΩάώЖяЁёії€…–·“”" {
			if g := f.glyph(r); g == nil || !strings.Contains(art(f, g), "#") {
				t.Errorf("font %d (%dx%d) lacks %q", i, f.width, f.height, r)
			}
		}
		if f.glyph(' ') == nil || f.glyph(0x10fffd) != nil {
			t.Errorf("font %d: space or nothing", i)
		}
	}
	want := "     \n ##  \n#  # \n#  # \n#### \n#  # \n#  # \n     \n"
	if got := art(fonts[bit5x8], fonts[bit5x8].glyph('A')); got != want {
		t.Errorf("5x8 A:\n%s", got)
	}
	for _, r := range "東京支店김민수かナ中国" {
		if f, _ := ideograph(r, 20); ideographs() != nil && (f == nil || f.height > 20) {
			t.Errorf("no ideograph %q", r)
		}
	}
}

// FuzzBitFonts: what is no font file is an error, never a panic.
func FuzzBitFonts(f *testing.F) {
	f.Add(fixedFonts[:100])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		fonts, err := readBitFonts(b)
		if err != nil {
			return
		}
		for _, x := range fonts {
			for _, r := range x.runes {
				if x.width > 0 && x.height > 0 {
					x.on(x.glyph(rune(r)), x.width-1, x.height-1)
				}
			}
		}
	})
}
