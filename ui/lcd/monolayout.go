package lcd

import (
	"image"
	"slices"
	"strings"

	"phoned/ui"
)

// bitLayout places the parts of a screen on a panel of one bit a pixel.
type bitLayout struct {
	fonts  []*bitFont
	codes  *painter
	logos  *bitLogoCache
	logo   *ui.Logo // of this screen
	bounds image.Rectangle
	items  []bitItem
	invert bool // what is added stands on a lit ground
	body   bool
}

// Heights of the rows that every panel has.
const (
	bitHeaderH = 10 // with the hairline under it
	bitFooterH = 10
	bitRowH    = 10
	bitEdge    = 1 // kept free at both sides
)

// bitFace is a font and how often its pixels are repeated.
type bitFace struct{ font, scale int }

var (
	bitSmall  = bitFace{bit5x8, 1}
	bitText   = bitFace{bit6x10, 1}
	bitStrong = bitFace{bit6x13B, 1}
	bitName   = []bitFace{{bit8x13B, 1}, {bit6x13B, 1}}
	bitDigits = []bitFace{{bit10x20, 1}, {bit9x15B, 1}, {bit6x13B, 1}}
	bitClock  = []bitFace{{bit10x20, 2}, {bit9x15B, 2}, {bit8x13B, 2}, {bit10x20, 1}}
)

func (l *bitLayout) height(f bitFace) int { return l.fonts[f.font].height * f.scale }

func (l *bitLayout) width(s string, f bitFace) int {
	w := 0
	for _, r := range s {
		w += advance(l.fonts[f.font], r) * f.scale
	}
	return w
}

// fit is the first face in which a text is no wider than width, or the last.
func (l *bitLayout) fit(s string, width int, faces ...bitFace) bitFace {
	for _, f := range faces {
		if l.width(s, f) <= width {
			return f
		}
	}
	return faces[len(faces)-1]
}

func (l *bitLayout) add(it bitItem) {
	it.invert, it.body = l.invert, l.body
	l.items = append(l.items, it)
}

// text sets a text with its cell's corner at x, y, elided to width; it
// returns the width used.
func (l *bitLayout) text(x, y, width int, s string, f bitFace, words bool) int {
	t, cut := l.elide(s, f, width)
	if t == "" {
		return 0
	}
	w := l.width(t, f)
	l.add(bitItem{slot: image.Rect(x, y, x+w, y+l.height(f)), text: t, font: f.font, scale: f.scale, words: words, cut: cut})
	return w
}

func (l *bitLayout) right(x, y, width int, s string, f bitFace, words bool) int {
	w := min(l.width(s, f), width)
	return l.text(x-w, y, w, s, f, words)
}

func (l *bitLayout) elide(s string, f bitFace, width int) (string, bool) {
	if l.width(s, f) <= width {
		return s, false
	}
	rs := []rune(s)
	for len(rs) > 0 {
		rs = rs[:len(rs)-1]
		if t := strings.TrimRight(string(rs), " ·-") + ellipsis; l.width(t, f) <= width {
			return t, true
		}
	}
	return "", true
}

// wrap breaks a text at spaces, inside words only where one is wider than a
// line.
func (l *bitLayout) wrap(s string, f bitFace, width int) []string {
	var out []string
	line := ""
	for _, w := range strings.Fields(s) {
		if next := strings.TrimSpace(line + " " + w); l.width(next, f) <= width {
			line = next
			continue
		}
		if line != "" {
			out = append(out, line)
		}
		for l.width(w, f) > width {
			n := 0
			for i := range w {
				if l.width(w[:i], f) <= width {
					n = i
				}
			}
			if n == 0 {
				return out
			}
			if i := strings.LastIndexByte(w[:n], '/'); i > 0 { // an address is cut where it has parts
				n = i
			}
			out, w = append(out, w[:n]), w[n:]
		}
		line = w
	}
	if line != "" {
		out = append(out, line)
	}
	return out
}

