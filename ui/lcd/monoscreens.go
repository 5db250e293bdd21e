package lcd

import (
	"image"
	"slices"
	"strings"

	"phoned/ui"
)

func (l *bitLayout) bodyOf(room image.Rectangle, b ui.Body) {
	switch b := b.(type) {
	case ui.Clock:
		l.clock(room, b)
	case ui.Call:
		l.call(room, b)
	case ui.Entry:
		l.entry(room, b)
	case ui.Message:
		l.message(room, b)
	case ui.SignIn:
		l.signIn(room, b)
	case ui.List:
		l.list(room, b)
	case ui.Prose:
		l.prose(room, b)
	case ui.Big:
		l.pile(room, []block{
			l.line(2, b.Lead, true, bitSmall),
			l.ladder(0, b.Text, bitClock...),
			l.ladder(1, b.Sub.S, bitText, bitSmall),
		})
	}
}

// ladder is a block of one line in every face that it fits.
func (l *bitLayout) ladder(rank int, s string, faces ...bitFace) block {
	b := block{rank: rank}
	room := l.bounds.Dx() - 2*bitEdge
	for i, f := range faces {
		if l.width(s, f) <= room || i == len(faces)-1 {
			b.ways = append(b.ways, way{l.height(f), func(y int) { l.text(bitEdge, y, room, s, f, false) }})
		}
	}
	return b
}

// clock is the time as large as it fits beside what waits, then the day.
func (l *bitLayout) clock(room image.Rectangle, c ui.Clock) {
	under, chips := c.Date, c.Chips
	if room.Dx() < bitWide { // what keeps calls away matters more than the day
		if i := slices.IndexFunc(chips, func(ch ui.Chip) bool { return ch.Icon == ui.IconForward || ch.Icon == ui.IconMoon }); i >= 0 {
			under, chips = chips[i].Text, slices.Delete(slices.Clone(chips), i, i+1)
		}
	}
	date := l.paragraph(1, under, true, 1, bitText, bitSmall)
	column := 0
	for _, ch := range chips {
		column = max(column, bitIcon+3+l.width(leadingNumber(ch.Text), bitText))
	}
	beside := l.logo != nil && (len(chips) == 0 || room.Dx() >= bitWide)
	if beside {
		column = max(column, bitClockLogo)
	}
	tall := room.Dy() - 9
	faces := make([]bitFace, 0, len(bitClock)+1)
	for _, f := range bitClock {
		if l.height(f) <= tall {
			faces = append(faces, f)
		}
	}
	faces = append(faces, bitStrong)
	f := l.fit(c.Time, room.Dx()-column-2*bitEdge-2, faces...)
	clock := block{ways: []way{{l.height(f), func(y int) {
		x := room.Min.X + bitEdge + l.text(room.Min.X+bitEdge, y, room.Dx(), c.Time, f, false)
		right := room.Max.X - bitEdge
		if beside {
			right -= l.setLogo(image.Rect(max(x+6, right-room.Dx()/3), y+2, right, y+l.height(f)-2), true) + 4
		}
		l.clockChips(image.Rect(x+4, y+1, right, y+l.height(f)), chips)
	}}}}
	l.pile(room, []block{clock, date})
}

// clockChips are icons beside the clock, each with its words where there is
// room for them, otherwise with its number.
func (l *bitLayout) clockChips(room image.Rectangle, chips []ui.Chip) {
	y := room.Min.Y
	for _, c := range chips {
		if y+bitRowH > room.Max.Y {
			break
		}
		s := c.Text
		if l.width(s, bitSmall) > room.Dx()-bitIcon-3 {
			s = leadingNumber(s)
		}
		x := room.Max.X - l.width(s, bitSmall) - bitIcon - 3
		if s == "" {
			x = room.Max.X - bitIcon
		}
		l.icon(x, y, bitRowH, c.Icon)
		l.text(x+bitIcon+2, y+1, room.Dx(), s, bitSmall, false)
		y += bitRowH
	}
}

// leadingNumber is the number a text begins with.
func leadingNumber(s string) string {
	n := strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' })
	if n < 0 {
		return s
	}
	return s[:n]
}

