package lcd

import (
	"image"
	"image/color"
	"strings"

	"phoned/ui"
)

// clock: the time in large, the day, what waits.
func (l *layout) clock(c ui.Clock) {
	w := l.bounds.Max.X - margin
	y := l.body().Min.Y + 16
	l.label(image.Rect(margin, y, w, y+48), c.Time, l.ty.clock, l.t.text, false)
	l.label(image.Rect(margin, y+48, w, y+80), c.Date, l.ty.row, l.t.muted, true)
	big := chipStyle{l.ty.label, 32, 12}
	for _, less := range []chipStyle{l.smallChip(), {normal.ty.chip, normal.chipH, 8}} {
		if y+88+l.chipsHeight(margin, c.Chips, big) <= l.body().Max.Y-8 && l.chipsFit(c.Chips, big) {
			break
		}
		big = less
	}
	l.chips(margin, y+88, l.body().Max.Y-8, c.Chips, big)
}

// row is a line of a list.
func (l *layout) row(slot image.Rectangle, r ui.Row, focus bool) {
	ground := l.ground
	st := l.ty.row
	if focus {
		l.add(item{kind: kindFill, slot: slot, fg: l.t.pick, bg: ground, area: true})
		l.add(item{kind: kindFill, slot: image.Rect(slot.Min.X, slot.Min.Y, slot.Min.X+4, slot.Max.Y), fg: l.t.chosen, bg: l.t.pick, area: true})
		l.ground = l.t.pick
		st = l.ty.rowFocus
	}
	x, right := slot.Min.X+margin, slot.Max.X-margin
	if r.Icon != ui.IconNone {
		if !r.Hollow {
			l.icon(image.Pt(x, slot.Min.Y+(slot.Dy()-iconSize)/2), r.Icon, l.tone(r.IconTone))
		}
		x += iconSize + 8
	}
	if r.Open {
		l.icon(image.Pt(right-iconSize+4, slot.Min.Y+(slot.Dy()-iconSize)/2), ui.IconChevron, l.tone(ui.ToneMuted))
		right -= iconSize + 4
	}
	if r.Value.S != "" {
		vs := l.ty.small
		if strings.Contains(r.Value.S, ":") {
			vs = l.ty.smallTab
		}
		w := min(l.width(r.Value.S, vs), (right-x)*6/10)
		l.value(image.Rect(right-w, slot.Min.Y, right, slot.Max.Y), r, vs)
		right -= w + 16
	}
	// Large type gives way to the design's before a word is cut.
	st = l.fit(r.Label, right-x, st, normal.ty.row.size)
	l.label(image.Rect(x, slot.Min.Y, right, slot.Max.Y), r.Label, st, l.tone(ui.ToneText), false)
	l.ground = ground
}

// value sets the value of a row, what was typed of it in the accent.
func (l *layout) value(slot image.Rectangle, r ui.Row, st style) {
	s, fg := r.Value.S, l.tone(r.Value.Tone)
	from, to := r.Hit[0], r.Hit[1]
	if to <= from || l.width(s, st) > slot.Dx() {
		l.right(slot, s, st, fg)
		return
	}
	x := slot.Min.X
	for _, run := range []struct {
		s string
		c color.RGBA
	}{{s[:from], fg}, {s[from:to], l.tone(ui.ToneAccent)}, {s[to:], fg}} {
		x += l.label(image.Rect(x, slot.Min.Y, slot.Max.X+1, slot.Max.Y), run.s, st, run.c, false)
	}
}

// list shows the rows round the selected one.
func (l *layout) list(v ui.List) {
	b := l.body()
	if len(v.Rows) == 0 {
		l.label(image.Rect(margin, b.Min.Y+16, b.Max.X-margin, b.Min.Y+48), v.Empty, l.ty.row, l.t.muted, true)
		return
	}
	l.glide(image.Rect(0, b.Min.Y+8, b.Max.X, b.Max.Y-8), v)
}

