package lcd

import (
	"image"
	"image/color"
	"strings"

	"phoned/ui"
)

const ellipsis = "…"

// opticalSize is from which size on type is aligned by its ink.
const opticalSize = 20

// bearing is how far the ink of a text begins after its pen.
func (p *painter) bearing(s string, st style) int {
	for _, r := range s {
		f := p.face(st)
		if info := f.rune(r); !info.missing {
			off := 0
			if st.tabular && r >= '0' && r <= '9' {
				off = int(f.digit-info.advance) / 2
			}
			return f.glyph(info, uint8(off&63)>>4).r.Min.X + off>>6
		}
		break
	}
	return 0
}

func (l *layout) width(s string, st style) int { return l.p.face(st).width(s, st.tabular) }

// label sets a text at the left of a slot, its capitals in the middle of the
// slot's height, elided if it is too wide; it returns the width used. words
// marks a text of the catalogue.
func (l *layout) label(slot image.Rectangle, s string, st style, fg color.RGBA, words bool) int {
	return l.set(slot, s, st, fg, words, 0)
}

// right sets a text at the right end of a slot.
func (l *layout) right(slot image.Rectangle, s string, st style, fg color.RGBA) {
	l.set(slot, s, st, fg, false, 2)
}

// centred sets a text in the middle of a slot.
func (l *layout) centred(slot image.Rectangle, s string, st style, fg color.RGBA) {
	l.set(slot, s, st, fg, true, 1)
}

func (l *layout) set(slot image.Rectangle, s string, st style, fg color.RGBA, words bool, align int) int {
	if s == "" || slot.Empty() {
		return 0
	}
	text, w, cut := l.elide(s, st, slot.Dx())
	if text == "" {
		return 0
	}
	it := item{kind: kindText, slot: slot, fg: fg, bg: l.ground, style: st, text: text, words: words, cut: cut}
	it.x = slot.Min.X + (slot.Dx()-w)*align/2
	if align == 0 && st.size >= opticalSize {
		// Large type hangs its side bearing out but for the pixel that small
		// type has too, so that their edges meet.
		it.x -= max(l.p.bearing(text, st)-1, 0)
	}
	it.baseline = slot.Min.Y + (slot.Dy()+l.p.face(st).capHeight())/2
	// The slot shrinks to what the text uses, with a pixel for glyphs that
	// reach beyond their advance: less to repaint.
	it.slot.Min.X = max(slot.Min.X, it.x-1)
	it.slot.Max.X = min(slot.Max.X, it.x+w+1)
	l.add(it)
	return w
}

// elide cuts a text that is wider than width and ends it with "…".
func (l *layout) elide(s string, st style, width int) (text string, w int, cut bool) {
	f := l.p.face(st)
	if w = f.width(s, st.tabular); w <= width {
		return s, w, false
	}
	room := fixedInt(width<<6) - f.pen(ellipsis, st.tabular, nil)
	end := 0
	f.pen(s, st.tabular, func(i int, _ rune, _ runeInfo, x fixedInt) {
		if x <= room {
			end = i
		}
	})
	if room < 0 {
		return "", 0, true
	}
	text = strings.TrimRight(s[:end], " ·-") + ellipsis
	return text, f.width(text, st.tabular), true
}

// elideHead keeps the end of a text.
func (l *layout) elideHead(s string, st style, width int) string {
	f := l.p.face(st)
	if f.width(s, st.tabular) <= width {
		return s
	}
	rs := []rune(s)
	for len(rs) > 1 {
		rs = rs[1:]
		if t := ellipsis + string(rs); f.width(t, st.tabular) <= width {
			return t
		}
	}
	return ellipsis
}

// wrap breaks a text into at most most lines of width, at spaces, and inside
// words that are wider than a line; what does not fit is elided in the last
// one.
func (l *layout) wrap(s string, st style, width, most int) (lines []string, cut bool) {
	f := l.p.face(st)
	rest := strings.TrimSpace(s)
	for rest != "" {
		if len(lines) == most-1 {
			e, _, c := l.elide(rest, st, width)
			if e != "" {
				lines = append(lines, e)
			}
			return lines, c
		}
		if f.width(rest, st.tabular) <= width {
			return append(lines, rest), false
		}
		n := l.breakAt(rest, st, width)
		if n == 0 {
			return lines, true
		}
		lines = append(lines, strings.TrimSpace(rest[:n]))
		rest = strings.TrimSpace(rest[n:])
	}
	return lines, false
}