// icon draws an icon in the middle of a row's height.
func (l *bitLayout) icon(x, y, h int, n ui.Icon) int {
	if n == ui.IconNone {
		return 0
	}
	y += (h - bitIcon) / 2
	l.add(bitItem{slot: image.Rect(x, y, x+bitIcon, y+bitIcon), icon: n})
	return bitIcon + 2
}

func (l *bitLayout) fill(r image.Rectangle) { l.add(bitItem{slot: r, fill: true}) }

// block is a part of a body: the ways to set it, the highest first, and its
// rank. Rank 0 is never left out.
type block struct {
	rank int
	ways []way
}

type way struct {
	h   int
	put func(y int)
}

// spareRank is the rank from which a block is left out before any other is set
// lower.
const spareRank = 4

// pile sets blocks in a room from the top down (see Mono): the spare ones are
// left out first, then, at the lowest way of each, the last ranks; what room
// is left then goes to the first ranks.
func (l *bitLayout) pile(room image.Rectangle, blocks []block) {
	blocks = slices.DeleteFunc(slices.Clone(blocks), func(b block) bool { return len(b.ways) == 0 })
	chosen := make([]int, len(blocks))
	height := func() int {
		h := 0
		for i, b := range blocks {
			h += b.ways[chosen[i]].h
		}
		return h
	}
	drop := func(least int) bool {
		last := -1
		for i, b := range blocks {
			if b.rank >= least && (last < 0 || b.rank >= blocks[last].rank) {
				last = i
			}
		}
		if last < 0 {
			return false
		}
		blocks, chosen = slices.Delete(blocks, last, last+1), slices.Delete(chosen, last, last+1)
		return true
	}
	for height() > room.Dy() && drop(spareRank) {
	}
	if height() > room.Dy() {
		for i, b := range blocks {
			chosen[i] = len(b.ways) - 1
		}
		for height() > room.Dy() && drop(1) {
		}
		for rank := range spareRank {
			for i, b := range blocks {
				for b.rank == rank && chosen[i] > 0 && height()+b.ways[chosen[i]-1].h-b.ways[chosen[i]].h <= room.Dy() {
					chosen[i]--
				}
			}
		}
	}
	gap := min(max(room.Dy()-height(), 0)/(len(blocks)+1), 3)
	y := room.Min.Y + gap
	for i, b := range blocks {
		b.ways[chosen[i]].put(y)
		y += b.ways[chosen[i]].h + gap
	}
}

// line is a block of one line of text.
func (l *bitLayout) line(rank int, s string, words bool, faces ...bitFace) block {
	if s == "" {
		return block{}
	}
	room := l.bounds.Dx() - 2*bitEdge
	f := l.fit(s, room, faces...)
	return block{rank, []way{{l.height(f), func(y int) { l.text(bitEdge, y, room, s, f, words) }}}}
}

// paragraph is a block of lines, in the first face that needs at most most.
func (l *bitLayout) paragraph(rank int, s string, words bool, most int, faces ...bitFace) block {
	if s == "" {
		return block{}
	}
	var b block
	b.rank = rank
	for _, f := range faces {
		lines := l.wrap(s, f, l.bounds.Dx()-2*bitEdge)
		if len(lines) > most && f != faces[len(faces)-1] {
			continue
		}
		h := l.height(f)
		b.ways = append(b.ways, way{h * len(lines), func(y int) {
			for i, t := range lines {
				l.text(bitEdge, y+i*h, l.bounds.Dx(), t, f, words)
			}
		}})
	}
	return b
}

