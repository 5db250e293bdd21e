package lcd

import (
	"image"
	"strings"

	"phoned/ui"
)

// prose fills the body with a long text and a bar for the place in it.
func (l *layout) prose(v ui.Prose) {
	b := l.body()
	leading := l.ty.detail.size + 5
	room := image.Rect(margin, b.Min.Y+8, b.Max.X-margin, b.Max.Y-8)
	defer func(was bool) { l.flow = was }(l.flow)
	l.flow = true
	y := room.Min.Y
	for _, paragraph := range strings.Split(strings.TrimSpace(v.Text), "\n") {
		most := (room.Max.Y - y) / leading
		if most <= 0 {
			break
		}
		lines, _ := l.wrap(paragraph, l.ty.detail, room.Dx(), most+1)
		for _, line := range lines[:min(most, len(lines))] {
			l.set(image.Rect(room.Min.X, y, room.Max.X, y+leading), line, l.ty.detail, l.t.text, false, 0)
			y += leading
		}
		y += leading / 2
	}
	l.flow = false
	if v.Of > 1 {
		h := room.Dy()
		bar := max(h/v.Of, 16)
		at := room.Min.Y + (h-bar)*v.Top/(v.Of-1)
		l.add(item{kind: kindFill, slot: image.Rect(b.Max.X-5, at, b.Max.X-2, at+bar), fg: l.t.muted, bg: l.t.ground, radius: 1, area: true})
	}
}

// prose is the same in the smallest letters.
func (l *bitLayout) prose(room image.Rectangle, v ui.Prose) {
	h := l.height(bitSmall)
	y := room.Min.Y
	for _, paragraph := range strings.Split(strings.TrimSpace(v.Text), "\n") {
		for _, line := range l.wrap(paragraph, bitSmall, room.Dx()-2*bitEdge-3) {
			if y+h > room.Max.Y {
				break
			}
			l.text(bitEdge, y, room.Dx()-2*bitEdge-3, line, bitSmall, false)
			y += h
		}
	}
	if v.Of > 1 {
		bar := 4
		at := room.Min.Y + (room.Dy()-bar)*v.Top/(v.Of-1)
		l.fill(image.Rect(room.Max.X-2, at, room.Max.X, at+bar))
	}
}
