package lcd

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"phoned/internal/golden"
	"phoned/ui"
	"phoned/ui/scenes"
)

func mono(t testing.TB, size image.Point) *Mono {
	t.Helper()
	m, err := NewMono(image.Rectangle{Max: size})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

var smallest = image.Pt(MinMonoWidth, MinMonoHeight)

// monoSizes are panels that are sold; the layouts were drawn for the first.
var monoSizes = []image.Point{smallest, {132, 64}, {192, 64}, {256, 64}, {128, 128}, {240, 128}}

func narrow(s scenes.Scene, locale string) ui.Env {
	e := s.Env(ui.Dark, locale)
	e.SoftWidth = 5
	return e
}

// layBits gives the items of a screen.
func layBits(m *Mono, s ui.Screen) []bitItem {
	l := bitLayout{fonts: m.fonts, codes: m.codes, logos: &m.logos, bounds: m.img.Rect}
	l.screen(s)
	return l.items
}

// checkBits names everything that is wrong with a picture.
func checkBits(m *Mono, items []bitItem) []string {
	var out []string
	for i, it := range items {
		bad := func(f string, a ...any) {
			out = append(out, fmt.Sprintf("%q%s %v: %s", it.text, it.icon, it.slot, fmt.Sprintf(f, a...)))
		}
		if !it.slot.In(m.img.Rect) {
			bad("reaches beyond the panel")
		}
		if it.words && it.cut {
			bad("is cut")
		}
		if it.fill {
			continue
		}
		for _, o := range items[:i] {
			switch {
			case o.fill && it.invert && o.slot.Overlaps(it.slot) && o.slot.Dx() > 2 && !it.slot.In(o.slot) && o.slot.Dy() > 2:
				bad("crosses the edge of %v", o.slot)
			case o.fill && !it.invert && o.slot.Overlaps(it.slot), !o.fill && o.slot.Overlaps(it.slot):
				bad("lies on %q%s %v", o.text, o.icon, o.slot)
			}
		}
	}
	return out
}

func TestMonoLayout(t *testing.T) {
	for _, size := range monoSizes {
		m := mono(t, size)
		for _, locale := range ui.Locales() {
			for _, s := range scenes.All() {
				for _, p := range checkBits(m, layBits(m, ui.Build(s.View, narrow(s, locale)))) {
					t.Errorf("%v %s %s: %s", size, s.Name, locale, p)
				}
			}
		}
	}
}

// TestMonoWordsFit: nothing of the catalogue is cut in any language.
func TestMonoWordsFit(t *testing.T) {
	m := mono(t, smallest)
	for name, v := range wordy(t) {
		for _, locale := range ui.Locales() {
			env := ui.Env{Now: wordsNow, Locale: locale, Location: time.UTC, SoftWidth: 5}
			for _, p := range checkBits(m, layBits(m, ui.Build(v, env))) {
				t.Errorf("%s %s: %s", locale, name, p)
			}
		}
	}
	for _, locale := range ui.Locales() {
		for day := range 366 {
			s := scene(t, "idle-quiet")
			for _, it := range layBits(m, ui.Build(s.View, ui.Env{Now: wordsNow.AddDate(0, 0, day), Locale: locale, SoftWidth: 5})) {
				if it.words && it.cut {
					t.Errorf("%s: %q is cut", locale, it.text)
				}
			}
		}
	}
}

func TestMonoGolden(t *testing.T) {
	m := mono(t, smallest)
	kept := map[string]bool{}
	for _, s := range scenes.All() {
		for _, locale := range ui.Locales() {
			path := filepath.Join("testdata", "mono", s.Name+"."+locale+".png")
			if !s.Sheet && locale != "en" {
				continue
			}
			kept[path] = true
			img, _ := m.Draw(ui.Build(s.View, narrow(s, locale)))
			golden.Image(t, path, bitsOf(img))
		}
	}
	old, err := filepath.Glob(filepath.Join("testdata", "mono", "*.png"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range old {
		if kept[p] {
			continue
		}
		if !golden.Updating() {
			t.Errorf("%s belongs to no scene", p)
		} else if err := os.Remove(p); err != nil {
			t.Error(err)
		}
	}
}

// bitsOf is a picture of two colours, for a small file.
func bitsOf(img *image.RGBA) image.Image {
	out := image.NewPaletted(img.Rect, color.Palette{dark, lit})
	for y := range img.Rect.Dy() {
		for x := range img.Rect.Dx() {
			out.Set(x, y, img.At(x, y))
		}
	}
	return out
}

// TestMonoIncremental: drawing only what changed gives the whole picture, and
// every pixel is lit or dark.
func TestMonoIncremental(t *testing.T) {
	all := scenes.All()
	rng := rand.New(rand.NewPCG(3, 4))
	m, full := mono(t, smallest), mono(t, smallest)
	before := image.NewRGBA(m.img.Rect)
	for i := range 300 {
		s := all[rng.IntN(len(all))]
		s.Now = s.Now.Add(time.Duration(rng.IntN(5)) * 500 * time.Millisecond)
		sc := ui.Build(s.View, narrow(s, ui.Locales()[rng.IntN(len(ui.Locales()))]))
		copy(before.Pix, m.img.Pix)
		img, dirty := m.Draw(sc)
		full.Invalidate()
		whole, _ := full.Draw(sc)
		if !bytes.Equal(img.Pix, whole.Pix) {
			t.Fatalf("step %d, %s: differs from a full drawing", i, s.Name)
		}
		for y := range img.Rect.Dy() {
			for x := range img.Rect.Dx() {
				if c := img.RGBAAt(x, y); c != lit && c != dark {
					t.Fatalf("%s: %d,%d is %v", s.Name, x, y, c)
				}
				if img.RGBAAt(x, y) != before.RGBAAt(x, y) && !anyContains(dirty, image.Pt(x, y)) {
					t.Fatalf("step %d, %s: %d,%d changed outside %v", i, s.Name, x, y, dirty)
				}
			}
		}
	}
}

// TestPages: the export says pixel by pixel what the picture does.
func TestPages(t *testing.T) {
	m := mono(t, smallest)
	s := scene(t, "active")
	m.Draw(ui.Build(s.View, narrow(s, "en")))
	p := m.Pages(nil)
	if len(p) != MinMonoWidth*MinMonoHeight/8 {
		t.Fatalf("%d bytes", len(p))
	}
	n := 0
	for y := range MinMonoHeight {
		for x := range MinMonoWidth {
			on := p[y/8*MinMonoWidth+x]>>(y%8)&1 == 1
			if on != m.Lit(x, y) {
				t.Fatalf("%d,%d", x, y)
			}
			if on {
				n++
			}
		}
	}
	if n < 300 {
		t.Errorf("only %d pixels are lit", n)
	}
}

// TestBitIcons: every icon that has a drawing has one of one bit too.
func TestBitIcons(t *testing.T) {
	for n := range drawings {
		rows := iconRows(n)
		if len(rows) == 0 {
			t.Errorf("no small drawing of %s", n)
		}
		for _, r := range rows {
			if len(r) > bitIcon || len(rows) > bitIcon {
				t.Errorf("%s is larger than %d pixels", n, bitIcon)
			}
		}
	}
}

func BenchmarkMono(b *testing.B) {
	for _, name := range []string{"idle", "active", "menu"} {
		b.Run(name, func(b *testing.B) {
			m := mono(b, smallest)
			s := scene(b, name)
			for b.Loop() {
				m.Invalidate()
				m.Draw(ui.Build(s.View, narrow(s, "en")))
			}
		})
	}
}
