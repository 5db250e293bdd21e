package lcd

import (
	"fmt"
	"image"
	"testing"
	"time"

	"phoned/phone"
	"phoned/ui"
	"phoned/ui/scenes"
)

// gliding is a long menu whose selection has just left the rows that are seen.
func gliding(from, to int) (phone.View, ui.Env) {
	s := scenes.All()[0]
	v := s.View
	v.Screen, v.Calls, v.Toast, v.Volume = phone.ScreenMenu, nil, nil, nil
	v.Menu = phone.MenuView{Title: "menu", Index: to, Was: from, Moved: s.Now}
	for i := range 12 {
		v.Menu.Items = append(v.Menu.Items, phone.MenuItem{ID: fmt.Sprint(i), Label: fmt.Sprintf("Row %d", i)})
	}
	return v, s.Env(ui.Dark, "en")
}

// TestListsGlide: frame by frame the rows come nearer to their new place, nothing
// beside the list is touched, what is reported as changed is all that changed, and
// at the end the picture is the one of a list that never moved.
func TestListsGlide(t *testing.T) {
	for _, theme := range ui.Themes() {
		for _, way := range [][2]int{{4, 5}, {6, 5}} {
			v, env := gliding(way[0], way[1])
			env.Theme = theme
			before, still := v, v
			before.Menu.Index, before.Menu.Moved = way[0], time.Time{}
			still.Menu.Moved = time.Time{}
			r := renderer(t)
			r.Draw(ui.Build(before, env))
			last := clone(r.img)
			room := image.Rect(0, measuresOf(theme).headerH, 320, 240-measuresOf(theme).barH)
			frames := 0
			for {
				s := ui.Build(v, env)
				img, dirty := r.Draw(s)
				for _, d := range dirty {
					if !d.In(room) {
						t.Errorf("%s: %v is touched beside the list", theme, d)
					}
				}
				if x, ok := outside(last, img, dirty); ok {
					t.Errorf("%s: %v changed and is not reported", theme, x)
				}
				whole := renderer(t)
				if want, _ := whole.Draw(s); !same(want, img) {
					t.Errorf("%s, frame %d: drawn piece by piece it differs from the whole", theme, frames)
				}
				last = clone(img)
				if s.Next.IsZero() || s.Next.Sub(env.Now) > time.Second {
					break
				}
				frames++
				env.Now = s.Next
			}
			if frames != 4 {
				t.Errorf("%s: %d frames", theme, frames)
			}
			whole := renderer(t)
			if want, _ := whole.Draw(ui.Build(still, env)); !same(want, last) {
				t.Errorf("%s: the list does not come to rest where it belongs", theme)
			}
		}
	}
}

func TestListsStandStillWithReducedMotion(t *testing.T) {
	v, env := gliding(4, 5)
	env.ReducedMotion = true
	if l := ui.Build(v, env).Body.(ui.List); l.Glide != 0 {
		t.Errorf("it moves: %+v", l.Glide)
	}
}

func clone(m *image.RGBA) *image.RGBA {
	c := image.NewRGBA(m.Rect)
	copy(c.Pix, m.Pix)
	return c
}

func same(a, b *image.RGBA) bool { return string(a.Pix) == string(b.Pix) }

// outside finds a pixel that differs and lies in none of the rectangles.
func outside(a, b *image.RGBA, in []image.Rectangle) (image.Point, bool) {
	for y := range a.Rect.Dy() {
		for x := range a.Rect.Dx() {
			if a.RGBAAt(x, y) == b.RGBAAt(x, y) {
				continue
			}
			p, inside := image.Pt(x, y), false
			for _, r := range in {
				inside = inside || p.In(r)
			}
			if !inside {
				return p, true
			}
		}
	}
	return image.Point{}, false
}

// BenchmarkGlide is one frame of a list that moves.
func BenchmarkGlide(b *testing.B) {
	for _, theme := range ui.Themes() {
		b.Run(string(theme), func(b *testing.B) {
			v, env := gliding(4, 5)
			env.Theme = theme
			start := env.Now
			r := renderer(b)
			r.Draw(ui.Build(v, env))
			for i := 0; b.Loop(); i++ {
				env.Now = start.Add(time.Duration(i%4) * 32 * time.Millisecond)
				r.Draw(ui.Build(v, env))
			}
		})
	}
}