// call is one call, the others as rows beneath.
func (l *bitLayout) call(room image.Rectangle, c ui.Call) {
	rank := 1
	if c.Strip.Tone == ui.ToneText {
		rank = spareRank // it explains, it does not warn
	}
	if c.Strip.Text != "" && rank == 1 {
		room = l.banner(room, c.Strip.Icon, c.Strip.Text)
	}
	var blocks []block
	if c.Label.S != "" {
		blocks = append(blocks, l.callLabel(room, c))
	}
	name := l.line(0, c.Name, false, bitName...)
	if c.Compact {
		name = l.line(0, c.Name, false, bitStrong)
	}
	blocks = append(blocks, name)
	if c.Remark && strings.Contains(c.Timer.S, " ") {
		blocks = append(blocks, l.line(3, c.Number, false, bitText, bitSmall), l.line(1, c.Timer.S, false, bitSmall))
	} else {
		blocks = append(blocks, l.numberAndTimer(room, c))
	}
	blocks = append(blocks, l.line(3, c.Note.S, false, bitSmall), l.chips(c.Chips))
	for i, r := range c.Rows {
		blocks = append(blocks, block{min(2+i, 3), []way{{bitRowH, func(y int) { l.row(image.Rect(0, y, room.Max.X, y+bitRowH), r) }}}})
	}
	if rank == spareRank {
		blocks = append(blocks, l.paragraph(spareRank, c.Strip.Text, true, 2, bitSmall))
	}
	l.pile(room, blocks)
}

// callLabel says what is with the call, in two lines where a name makes it
// long.
func (l *bitLayout) callLabel(room image.Rectangle, c ui.Call) block {
	x := bitEdge
	if c.Icon != ui.IconNone {
		x += bitIcon + 2
	}
	lines := l.wrap(c.Label.S, bitSmall, room.Dx()-x-bitEdge)
	set := func(n int) way {
		return way{8 * n, func(y int) {
			if c.Icon != ui.IconNone && !c.Blink {
				l.icon(bitEdge, y, 8, c.Icon)
			}
			for i := range n {
				s := lines[i]
				if i == n-1 {
					s = strings.Join(lines[i:], " ")
				}
				l.text(x, y+8*i, room.Dx()-x, s, bitSmall, true)
			}
		}}
	}
	if len(lines) > 1 {
		return block{2, []way{set(2), set(1)}}
	}
	return block{2, []way{set(len(lines))}}
}

// numberAndTimer share a line.
func (l *bitLayout) numberAndTimer(room image.Rectangle, c ui.Call) block {
	if c.Number == "" && c.Timer.S == "" {
		return block{}
	}
	set := func(f bitFace) way {
		return way{l.height(f), func(y int) {
			tw := l.right(room.Max.X-bitEdge, y, room.Dx(), c.Timer.S, f, false)
			left := room.Dx() - tw - 2*bitEdge - 4
			n := l.fit(c.Number, left, bitText, bitSmall)
			l.text(bitEdge, y+(l.height(f)-l.height(n)+1)/2, left, c.Number, n, false)
		}}
	}
	if c.Timer.S == "" {
		return block{1, []way{set(bitText), set(bitSmall)}}
	}
	return block{1, []way{set(bitFace{bit9x15B, 1}), set(bitText), set(bitSmall)}}
}

// chips are words in a line: as many as fit whole.
func (l *bitLayout) chips(cs []ui.Chip) block {
	s := ""
	for _, c := range cs {
		next := c.Text
		if s != "" {
			next = s + " · " + next
		}
		if l.width(next, bitSmall) > l.bounds.Dx()-2*bitEdge {
			continue
		}
		s = next
	}
	return l.line(spareRank+1, s, true, bitSmall)
}

