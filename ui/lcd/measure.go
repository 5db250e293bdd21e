package lcd

import "phoned/ui"

// The grid (design tokens): everything stands on multiples of 8.
const (
	margin   = 16
	keys     = 4
	headPad  = 8
	markSize = 72
)

// measures are the heights and the type scale of a picture. Layouts take
// every size from here or from the panel's bounds, so that another panel or
// another theme is another set of measures and no other layout.
type measures struct {
	headerH, barH, rowH, chipH, stripH int
	callAt                             callMeasures
	ty                                 types
}

// callMeasures are where the parts of a call stand, from the body's top: the
// same in every state, so that nothing jumps when it changes.
type callMeasures struct{ label, labelH, name, number, timer, chips int }

// types is the type scale, by meaning.
type types struct {
	header, time, label, small, smallTab, body, row, rowFocus, remark, mark, detail, number style
	title, name, timer, clock, key, keyOut, chip, lead, digits, sub, code, big              style
}

// normal is the scale of the design.
var normal = measures{
	headerH: 24, barH: 32, rowH: 40, chipH: 24, stripH: 24,
	callAt: callMeasures{label: 8, labelH: 16, name: 24, number: 56, timer: 80, chips: 128},
	ty: types{
		header:   style{weight: medium, size: 12},
		time:     style{weight: semibold, size: 12, tabular: true, colon: true},
		label:    style{weight: medium, size: 13},
		small:    style{weight: regular, size: 13},
		smallTab: style{weight: regular, size: 13, tabular: true, colon: true},
		body:     style{weight: regular, size: 14},
		row:      style{weight: regular, size: 15},
		rowFocus: style{weight: medium, size: 15},
		remark:   style{weight: regular, size: 16, tabular: true, colon: true},
		mark:     style{weight: semibold, size: 26},
		detail:   style{weight: regular, size: 12},
		number:   style{weight: regular, size: 16},
		title:    style{weight: semibold, size: 20},
		name:     style{weight: semibold, size: 26},
		timer:    style{weight: medium, size: 36, tabular: true, colon: true},
		clock:    style{weight: medium, size: 56, tabular: true, colon: true},
		key:      style{weight: semibold, size: 13},
		keyOut:   style{weight: medium, size: 13},
		chip:     style{weight: medium, size: 12},
		lead:     style{weight: semibold, size: 15},
		digits:   style{weight: medium, size: 36},
		sub:      style{weight: medium, size: 15, tabular: true, colon: true},
		code:     style{weight: semibold, size: 22},
		big:      style{weight: semibold, size: 72},
	},
}

// large is for eyes that want more: what is small in the design grows by a
// third, what is large already stays.
var large = largeMeasures()

func largeMeasures() measures {
	m := normal
	m.rowH, m.chipH = 48, 32
	m.callAt = callMeasures{label: 0, labelH: 24, name: 24, number: 56, timer: 80, chips: 128}
	t := &m.ty
	for _, g := range []struct {
		s    *style
		size int
	}{
		{&t.header, 15}, {&t.time, 15}, {&t.label, 17}, {&t.small, 17}, {&t.smallTab, 17}, {&t.body, 18}, {&t.row, 20}, {&t.rowFocus, 20},
		{&t.remark, 18}, {&t.detail, 14}, {&t.number, 20}, {&t.title, 24}, {&t.name, 26}, {&t.key, 16}, {&t.keyOut, 16}, {&t.chip, 16},
		{&t.lead, 17}, {&t.sub, 19}, {&t.timer, 40}, {&t.digits, 40}, {&t.clock, 60},
	} {
		g.s.size = g.size
		if g.s.weight == regular {
			g.s.weight = medium
		}
	}
	return m
}

// measuresOf gives the measures of a theme.
func measuresOf(t ui.Theme) *measures {
	if t.Large() {
		return &large
	}
	return &normal
}
