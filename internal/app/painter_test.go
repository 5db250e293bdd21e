package app

import (
	"image"
	"image/draw"
	"testing"
	"time"

	"phoned/manage"
	"phoned/phone"
	"phoned/ui"
	"phoned/ui/lcd"
)

// glass is a panel that keeps what it was given.
type glass struct{ img *image.RGBA }

func (g *glass) Draw(img *image.RGBA, r image.Rectangle) error {
	draw.Draw(g.img, r, img, r.Min, draw.Src)
	return nil
}
func (g *glass) Backlight(int) error     { return nil }
func (g *glass) Bounds() image.Rectangle { return g.img.Rect }
func (g *glass) Close() error            { return nil }

func newPicture(t *testing.T, v phone.View, env ui.Env) *image.RGBA {
	t.Helper()
	r, err := rendererFor(image.Pt(320, 240))
	if err != nil {
		t.Fatal(err)
	}
	img, _ := r.Draw(ui.Build(v, env))
	return img
}

// A board with a small display gets the layout of one bit a pixel, not a corner of the
// large one.
func TestLayoutOfTheBoardsDisplay(t *testing.T) {
	for size, mono := range map[image.Point]bool{{X: 128, Y: 64}: true, {X: 320, Y: 240}: false, {}: false} {
		var b Board
		if size != (image.Point{}) {
			b.Panels = append(b.Panels, &glass{image.NewRGBA(image.Rectangle{Max: size})})
		}
		r, err := rendererFor(boxOf(b))
		if err != nil {
			t.Fatal(err)
		}
		img, _ := r.Draw(ui.Screen{})
		if _, is := r.(*lcd.Mono); is != mono || size != (image.Point{}) && img.Rect.Size() != size {
			t.Errorf("%v: %T, %v", size, r, img.Rect)
		}
	}
}

func same(a, b *image.RGBA) bool { return string(a.Pix) == string(b.Pix) }

// The last letter of a password is seen on the glass for as long as it is new; the
// picture that is passed on never has it, and neither keeps a trace of the other.
func TestOnlyTheGlassShowsALetter(t *testing.T) {
	r, err := lcd.New(image.Rect(0, 0, 320, 240))
	if err != nil {
		t.Fatal(err)
	}
	g := &glass{image.NewRGBA(image.Rect(0, 0, 320, 240))}
	p := &Phone{cfg: Config{Renderer: r, Mirror: manage.NewMirror(image.Pt(320, 240))}}
	p.cfg.Board.Panels = append(p.cfg.Board.Panels, g)
	env := ui.Env{Now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	view := func(text string, peek phone.Password) phone.View {
		f := phone.FormView{ID: "signin_password", Title: "@form.signin_password", Kind: phone.FormPassword, Text: text, Cursor: len([]rune(text)), Peek: peek}
		return phone.View{Screen: phone.ScreenForm, Form: &f}
	}
	for i, v := range []phone.View{view("", ""), view("•", "k"), view("•", "l"), view("•", ""), view("••", "W"), view("•••", "7"), view("", "")} {
		p.draw(v, env, ui.Build(v, env), 80, 80)
		glassy := env
		glassy.Peek = true
		if !same(p.cfg.Mirror.Image(), newPicture(t, v, env)) {
			t.Errorf("picture %d: what is passed on is not the one without the letter", i)
		}
		if !same(g.img, newPicture(t, v, glassy)) {
			t.Errorf("picture %d: the glass does not show the letter", i)
		}
		if v.Form.Peek != "" && same(g.img, p.cfg.Mirror.Image()) {
			t.Errorf("picture %d: the letter can't be seen at all", i)
		}
	}
}