// row is a line of a list; it takes two lines where label and value do not
// fit one and it is the chosen one.
func (l *bitLayout) row(slot image.Rectangle, r ui.Row) {
	if r.Focus {
		l.fill(image.Rect(slot.Min.X, slot.Min.Y, slot.Max.X, slot.Max.Y))
		l.invert = true
		defer func() { l.invert = false }()
	}
	x, right := slot.Min.X+1, slot.Max.X-1
	if r.Icon != ui.IconNone {
		if !r.Hollow {
			l.icon(x, slot.Min.Y, bitRowH, r.Icon)
		}
		x += bitIcon + 2
	}
	if lines := l.wrap(r.Label, bitSmall, right-x); slot.Dy() > bitRowH && len(lines) > 1 {
		l.text(x, slot.Min.Y+1, right-x, lines[0], bitSmall, false)
		l.text(x, slot.Min.Y+bitRowH, right-x, strings.Join(lines[1:], " "), bitSmall, false)
		return
	}
	if slot.Dy() > bitRowH {
		l.right(right, slot.Min.Y+bitRowH, right-x, r.Value.S, bitSmall, false)
		l.text(x, slot.Min.Y, right-x, r.Label, l.fit(r.Label, right-x, bitText, bitSmall), false)
		return
	}
	if v := l.width(r.Value.S, bitSmall); v > 0 && (x+4+v+l.width(r.Label, bitSmall) <= right || v <= (right-x)/2) {
		right -= l.right(right, slot.Min.Y+1, right-x, r.Value.S, bitSmall, false) + 4
	}
	f := l.fit(r.Label, right-x, bitText, bitSmall)
	l.text(x, slot.Min.Y+(bitRowH-l.height(f)+1)/2, right-x, r.Label, f, false)
}

// rowHeight is one line, or two for a label that is longer, and for a chosen
// row with a value beside it.
func (l *bitLayout) rowHeight(r ui.Row) int {
	room := l.bounds.Dx() - 5 // beside the bar of a longer list
	if r.Icon != ui.IconNone {
		room -= bitIcon + 2
	}
	label := l.width(r.Label, bitSmall)
	if r.Focus && r.Value.S != "" && label+l.width(r.Value.S, bitSmall)+4 > room || r.Value.S == "" && label > room {
		return 2 * bitRowH
	}
	return bitRowH
}

func (l *bitLayout) list(room image.Rectangle, v ui.List) {
	if len(v.Rows) == 0 {
		l.pile(room, []block{l.paragraph(0, v.Empty, true, 2, bitText, bitSmall)})
		return
	}
	l.rows(room, v.Rows, v.Index)
}

// rows shows those round the chosen one, with a bar for the place in a longer
// list.
func (l *bitLayout) rows(room image.Rectangle, rows []ui.Row, index int) {
	index = min(max(index, 0), len(rows)-1)
	h := func(from, to int) int {
		sum := 0
		for _, r := range rows[from:to] {
			sum += l.rowHeight(r)
		}
		return sum
	}
	first := 0
	for first < index && h(first, min(index+2, len(rows))) > room.Dy() {
		first++
	}
	last := first
	for last < len(rows) && h(first, last+1) <= room.Dy() {
		last++
	}
	for first > 0 && h(first-1, last) <= room.Dy() {
		first--
	}
	width := room.Max.X
	if last-first < len(rows) {
		width -= 3
		bar := max(room.Dy()*(last-first)/len(rows), 4)
		at := room.Min.Y
		if n := len(rows) - (last - first); n > 0 {
			at += (room.Dy() - bar) * first / n
		}
		l.fill(image.Rect(room.Max.X-2, at, room.Max.X, at+bar))
	}
	y := room.Min.Y
	for i := first; i < last; i++ {
		next := y + l.rowHeight(rows[i])
		l.row(image.Rect(room.Min.X, y, width, next), rows[i])
		y = next
	}
}

// entry is the number being dialled with its cursor, then suggestions.
func (l *bitLayout) entry(room image.Rectangle, e ui.Entry) {
	width := room.Dx() - 2*bitEdge - 4
	var number block
	if e.Text == "" {
		number = block{ways: []way{{13, func(y int) {
			l.fill(image.Rect(bitEdge, y, bitEdge+2, y+13))
			l.text(bitEdge+5, y+2, width, e.Hint, l.fit(e.Hint, width, bitText, bitSmall), true)
		}}}}
	} else {
		for _, f := range bitDigits {
			if l.width(e.Text, f) > width && f != bitDigits[len(bitDigits)-1] {
				continue
			}
			number.ways = append(number.ways, way{l.height(f), func(y int) { l.number(y, width, e, f) }})
		}
	}
	blocks := []block{number}
	if len(e.Rows) == 0 {
		l.pile(room, append(blocks, l.line(3, e.Note.S, false, bitText, bitSmall), l.chips(e.Chips)))
		return
	}
	// The suggestions have what the number leaves; two rows at least.
	for len(number.ways) > 1 && number.ways[0].h+2*bitRowH > room.Dy() {
		number.ways = number.ways[1:]
	}
	top := room
	top.Max.Y = room.Min.Y + number.ways[0].h
	l.pile(top, []block{{0, number.ways[:1]}})
	index := 0
	for i, r := range e.Rows {
		if r.Focus {
			index = i
		}
	}
	l.rows(image.Rect(room.Min.X, top.Max.Y+1, room.Max.X, room.Max.Y), e.Rows, index)
}

