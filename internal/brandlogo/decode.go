package brandlogo

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/png"
)

// Bounds of a logo. A logo for a display 320 pixels wide needs a fraction of it.
const (
	MaxBytes  = 512 << 10
	MaxSide   = 2048    // pixels
	MaxPixels = 1 << 20 // pixels of the whole picture
	keptSide  = 512     // what is kept is no larger than this
)

// What is wrong with a picture.
var (
	ErrFormat = errors.New("the logo is not a PNG")
	ErrSize   = errors.New("the logo is too large")
	ErrEmpty  = errors.New("the logo shows nothing")
)

// Picture is a checked logo. It is immutable.
type Picture struct {
	Image *image.NRGBA // starts at 0,0; at most 512 pixels a side; its margins are cut off
	PNG   []byte       // Image encoded
	Tag   string       // names the content
}

// Decode checks a file and decodes it. It wraps ErrFormat, ErrSize or ErrEmpty.
// Its time and memory are bounded by MaxBytes and MaxPixels, whatever the file
// says of itself: the header is judged first, and no more is inflated than the
// pixels it announces.
func Decode(data []byte) (*Picture, error) { return decode(data, MaxBytes) }

func decode(data []byte, most int) (*Picture, error) {
	if len(data) > most {
		return nil, fmt.Errorf("%w: more than %d KiB", ErrSize, most>>10)
	}
	if start := bytes.TrimLeft(data[:min(len(data), 256)], " \t\r\n\ufeff"); len(start) > 0 && start[0] == '<' {
		return nil, fmt.Errorf("%w but SVG or a web page; export it as PNG", ErrFormat)
	}
	c, err := png.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	if c.Width > MaxSide || c.Height > MaxSide || c.Width*c.Height > MaxPixels {
		return nil, fmt.Errorf("%w: %d×%d pixels; at most %d a side and %d in all", ErrSize, c.Width, c.Height, MaxSide, MaxPixels)
	}
	m, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	img := image.NewNRGBA(image.Rectangle{Max: m.Bounds().Size()})
	draw.Draw(img, img.Rect, m, m.Bounds().Min, draw.Src)
	if img = trim(img); img == nil {
		return nil, ErrEmpty
	}
	return pictureOf(shrink(img))
}

func pictureOf(img *image.NRGBA) (*Picture, error) {
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return nil, fmt.Errorf("encode the logo: %w", err)
	}
	return &Picture{Image: img, PNG: b.Bytes(), Tag: tagOf(b.Bytes())}, nil
}

// trim cuts transparent margins off; nil where nothing is left.
func trim(m *image.NRGBA) *image.NRGBA {
	const seen = 8 // of 255: less alpha than this is no ink
	var ink image.Rectangle
	for y := range m.Rect.Dy() {
		row := m.Pix[y*m.Stride:][:4*m.Rect.Dx()]
		first, last := -1, -1
		for x := 0; x < len(row)/4; x++ {
			if row[4*x+3] >= seen {
				if first < 0 {
					first = x
				}
				last = x
			}
		}
		if first >= 0 {
			ink = ink.Union(image.Rect(first, y, last+1, y+1))
		}
	}
	if ink.Empty() {
		return nil
	}
	out := image.NewNRGBA(image.Rectangle{Max: ink.Size()})
	draw.Draw(out, out.Rect, m, ink.Min, draw.Src)
	return out
}

// shrink halves a picture until it is no larger than what is kept.
func shrink(m *image.NRGBA) *image.NRGBA {
	for m.Rect.Dx() > keptSide || m.Rect.Dy() > keptSide {
		m = Scale(m, image.Pt(max((m.Rect.Dx()+1)/2, 1), max((m.Rect.Dy()+1)/2, 1)))
	}
	return m
}

// Scale brings a picture to a size that is no larger than its own in either
// direction: every pixel is the mean of those it stands for, weighted by their
// alpha.
func Scale(m *image.NRGBA, size image.Point) *image.NRGBA {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	size = image.Pt(min(max(size.X, 1), w), min(max(size.Y, 1), h))
	out := image.NewNRGBA(image.Rectangle{Max: size})
	if size == m.Rect.Size() {
		copy(out.Pix, m.Pix)
		return out
	}
	xs, ys := spans(w, size.X), spans(h, size.Y)
	for oy, sy := range ys {
		for ox, sx := range xs {
			px := mean(m, sx, sy)
			copy(out.Pix[oy*out.Stride+4*ox:], px[:])
		}
	}
	return out
}

// span are the source pixels under one of the target, with what share of the
// first and of the last, in 1/256.
type span struct {
	from, to    int
	first, last uint64
}

func spans(from, to int) []span {
	out := make([]span, to)
	for i := range out {
		a, b := i*from*256/to, (i+1)*from*256/to
		s := span{from: a / 256, to: (b + 255) / 256}
		s.first = uint64(min(256-a%256, b-a))
		s.last = uint64((b-1)%256 + 1)
		if s.to-s.from == 1 {
			s.last = s.first
		}
		out[i] = s
	}
	return out
}

func (s span) weight(i int) uint64 {
	switch i {
	case s.from:
		return s.first
	case s.to - 1:
		return s.last
	}
	return 256
}

func mean(m *image.NRGBA, sx, sy span) [4]uint8 {
	var r, g, b, a, all uint64
	for y := sy.from; y < sy.to; y++ {
		for x := sx.from; x < sx.to; x++ {
			w := sx.weight(x) * sy.weight(y)
			p := m.Pix[y*m.Stride+4*x:][:4]
			wa := w * uint64(p[3])
			r, g, b = r+wa*uint64(p[0]), g+wa*uint64(p[1]), b+wa*uint64(p[2])
			a, all = a+wa, all+w
		}
	}
	if a == 0 {
		return [4]uint8{}
	}
	return [4]uint8{uint8((r + a/2) / a), uint8((g + a/2) / a), uint8((b + a/2) / a), uint8((a + all/2) / all)}
}
