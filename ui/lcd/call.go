package lcd

import (
	"image"

	"phoned/ui"
)

// call is one call alone: label, name, number, timer, chips; the initials at
// the right.
func (l *layout) call(c ui.Call) {
	w := l.bounds.Max.X - margin
	top := l.body().Min.Y
	at := func(y, h int) image.Rectangle { return image.Rect(margin, top+y, w, top+y+h) }
	if c.Label.S != "" {
		l.callLabel(at(l.callAt.label, l.callAt.labelH), c)
	}
	name, number := at(l.callAt.name, 32), at(l.callAt.number, 24)
	beside := name.Max.X - markSize - margin
	if st := l.fit(c.Name, beside-margin, l.ty.name, 20); l.width(c.Name, st) <= beside-margin {
		l.mark(image.Pt(w-markSize, top+l.callAt.name), c)
		name.Max.X, number.Max.X = beside, beside
	}
	leading := 20
	if c.Label.S == "" {
		leading = 24 // the label's room
	}
	if l.width(c.Name, l.fit(c.Name, name.Dx(), l.ty.name, 20)) > name.Dx() {
		name.Min.Y -= 2 * (leading - 20)
		number.Min.Y += 8
	}
	l.name(name, c.Name, leading)
	if c.Number != "" {
		l.label(number, c.Number, l.fit(c.Number, number.Dx(), l.ty.number, 13), l.tone(ui.ToneMuted), false)
	}
	if c.Note.S != "" {
		l.label(at(l.callAt.timer+8, 24), c.Note.S, l.ty.small, l.tone(c.Note.Tone), false)
	}
	switch {
	case c.Timer.S == "":
	case c.Remark:
		l.label(at(l.callAt.timer, 40), c.Timer.S, l.ty.remark, l.tone(c.Timer.Tone), false)
	default:
		l.timer(at(l.callAt.timer, 40), c.Timer)
		if c.Caption != "" {
			x := margin + l.width(c.Timer.S, l.ty.timer) + 8
			slot := at(l.callAt.timer+16, 24)
			slot.Min.X = x
			l.label(slot, c.Caption, l.ty.small, l.t.muted, true)
		}
	}
	bottom := l.body().Max.Y - 8
	if c.Strip.Text != "" {
		bottom = l.strip(c.Strip)
	}
	l.chips(margin, top+l.callAt.chips, bottom, c.Chips, l.smallChip())
}

// mark is the caller's initials, or a handset, in a ring of the call's state.
func (l *layout) mark(p image.Point, c ui.Call) {
	ground := l.ground
	slot := image.Rect(p.X, p.Y, p.X+markSize, p.Y+markSize)
	l.add(item{kind: kindRing, slot: slot, fg: l.t.tone(c.Ring), bg: l.t.chip, area: true})
	l.ground = l.t.chip
	if c.Mark != "" {
		l.centred(slot.Inset(8), c.Mark, l.ty.mark, l.t.text)
	} else {
		l.add(item{kind: kindIcon, slot: slot.Inset(markSize/2 - 16), fg: l.t.text, bg: l.ground, shape: ui.IconHandset})
	}
	l.ground = ground
}

// timer sets a running time with its last digit as an item of its own: most
// seconds change nothing else.
func (l *layout) timer(slot image.Rectangle, t ui.Text) {
	l.label(slot, t.S, l.ty.timer, l.tone(t.Tone), false)
	n := len(t.S) - 1
	it := &l.items[len(l.items)-1]
	if it.text != t.S || n < 1 || t.S[n] < '0' || t.S[n] > '9' {
		return
	}
	f := l.p.face(l.ty.timer)
	var at fixedInt
	f.pen(t.S, true, func(i int, _ rune, info runeInfo, x fixedInt) {
		if i == n {
			at = x - (f.digit-info.advance)/2
		}
	})
	// The cell begins on a whole pixel, so that the digit is not moved.
	tail := *it
	tail.text, tail.x = t.S[n:], it.x+at.Round()
	tail.slot.Min.X = tail.x
	it.text = t.S[:n]
	it.slot.Max.X = tail.slot.Min.X
	l.add(tail)
}

