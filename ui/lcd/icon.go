package lcd

import (
	"image"
	"strconv"
	"strings"

	"phoned/ui"
)

// iconSize is the side of an icon's square.
const iconSize = 16

// stroke of the icons in 1/64 pixel.
const stroke = 104

// drawings are the icons as strokes on a 16×16 grid: M and L lines, Q and C
// curves, Z closes, O is a circle (x y r), D a disc.
var drawings = map[ui.Icon]string{
	ui.IconDot:       "D8 8 4",
	ui.IconRecord:    "D8 8 4.5",
	ui.IconRemote:    "O8 8 5.8 M2.4 8 L13.6 8 M8 2.4 C4.6 5 4.6 11 8 13.6 M8 2.4 C11.4 5 11.4 11 8 13.6",
	ui.IconLock:      "M4.5 7.2 L11.5 7.2 Q12.7 7.2 12.7 8.4 L12.7 12.2 Q12.7 13.4 11.5 13.4 L4.5 13.4 Q3.3 13.4 3.3 12.2 L3.3 8.4 Q3.3 7.2 4.5 7.2 Z M5.4 7.2 L5.4 5 C5.4 1.6 10.6 1.6 10.6 5 L10.6 7.2",
	ui.IconKeyLock:   "O5 11 2.6 M7 9 L13 3 M10.6 5.4 L12.8 7.6",
	ui.IconMoon:      "M13.6 9.4 C12.7 12.2 10.2 13.9 7.5 13.6 C4.6 13.3 2.4 10.9 2.4 8 C2.4 5.3 4.2 3 6.7 2.4 C5.6 4.9 5.9 7.2 7.6 8.6 C9.2 10 11.5 10.3 13.6 9.4 Z",
	ui.IconForward:   "M2.5 12.5 L2.5 10 C2.5 7.6 3.8 6.5 6 6.5 L13 6.5 M9.8 3.2 L13.2 6.5 L9.8 9.8",
	ui.IconMail:      "M3.4 3.4 L12.6 3.4 Q14 3.4 14 4.8 L14 11.2 Q14 12.6 12.6 12.6 L3.4 12.6 Q2 12.6 2 11.2 L2 4.8 Q2 3.4 3.4 3.4 Z M2.6 5 L8 9 L13.4 5",
	ui.IconMissed:    "M2.5 4.5 L8 10.5 L13.5 4.5 M2.5 9 L2.5 4.5 L7 4.5",
	ui.IconIn:        "M13 3 L4 12 M4 6.2 L4 12 L9.8 12",
	ui.IconOut:       "M3 13 L12 4 M6.2 4 L12 4 L12 9.8",
	ui.IconPause:     "M5.5 4 L5.5 12 M10.5 4 L10.5 12",
	ui.IconHeadset:   "M2.5 10 L2.5 8 C2.5 0.7 13.5 0.7 13.5 8 L13.5 10 M2.5 9 L5 9 L5 13 L2.5 13 Z M13.5 9 L11 9 L11 13 L13.5 13 Z",
	ui.IconHandset:   "M5.9 2.6 L3.6 2.6 C2.9 2.6 2.4 3.2 2.5 3.9 C3 9 7 13 12.1 13.5 C12.8 13.6 13.4 13.1 13.4 12.4 L13.4 10.4 L10.6 9 L9 10.4 C7.4 9.6 6.4 8.6 5.6 7 L7 5.4 Z",
	ui.IconSpeaker:   "M2 6.2 L4.6 6.2 L8 3.2 L8 12.8 L4.6 9.8 L2 9.8 Z M10.6 6 Q11.8 8 10.6 10 M12.6 4 Q15 8 12.6 12",
	ui.IconMicOff:    "M6 4.2 C6 1.4 10 1.4 10 4.2 L10 7.2 C10 10 6 10 6 7.2 Z M3.4 7.6 C3.4 13.6 12.6 13.6 12.6 7.6 M8 12 L8 14 M2.5 2.5 L13.5 13.5",
	ui.IconWarn:      "M8 2.6 L14.2 13.2 L1.8 13.2 Z M8 6.6 L8 9.2 M8 11.2 L8 11.2",
	ui.IconInfo:      "O8 8 6 M8 7.8 L8 11 M8 5.2 L8 5.2",
	ui.IconNoNetwork: "M6.2 2.5 L9.8 2.5 L9.8 5.5 L6.2 5.5 Z M8 5.5 L8 8.5 M3.5 12.5 L3.5 8.5 L12.5 8.5 L12.5 12.5 M2 2 L14 14",
	ui.IconBell:      "M4 7 C4 1.8 12 1.8 12 7 L12 9.2 L13.4 11.4 L2.6 11.4 L4 9.2 Z M7 13.8 L9 13.8",
	ui.IconBellOff:   "M4 7 C4 1.8 12 1.8 12 7 L12 9.2 L13.4 11.4 L2.6 11.4 L4 9.2 Z M7 13.8 L9 13.8 M2 2 L14 14",
	ui.IconCheck:     "M3 8.6 L6.5 12 L13 4.5",
	ui.IconCross:     "M4 4 L12 12 M12 4 L4 12",
	ui.IconBars1:     "M2.5 11 L2.5 13 D6.2 13 0.7 D9.9 13 0.7 D13.6 13 0.7",
	ui.IconBars2:     "M2.5 11 L2.5 13 M6.2 8.5 L6.2 13 D9.9 13 0.7 D13.6 13 0.7",
	ui.IconBars3:     "M2.5 11 L2.5 13 M6.2 8.5 L6.2 13 M9.9 6 L9.9 13 D13.6 13 0.7",
	ui.IconBars4:     "M2.5 11 L2.5 13 M6.2 8.5 L6.2 13 M9.9 6 L9.9 13 M13.6 3.5 L13.6 13",
	ui.IconChevron:   "M6 3.5 L10.5 8 L6 12.5",
}

