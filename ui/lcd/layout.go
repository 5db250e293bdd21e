package lcd

import (
	"image"
	"image/color"
	"strings"

	"phoned/ui"
)

// layout places the parts of a screen and collects the display list.
type layout struct {
	*measures
	p      *painter
	t      *theme
	bounds image.Rectangle
	items  []item
	part   part
	flow   bool            // what is added flows with its leading
	window image.Rectangle // what is added is to be seen in here only; empty: everywhere
	// ground is what texts of the body stand on, for contrast.
	ground color.RGBA
}

func (l *layout) add(it item) {
	it.part, it.flow, it.window = l.part, l.flow, l.window
	l.items = append(l.items, it)
}

// body is the space between header and soft keys.
func (l *layout) body() image.Rectangle {
	b := l.bounds
	return image.Rect(b.Min.X, b.Min.Y+l.headerH, b.Max.X, b.Max.Y-l.barH)
}

func (l *layout) screen(s ui.Screen) {
	l.ground = l.t.ground
	l.part = partGround
	l.add(item{kind: kindFill, slot: l.bounds, fg: l.t.ground, bg: l.t.ground, area: true})
	if s.Glow > 0 {
		top := mix(l.t.ground, l.t.glow, s.Glow, ui.GlowMax)
		slot := l.bounds
		slot.Max.Y -= l.barH
		l.add(item{kind: kindGlow, slot: slot, fg: top, bg: l.t.ground, area: true})
		l.ground = l.t.glow // texts read on it at its strongest
	}
	l.part = partHeader
	l.header(s.Header, l.headerLogo(s))
	l.part = partBody
	from := len(l.items)
	l.bodyOf(s.Body)
	l.clockLogo(s)
	if o := l.overlay(s); !o.Empty() {
		l.hide(from, o)
	}
	l.part = partBar
	l.ground = l.t.bar
	l.softKeys(s.Keys)
}

func (l *layout) bodyOf(b ui.Body) {
	switch b := b.(type) {
	case ui.Clock:
		l.clock(b)
	case ui.Call:
		if b.Compact {
			l.callCompact(b)
		} else {
			l.call(b)
		}
	case ui.Entry:
		l.entry(b)
	case ui.Message:
		l.message(b)
	case ui.SignIn:
		l.signIn(b)
	case ui.List:
		l.list(b)
	case ui.Big:
		l.big(b)
	case ui.Prose:
		l.prose(b)
	}
}

// hide takes the items of the body that an overlay covers, even in part, out
// of the list; the overlay's own items were added after them.
func (l *layout) hide(from int, o image.Rectangle) {
	kept := l.items[:from]
	for _, it := range l.items[from:] {
		if it.part == partBody && it.slot.Overlaps(o) {
			if it.area && it.slot.Dy() > o.Dy() {
				kept = append(kept, it)
			}
			continue
		}
		kept = append(kept, it)
	}
	l.items = kept
}

// header is the line on top: time, title; index, badges, extension.
func (l *layout) header(h ui.Header, logo *ui.Logo) {
	slot := image.Rect(headPad, 0, l.bounds.Max.X-headPad, l.headerH)
	x := slot.Min.X
	if h.Time != "" {
		x += l.label(slot, h.Time, l.ty.time, l.t.text, false) + 8
	}
	if logo != nil {
		box := image.Rect(x, 3, x+headLogo, l.headerH-3)
		if used := l.logo(box, logo, false); used > 0 {
			x += used + 8
		}
	}
	right := slot.Max.X
	place := func(s string, st style, c color.RGBA) {
		if s == "" {
			return
		}
		w := min(l.width(s, st), 112)
		l.label(image.Rect(right-w, 0, right, l.headerH), s, st, c, false)
		right -= w + 8
	}
	place(h.Right.S, l.ty.header, l.tone(h.Right.Tone))
	for i := len(h.Badges) - 1; i >= 0 && right > 160; i-- {
		b := h.Badges[i]
		if b.Text != "" {
			place(b.Text, l.ty.header, l.tone(b.Tone))
			right += 4
		}
		if b.Icon == ui.IconDot {
			right += 4 // the dot is smaller than its square
		}
		l.icon(image.Pt(right-iconSize, (l.headerH-iconSize)/2), b.Icon, l.t.tone(b.Tone))
		right -= iconSize + 6
	}
	if h.Index != "" {
		place(strings.ReplaceAll(h.Index, "/", " / "), l.ty.header, l.t.text)
	}
	l.label(image.Rect(x, 0, right, l.headerH), h.Title, l.ty.header, l.tone(ui.ToneMuted), false)
}

// tone is the colour of a tone on what is painted on now.
func (l *layout) tone(x ui.Tone) color.RGBA { return l.t.on(l.ground, x) }

