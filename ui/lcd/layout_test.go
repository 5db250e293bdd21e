package lcd

import (
	"fmt"
	"image"
	"strings"
	"testing"

	"phoned/ui"
	"phoned/ui/scenes"
)

// lay gives the display list of a screen.
func lay(r *Renderer, s ui.Screen) []item {
	r.theme = themeOf(s.Theme, s.Primary, s.Accent)
	l := layout{measures: measuresOf(s.Theme), p: r.p, t: &r.theme, bounds: r.img.Rect}
	l.screen(s)
	return l.items
}

// check reads a display list and names everything that is wrong with it.
func check(r *Renderer, items []item) []string {
	var out []string
	bad := func(it *item, f string, a ...any) {
		out = append(out, fmt.Sprintf("%q%s %v: %s", it.text, it.shape, it.slot, fmt.Sprintf(f, a...)))
	}
	ground := grounds(r, items)
	for i := range items {
		it := &items[i]
		if !it.slot.In(r.img.Rect) {
			bad(it, "reaches beyond the panel")
		}
		ink := it.slot
		if it.kind == kindText {
			ink = r.p.ink(it)
			if over := ink.Intersect(it.slot); over != ink {
				bad(it, "is clipped: its ink is %v", ink)
			}
		}
		if it.area {
			checkGrid(it, bad)
			continue
		}
		least := r.theme.least
		if it.kind == kindIcon {
			least = 3 // WCAG 2.2 §1.4.11
		}
		if c := leastContrast(ground, ink, it); it.kind != kindCode && c < least {
			bad(it, "contrast %.2f", c)
		}
		if it.part == partBody && it.kind == kindText && !it.flow && it.slot.Min.Y%8 != 0 {
			bad(it, "stands off the grid")
		}
		for j := range items[:i] {
			o := &items[j]
			if o.area {
				continue
			}
			oi := o.slot
			if o.kind == kindText {
				oi = r.p.ink(o)
			}
			if oi.Overlaps(ink) {
				bad(it, "lies on %q%s", o.text, o.shape)
			}
		}
		for j := range items {
			if a := &items[j]; a.area && a.slot.Dy() > 1 && a.slot.Overlaps(ink) && !ink.In(a.slot) && ink.Intersect(a.slot).Dx() > 0 {
				bad(it, "crosses the edge of %v", a.slot)
			}
		}
	}
	return out
}

// checkGrid: cards, rows and chips stand on multiples of 8.
func checkGrid(it *item, bad func(*item, string, ...any)) {
	if it.part != partBody || it.slot.Dy() < normal.chipH || it.slot.Dx() < 16 {
		return
	}
	for _, v := range []int{it.slot.Min.X, it.slot.Min.Y, it.slot.Dx(), it.slot.Dy()} {
		if v%8 != 0 {
			bad(it, "is off the grid")
			return
		}
	}
}

// grounds paints a list without its content.
func grounds(r *Renderer, items []item) *image.RGBA {
	img := image.NewRGBA(r.img.Rect)
	for i := range items {
		if it := &items[i]; it.area {
			r.p.paint(img, it, img.Rect)
		}
	}
	return img
}

// leastContrast is the contrast with the least favourable pixel under ink.
func leastContrast(ground *image.RGBA, ink image.Rectangle, it *item) float64 {
	least := 21.0
	for y := ink.Min.Y; y < ink.Max.Y; y++ {
		for x := ink.Min.X; x < ink.Max.X; x += 3 {
			least = min(least, contrast(it.fg, ground.RGBAAt(x, y)))
		}
	}
	return least
}

func TestLayout(t *testing.T) {
	r := renderer(t)
	for _, theme := range ui.Themes() {
		for _, locale := range ui.Locales() {
			for _, s := range scenes.All() {
				items := lay(r, ui.Build(s.View, s.Env(theme, locale)))
				for _, p := range check(r, items) {
					t.Errorf("%s %s %s: %s", s.Name, theme, locale, p)
				}
				for i := range items {
					if it := &items[i]; it.words && it.cut {
						t.Errorf("%s %s %s: %q is cut", s.Name, theme, locale, it.text)
					}
				}
			}
		}
	}
}

// TestCheckerSees makes sure that the checker would find what it looks for.
func TestCheckerSees(t *testing.T) {
	r := renderer(t)
	th := themeOf(ui.Dark, "", "")
	r.theme = th
	base := item{kind: kindFill, slot: panel, fg: th.ground, area: true}
	text := item{kind: kindText, slot: image.Rect(16, 40, 200, 72), fg: th.text, style: normal.ty.name, text: "Workshop", x: 16, baseline: 64, part: partBody}
	for name, broken := range map[string]func(*item){
		"clipped":  func(i *item) { i.slot.Max.X = 60 },
		"contrast": func(i *item) { i.fg = th.line },
		"grid":     func(i *item) { i.slot.Min.Y = 41 },
		"beyond":   func(i *item) { i.slot.Max.X = 400 },
	} {
		it := text
		broken(&it)
		if len(check(r, []item{base, it})) == 0 {
			t.Errorf("the checker passes a text that is %s", name)
		}
	}
	if len(check(r, []item{base, text, text})) == 0 {
		t.Error("the checker passes overlapping texts")
	}
	if p := check(r, []item{base, text}); len(p) > 0 {
		t.Errorf("the checker rejects a good list: %s", strings.Join(p, "; "))
	}
}

// TestDrawings: every icon that ui names has a drawing that reads.
func TestDrawings(t *testing.T) {
	for name, d := range drawings {
		if len(parseDrawing(d)) == 0 {
			t.Errorf("the drawing of %s cannot be read", name)
		}
		m := iconMask(name, iconSize)
		edge := 0
		for i := 0; i < iconSize; i++ {
			for _, p := range []int{i, i * iconSize, i*iconSize + iconSize - 1, (iconSize-1)*iconSize + i} {
				edge = max(edge, int(m.alpha[p]))
			}
		}
		if edge > 128 {
			t.Errorf("%s reaches beyond its square", name)
		}
	}
}
