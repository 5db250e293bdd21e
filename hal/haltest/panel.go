package haltest

import (
	"image"
	"image/color"
	"testing"

	"phoned/hal"
)

// PanelRig is a panel and an eye.
type PanelRig struct {
	hal.Panel
	// Seen is what the glass shows now, of the panel's bounds.
	Seen func() *image.RGBA
	// Dark says that the display or its light is off; nil where that can't be
	// seen.
	Dark func() bool
	// Shown is how the glass shows a colour; nil: in 16 bits.
	Shown func(color.RGBA) color.RGBA
}

// Panel is the conformance suite of hal.Panel.
func Panel(t *testing.T, v Time, open func(*testing.T) PanelRig) {
	v.part(t, "a whole picture", func(t *testing.T) {
		r := open(t)
		img := TestPicture(r.Bounds())
		r.draw(t, img, img.Rect)
		r.same(t, img, "the whole picture")
		closing(t, r)
	})
	v.part(t, "a part, and nothing but it", func(t *testing.T) {
		r := open(t)
		b := r.Bounds()
		old, img := image.NewRGBA(b), TestPicture(b)
		r.draw(t, old, b)
		for _, part := range []image.Rectangle{
			image.Rect(17, 33, 60, 61), {b.Min, b.Min.Add(image.Pt(1, 1))}, {b.Max.Sub(image.Pt(1, 1)), b.Max},
			image.Rect(b.Min.X, 10, b.Max.X, 11), image.Rect(5, b.Min.Y, 6, b.Max.Y),
		} {
			r.draw(t, img, part)
			for y := part.Min.Y; y < part.Max.Y; y++ {
				for x := part.Min.X; x < part.Max.X; x++ {
					old.SetRGBA(x, y, img.RGBAAt(x, y))
				}
			}
			r.same(t, old, "part "+part.String())
		}
		closing(t, r)
	})
	v.part(t, "what lies outside is cut off", func(t *testing.T) {
		r := open(t)
		b := r.Bounds()
		img := TestPicture(b)
		r.draw(t, img, b.Inset(-50))
		r.draw(t, img, image.Rectangle{})
		r.draw(t, img, b.Add(image.Pt(2*b.Dx(), 0)))
		r.same(t, img, "after pieces that lie outside")
		small := TestPicture(image.Rect(0, 0, 8, 8))
		r.draw(t, small, b) // a picture smaller than what is asked for
		closing(t, r)
	})
	v.part(t, "brightness and sleep", func(t *testing.T) {
		r := open(t)
		for _, percent := range []int{0, 1, 50, 100, -5, 300} {
			if err := r.Backlight(percent); err != nil {
				t.Errorf("%d %%: %v", percent, err)
			}
		}
		if r.Dark != nil && r.Dark() {
			t.Error("dark with full light")
		}
		closing(t, r)
		if r.Dark != nil && !r.Dark() {
			t.Error("lit after Close")
		}
		if err := r.Draw(image.NewRGBA(r.Bounds()), r.Bounds()); err == nil {
			t.Error("Draw after Close said nothing")
		}
		if err := r.Backlight(50); err == nil {
			t.Error("Backlight after Close said nothing")
		}
	})
}

func (r PanelRig) draw(t *testing.T, img *image.RGBA, part image.Rectangle) {
	t.Helper()
	if err := r.Draw(img, part); err != nil {
		t.Fatal(err)
	}
}

func (r PanelRig) same(t *testing.T, want *image.RGBA, what string) {
	t.Helper()
	got := r.Seen()
	if got.Rect != want.Rect {
		t.Fatalf("%s: the glass shows %v, want %v", what, got.Rect, want.Rect)
	}
	shown := r.Shown
	if shown == nil {
		shown = In16
	}
	for y := want.Rect.Min.Y; y < want.Rect.Max.Y; y++ {
		for x := want.Rect.Min.X; x < want.Rect.Max.X; x++ {
			if g, w := shown(got.RGBAAt(x, y)), shown(want.RGBAAt(x, y)); g != w {
				t.Fatalf("%s: pixel %d,%d is %v, want %v", what, x, y, g, w)
			}
		}
	}
}

// In16 is a colour as 16 bits can hold it: 5-6-5, the low bits filled with the
// high ones.
func In16(c color.RGBA) color.RGBA {
	return color.RGBA{c.R&0xf8 | c.R>>5, c.G&0xfc | c.G>>6, c.B&0xf8 | c.B>>5, 255}
}

// TestPicture is a picture in which no two neighbours are alike, with a white
// frame and a mark in its first corner: turned, mirrored or shifted it is
// another one.
func TestPicture(b image.Rectangle) *image.RGBA {
	img := image.NewRGBA(b)
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			c := color.RGBA{uint8(x * 7), uint8(y * 5), uint8(x*3 ^ y*11), 255}
			if x == b.Min.X || y == b.Min.Y || x == b.Max.X-1 || y == b.Max.Y-1 {
				c = color.RGBA{255, 255, 255, 255}
			}
			if x < b.Min.X+12 && y < b.Min.Y+6 {
				c = color.RGBA{255, 0, 0, 255}
			}
			img.SetRGBA(x, y, c)
		}
	}
	return img
}
