package lcd

import (
	"image"

	"phoned/internal/qrcode"
)

// code is a QR code as drawn.
type code struct{ qrcode.Code }

// code encodes a payload; nil if it is too long for any.
func (p *painter) code(payload string) *code {
	if c, ok := p.codes[payload]; ok {
		return c
	}
	var out *code
	if c, err := qrcode.Encode(payload); err == nil {
		out = &code{c}
	}
	clear(p.codes) // there is one at a time
	p.codes[payload] = out
	return out
}

// side is the code's side in modules with its quiet zone.
func (c *code) side() int { return c.Size + 2*qrcode.Quiet }

func (p *painter) drawCode(dst *image.RGBA, it *item, clip image.Rectangle) {
	fill(dst, clip, it.bg)
	c := p.code(it.text)
	if c == nil {
		return
	}
	off := it.slot.Min.Add(image.Pt((it.slot.Dx()-c.Size*it.scale)/2, (it.slot.Dy()-c.Size*it.scale)/2))
	for y := 0; y < c.Size; y++ {
		for x := 0; x < c.Size; x++ {
			if c.Black(x, y) {
				m := image.Rect(x, y, x+1, y+1)
				m = image.Rectangle{m.Min.Mul(it.scale), m.Max.Mul(it.scale)}.Add(off)
				fill(dst, m.Intersect(clip), it.fg)
			}
		}
	}
}
