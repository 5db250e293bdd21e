package lcd

import (
	"image"
	"image/color"
	"testing"

	"phoned/ui"
)

// to565 is what a panel of 16 bits a pixel makes of a colour: the upper bits.
func to565(c color.RGBA) color.RGBA {
	return color.RGBA{c.R&0xf8 | c.R>>5, c.G&0xfc | c.G>>6, c.B&0xf8 | c.B>>5, 255}
}

// TestSixteenBits: on a panel of 16 bits a pixel the grounds are what they
// are meant to be, dark ones not greenish, and the ringing ground has no
// band: no row repeats one colour where its neighbours step by it.
func TestSixteenBits(t *testing.T) {
	for _, name := range ui.Themes() {
		th := themeOf(name, "", "")
		for _, c := range []color.RGBA{th.ground, th.card, th.line, th.chip, th.bar, th.pick} {
			if to565(c) != c {
				t.Errorf("%s: %v becomes %v", name, c, to565(c))
			}
			if name == ui.Dark && (int(c.G) > int(c.R)+5 || c.G > c.B) {
				t.Errorf("%v is greenish", c)
			}
		}
		r := renderer(t)
		slot := image.Rect(0, 0, MinWidth, MinHeight-normal.barH)
		it := item{kind: kindGlow, slot: slot, fg: th.glow, bg: th.ground, area: true}
		r.p.paint(r.img, &it, slot)
		mixed := 0
		for y := 0; y < slot.Max.Y; y++ {
			one := true
			for x := 0; x < slot.Max.X; x++ {
				c := r.img.RGBAAt(x, y)
				if c != to565(c) {
					t.Fatalf("%s: %d,%d is %v, a panel shows %v", name, x, y, c, to565(c))
				}
				one = one && c == r.img.RGBAAt(0, y)
			}
			if !one {
				mixed++
			}
		}
		if mixed < slot.Dy()*8/10 {
			t.Errorf("%s: only %d of %d rows are dithered", name, mixed, slot.Dy())
		}
	}
}

// TestShapesContrast: the selected row, the slider's way and the filled keys
// stand off their grounds.
func TestShapesContrast(t *testing.T) {
	for _, name := range ui.Themes() {
		th := themeOf(name, "", "")
		for _, c := range []struct {
			what  string
			a, b  color.RGBA
			least float64
		}{
			{"selection", th.pick, th.ground, 1.3}, {"slider", th.track, th.chip, 3}, {"slider's part", th.accent, th.chip, 3},
			{"Answer", th.goes, th.bar, 3}, {"Reject", th.stop, th.bar, 3},
			{"way out", th.out, th.bar, 7}, {"on Answer", th.against(th.goes), th.goes, minContrast}, {"on Reject", th.against(th.stop), th.stop, minContrast},
		} {
			if got := contrast(c.a, c.b); got < c.least {
				t.Errorf("%s: %s has %.2f, want %.1f", name, c.what, got, c.least)
			}
		}
		if contrast(th.out, th.bar) >= contrast(th.text, th.bar) {
			t.Errorf("%s: the way out is no quieter than the others", name)
		}
	}
}

// TestNothingJumps: name and timer stand at one place in every state of a
// call.
func TestNothingJumps(t *testing.T) {
	r := renderer(t)
	at := map[int][]string{}
	for _, name := range []string{"calling", "incoming", "active", "held", "ended"} {
		s := scene(t, name)
		for _, it := range lay(r, ui.Build(s.View, s.Env(ui.Dark, "en"))) {
			if it.kind == kindText && it.text == "Workshop" {
				at[it.baseline] = append(at[it.baseline], name)
			}
		}
	}
	if len(at) != 1 {
		t.Errorf("names stand at %v", at)
	}
	clear(at)
	for _, name := range []string{"active", "active-muted", "active-poor", "held", "remote-held", "name-long"} {
		s := scene(t, name)
		for _, it := range lay(r, ui.Build(s.View, s.Env(ui.Dark, "en"))) {
			if it.kind == kindText && it.style == normal.ty.timer {
				at[it.baseline] = append(at[it.baseline], name)
			}
		}
	}
	if len(at) != 1 {
		t.Errorf("timers stand at %v", at)
	}
}

func TestSyllables(t *testing.T) {
	for _, c := range []struct {
		word string
		at   int
		want bool
	}{{"Donaudampfschifffahrtsgesellschaft", 22, true}, {"Donaudampfschifffahrtsgesellschaft", 21, false}, {"Workshop", 4, false}, {"Warehouse", 2, false}, {"Kirche", 3, false},
		{"12345678", 4, false}, {"Verwaltung", 5, false}, {"Verwaltung", 3, true}} {
		if got := syllable(c.word, c.at); got != c.want {
			t.Errorf("%s at %d: %v", c.word, c.at, got)
		}
	}
}
