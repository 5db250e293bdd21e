package lcd

import (
	"bytes"
	"image"
	"image/color"
	"path/filepath"
	"testing"

	"phoned/internal/golden"
	"phoned/ui"
	"phoned/ui/scenes"
)

// brand draws a logo: a disc with a bar beside it.
func brand(disc, bar, plate color.NRGBA, w, h int) *ui.Logo {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := plate
			if dx, dy := 2*x-h+1, 2*y-h+1; dx*dx+dy*dy <= h*h*7/10 {
				c = disc
			} else if x > h+h/5 && x < w-h/6 && y > h/3 && y < 2*h/3 {
				c = bar
			}
			m.SetNRGBA(x, y, c)
		}
	}
	return ui.NewLogo(m)
}

var (
	nothing = color.NRGBA{}
	ink     = color.NRGBA{0x10, 0x14, 0x2a, 255}
	snow    = color.NRGBA{255, 255, 255, 255}
	orange  = color.NRGBA{0xf0, 0x7a, 0x10, 255}
)

// logos are what brands send.
func logos() map[string]*ui.Logo {
	return map[string]*ui.Logo{
		"colour": brand(orange, orange, nothing, 240, 80),
		"dark":   brand(ink, ink, nothing, 240, 80),
		"white":  brand(snow, snow, nothing, 240, 80),
		"plate":  brand(snow, snow, ink, 300, 90),
		"square": brand(orange, orange, snow, 200, 200),
		"tiny":   brand(orange, orange, nothing, 20, 10),
		"long":   brand(orange, ink, nothing, 500, 12),
		"tall":   brand(orange, ink, orange, 10, 500),
	}
}

var logoScenes = []string{"idle", "idle-quiet", "idle-dnd", "sign-in", "unprovisioned", "signing-in"}

// TestLogo: on the clock and where one signs in, in every theme, the logo is seen,
// lies on nothing and cuts no word; nothing else has it.
func TestLogo(t *testing.T) {
	for _, theme := range ui.Themes() {
		r := renderer(t)
		for name, logo := range logos() {
			for _, s := range scenes.All() {
				env := s.Env(theme, "de")
				env.Logo = logo
				screen := ui.Build(s.View, env)
				var with *item
				items := lay(r, screen)
				for i := range items {
					if items[i].kind == kindLogo {
						with = &items[i]
					}
				}
				if with == nil {
					if screen.Logo != nil && name != "long" && name != "tall" && name != "tiny" {
						t.Errorf("%s %s: no %s logo", theme, s.Name, name)
					}
					continue
				}
				if screen.Logo == nil {
					t.Fatalf("%s %s: a logo that the screen does not have", theme, s.Name)
				}
				if seen := inkSeen(with.logo.img, with.bg, logoContrast); seen < logoShare {
					t.Errorf("%s %s: only %.0f %% of the %s logo is seen", theme, s.Name, 100*seen, name)
				}
				for _, it := range items {
					if it.kind == kindText && it.slot.Overlaps(with.slot) {
						t.Errorf("%s %s: the logo lies on %q", theme, s.Name, it.text)
					}
					if it.words && it.cut && it.part != partHeader {
						t.Errorf("%s %s: %q is cut", theme, s.Name, it.text)
					}
				}
			}
		}
	}
}

func TestLogoGolden(t *testing.T) {
	for _, theme := range ui.Themes() {
		r := renderer(t)
		for name, logo := range logos() {
			for _, n := range logoScenes {
				if name != "colour" && (n != "idle" || theme != ui.Dark && theme != ui.Light) {
					continue
				}
				s := scene(t, n)
				env := s.Env(theme, "en")
				env.Logo = logo
				img, _ := r.Draw(ui.Build(s.View, env))
				golden.Image(t, filepath.Join("testdata", "logo", string(theme)+"-"+n+"-"+name+".png"), img)
			}
		}
	}
	m := mono(t, smallest)
	for name, logo := range logos() {
		for _, n := range logoScenes {
			s := scene(t, n)
			env := narrow(s, "en")
			env.Logo = logo
			screen := ui.Build(s.View, env)
			for _, p := range checkBits(m, layBits(m, screen)) {
				t.Errorf("%s %s: %s", name, n, p)
			}
			if name == "colour" || n == "idle-quiet" {
				img, _ := m.Draw(screen)
				golden.Image(t, filepath.Join("testdata", "logo", "mono-"+n+"-"+name+".png"), bitsOf(img))
			}
		}
	}
}

// TestMonoLogoInk: of one bit a pixel, a logo is its shape, and one on a plate is
// what stands on the plate; never a filled box.
func TestMonoLogoInk(t *testing.T) {
	for name, logo := range logos() {
		on := inkOf(logo.Image)
		n := 0
		for _, b := range on {
			if b {
				n++
			}
		}
		if n == 0 || n == len(on) && name != "tall" {
			t.Errorf("%s: %d of %d pixels are lit", name, n, len(on))
		}
	}
}

// TestLogoChanges: a new logo repaints its place and nothing else.
func TestLogoChanges(t *testing.T) {
	r, full := renderer(t), renderer(t)
	s := scene(t, "idle")
	env := s.Env(ui.Dark, "en")
	for i, logo := range []*ui.Logo{nil, logos()["colour"], logos()["white"], logos()["dark"], logos()["square"], nil} {
		env.Logo = logo
		screen := ui.Build(s.View, env)
		img, dirty := r.Draw(screen)
		full.Invalidate()
		whole, _ := full.Draw(screen)
		if !bytes.Equal(img.Pix, whole.Pix) {
			t.Fatal("differs from a full drawing")
		}
		if b := bounds(dirty); i > 1 && area(b) > 160*56 {
			t.Errorf("%v was repainted", dirty)
		}
	}
	if n := len(r.p.logos); n > logosKept {
		t.Errorf("%d logos are kept", n)
	}
}

func bounds(rs []image.Rectangle) image.Rectangle {
	var b image.Rectangle
	for _, r := range rs {
		b = b.Union(r)
	}
	return b
}
