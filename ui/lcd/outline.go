package lcd

import (
	"image"
	"image/draw"

	"golang.org/x/image/vector"
)

// point is in 1/64 pixel, y down.
type point struct{ x, y int32 }

// outline collects closed contours of straight lines. Curves are flattened
// with integers, so that the coordinates the rasteriser gets are the same on
// every machine.
type outline struct {
	contours [][]point
	pen      point
}

func (o *outline) moveTo(p point) {
	o.contours = append(o.contours, []point{p})
	o.pen = p
}

func (o *outline) lineTo(p point) {
	if n := len(o.contours); n > 0 {
		o.contours[n-1] = append(o.contours[n-1], p)
	}
	o.pen = p
}

// curveSteps is how many lines stand for a curve: enough for 56 pixel digits.
const curveSteps = 12

func (o *outline) quadTo(b, c point) {
	a := o.pen
	for i := int64(1); i <= curveSteps; i++ {
		t, u := i, curveSteps-i
		f := func(a, b, c int32) int32 {
			return round(u*u*int64(a)+2*u*t*int64(b)+t*t*int64(c), curveSteps*curveSteps)
		}
		o.lineTo(point{f(a.x, b.x, c.x), f(a.y, b.y, c.y)})
	}
}

func (o *outline) cubeTo(b, c, d point) {
	a := o.pen
	for i := int64(1); i <= curveSteps; i++ {
		t, u := i, curveSteps-i
		f := func(a, b, c, d int32) int32 {
			return round(u*u*u*int64(a)+3*u*u*t*int64(b)+3*u*t*t*int64(c)+t*t*t*int64(d), curveSteps*curveSteps*curveSteps)
		}
		o.lineTo(point{f(a.x, b.x, c.x, d.x), f(a.y, b.y, c.y, d.y)})
	}
}

// round is n/d to the nearest integer, halves up.
func round(n, d int64) int32 {
	n = 2*n + d
	q := n / (2 * d)
	if n%(2*d) < 0 {
		q--
	}
	return int32(q)
}

// bounds in whole pixels.
func (o *outline) bounds() image.Rectangle {
	var r image.Rectangle
	first := true
	for _, c := range o.contours {
		for _, p := range c {
			q := image.Rect(int(p.x>>6), int(p.y>>6), int((p.x+63)>>6), int((p.y+63)>>6))
			if first {
				r, first = q, false
				continue
			}
			r = image.Rect(min(r.Min.X, q.Min.X), min(r.Min.Y, q.Min.Y), max(r.Max.X, q.Max.X), max(r.Max.Y, q.Max.Y))
		}
	}
	return r
}

// fill rasterises with the non-zero rule.
func (o *outline) fill() *mask {
	r := o.bounds()
	if r.Empty() {
		return &mask{}
	}
	z := vector.NewRasterizer(r.Dx(), r.Dy())
	z.DrawOp = draw.Src
	at := func(p point) (float32, float32) {
		return float32(p.x-int32(r.Min.X*64)) / 64, float32(p.y-int32(r.Min.Y*64)) / 64
	}
	for _, c := range o.contours {
		z.MoveTo(at(c[0]))
		for _, p := range c[1:] {
			z.LineTo(at(p))
		}
		z.ClosePath()
	}
	a := image.NewAlpha(image.Rect(0, 0, r.Dx(), r.Dy()))
	z.Draw(a, a.Bounds(), image.Opaque, image.Point{})
	return &mask{r: r, alpha: a.Pix}
}
