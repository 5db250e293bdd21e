package lcd

import (
	"image/color"
	"math"
	"strconv"
	"strings"

	"phoned/ui"
)

// theme is a set of colours by meaning.
type theme struct {
	ground, card, line, chip color.RGBA
	text, muted, accent      color.RGBA
	goes, stop, warn         color.RGBA
	glow                     color.RGBA // the ground's top while ringing
	bar                      color.RGBA // ground of the soft-key bar
	pick                     color.RGBA // ground of the selected row
	track                    color.RGBA // the whole way of a slider
	alarm                    color.RGBA // a strip filled to warn
	out                      color.RGBA // the way out: between text and muted
	onPick, onGlow           [toneCount]color.RGBA
	quiet, module            color.RGBA // of a QR code
	chosen                   color.RGBA // of the cursor and of what is selected
	least                    float64    // contrast of every text
	outline                  bool       // chips and overlays are told by a line, not by a ground
}

// toneCount is how many tones there are.
const toneCount = int(ui.ToneOut) + 1

func rgb(v uint32) color.RGBA {
	return color.RGBA{uint8(v >> 16), uint8(v >> 8), uint8(v), 255}
}

// themeOf gives the colours of a theme with the brand's primary colour as the
// accent, and its second colour for what is chosen. What is no colour is
// ignored.
func themeOf(name ui.Theme, primary, second string) theme {
	t := palette(name)
	for _, c := range []*color.RGBA{&t.ground, &t.card, &t.line, &t.chip, &t.bar, &t.pick} {
		*c = panelColour(*c)
	}
	t.least = minContrast
	if name == ui.Contrast {
		t.least = highContrast
	}
	if c, ok := parseColour(primary); ok {
		t.accent = readable(c, t.least, t.ground, t.card, t.chip)
	}
	t.chosen = t.accent
	if c, ok := parseColour(second); ok {
		t.chosen = readable(c, t.least, t.ground, t.card, t.chip)
	}
	t.alarm = rgb(0xfbbf24)
	for i := range toneCount {
		c := t.tone(ui.Tone(i))
		t.onPick[i] = readable(c, t.least, t.pick)
		if name == ui.Contrast {
			t.onPick[i] = t.ground
		}
		if c == t.muted {
			c = t.text
		}
		t.onGlow[i] = readable(c, t.least, t.glow)
	}
	return t
}

// palette gives the colours of the design.
func palette(name ui.Theme) theme {
	switch {
	case name == ui.Contrast:
		return theme{
			ground: rgb(0x000000), card: rgb(0x000000), line: rgb(0xffffff), chip: rgb(0x000000), text: rgb(0xffffff), muted: rgb(0xffffff),
			accent: rgb(0x6fd3ff), goes: rgb(0x4cff9a), stop: rgb(0xff9a9a), warn: rgb(0xffe14d), glow: rgb(0x003c22),
			bar: rgb(0x000000), pick: rgb(0xffe14d), track: rgb(0x9a9a9a), out: rgb(0xe8e8e8),
			quiet: rgb(0xffffff), module: rgb(0x000000), outline: true,
		}
	case name.Light():
		return theme{
			ground: rgb(0xf5f6f8), card: rgb(0xffffff), line: rgb(0xdde1e7), chip: rgb(0xe9ecf1), text: rgb(0x14171c), muted: rgb(0x575e6a),
			accent: rgb(0x4f46e5), goes: rgb(0x0a7440), stop: rgb(0xc62828), warn: rgb(0x855600), glow: rgb(0xa3e4c4),
			bar: rgb(0xffffff), pick: rgb(0xd2d8e1), track: rgb(0x7a818d), out: rgb(0x3c434f),
			quiet: rgb(0xffffff), module: rgb(0x14171c),
		}
	}
	return theme{
		ground: rgb(0x0e1116), card: rgb(0x181d25), line: rgb(0x262d38), chip: rgb(0x1d232d), text: rgb(0xf2f4f8), muted: rgb(0x9aa3b2),
		accent: rgb(0x818cf8), goes: rgb(0x34d399), stop: rgb(0xf87171), warn: rgb(0xfbbf24), glow: rgb(0x1c5240),
		bar: rgb(0x181d25), pick: rgb(0x262d38), track: rgb(0x6f7889), out: rgb(0xc6ccd8),
		quiet: rgb(0xffffff), module: rgb(0x0e1116),
	}
}

