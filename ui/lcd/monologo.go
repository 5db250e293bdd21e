package lcd

import (
	"image"
	"image/color"

	"phoned/internal/brandlogo"
	"phoned/ui"
)

// Boxes of the logo on a panel of one bit a pixel.
const (
	bitHeadLogo  = 48 // width in the header
	bitClockLogo = 40 // least width beside the clock
	bitWide      = 192
)

// bitLogo is a logo of one bit a pixel at one size.
type bitLogo struct {
	logo *ui.Logo
	size image.Point
	on   []bool
}

type bitLogoCache []*bitLogo

func (c *bitLogoCache) get(logo *ui.Logo, size image.Point) *bitLogo {
	for _, b := range *c {
		if b.logo == logo && b.size == size {
			return b
		}
	}
	b := &bitLogo{logo, size, inkOf(brandlogo.Scale(logo.Image, size))}
	if len(*c) >= logosKept {
		*c = (*c)[1:]
	}
	*c = append(*c, b)
	return b
}

// inkOf tells which pixels of a logo are lit. A logo on nothing is its shape; one
// on a plate of its own is what differs from the plate.
func inkOf(m *image.NRGBA) []bool {
	on := make([]bool, m.Rect.Dx()*m.Rect.Dy())
	bright := make([]int, len(on))
	var levels [256]int
	for i := range on {
		p := m.Pix[4*i : 4*i+4 : 4*i+4]
		on[i] = p[3] >= 112
		bright[i] = (299*int(p[0]) + 587*int(p[1]) + 114*int(p[2])) / 1000
		if on[i] {
			levels[bright[i]]++
		}
	}
	w, h := m.Rect.Dx(), m.Rect.Dy()
	edge, solid, light := 0, 0, 0
	cut := otsu(levels)
	for i := range on {
		if x, y := i%w, i/w; x > 0 && y > 0 && x < w-1 && y < h-1 {
			continue
		}
		edge++
		if on[i] {
			solid++
			if bright[i] >= cut {
				light++
			}
		}
	}
	if cut == 0 || solid < edge*6/10 {
		return on
	}
	plateIsLight := light*2 >= solid
	for i := range on {
		on[i] = on[i] && (bright[i] >= cut) != plateIsLight
	}
	return on
}

// otsu is the brightness that parts two groups best (N. Otsu, 1979); 0 where there
// is one group only.
func otsu(levels [256]int) int {
	const apart = 48 // groups nearer to each other are one
	all, sum := 0, 0
	for v, n := range levels {
		all, sum = all+n, sum+v*n
	}
	best, cut, below, belowSum := 0.0, 0, 0, 0
	for v, n := range levels {
		below, belowSum = below+n, belowSum+v*n
		if below == 0 || below == all {
			continue
		}
		d := float64(sum-belowSum)/float64(all-below) - float64(belowSum)/float64(below)
		if between := float64(below) * float64(all-below) * d * d; d >= apart && between > best {
			best, cut = between, v+1
		}
	}
	return cut
}

// draw lights the logo's pixels with its corner at a point.
func (b *bitLogo) draw(dst *image.RGBA, at image.Point, c color.RGBA, clip image.Rectangle) {
	r := clip.Intersect(image.Rectangle{at, at.Add(b.size)})
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			if b.on[(y-at.Y)*b.size.X+x-at.X] {
				dst.SetRGBA(x, y, c)
			}
		}
	}
}

// setLogo sets the logo in a box, in the middle of its height, at its left or
// right edge; it returns the width used.
func (l *bitLayout) setLogo(box image.Rectangle, right bool) int {
	if l.logo == nil || box.Dx() < 8 || box.Dy() < 8 {
		return 0
	}
	size := fitBox(l.logo.Image.Rect.Size(), box.Size())
	at := image.Pt(box.Min.X, box.Min.Y+(box.Dy()-size.Y)/2)
	if right {
		at.X = box.Max.X - size.X
	}
	l.add(bitItem{slot: image.Rectangle{at, at.Add(size)}, logo: l.logos.get(l.logo, size)})
	return size.X
}