// name sets a name as large as it fits, a long one in two lines; it returns
// the height used. leading is that of two lines.
func (l *layout) name(slot image.Rectangle, s string, leading int) int {
	st := l.fit(s, slot.Dx(), l.ty.name, 20)
	if l.width(s, st) <= slot.Dx() {
		slot.Max.Y = slot.Min.Y + 32
		l.label(slot, s, st, l.t.text, false)
		return 32
	}
	st.size = leading - 5
	slot.Max.Y = slot.Min.Y + 2*leading
	return l.paragraph(slot, s, st, l.t.text, leading, false)
}

// callLabel is the small line above the name, with its sign.
func (l *layout) callLabel(slot image.Rectangle, c ui.Call) {
	fg := l.tone(c.Label.Tone)
	if c.Icon != ui.IconNone {
		if !c.Blink {
			l.icon(image.Pt(slot.Min.X-2, slot.Min.Y+(slot.Dy()-iconSize)/2), c.Icon, fg)
		}
		slot.Min.X += iconSize + 4
	}
	l.label(slot, c.Label.S, l.ty.label, fg, false)
}

// callCompact is the call with the focus above the others.
func (l *layout) callCompact(c ui.Call) {
	w := l.bounds.Max.X - margin
	y := l.body().Min.Y
	if c.Label.S != "" {
		l.callLabel(image.Rect(margin, y, w, y+24), c)
	}
	st := l.ty.name
	st.size = 22
	l.label(image.Rect(margin, y+24, w, y+48), c.Name, st, l.t.text, false)
	l.subline(image.Rect(margin, y+48, w, y+72), c)
	y += 80
	l.add(item{kind: kindFill, slot: image.Rect(0, y, l.bounds.Max.X, y+1), fg: l.t.line, bg: l.ground, area: true})
	bottom := l.body().Max.Y
	if c.Strip.Text != "" {
		bottom = l.strip(c.Strip)
	}
	for _, r := range c.Rows {
		if y+l.rowH > bottom {
			break
		}
		l.row(image.Rect(0, y, l.bounds.Max.X, y+l.rowH), r, false)
		y += l.rowH
	}
}

// subline is "1002 · 00:42", and what else is to be said, in one line.
func (l *layout) subline(slot image.Rectangle, c ui.Call) {
	x := slot.Min.X
	if c.Timer.S != "" {
		x += l.label(slot, c.Timer.S, l.ty.sub, l.tone(c.Timer.Tone), false) + 12
	}
	s := c.Number
	if c.Note.S != "" {
		if s != "" {
			s += " · "
		}
		s += c.Note.S
	}
	right := slot.Max.X
	if len(c.Chips) > 0 && quality(c.Chips[0].Icon) && c.Label.S == "" {
		ch := c.Chips[0] // how it sounds; the rest is in the header
		tw := l.width(ch.Text, l.ty.label)
		l.label(image.Rect(right-tw, slot.Min.Y, right, slot.Max.Y), ch.Text, l.ty.label, l.tone(ch.Tone), true)
		right -= tw + iconSize + 4
		l.icon(image.Pt(right, slot.Min.Y+(slot.Dy()-iconSize)/2), ch.Icon, l.tone(ch.Tone))
		right -= 8
	}
	st := l.ty.body
	if l.width(s, st) > right-x { // a number that is cut is none
		st = l.ty.label
	}
	l.label(image.Rect(x, slot.Min.Y, right, slot.Max.Y), s, st, l.tone(ui.ToneMuted), false)
}

// quality reports whether an icon tells how a call sounds.
func quality(i ui.Icon) bool {
	switch i {
	case ui.IconBars1, ui.IconBars2, ui.IconBars3, ui.IconBars4:
		return true
	}
	return false
}