// number sets digits with the cursor, the part round it of those that are too
// many.
func (l *bitLayout) number(y, width int, e ui.Entry, f bitFace) {
	rs := []rune(e.Text)
	at := min(max(e.Cursor, 0), len(rs))
	before, after := string(rs[:at]), string(rs[at:])
	share := width
	if after != "" {
		share = max(width*2/3, width-l.width(after, f))
	}
	for b := []rune(before); l.width(before, f) > share && len(b) > 1; {
		b = b[1:]
		before = ellipsis + string(b)
	}
	x := bitEdge + l.text(bitEdge, y, width, before, f, false)
	if e.Pending && x > bitEdge {
		w := l.width(string(rs[at-1]), f)
		l.fill(image.Rect(x-w, y+l.height(f), x-1, y+l.height(f)+1))
	}
	l.fill(image.Rect(x+1, y, x+2, y+l.height(f)))
	l.text(x+3, y, width+4-x, after, f, false)
}

func (l *bitLayout) message(room image.Rectangle, m ui.Message) {
	if m.Strip.Text != "" {
		room = l.banner(room, m.Strip.Icon, m.Strip.Text)
	}
	blocks := []block{l.line(3, m.Lead, false, bitSmall), l.paragraph(0, m.Title, true, 2, bitStrong, bitText, bitSmall)}
	for i, p := range m.Paragraphs {
		blocks = append(blocks, l.paragraph(min(1+i, 3), p.S, false, 9, bitSmall))
	}
	if m.Details != "" {
		blocks = append(blocks, l.paragraph(spareRank, m.Details, false, 9, bitSmall))
	}
	l.pile(room, blocks)
}

// signIn is the address and the code to type, with the QR code where it can
// be drawn two pixels a module.
func (l *bitLayout) signIn(room image.Rectangle, s ui.SignIn) {
	if c := l.codes.code(s.Payload); c != nil && 2*c.side() <= room.Dy()-20 && 2*c.side() <= room.Dx() {
		scale := min((room.Dy()-20)/c.side(), room.Dx()/c.side())
		side := scale * c.side()
		l.add(bitItem{slot: image.Rect(bitEdge, room.Min.Y, bitEdge+side, room.Min.Y+side), code: s.Payload, scale: scale})
		room.Min.Y += side + 1
		l.pile(room, []block{l.line(0, s.Code, false, bitName...), l.line(1, s.Until.S, true, bitSmall)})
		return
	}
	l.pile(room, []block{
		l.paragraph(1, s.URL, false, 9, bitSmall),
		l.line(2, s.AndType, true, bitSmall),
		l.line(0, s.Code, false, bitFace{bit9x15B, 1}, bitStrong, bitSmall),
		l.line(3, s.Until.S, true, bitSmall),
	})
}

// volume is a slider over the whole body.
func (l *bitLayout) volume(room image.Rectangle, v ui.Volume) {
	y := room.Min.Y + (room.Dy()-24)/2
	x := bitEdge + l.icon(bitEdge, y, bitRowH, v.Icon)
	right := room.Max.X - bitEdge
	right -= l.right(right, y, 40, v.Value, bitText, false) + 4
	l.text(x, y, right-x, v.Label, l.fit(v.Label, right-x, bitText, bitSmall), true)
	y += 14
	track := image.Rect(bitEdge+1, y, room.Max.X-bitEdge-1, y+10)
	for _, e := range []image.Rectangle{{track.Min, image.Pt(track.Max.X, y+1)}, {image.Pt(track.Min.X, y+9), track.Max},
		{track.Min, image.Pt(track.Min.X+1, y+10)}, {image.Pt(track.Max.X-1, y), track.Max}} {
		l.fill(e)
	}
	if w := (track.Dx() - 4) * v.Percent / 100; w > 0 {
		l.fill(image.Rect(track.Min.X+2, y+2, track.Min.X+2+w, y+8))
	}
}
