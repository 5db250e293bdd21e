package lcd

import (
	"testing"

	"phoned/ui"
)

// TestThemesContrast: every tone reads on every ground that a theme sets text
// on, whatever the brand's colours.
func TestThemesContrast(t *testing.T) {
	for _, name := range ui.Themes() {
		for _, brand := range [][2]string{{"", ""}, {"#ffffff", "#000000"}, {"rgb(10, 132, 255)", "#808080"}, {"#00ff00", "rgb(255,255,0)"}, {"blue", "rgb(1,2)"}} {
			th := themeOf(name, brand[0], brand[1])
			least := minContrast
			if name == ui.Contrast {
				least = highContrast
			}
			for i := range toneCount {
				x := ui.Tone(i)
				for _, g := range []struct {
					on string
					c  float64
				}{
					{"ground", contrast(th.tone(x), th.ground)}, {"chip", contrast(th.tone(x), th.chip)}, {"bar", contrast(th.tone(x), th.bar)},
					{"selection", contrast(th.onPick[x], th.pick)}, {"ringing", contrast(th.onGlow[x], th.glow)},
				} {
					if g.c < least {
						t.Errorf("%s with %v: tone %d on the %s has %.2f", name, brand, i, g.on, g.c)
					}
				}
			}
			if c := contrast(th.chosen, th.ground); c < least {
				t.Errorf("%s with %v: the cursor has %.2f", name, brand, c)
			}
		}
	}
	if th := themeOf(ui.Dark, "#5aa9ff", "rgb(255, 180, 0)"); th.accent != rgb(0x5aa9ff) || th.chosen != rgb(0xffb400) {
		t.Errorf("readable colours became %v and %v", th.accent, th.chosen)
	}
}
