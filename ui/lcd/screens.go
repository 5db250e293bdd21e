package lcd

import (
	"image"
	"strings"

	"phoned/ui"
)

// clock: the time in large, the day, what waits.
func (l *layout) clock(c ui.Clock) {
	w := l.bounds.Max.X - margin
	y := l.body().Min.Y + 16
	l.label(image.Rect(margin, y, w, y+48), c.Time, typeClock, l.t.text, false)
	l.label(image.Rect(margin, y+48, w, y+80), c.Date, typeRow, l.t.muted, true)
	l.chips(margin, y+88, l.body().Max.Y-8, c.Chips)
}

// call is one call alone: label, name, number, timer, chips.
func (l *layout) call(c ui.Call) {
	w := l.bounds.Max.X - margin
	y := l.body().Min.Y + 16
	switch {
	case c.Label.S != "" && c.Timer.S != "":
		y -= 8
		l.callLabel(image.Rect(margin, y, w, y+24), c)
		y += 24
	case c.Label.S != "":
		y += 8
		l.callLabel(image.Rect(margin, y, w, y+24), c)
		y += 24
	}
	y += l.name(image.Rect(margin, y, w, y+48), c.Name)
	if c.Number != "" {
		l.label(image.Rect(margin, y, w, y+24), c.Number, typeNumber, l.t.muted, false)
		y += 24
	}
	if c.Note.S != "" {
		l.label(image.Rect(margin, y+16, w, y+40), c.Note.S, typeSmall, l.t.tone(c.Note.Tone), false)
		y += 40
	}
	if c.Timer.S != "" {
		l.timer(image.Rect(margin, y+8, w, y+48), c.Timer)
		y += 48
	}
	bottom := l.body().Max.Y - 8
	if c.Advice.S != "" {
		bottom = l.body().Max.Y - 24
		l.advice(image.Rect(0, bottom, l.bounds.Max.X, bottom+24), c.Advice)
	}
	l.chips(margin, y+8, bottom, c.Chips)
}

