// Package qrcode makes QR codes (ISO/IEC 18004). It is the one package that imports
// the encoder.
package qrcode

import (
	"fmt"
	"image"
	"image/color"
	"strings"

	"rsc.io/qr"
)

// Quiet is the white border a code needs, in modules (ISO/IEC 18004 §9.1).
const Quiet = 4

// Code is a QR code; Size is its side in modules, without the quiet zone.
type Code struct {
	Size  int
	black func(x, y int) bool
}

// Encode makes the smallest code of the text, with the stronger correction if that
// costs no larger code. The error: the text is too long for any.
func Encode(text string) (Code, error) {
	c, err := qr.Encode(text, qr.L)
	if err != nil {
		return Code{}, fmt.Errorf("QR code of %d bytes: %w", len(text), err)
	}
	if m, err := qr.Encode(text, qr.M); err == nil && m.Size == c.Size {
		c = m
	}
	return Code{Size: c.Size, black: c.Black}, nil
}

// Black says whether a module is black; outside of the code nothing is.
func (c Code) Black(x, y int) bool { return c.black(x, y) }

// Image is the code with its quiet zone, scale pixels a module.
func (c Code) Image(scale int) image.Image {
	side := (c.Size + 2*Quiet) * scale
	img := image.NewGray(image.Rect(0, 0, side, side))
	for y := range side {
		for x := range side {
			v := color.Gray{Y: 255}
			if c.Black(x/scale-Quiet, y/scale-Quiet) {
				v.Y = 0
			}
			img.SetGray(x, y, v)
		}
	}
	return img
}

// Text is the code for a terminal, two modules a character, black on white whatever
// the terminal's colours are.
func (c Code) Text() string {
	var b strings.Builder
	for y := -Quiet; y < c.Size+Quiet; y += 2 {
		b.WriteString("\x1b[30;47m")
		for x := -Quiet; x < c.Size+Quiet; x++ {
			switch up, down := c.Black(x, y), c.Black(x, y+1); {
			case up && down:
				b.WriteString("█")
			case up:
				b.WriteString("▀")
			case down:
				b.WriteString("▄")
			default:
				b.WriteString(" ")
			}
		}
		b.WriteString("\x1b[0m\n")
	}
	return b.String()
}