// glide is rows on their way from where they stood for v.From to where they stand
// for v.Index.
func (l *layout) glide(slot image.Rectangle, v ui.List) {
	n := slot.Dy() / l.rowH
	from, to := firstRow(v.From, n, len(v.Rows)), firstRow(v.Index, n, len(v.Rows))
	if v.Glide <= 0 || v.Glide >= ui.GlideWhole || from == to || n <= 0 {
		l.rows(slot, v.Rows, v.Index)
		return
	}
	// From afar only the last rows of the way are shown.
	from = min(max(from, to-1), to+1)
	window := image.Rect(slot.Min.X, slot.Min.Y, slot.Max.X, slot.Min.Y+n*l.rowH)
	l.window = window
	top := from*l.rowH + (to-from)*l.rowH*v.Glide/ui.GlideWhole
	for i := min(from, to); i < len(v.Rows) && i < max(from, to)+n; i++ {
		y := slot.Min.Y + i*l.rowH - top
		if r := image.Rect(slot.Min.X, y, slot.Max.X, y+l.rowH); r.Overlaps(window) {
			l.row(r, v.Rows[i], v.Rows[i].Focus)
		}
	}
	l.window = image.Rectangle{}
	l.place(slot, n, len(v.Rows), top, l.rowH)
}

// firstRow is the row on top of a list of n rows' room in which index is selected:
// it is kept off the edge where there is more.
func firstRow(index, n, rows int) int {
	index = min(max(index, 0), rows-1)
	first := min(max(index-n+2, 0), max(rows-n, 0))
	return min(first, max(index, 0))
}

// rows fills slot with the rows round index, which is kept off the edge where
// there is more; a bar at the right tells the place in a longer list.
func (l *layout) rows(slot image.Rectangle, rows []ui.Row, index int) {
	n := slot.Dy() / l.rowH
	if n <= 0 {
		return
	}
	first := firstRow(index, n, len(rows))
	y := slot.Min.Y
	for i := first; i < len(rows) && i < first+n; i++ {
		l.row(image.Rect(slot.Min.X, y, slot.Max.X, y+l.rowH), rows[i], rows[i].Focus)
		y += l.rowH
	}
	l.place(slot, n, len(rows), first*l.rowH, l.rowH)
}

// place is the bar at the right that tells which of the rows are seen; top is how
// many pixels of them are above.
func (l *layout) place(slot image.Rectangle, n, rows, top, rowH int) {
	if rows <= n {
		return
	}
	h := n * rowH
	bar := max(h*n/rows, 16)
	at := slot.Min.Y + (h-bar)*top/((rows-n)*rowH)
	l.add(item{kind: kindFill, slot: image.Rect(slot.Max.X-5, at, slot.Max.X-2, at+bar), fg: l.t.muted, bg: l.t.ground, radius: 1, area: true})
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
		l.label(image.Rect(margin, y+8, b.Max.X-margin, y+32), e.Note.S, l.ty.body, l.t.tone(e.Note.Tone), false)
		y += 32
	}
	l.chips(margin, y+8, b.Max.Y-8, e.Chips, l.smallChip())
}

// caretW is the cursor's width.
const caretW = 3

// caretGap is what the digits keep off it: with their own bearing 6 pixels.
const caretGap = 5

// number sets the digits as large as they fit and shows the part round the
// cursor of those that never do.
func (l *layout) number(slot image.Rectangle, e ui.Entry) {
	caret := func(x int) {
		l.add(item{kind: kindFill, slot: image.Rect(x, slot.Min.Y+4, x+caretW, slot.Max.Y-4), fg: l.t.chosen, bg: l.ground, radius: 1, area: true})
	}
	st := l.ty.digits
	if e.Text == "" {
		caret(slot.Min.X)
		l.label(image.Rect(slot.Min.X+12, slot.Min.Y, slot.Max.X, slot.Max.Y), e.Hint, l.ty.number, l.t.muted, true)
		return
	}
	room := slot.Dx() - caretW - 2*caretGap
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
	x := slot.Min.X
	if before != "" {
		x += bw + caretGap
	}
	if e.Pending && bw > 0 {
		w := max(l.width(string(rs[at-1]), st), 8)
		l.add(item{kind: kindFill, slot: image.Rect(slot.Min.X+bw-w, slot.Max.Y-3, slot.Min.X+bw, slot.Max.Y-1), fg: l.t.chosen, bg: l.ground, area: true})
	}
	caret(x)
	if after != "" && x+caretW+caretGap < slot.Max.X {
		l.label(image.Rect(x+caretW+caretGap, slot.Min.Y, slot.Max.X, slot.Max.Y), after, st, l.t.text, false)
	}
}

