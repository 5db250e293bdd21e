package lcd

import (
	"path/filepath"
	"testing"

	"phoned/internal/golden"
	"phoned/phone"
	"phoned/ui"
)

// startingNames are what may be known of a phone that has just been switched on.
var startingNames = map[string]phone.Settings{
	"nothing": {}, "phone": {PhoneName: "Front desk"}, "brand": {BrandName: "Example"},
	"both": {PhoneName: "Front desk", BrandName: "Example", Primary: "#c2410c"},
}

// The first picture is right in every language and theme, and on every small panel.
func TestStarting(t *testing.T) {
	r := renderer(t)
	for name, s := range startingNames {
		for _, locale := range ui.Locales() {
			for _, theme := range ui.Themes() {
				items := lay(r, ui.Starting(s, ui.Env{Locale: locale, Theme: theme}))
				for _, p := range check(r, items) {
					t.Errorf("%s %s %s: %s", name, theme, locale, p)
				}
				for i := range items {
					if items[i].words && items[i].cut {
						t.Errorf("%s %s %s: %q is cut", name, theme, locale, items[i].text)
					}
				}
			}
			for _, size := range monoSizes {
				m := mono(t, size)
				for _, p := range checkBits(m, layBits(m, ui.Starting(s, ui.Env{Locale: locale, SoftWidth: 5}))) {
					t.Errorf("%s %v %s: %s", name, size, locale, p)
				}
			}
		}
	}
}

func TestStartingGolden(t *testing.T) {
	img, _ := renderer(t).Draw(ui.Starting(startingNames["both"], ui.Env{Locale: "en"}))
	golden.Image(t, filepath.Join("testdata", "starting.png"), img)
	small, _ := mono(t, smallest).Draw(ui.Starting(startingNames["both"], ui.Env{Locale: "de", SoftWidth: 5}))
	golden.Image(t, filepath.Join("testdata", "starting-mono.png"), small)
}
