package lcd

import (
	"image"
	"image/color"
	"strings"
	"unicode"
	"unicode/utf8"

	"phoned/ui"
)

const ellipsis = "…"

// opticalSize is from which size on type is aligned by its ink.
const opticalSize = 20

// bearing is how far the ink of a text begins after its pen.
func (p *painter) bearing(s string, st style) int {
	r, size := utf8.DecodeRuneInString(s)
	f := p.face(st)
	info := f.rune(r)
	if size == 0 || info.missing {
		return 0
	}
	off := 0
	if st.tabular && r >= '0' && r <= '9' {
		off = int(f.digit-info.advance) / 2
	}
	return f.glyph(info, uint8(off&63)>>4).r.Min.X + off>>6
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
		n, hyphen := l.breakAt(rest, st, width)
		if n == 0 {
			return lines, true
		}
		line := strings.TrimSpace(rest[:n])
		if hyphen {
			line += "-"
		}
		lines = append(lines, line)
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
// last space that fits, otherwise between syllables, with a hyphen, otherwise
// the last character.
func (l *layout) breakAt(s string, st style, width int) (n int, hyphen bool) {
	fits, space, part := 0, 0, 0
	f := l.p.face(st)
	room := fixedInt(width << 6)
	dash := f.pen("-", st.tabular, nil)
	f.pen(s, st.tabular, func(i int, r rune, _ runeInfo, x fixedInt) {
		if x > room {
			return
		}
		fits = i
		if x+dash <= room && syllable(s, i) {
			part = i
		}
		if r == ' ' {
			space = i
		}
	})
	switch {
	case space > 0:
		return space, false
	case part > 0:
		return part, true
	}
	return fits, false
}

// paragraph sets wrapped lines below each other from slot's top, leading
// pixels apart; it returns the height used.
func (l *layout) paragraph(slot image.Rectangle, s string, st style, fg color.RGBA, leading int, words bool) int {
	if slot.Dy() < leading {
		return 0
	}
	lines, cut := l.balance(s, st, slot.Dx(), slot.Dy()/leading)
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

// chipStyle is the size of chips.
type chipStyle struct {
	style
	height, pad int
}

func (l *layout) smallChip() chipStyle { return chipStyle{l.ty.chip, l.chipH, 8} }

// chipWidth is the width of a chip before it is bounded.
func (l *layout) chipWidth(c ui.Chip, cs chipStyle) int {
	w := l.width(c.Text, cs.style) + 2*cs.pad
	if c.Icon != ui.IconNone {
		w += iconSize + 4
	}
	return up8(w)
}

// chipsHeight is the height that all chips need.
func (l *layout) chipsHeight(left int, cs []ui.Chip, st chipStyle) int {
	x, y := left, 0
	for _, c := range cs {
		w := l.chipWidth(c, st)
		if x > left && x+w > l.bounds.Max.X-margin {
			x, y = left, y+st.height+8
		}
		x += w + 8
	}
	return y + st.height
}

// chipsFit reports whether every chip has room for its words.
func (l *layout) chipsFit(cs []ui.Chip, st chipStyle) bool {
	for _, c := range cs {
		if l.chipWidth(c, st) > l.bounds.Max.X-2*margin {
			return false
		}
	}
	return true
}

// chips sets chips in a row, in further rows while there is room above
// bottom; it returns where the next thing may start.
func (l *layout) chips(x, y, bottom int, cs []ui.Chip, st chipStyle) int {
	left, right := x, l.bounds.Max.X-margin
	ground := l.ground
	for _, c := range cs {
		pad, lead := st.pad, 0
		if c.Icon != ui.IconNone {
			lead = iconSize + 4
		}
		w := min(l.chipWidth(c, st), (right-left)&^7)
		if x > left && x+w > right {
			x, y = left, y+st.height+8
		}
		if y+st.height > bottom {
			return y
		}
		slot := image.Rect(x, y, x+w, y+st.height)
		l.add(item{kind: kindFill, slot: slot, fg: l.t.chip, edge: l.edge(), bg: ground, radius: st.height / 2, area: true})
		l.ground = l.t.chip
		fg := l.t.tone(c.Tone)
		used := l.width(c.Text, st.style) + lead
		start := max(x+pad, x+(w-used)/2)
		if lead > 0 {
			l.icon(image.Pt(start, y+(st.height-iconSize)/2), c.Icon, fg)
		}
		l.label(image.Rect(start+lead, y, x+w-pad+4, y+st.height), c.Text, st.style, fg, true)
		l.ground = ground
		x += w + 8
	}
	return y + st.height
}

// syllable reports whether a word may be parted before byte i: between vowel
// and consonant, or before the last of several consonants, with three letters
// on either side. Good enough for names; it knows no dictionary.
func syllable(s string, i int) bool {
	const sides = 3
	before, after := letters(s[max(0, i-4*maxWord):i], true), letters(s[i:min(len(s), i+4*maxWord)], false)
	if len(before) < sides || len(after) < sides {
		return false
	}
	last, first := before[len(before)-1], after[0]
	if vowel(first) || !vowel(after[1]) {
		return false
	}
	switch string([]rune{last, first}) {
	case "ch", "ck", "ph", "th", "sh", "qu":
		return false
	}
	return true
}

// letters are up to four letters of s next to its end, or its start, in lower
// case.
func letters(s string, end bool) []rune {
	rs := []rune(s)
	if len(rs) > maxWord {
		if end {
			rs = rs[len(rs)-maxWord:]
		} else {
			rs = rs[:maxWord]
		}
	}
	from, to := 0, len(rs)
	if end {
		for from = to; from > 0 && unicode.IsLetter(rs[from-1]); from-- {
		}
	} else {
		for to = 0; to < len(rs) && unicode.IsLetter(rs[to]); to++ {
		}
	}
	out := rs[from:to]
	for i, r := range out {
		out[i] = unicode.ToLower(r)
	}
	return out
}

// maxWord is how far syllable looks.
const maxWord = 4

func vowel(r rune) bool { return strings.ContainsRune("aeiouyäöüáàâéèêíìîóòôúùû", r) }