// big is the one number that matters, as large as it fits.
func (l *layout) big(v ui.Big) {
	w := l.bounds.Max.X - margin
	y := l.body().Min.Y + 24
	l.label(image.Rect(margin, y, w, y+24), v.Lead, l.ty.number, l.t.muted, true)
	st := l.fit(v.Text, w-margin, l.ty.big, 26)
	l.label(image.Rect(margin, y+32, w, y+96), v.Text, st, l.t.text, false)
	l.label(image.Rect(margin, y+104, w, y+128), v.Sub.S, l.ty.number, l.tone(v.Sub.Tone), false)
}

// message is a sentence and its explanation.
func (l *layout) message(m ui.Message) {
	b := l.body()
	left, right := margin, b.Max.X-margin
	y := b.Min.Y + 16
	if m.Lead != "" {
		l.label(image.Rect(left, y, right, y+24), m.Lead, l.ty.number, l.t.muted, false)
		y += 24
	}
	bottom := b.Max.Y - 8
	if m.Strip.Text != "" {
		bottom = l.strip(m.Strip)
	}
	if m.Details != "" {
		bottom = l.details(m, bottom)
	}
	tone := l.t.text
	if m.Tone == ui.ToneStop {
		tone = l.t.stop
	}
	if m.Lead != "" && l.width(m.Title, l.ty.name) <= right-left {
		l.label(image.Rect(left, y, right, y+32), m.Title, l.ty.name, tone, true)
		y += 40
	} else {
		st := l.fit(m.Title, right-left, l.ty.title, 18)
		if l.width(m.Title, st) > right-left {
			st = l.ty.title
		}
		y += up8(l.paragraph(image.Rect(left, y, right, min(y+2*(l.ty.title.size+8), bottom)), m.Title, st, tone, l.ty.title.size+8, true)) + 8
	}
	st := l.bodyStyle(m.Paragraphs, right-left, bottom-y)
	for _, p := range m.Paragraphs {
		y += l.paragraph(image.Rect(left, y, right, bottom), p.S, st, l.t.tone(p.Tone), st.size+6, false)
	}
}

// bodyStyle is the largest size, down to the design's, at which paragraphs fit
// a room.
func (l *layout) bodyStyle(ps []ui.Text, width, height int) style {
	st := l.ty.body
	for ; st.size > normal.ty.body.size; st.size -= 2 {
		h := 0
		for _, p := range ps {
			lines, _ := l.wrap(p.S, st, width, 99)
			h += len(lines) * (st.size + 6)
		}
		if h <= height {
			break
		}
	}
	return st
}

// details are what the machine said, small at the end; it returns where they
// begin.
func (l *layout) details(m ui.Message, bottom int) int {
	leading := l.ty.detail.size + 4
	left, right := margin, l.bounds.Max.X-margin
	lines, _ := l.wrap(m.Details, l.ty.detail, right-left, 2)
	y := bottom - leading*(len(lines)+1)
	y -= y % 8
	l.label(image.Rect(left, y, right, y+leading), m.DetailsAre, l.ty.header, l.t.muted, true)
	l.paragraph(image.Rect(left, y+leading, right, y+leading*3), m.Details, l.ty.detail, l.t.muted, leading, false)
	return y
}

