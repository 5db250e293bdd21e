package lcd

import (
	"image"
	"image/color"

	"phoned/internal/brandlogo"
	"phoned/ui"
)

// Boxes of the logo on a colour panel. It is never enlarged.
const (
	headLogo   = 88 // width in the header
	clockLogoW = 128
	clockLogoH = 40
	clockGap   = 24 // between the clock and the logo
	leastLogo  = 16 // a smaller one says nothing
	platePad   = 4
)

// logoPicture is a logo at one size for one ground.
type logoPicture struct {
	key   logoKey
	img   *image.NRGBA // ground and plate are not in it
	plate color.RGBA   // a ground of its own, where it would vanish; without alpha none
}

type logoKey struct {
	logo   *ui.Logo
	size   image.Point
	ground color.RGBA
}

// logoCache keeps the few pictures that a theme needs.
type logoCache []*logoPicture

const logosKept = 4

func (c *logoCache) get(k logoKey, least float64) *logoPicture {
	for _, p := range *c {
		if p.key == k {
			return p
		}
	}
	p := &logoPicture{key: k, img: brandlogo.Scale(k.logo.Image, k.size)}
	p.plate = plateFor(p.img, k.ground, least)
	if len(*c) >= logosKept {
		*c = (*c)[1:]
	}
	*c = append(*c, p)
	return p
}

// fitBox is the largest size of a picture in a box, its shape kept, and no larger
// than it is.
func fitBox(size, box image.Point) image.Point {
	if size.X > box.X {
		size = image.Pt(box.X, max(size.Y*box.X/size.X, 1))
	}
	if size.Y > box.Y {
		size = image.Pt(max(size.X*box.Y/size.Y, 1), box.Y)
	}
	return size
}

// Contrast from which a pixel of a logo is seen at a glance, and the share of its
// ink that must be.
const (
	logoContrast = 1.7
	logoShare    = 0.7
)

// plateFor is a ground for a logo that would vanish on the theme's: white or
// black, whichever more of it is seen on.
func plateFor(m *image.NRGBA, ground color.RGBA, least float64) color.RGBA {
	if inkSeen(m, ground, least) >= logoShare {
		return color.RGBA{}
	}
	light, dark := rgb(0xffffff), rgb(0x14171c)
	if inkSeen(m, light, least) >= inkSeen(m, dark, least) {
		return light
	}
	return dark
}

// inkSeen is the share of a picture's ink that is seen on a ground. A plate that
// the picture brings itself is no ink.
func inkSeen(m *image.NRGBA, ground color.RGBA, least float64) float64 {
	seen, all := 0, 0
	for i, on := range inkOf(m) {
		if !on {
			continue
		}
		p := m.Pix[4*i : 4*i+4 : 4*i+4]
		all++
		if contrast(color.RGBA{p[0], p[1], p[2], 255}, ground) >= least {
			seen++
		}
	}
	if all == 0 {
		return 1
	}
	return float64(seen) / float64(all)
}

// draw blends the picture with its corner at a point.
func (p *logoPicture) draw(dst *image.RGBA, at image.Point, clip image.Rectangle) {
	r := clip.Intersect(p.img.Rect.Add(at))
	for y := r.Min.Y; y < r.Max.Y; y++ {
		src := p.img.Pix[p.img.PixOffset(r.Min.X-at.X, y-at.Y):]
		pix := dst.Pix[dst.PixOffset(r.Min.X, y):]
		for i := 0; i < 4*r.Dx(); i += 4 {
			if s := src[i : i+4 : i+4]; s[3] > 0 {
				blendPixel(pix[i:i+4:i+4], color.RGBA{s[0], s[1], s[2], 255}, s[3])
			}
		}
	}
}

// logo sets the brand's picture in a box, in the middle of its height, at its left
// or right edge; it returns the width used, 0 where the box is too small.
func (l *layout) logo(box image.Rectangle, logo *ui.Logo, right bool) int {
	if box.Dx() < leastLogo || box.Dy() < leastLogo {
		return 0
	}
	whole := logo.Image.Rect.Size()
	p := l.p.logos.get(logoKey{logo, fitBox(whole, box.Size()), l.ground}, logoContrast)
	pad := image.Point{}
	if p.plate.A > 0 {
		pad = image.Pt(platePad, min(platePad, box.Dy()/8))
		p = l.p.logos.get(logoKey{logo, fitBox(whole, box.Size().Sub(pad.Mul(2))), l.ground}, logoContrast)
	}
	size := p.img.Rect.Size().Add(pad.Mul(2))
	at := image.Pt(box.Min.X, box.Min.Y+(box.Dy()-size.Y)/2)
	if right {
		at.X = box.Max.X - size.X
	}
	slot := image.Rectangle{at, at.Add(size)}
	ground := l.ground
	if p.plate.A > 0 {
		l.add(item{kind: kindFill, slot: slot, fg: p.plate, bg: ground, radius: platePad, area: true})
		ground = p.plate
	}
	l.add(item{kind: kindLogo, slot: image.Rectangle{slot.Min.Add(pad), slot.Max.Sub(pad)}, bg: ground, logo: p})
	return size.X
}

// headerLogo is the logo where it stands in the header: signing in.
func (l *layout) headerLogo(s ui.Screen) *ui.Logo {
	if _, clock := s.Body.(ui.Clock); clock {
		return nil
	}
	return s.Logo
}

// clockLogo sets the logo beside the clock, at the right margin.
func (l *layout) clockLogo(s ui.Screen) {
	c, ok := s.Body.(ui.Clock)
	if !ok || s.Logo == nil {
		return
	}
	y := l.body().Min.Y + 20
	right := l.bounds.Max.X - margin
	left := max(margin+l.width(c.Time, l.ty.clock)+clockGap, right-clockLogoW)
	l.logo(image.Rect(left, y, right, y+clockLogoH), s.Logo, true)
}