// balance wraps like wrap, but with lines of about one length: no word is
// left alone on the last line.
func (l *layout) balance(s string, st style, width, most int) (lines []string, cut bool) {
	lines, cut = l.wrap(s, st, width, most)
	if cut || len(lines) < 2 {
		return lines, cut
	}
	for w := width - 8; w > width/2; w -= 8 {
		narrower, c := l.wrap(s, st, w, most)
		if c || len(narrower) > len(lines) {
			break
		}
		lines = narrower
	}
	return lines, false
}

// breakAt is the byte at which a text that is wider than width is broken: the
// last space that fits, otherwise the last character.
func (l *layout) breakAt(s string, st style, width int) int {
	fits, space := 0, 0
	l.p.face(st).pen(s, st.tabular, func(i int, r rune, _ runeInfo, x fixedInt) {
		if x > fixedInt(width<<6) {
			return
		}
		fits = i
		if r == ' ' {
			space = i
		}
	})
	if space > 0 {
		return space
	}
	return fits
}

// paragraph sets wrapped lines below each other from slot's top, leading
// pixels apart; it returns the height used.
func (l *layout) paragraph(slot image.Rectangle, s string, st style, fg color.RGBA, leading int, words bool) int {
	if slot.Dy() < leading {
		return 0
	}
	set := l.wrap
	if st.weight == semibold {
		set = l.balance // titles
	}
	lines, cut := set(s, st, slot.Dx(), slot.Dy()/leading)
	defer func(was bool) { l.flow = was }(l.flow)
	l.flow = true
	y := slot.Min.Y
	for i, line := range lines {
		n := len(l.items)
		l.set(image.Rect(slot.Min.X, y, slot.Max.X, y+leading), line, st, fg, words, 0)
		if len(l.items) > n && cut && i == len(lines)-1 {
			l.items[n].cut = true
		}
		y += leading
	}
	return y - slot.Min.Y
}

// icon draws an icon with its square's corner at p.
func (l *layout) icon(p image.Point, name ui.Icon, fg color.RGBA) {
	if name == ui.IconNone {
		return
	}
	l.add(item{kind: kindIcon, slot: image.Rect(p.X, p.Y, p.X+iconSize, p.Y+iconSize), fg: fg, bg: l.ground, shape: name})
}

// up8 rounds up to the grid.
func up8(n int) int { return (n + 7) &^ 7 }

// chips sets chips in a row, in further rows while there is room above
// bottom; it returns where the next thing may start.
func (l *layout) chips(x, y, bottom int, cs []ui.Chip) int {
	left, right := x, l.bounds.Max.X-margin
	ground := l.ground
	for _, c := range cs {
		pad, lead := 8, 0
		if c.Icon != ui.IconNone {
			lead = iconSize + 4
		}
		w := up8(l.width(c.Text, typeChip) + 2*pad + lead)
		w = min(w, (right-left)&^7)
		if x > left && x+w > right {
			x, y = left, y+chipH+8
		}
		if y+chipH > bottom {
			return y
		}
		slot := image.Rect(x, y, x+w, y+chipH)
		l.add(item{kind: kindFill, slot: slot, fg: l.t.chip, bg: ground, radius: chipH / 2, area: true})
		l.ground = l.t.chip
		fg := l.t.tone(c.Tone)
		used := l.width(c.Text, typeChip) + lead
		start := max(x+pad, x+(w-used)/2)
		if lead > 0 {
			l.icon(image.Pt(start, y+(chipH-iconSize)/2), c.Icon, fg)
		}
		l.label(image.Rect(start+lead, y, x+w-pad+4, y+chipH), c.Text, typeChip, fg, true)
		l.ground = ground
		x += w + 8
	}
	return y + chipH
}