// signIn is the QR code at the left and the way without a camera beside it.
func (l *layout) signIn(s ui.SignIn) {
	// All of it has to be on one page: the type of the design in every theme.
	defer func(was *measures) { l.measures = was }(l.measures)
	l.measures = &normal
	const leading = 17
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
	if s.Strip.Text != "" {
		l.strip(s.Strip)
	}
	defer func(was bool) { l.flow = was }(l.flow)
	l.flow = true
	right := b.Max.X - 8
	y := b.Min.Y + 8
	if s.Fingerprint != nil {
		l.ownPage(image.Rect(left, y, right, b.Max.Y), s)
		return
	}
	y += l.paragraph(image.Rect(left, y, right, y+2*(l.ty.lead.size+3)), s.Lead, l.ty.lead, l.t.text, l.ty.lead.size+3, true) + 4
	l.label(image.Rect(left, y, right, y+leading), s.Or, l.ty.small, l.t.muted, true)
	y += leading
	y += l.url(image.Rect(left, y, right, y+2*leading), s.URL)
	if s.Code != "" {
		l.label(image.Rect(left, y, right, y+leading), s.AndType, l.ty.small, l.t.muted, true)
		y += leading + 2
		l.label(image.Rect(left, y, right, y+28), s.Code, l.fit(s.Code, right-left, l.ty.code, 13), l.t.text, false)
		y += 28
	}
	l.label(image.Rect(left, y, right, y+leading), s.Until.S, l.ty.smallTab, l.tone(s.Until.Tone), true)
}

// ownPage is the address of the phone's own page, its code and its certificate.
func (l *layout) ownPage(slot image.Rectangle, s ui.SignIn) {
	const leading, row = 15, 14
	y, left, right := slot.Min.Y, slot.Min.X, slot.Max.X
	y += l.url(image.Rect(left, y, right, y+2*leading), s.URL)
	l.label(image.Rect(left, y, right, y+24), s.Code, l.fit(s.Code, right-left, l.ty.code, 13), l.t.text, false)
	y += 24
	l.label(image.Rect(left, y, right, y+leading), s.Until.S, l.ty.smallTab, l.tone(s.Until.Tone), true)
	y += leading + 2
	l.label(image.Rect(left, y, right, y+leading), s.Compare, l.fit(s.Compare, right-left, l.ty.small, 11), l.t.muted, true)
	y += leading
	for _, f := range s.Fingerprint {
		l.label(image.Rect(left, y, right, y+row), f, l.fit(f, right-left, style{weight: regular, size: 12, tabular: true}, 10), l.t.text, false)
		y += row
	}
}

// url sets an address in one line, or in two broken at a dot or slash.
func (l *layout) url(slot image.Rectangle, u string) int {
	leading := l.ty.small.size + 4
	st := l.fit(u, slot.Dx(), l.ty.label, 11)
	if l.width(u, st) <= slot.Dx() {
		l.label(image.Rect(slot.Min.X, slot.Min.Y, slot.Max.X, slot.Min.Y+leading), u, st, l.t.text, false)
		return leading
	}
	cut := 0
	for i, r := range u {
		if (r == '/' || r == '.') && i > 0 && l.width(u[:i], st) <= slot.Dx() {
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

// strip is a line over the whole width above the soft keys; it returns where
// it begins.
func (l *layout) strip(s ui.Strip) int {
	ground := l.ground
	slot := image.Rect(0, l.body().Max.Y-l.stripH, l.bounds.Max.X, l.body().Max.Y)
	fill, fg := l.t.pick, l.t.onPick[s.Tone]
	if s.Solid {
		fill = l.t.tone(s.Tone)
		if s.Tone == ui.ToneWarn {
			fill = l.t.alarm
		}
		fg = l.t.against(fill)
	}
	l.add(item{kind: kindFill, slot: slot, fg: fill, bg: ground, area: true})
	l.ground = fill
	l.icon(image.Pt(margin, slot.Min.Y+(l.stripH-iconSize)/2), s.Icon, fg)
	text := image.Rect(margin+iconSize+8, slot.Min.Y, slot.Max.X-8, slot.Max.Y)
	l.label(text, s.Text, l.fit(s.Text, text.Dx(), l.ty.label, 12), fg, true)
	l.ground = ground
	return slot.Min.Y
}

// fit gives the style at the size that a text needs to fit, not below least.
func (l *layout) fit(s string, width int, st style, least int) style {
	for st.size > least && l.width(s, st) > width {
		st.size -= 2
	}
	return st
}