// banner is lines on a lit ground, at the lower end of a room, if a line is
// left over them; it returns what is left of the room.
func (l *bitLayout) banner(room image.Rectangle, icon ui.Icon, s string) image.Rectangle {
	if s == "" {
		return room
	}
	left := bitEdge + 1
	if icon != ui.IconNone {
		left += bitIcon + 2
	}
	width := l.bounds.Dx() - left - bitEdge
	lines := l.wrap(s, bitSmall, width)
	if 8*len(lines)+1+8 > room.Dy() {
		return room // a toast has the room, for its four seconds
	}
	h := 8*len(lines) + 1
	slot := image.Rect(0, room.Max.Y-h, l.bounds.Max.X, room.Max.Y)
	l.fill(slot)
	l.invert = true
	l.icon(bitEdge+1, slot.Min.Y, h, icon)
	for i, t := range lines {
		l.text(left, slot.Min.Y+1+8*i, width, t, bitSmall, true)
	}
	l.invert = false
	room.Max.Y = slot.Min.Y - 1
	return room
}

func (l *bitLayout) screen(s ui.Screen) {
	l.logo = s.Logo
	l.header(s.Header)
	footer := l.softKeys(s.Keys)
	l.body = true
	room := image.Rect(0, bitHeaderH, l.bounds.Max.X, footer-1)
	switch {
	case s.Volume != nil:
		l.volume(room, *s.Volume)
		return
	case s.Toast != nil:
		room = l.banner(room, s.Toast.Icon, s.Toast.Text)
	}
	l.bodyOf(room, s.Body)
}

// header is the line on top. What does not fit gives way in this order: the
// time, what stands at the right, the end of the title.
func (l *bitLayout) header(h ui.Header) {
	right := l.bounds.Max.X - bitEdge
	for i := len(h.Badges) - 1; i >= 0 && right > l.bounds.Dx()/2; i-- {
		if n := h.Badges[i].Icon; n != ui.IconDot {
			right -= bitIcon
			l.icon(right, 0, bitIcon, n)
			right -= 2
		}
	}
	if h.Index != "" {
		right -= l.right(right, 0, right, h.Index, bitSmall, false) + 3
	}
	need := func(parts ...string) bool {
		w := bitEdge
		for _, p := range parts {
			if p != "" {
				w += l.width(p, bitSmall) + 4
			}
		}
		return w-4 <= right
	}
	time, side := h.Time, h.Right.S
	if !need(time, h.Title, side) && h.Title != "" {
		time = ""
	}
	if !need(time, h.Title, side) {
		if time = h.Time; !need(time, h.Title) {
			time = ""
		}
		if l.width(h.Title, bitSmall) <= right || h.Right.Tone != ui.ToneWarn {
			side = ""
		}
	}
	if side != "" {
		right -= l.right(right, 0, right, side, bitSmall, h.Right.Tone == ui.ToneWarn) + 4
	}
	x := bitEdge
	if time != "" {
		x += l.text(x, 0, right-x, time, bitSmall, false) + 4
	}
	if h.Time != "" && l.logo != nil { // not beside a clock: it has the logo itself
		if w := l.setLogo(image.Rect(x, 0, min(x+bitHeadLogo, right), bitHeaderH-1), false); w > 0 {
			x += w + 4
		}
		if l.width(h.Title, bitSmall) > right-x {
			h.Title = "" // the logo says it
		}
	}
	l.text(x, 0, right-x, h.Title, bitSmall, false)
	l.fill(image.Rect(0, bitHeaderH-1, l.bounds.Max.X, bitHeaderH))
}

// softKeys are four keys, each on a lit ground; it returns where they begin.
func (l *bitLayout) softKeys(ks [4]ui.SoftKey) int {
	top := l.bounds.Max.Y - bitFooterH
	any := false
	w := l.bounds.Dx() / keys
	for i, k := range ks {
		if k.Label == "" {
			continue
		}
		any = true
		cell := image.Rect(i*w+1, top, (i+1)*w-1, l.bounds.Max.Y)
		l.fill(cell)
		l.invert = true
		tw := min(l.width(k.Label, bitSmall), cell.Dx())
		l.text(cell.Min.X+(cell.Dx()-tw+1)/2, top+1, cell.Dx(), k.Label, bitSmall, true)
		l.invert = false
	}
	if !any {
		return l.bounds.Max.Y
	}
	return top
}