// timer sets a running time with its last digit as an item of its own: most
// seconds change nothing else.
func (l *layout) timer(slot image.Rectangle, t ui.Text) {
	l.label(slot, t.S, typeTimer, l.t.tone(t.Tone), false)
	n := len(t.S) - 1
	it := &l.items[len(l.items)-1]
	if it.text != t.S || n < 1 || t.S[n] < '0' || t.S[n] > '9' {
		return
	}
	f := l.p.face(typeTimer)
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
// the height used.
func (l *layout) name(slot image.Rectangle, s string) int {
	st := l.fit(s, slot.Dx(), typeName, 20)
	if l.width(s, st) <= slot.Dx() {
		slot.Max.Y = slot.Min.Y + 32
		l.label(slot, s, st, l.t.text, false)
		return 32
	}
	st.size = 18
	l.paragraph(slot, s, st, l.t.text, 24, false)
	return 48
}

// callLabel is the small line above the name, with its sign.
func (l *layout) callLabel(slot image.Rectangle, c ui.Call) {
	fg := l.t.tone(c.Label.Tone)
	if c.Icon != ui.IconNone {
		if !c.Blink {
			l.icon(image.Pt(slot.Min.X-2, slot.Min.Y+(slot.Dy()-iconSize)/2), c.Icon, fg)
		}
		slot.Min.X += iconSize + 4
	}
	l.label(slot, c.Label.S, typeLabel, fg, false)
}

// fit gives the style at the size that a text needs to fit, not below least.
func (l *layout) fit(s string, width int, st style, least int) style {
	for st.size > least && l.width(s, st) > width {
		st.size -= 2
	}
	return st
}

// advice is a line over the whole width that says what is wrong.
func (l *layout) advice(slot image.Rectangle, t ui.Text) {
	ground := l.ground
	l.add(item{kind: kindFill, slot: slot, fg: l.t.card, bg: ground, area: true})
	l.ground = l.t.card
	st := l.fit(t.S, slot.Dx()-2*margin, typeSmall, 12)
	l.label(image.Rect(margin, slot.Min.Y, slot.Max.X-margin, slot.Max.Y), t.S, st, l.t.tone(t.Tone), true)
	l.ground = ground
}

// callCompact is the call with the focus above the others.
func (l *layout) callCompact(c ui.Call) {
	w := l.bounds.Max.X - margin
	y := l.body().Min.Y + 8
	if c.Label.S != "" {
		l.callLabel(image.Rect(margin, y, w, y+16), c)
		y += 16
	}
	st := typeName
	st.size = 22
	l.label(image.Rect(margin, y, w, y+32), c.Name, st, l.t.text, false)
	y += 32
	l.subline(image.Rect(margin, y, w, y+24), c)
	y += 32
	l.add(item{kind: kindFill, slot: image.Rect(0, y, l.bounds.Max.X, y+1), fg: l.t.line, bg: l.ground, area: true})
	bottom := l.body().Max.Y
	if c.Advice.S != "" {
		bottom -= 32
	}
	for _, r := range c.Rows {
		if y+rowH > bottom {
			break
		}
		l.row(image.Rect(0, y, l.bounds.Max.X, y+rowH), r, false)
		y += rowH
	}
	if c.Advice.S != "" {
		l.advice(image.Rect(0, bottom, l.bounds.Max.X, bottom+32), c.Advice)
	}
}

// subline is "1002 · 00:42", and what else is to be said, in one line.
func (l *layout) subline(slot image.Rectangle, c ui.Call) {
	x := slot.Min.X
	if c.Timer.S != "" {
		x += l.label(slot, c.Timer.S, typeSub, l.t.text, false) + 12
	}
	s := c.Number
	if c.Note.S != "" {
		if s != "" {
			s += " · "
		}
		s += c.Note.S
	}
	right := slot.Max.X
	if len(c.Chips) > 0 && c.Chips[0].Icon == ui.IconNone && c.Label.S == "" {
		ch := c.Chips[0] // how it sounds; the rest is in the header
		tw := l.width(ch.Text, typeLabel)
		l.label(image.Rect(right-tw, slot.Min.Y, right, slot.Max.Y), ch.Text, typeLabel, l.t.tone(ch.Tone), true)
		right -= tw + 8
	}
	l.label(image.Rect(x, slot.Min.Y, right, slot.Max.Y), s, typeBody, l.t.muted, false)
}

// row is a line of a list.
func (l *layout) row(slot image.Rectangle, r ui.Row, focus bool) {
	ground := l.ground
	st := typeRow
	if focus {
		l.add(item{kind: kindFill, slot: slot, fg: l.t.card, bg: ground, area: true})
		l.add(item{kind: kindFill, slot: image.Rect(slot.Min.X, slot.Min.Y, slot.Min.X+4, slot.Max.Y), fg: l.t.accent, bg: l.t.card, area: true})
		l.ground = l.t.card
		st = typeRowFocus
	}
	x, right := slot.Min.X+margin, slot.Max.X-margin
	if r.Icon != ui.IconNone {
		if !r.Hollow {
			l.icon(image.Pt(x, slot.Min.Y+(slot.Dy()-iconSize)/2), r.Icon, l.t.tone(r.IconTone))
		}
		x += iconSize + 8
	}
	if r.Open {
		l.icon(image.Pt(right-iconSize+4, slot.Min.Y+(slot.Dy()-iconSize)/2), ui.IconChevron, l.t.muted)
		right -= iconSize + 4
	}
	if r.Value.S != "" {
		vs := typeSmall
		if strings.Contains(r.Value.S, ":") {
			vs = typeSmallTab
		}
		w := min(l.width(r.Value.S, vs), (right-x)*6/10)
		l.right(image.Rect(right-w, slot.Min.Y, right, slot.Max.Y), r.Value.S, vs, l.t.tone(r.Value.Tone))
		right -= w + 16
	}
	l.label(image.Rect(x, slot.Min.Y, right, slot.Max.Y), r.Label, st, l.t.text, false)
	l.ground = ground
}

// list shows the rows round the selected one.
func (l *layout) list(v ui.List) {
	b := l.body()
	if len(v.Rows) == 0 {
		l.label(image.Rect(margin, b.Min.Y+16, b.Max.X-margin, b.Min.Y+48), v.Empty, typeRow, l.t.muted, true)
		return
	}
	l.rows(image.Rect(0, b.Min.Y+8, b.Max.X, b.Max.Y-8), v.Rows, v.Index)
}

// rows fills slot with the rows round index, which is kept off the edge where
// there is more; a bar at the right tells the place in a longer list.
func (l *layout) rows(slot image.Rectangle, rows []ui.Row, index int) {
	n := slot.Dy() / rowH
	if n <= 0 {
		return
	}
	index = min(max(index, 0), len(rows)-1)
	first := min(max(index-n+2, 0), max(len(rows)-n, 0))
	if index < first {
		first = index
	}
	y := slot.Min.Y
	for i := first; i < len(rows) && i < first+n; i++ {
		l.row(image.Rect(slot.Min.X, y, slot.Max.X, y+rowH), rows[i], rows[i].Focus)
		y += rowH
	}
	if len(rows) > n {
		h := n * rowH
		bar := max(h*n/len(rows), 16)
		at := slot.Min.Y + (h-bar)*first/(len(rows)-n)
		l.add(item{kind: kindFill, slot: image.Rect(slot.Max.X-5, at, slot.Max.X-2, at+bar), fg: l.t.muted, bg: l.t.ground, radius: 1, area: true})
	}
}

// entry is the number being dialled with its cursor, then suggestions.
func (l *layout) entry(e ui.Entry) {
	b := l.body()
	slot := image.Rect(margin, b.Min.Y+8, b.Max.X-margin, b.Min.Y+56)
	l.number(slot, e)
	y := slot.Max.Y + 8
	l.add(item{kind: kindFill, slot: image.Rect(0, y, b.Max.X, y+1), fg: l.t.line, bg: l.ground, area: true})
	if len(e.Rows) > 0 {
		index := 0
		for i, r := range e.Rows {
			if r.Focus {
				index = i
			}
		}
		l.rows(image.Rect(0, y, b.Max.X, b.Max.Y), e.Rows, index)
		return
	}
	if e.Note.S != "" {
		l.label(image.Rect(margin, y+8, b.Max.X-margin, y+32), e.Note.S, typeBody, l.t.tone(e.Note.Tone), false)
		y += 32
	}
	l.chips(margin, y+8, b.Max.Y-8, e.Chips)
}

// caretW is the cursor's width.
const caretW = 3

// number sets the digits as large as they fit and shows the part round the
// cursor of those that never do.
func (l *layout) number(slot image.Rectangle, e ui.Entry) {
	caret := func(x int) {
		l.add(item{kind: kindFill, slot: image.Rect(x, slot.Min.Y+4, x+caretW, slot.Max.Y-4), fg: l.t.accent, bg: l.ground, radius: 1, area: true})
	}
	st := typeDigits
	if e.Text == "" {
		caret(slot.Min.X)
		l.label(image.Rect(slot.Min.X+12, slot.Min.Y, slot.Max.X, slot.Max.Y), e.Hint, typeNumber, l.t.muted, true)
		return
	}
	room := slot.Dx() - caretW - 4
	st = l.fit(e.Text, room, st, 24)
	rs := []rune(e.Text)
	at := min(max(e.Cursor, 0), len(rs))
	before, after := string(rs[:at]), string(rs[at:])
	share := room
	if after != "" {
		share = max(room*2/3, room-l.width(after, st))
	}
	before = l.elideHead(before, st, share)
	bw := 0
	if before != "" {
		bw = l.width(before, st)
		l.label(image.Rect(slot.Min.X, slot.Min.Y, slot.Min.X+bw+1, slot.Max.Y), before, st, l.t.text, false)
	}
	x := slot.Min.X + bw + 2
	caret(x)
	if after != "" && x+caretW+2 < slot.Max.X {
		l.label(image.Rect(x+caretW+1, slot.Min.Y, slot.Max.X, slot.Max.Y), after, st, l.t.text, false)
	}
}

// message is a sentence and its explanation.
func (l *layout) message(m ui.Message) {
	b := l.body()
	left, right := margin, b.Max.X-margin
	y := b.Min.Y + 16
	if m.Lead != "" {
		l.label(image.Rect(left, y, right, y+24), m.Lead, typeNumber, l.t.muted, false)
		y += 24
	}
	bottom := b.Max.Y - 8
	if len(m.Chips) > 0 {
		bottom -= chipH + 8
	}
	tone := l.t.text
	if m.Tone == ui.ToneStop {
		tone = l.t.stop
	}
	if m.Lead != "" && l.width(m.Title, typeName) <= right-left {
		l.label(image.Rect(left, y, right, y+32), m.Title, typeName, tone, true)
		y += 40
	} else {
		y += up8(l.paragraph(image.Rect(left, y, right, min(y+56, bottom)), m.Title, typeTitle, tone, 28, true)) + 8
	}
	for _, p := range m.Paragraphs {
		y += l.paragraph(image.Rect(left, y, right, bottom), p.S, typeBody, l.t.tone(p.Tone), 20, false)
	}
	l.chips(left, min(up8(y+8), b.Max.Y-8-chipH), b.Max.Y-8, m.Chips)
}

// signIn is the QR code at the left and the way without a camera beside it.
func (l *layout) signIn(s ui.SignIn) {
	b := l.body()
	left := margin
	if c := l.p.code(s.Payload); c != nil {
		scale := max(152/c.side(), 1)
		box := up8(c.side() * scale)
		if box <= b.Dy()-16 {
			y := b.Min.Y + 8
			l.add(item{kind: kindCode, slot: image.Rect(left, y, left+box, y+box), fg: l.t.module, bg: l.t.quiet, text: s.Payload, scale: scale})
			left += box + 16
		}
	}
	if s.Until.S != "" {
		l.label(image.Rect(margin, b.Max.Y-24, left+96, b.Max.Y), s.Until.S, typeSmallTab, l.t.tone(s.Until.Tone), true)
	}
	defer func(was bool) { l.flow = was }(l.flow)
	l.flow = true
	right := b.Max.X - 8
	y := b.Min.Y + 8
	y += l.paragraph(image.Rect(left, y, right, y+40), s.Lead, typeLead, l.t.text, 20, true) + 4
	l.label(image.Rect(left, y, right, y+20), s.Or, typeSmall, l.t.muted, true)
	y += 20
	y += l.url(image.Rect(left, y, right, y+40), s.URL)
	if s.Code == "" {
		return
	}
	l.label(image.Rect(left, y, right, y+20), s.AndType, typeSmall, l.t.muted, true)
	y += 24
	l.label(image.Rect(left, y, right, y+32), s.Code, l.fit(s.Code, right-left, typeCode, 13), l.t.text, false)
}

// url sets an address in one line, or in two broken at a slash.
func (l *layout) url(slot image.Rectangle, u string) int {
	const leading = 20
	st := typeLabel
	if l.width(u, st) <= slot.Dx() {
		l.label(image.Rect(slot.Min.X, slot.Min.Y, slot.Max.X, slot.Min.Y+leading), u, st, l.t.text, false)
		return leading
	}
	cut := 0
	for i, r := range u {
		if r == '/' && i > 0 && l.width(u[:i], st) <= slot.Dx() {
			cut = i
		}
	}
	if cut == 0 {
		l.label(image.Rect(slot.Min.X, slot.Min.Y, slot.Max.X, slot.Min.Y+leading), u, st, l.t.text, false)
		return leading
	}
	l.label(image.Rect(slot.Min.X, slot.Min.Y, slot.Max.X, slot.Min.Y+leading), u[:cut], st, l.t.text, false)
	l.label(image.Rect(slot.Min.X, slot.Min.Y+leading, slot.Max.X, slot.Min.Y+2*leading), u[cut:], st, l.t.text, false)
	return 2 * leading
}
