package lcd

import (
	"bytes"
	"image"
	"os"
	"path/filepath"
	"testing"

	"phoned/internal/golden"
	"phoned/ui"
	"phoned/ui/scenes"
)

var panel = image.Rect(0, 0, MinWidth, MinHeight)

func renderer(t testing.TB) *Renderer {
	t.Helper()
	r, err := New(panel)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestGolden compares every screen in the dark and the light theme, also in
// the further languages where the words differ, and those of the contact
// sheet in every theme.
func TestGolden(t *testing.T) {
	kept := map[string]bool{}
	for _, theme := range ui.Themes() {
		r := renderer(t)
		for _, s := range scenes.All() {
			img, _ := r.Draw(ui.Build(s.View, s.Env(theme, "en")))
			if !s.Sheet && theme != ui.Dark && theme != ui.Light {
				continue
			}
			english := bytes.Clone(img.Pix)
			path := filepath.Join("testdata", "golden", string(theme), s.Name+".png")
			kept[path] = true
			golden.Image(t, path, img)
			for _, locale := range ui.Locales() {
				if locale == "en" || theme != ui.Dark && theme != ui.Light {
					continue
				}
				img, _ := r.Draw(ui.Build(s.View, s.Env(theme, locale)))
				if bytes.Equal(img.Pix, english) {
					continue
				}
				path := filepath.Join("testdata", "golden", string(theme), s.Name+"."+locale+".png")
				kept[path] = true
				golden.Image(t, path, img)
			}
		}
	}
	old, err := filepath.Glob(filepath.Join("testdata", "golden", "*", "*.png"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range old {
		switch {
		case kept[p]:
		case golden.Updating():
			if err := os.Remove(p); err != nil {
				t.Error(err)
			}
		default:
			t.Errorf("%s belongs to no scene", p)
		}
	}
}

// TestBrandColour: a brand's primary colour is the accent, made readable.
func TestBrandColour(t *testing.T) {
	for _, theme := range []ui.Theme{ui.Dark, ui.Light} {
		for _, primary := range []string{"#0057b8", "#ffe600", "#000000", "#ffffff", "#808080"} {
			th := themeOf(theme, primary, "")
			for _, ground := range []string{"ground", "card", "chip"} {
				g := map[string]struct{ c [3]uint8 }{"ground": {[3]uint8{th.ground.R, th.ground.G, th.ground.B}},
					"card": {[3]uint8{th.card.R, th.card.G, th.card.B}}, "chip": {[3]uint8{th.chip.R, th.chip.G, th.chip.B}}}[ground]
				c := rgb(uint32(g.c[0])<<16 | uint32(g.c[1])<<8 | uint32(g.c[2]))
				if got := contrast(th.accent, c); got < minContrast {
					t.Errorf("%s, %s on %s: contrast %.2f", theme, primary, ground, got)
				}
			}
		}
		if got, want := themeOf(theme, "blue", "").accent, themeOf(theme, "", "").accent; got != want {
			t.Errorf("%s: a primary that is no colour gave %v", theme, got)
		}
	}
	if got := themeOf(ui.Dark, "#5aa9ff", "").accent; got != rgb(0x5aa9ff) {
		t.Errorf("a readable primary was changed to %v", got)
	}
}