// softKeys are four columns with a hairline between two keys; without any
// key there is no bar.
func (l *layout) softKeys(ks [4]ui.SoftKey) {
	if ks[0].Label+ks[1].Label+ks[2].Label+ks[3].Label == "" {
		return
	}
	top := l.bounds.Max.Y - l.barH
	l.add(item{kind: kindFill, slot: image.Rect(0, top, l.bounds.Max.X, l.bounds.Max.Y), fg: l.t.bar, bg: l.t.ground, area: true})
	l.add(item{kind: kindFill, slot: image.Rect(0, top, l.bounds.Max.X, top+1), fg: l.t.line, bg: l.t.ground, area: true})
	w := l.bounds.Dx() / keys
	for i, k := range ks {
		if k.Label == "" {
			continue
		}
		if i > 0 && ks[i-1].Label != "" {
			l.add(item{kind: kindFill, slot: image.Rect(i*w, top+1, i*w+1, l.bounds.Max.Y), fg: l.t.line, bg: l.t.bar, area: true})
		}
		cell, fg := image.Rect(i*w+4, top+1, (i+1)*w-3, l.bounds.Max.Y), l.t.tone(k.Kind.Tone())
		if k.Filled {
			full := image.Rect(i*w, top, (i+1)*w, l.bounds.Max.Y)
			l.add(item{kind: kindFill, slot: full, fg: fg, bg: l.t.bar, area: true})
			l.ground = fg
			fg = l.t.against(fg)
		}
		st := l.ty.key
		if k.Kind == ui.KeyOut {
			st = l.ty.keyOut
		}
		l.centred(cell, k.Label, l.fit(k.Label, cell.Dx(), st, 12), fg)
		l.ground = l.t.bar
	}
}

// overlay draws volume or toast and says which rectangle it covers.
func (l *layout) overlay(s ui.Screen) image.Rectangle {
	b := l.body()
	switch {
	case s.Volume != nil:
		slot := image.Rect(8, b.Max.Y-48, l.bounds.Max.X-8, b.Max.Y-8)
		l.part = partOverlay
		l.volume(slot, *s.Volume)
		return slot
	case s.Toast != nil:
		l.part = partOverlay
		return l.toast(b, *s.Toast)
	}
	return image.Rectangle{}
}

// toast is a card above the soft keys, of one line or two.
func (l *layout) toast(body image.Rectangle, t ui.Toast) image.Rectangle {
	slot := image.Rect(8, body.Max.Y-40, body.Max.X-8, body.Max.Y-8)
	text := image.Rect(slot.Min.X+32, 0, slot.Max.X-8, 0)
	leading := l.ty.label.size + 5
	lines, cut := l.balance(t.Text, l.ty.label, text.Dx(), 2)
	if len(lines) > 1 {
		slot.Min.Y -= 16
	}
	covered := slot
	slot = slot.Add(image.Pt(0, t.Rise))
	l.card(slot, 8)
	l.icon(image.Pt(slot.Min.X+8, slot.Min.Y+(slot.Dy()-iconSize)/2), t.Icon, l.t.tone(t.Tone))
	y := slot.Min.Y + (slot.Dy()-leading*len(lines))/2
	for i, line := range lines {
		l.label(image.Rect(text.Min.X, y, text.Max.X, y+leading), line, l.ty.label, l.t.text, true)
		if cut && i == len(lines)-1 {
			l.items[len(l.items)-1].cut = true
		}
		y += leading
	}
	l.ground = l.t.ground
	return covered
}

// card is an opaque rounded ground; what follows stands on it.
func (l *layout) card(slot image.Rectangle, radius int) {
	l.add(item{kind: kindFill, slot: slot, fg: l.t.chip, edge: l.edge(), bg: l.t.ground, radius: radius, area: true})
	l.ground = l.t.chip
}

// edge is the line round a chip or card, where the theme tells them by one.
func (l *layout) edge() color.RGBA {
	if l.t.outline {
		return l.t.line
	}
	return color.RGBA{}
}

func (l *layout) volume(slot image.Rectangle, v ui.Volume) {
	l.card(slot, 8)
	l.icon(image.Pt(slot.Min.X+8, slot.Min.Y+(slot.Dy()-iconSize)/2), v.Icon, l.t.text)
	x := slot.Min.X + 32
	l.label(image.Rect(x, slot.Min.Y, x+96, slot.Max.Y), v.Label, l.fit(v.Label, 96, l.ty.label, 12), l.t.text, true)
	l.right(image.Rect(slot.Max.X-56, slot.Min.Y, slot.Max.X-8, slot.Max.Y), v.Value, l.ty.smallTab, l.t.muted)
	track := image.Rect(x+104, slot.Min.Y+slot.Dy()/2-4, slot.Max.X-64, slot.Min.Y+slot.Dy()/2+4)
	whole := track
	whole.Min.Y, whole.Max.Y = track.Min.Y+2, track.Max.Y-2
	l.add(item{kind: kindFill, slot: whole, fg: l.t.track, bg: l.t.chip, radius: 2, area: true})
	if w := track.Dx() * v.Percent / 100; w > 0 {
		filled := track
		filled.Max.X = filled.Min.X + max(w, 8)
		l.add(item{kind: kindFill, slot: filled, fg: l.t.chosen, bg: l.t.chip, radius: 4, area: true})
	}
	l.ground = l.t.ground
}