// panelColour is the nearest colour that a panel of 16 bits a pixel (RGB565)
// has: large grounds keep their hue on it.
func panelColour(c color.RGBA) color.RGBA {
	five := func(v uint8) uint8 { n := (int(v)*31 + 127) / 255; return uint8(n<<3 | n>>2) }
	six := func(v uint8) uint8 { n := (int(v)*63 + 127) / 255; return uint8(n<<2 | n>>4) }
	return color.RGBA{five(c.R), six(c.G), five(c.B), 255}
}

// on gives the tone on a ground, where the theme's own would be too faint.
func (t *theme) on(ground color.RGBA, x ui.Tone) color.RGBA {
	switch ground {
	case t.pick:
		return t.onPick[x]
	case t.glow:
		return t.onGlow[x]
	}
	return t.tone(x)
}

// against is the text or the ground, whichever reads better on a filled
// colour.
func (t *theme) against(c color.RGBA) color.RGBA {
	if contrast(t.text, c) > contrast(t.quietest(), c) {
		return t.text
	}
	return t.quietest()
}

// quietest is what is farthest from the text.
func (t *theme) quietest() color.RGBA {
	if luminance(t.text) > 0.18 {
		return t.ground
	}
	return rgb(0xffffff)
}

func (t *theme) tone(x ui.Tone) color.RGBA {
	switch x {
	case ui.ToneMuted:
		return t.muted
	case ui.ToneAccent:
		return t.accent
	case ui.ToneGo:
		return t.goes
	case ui.ToneStop:
		return t.stop
	case ui.ToneWarn:
		return t.warn
	case ui.ToneOut:
		return t.out
	}
	return t.text
}

// parseColour reads "#rrggbb" or "rgb(r, g, b)".
func parseColour(s string) (color.RGBA, bool) {
	if h, ok := strings.CutPrefix(s, "#"); ok && len(h) == 6 {
		v, err := strconv.ParseUint(h, 16, 32)
		return rgb(uint32(v)), err == nil
	}
	inner, ok := strings.CutPrefix(strings.ReplaceAll(s, " ", ""), "rgb(")
	inner, closed := strings.CutSuffix(inner, ")")
	parts := strings.Split(inner, ",")
	if !ok || !closed || len(parts) != 3 {
		return color.RGBA{}, false
	}
	var c [3]uint8
	for i, p := range parts {
		v, err := strconv.ParseUint(p, 10, 8)
		if err != nil {
			return color.RGBA{}, false
		}
		c[i] = uint8(v)
	}
	return color.RGBA{c[0], c[1], c[2], 255}, true
}

// highContrast is that of the theme of that name (level AAA).
const highContrast = 7

// minContrast is the least contrast of a text (WCAG 2.2 §1.4.3, level AA).
const minContrast = 4.5

// contrast is the contrast ratio of WCAG 2.2, 1 … 21.
func contrast(a, b color.RGBA) float64 {
	la, lb := luminance(a), luminance(b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

func luminance(c color.RGBA) float64 {
	f := func(v uint8) float64 {
		x := float64(v) / 255
		if x <= 0.04045 {
			return x / 12.92
		}
		return math.Pow((x+0.055)/1.055, 2.4)
	}
	return 0.2126*f(c.R) + 0.7152*f(c.G) + 0.0722*f(c.B)
}

// readable moves c towards white or black, whichever the grounds need, until
// it has the contrast on all of them.
func readable(c color.RGBA, least float64, grounds ...color.RGBA) color.RGBA {
	to := rgb(0xffffff)
	if luminance(grounds[0]) > 0.18 {
		to = rgb(0x000000)
	}
	for step := 0; step < 256; step++ {
		m := mix(c, to, step, 255)
		ok := true
		for _, g := range grounds {
			ok = ok && contrast(m, g) >= least
		}
		if ok {
			return m
		}
	}
	return to
}

// mix is a + (b-a)·n/d per channel, in integers.
func mix(a, b color.RGBA, n, d int) color.RGBA {
	f := func(x, y uint8) uint8 { return uint8((int(x)*(d-n) + int(y)*n + d/2) / d) }
	return color.RGBA{f(a.R, b.R), f(a.G, b.G), f(a.B, b.B), 255}
}