// sizedIcon is an icon at the side of its square.
type sizedIcon struct {
	name ui.Icon
	size int
}

// iconMask rasterises a drawing. A drawing that does not exist is empty.
func iconMask(name ui.Icon, size int) *mask {
	segs := parseDrawing(drawings[name])
	if len(segs) == 0 {
		return &mask{}
	}
	m := &mask{r: image.Rect(0, 0, size, size), alpha: make([]uint8, size*size)}
	const sub = 8
	at := func(whole, part int) int32 { return int32((whole*64 + part*64/sub + 64/sub/2) * iconSize / size) }
	for y := 0; y < size; y++ {
		for x := 0; x < size; x++ {
			n := 0
			for sy := 0; sy < sub; sy++ {
				for sx := 0; sx < sub; sx++ {
					p := point{at(x, sx), at(y, sy)}
					if covered(p, segs) {
						n++
					}
				}
			}
			m.alpha[y*size+x] = uint8(n * 255 / (sub * sub))
		}
	}
	return m
}

// segment is a straight stroke with round ends.
type segment struct {
	a, b point
	r    int32 // half the stroke's width
}

func covered(p point, segs []segment) bool {
	for _, s := range segs {
		if s.reaches(p) {
			return true
		}
	}
	return false
}

// reaches reports whether p is within r of the segment, in integers.
func (s segment) reaches(p point) bool {
	dx, dy := int64(s.b.x-s.a.x), int64(s.b.y-s.a.y)
	px, py := int64(p.x-s.a.x), int64(p.y-s.a.y)
	rr := int64(s.r) * int64(s.r)
	len2 := dx*dx + dy*dy
	dot := px*dx + py*dy
	switch {
	case len2 == 0 || dot <= 0:
		return px*px+py*py <= rr
	case dot >= len2:
		qx, qy := int64(p.x-s.b.x), int64(p.y-s.b.y)
		return qx*qx+qy*qy <= rr
	}
	cross := px*dy - py*dx
	return cross*cross <= rr*len2
}

// parseDrawing reads the drawings' language. Wrong drawings are found by the
// test that reads them all.
func parseDrawing(s string) []segment {
	var segs []segment
	var start, pen point
	line := func(p point) {
		segs = append(segs, segment{pen, p, stroke / 2})
		pen = p
	}
	curve := func(o *outline) {
		for _, p := range o.contours[0][1:] {
			line(p)
		}
	}
	for _, c := range commands(s) {
		a := c.args
		switch {
		case c.op == 'M' && len(a) == 2:
			pen = point{a[0], a[1]}
			start = pen
		case c.op == 'L' && len(a) == 2:
			line(point{a[0], a[1]})
		case c.op == 'Q' && len(a) == 4:
			o := outline{}
			o.moveTo(pen)
			o.quadTo(point{a[0], a[1]}, point{a[2], a[3]})
			curve(&o)
		case c.op == 'C' && len(a) == 6:
			o := outline{}
			o.moveTo(pen)
			o.cubeTo(point{a[0], a[1]}, point{a[2], a[3]}, point{a[4], a[5]})
			curve(&o)
		case c.op == 'Z':
			line(start)
		case c.op == 'O' && len(a) == 3:
			pen = point{a[0] + a[2], a[1]}
			o := circle(point{a[0], a[1]}, a[2])
			curve(&o)
		case c.op == 'D' && len(a) == 3:
			p := point{a[0], a[1]}
			segs = append(segs, segment{p, p, a[2]})
		default:
			return nil
		}
	}
	return segs
}

// circle is four curves; 0.5523 is the usual length of their handles.
func circle(c point, r int32) outline {
	k := r * 5523 / 10000
	var o outline
	o.moveTo(point{c.x + r, c.y})
	o.cubeTo(point{c.x + r, c.y + k}, point{c.x + k, c.y + r}, point{c.x, c.y + r})
	o.cubeTo(point{c.x - k, c.y + r}, point{c.x - r, c.y + k}, point{c.x - r, c.y})
	o.cubeTo(point{c.x - r, c.y - k}, point{c.x - k, c.y - r}, point{c.x, c.y - r})
	o.cubeTo(point{c.x + k, c.y - r}, point{c.x + r, c.y - k}, point{c.x + r, c.y})
	return o
}

type command struct {
	op   byte
	args []int32 // 1/64 pixel
}

func commands(s string) []command {
	var out []command
	for _, w := range strings.Fields(s) {
		if w[0] >= 'A' && w[0] <= 'Z' {
			out = append(out, command{op: w[0]})
			w = w[1:]
		}
		if w == "" || len(out) == 0 {
			continue
		}
		f, err := strconv.ParseFloat(w, 64)
		if err != nil {
			return nil
		}
		c := &out[len(out)-1]
		c.args = append(c.args, int32(f*64+0.5))
	}
	return out
}
