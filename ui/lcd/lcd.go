package lcd

import (
	"fmt"
	"image"

	"golang.org/x/image/math/fixed"

	"phoned/ui"
)

type fixedInt = fixed.Int26_6

// Smallest panel the layouts are made for.
const (
	MinWidth  = 320
	MinHeight = 240
)

// Renderer draws screens on one picture and knows what changed since the last
// one. It belongs to one goroutine.
type Renderer struct {
	img   *image.RGBA
	p     *painter
	items []item // what img shows
	spare []item
	theme theme
	key   themeKey
}

type themeKey struct {
	name            ui.Theme
	primary, accent string
}

// New makes a renderer for a panel; bounds must start at 0,0 and be at least
// 320×240. The first Draw paints everything.
func New(bounds image.Rectangle) (*Renderer, error) {
	if bounds.Min != (image.Point{}) || bounds.Dx() < MinWidth || bounds.Dy() < MinHeight {
		return nil, fmt.Errorf("lcd: panel of %v: the layouts need at least %d×%d from 0,0", bounds, MinWidth, MinHeight)
	}
	if _, err := cuts(); err != nil {
		return nil, err
	}
	return &Renderer{img: image.NewRGBA(bounds), p: newPainter()}, nil
}

// Draw brings the picture to s and returns it with the rectangles that
// changed, none if nothing did. The picture belongs to the renderer and is
// valid until the next Draw; a reader that needs it longer copies it.
func (r *Renderer) Draw(s ui.Screen) (img *image.RGBA, dirty []image.Rectangle) {
	if k := (themeKey{s.Theme, s.Primary, s.Accent}); k != r.key || r.items == nil {
		r.key, r.theme = k, themeOf(s.Theme, s.Primary, s.Accent)
	}
	l := layout{measures: measuresOf(s.Theme), p: r.p, t: &r.theme, bounds: r.img.Rect, items: r.spare[:0]}
	l.screen(s)
	dirty = r.changes(l.items)
	for _, d := range dirty {
		for i := range l.items {
			r.p.paint(r.img, &l.items[i], d)
		}
	}
	r.spare, r.items = r.items, l.items
	return r.img, dirty
}

// Invalidate forgets what was drawn: the next Draw paints everything. For a
// panel that lost its memory.
func (r *Renderer) Invalidate() { r.items = r.items[:0] }

// changes are the rectangles in which the lists differ.
func (r *Renderer) changes(now []item) []image.Rectangle {
	if len(r.items) == 0 {
		return []image.Rectangle{r.img.Rect}
	}
	var d dirtySet
	for i := range r.items {
		if !contains(now, &r.items[i], i) {
			d.add(r.items[i].seen())
		}
	}
	for i := range now {
		if !contains(r.items, &now[i], i) {
			d.add(now[i].seen())
		}
	}
	for i := range d {
		d[i] = d[i].Intersect(r.img.Rect)
	}
	return d
}

// contains reports whether the list has the item; most often at the same
// place.
func contains(list []item, it *item, at int) bool {
	if at < len(list) && list[at] == *it {
		return true
	}
	for i := range list {
		if list[i].kind == it.kind && list[i].slot == it.slot && list[i] == *it {
			return true
		}
	}
	return false
}

// dirtySet joins rectangles that overlap or lie so near that one transfer is
// cheaper than two.
type dirtySet []image.Rectangle

func (d *dirtySet) add(r image.Rectangle) {
	if r.Empty() {
		return
	}
	for {
		joined := false
		for i, o := range *d {
			u := o.Union(r)
			if o.Overlaps(r) || area(u) <= area(o)+area(r)+1024 {
				r = u
				*d = append((*d)[:i], (*d)[i+1:]...)
				joined = true
				break
			}
		}
		if !joined {
			*d = append(*d, r)
			return
		}
	}
}

func area(r image.Rectangle) int { return r.Dx() * r.Dy() }
