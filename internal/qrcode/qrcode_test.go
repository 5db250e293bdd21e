package qrcode

import (
	"strings"
	"testing"
)

// TestForms: the picture and the terminal's text show the same modules.
func TestForms(t *testing.T) {
	c, err := Encode("phoned:1;u=cfg.example.net/p/7Q2K")
	if err != nil {
		t.Fatal(err)
	}
	const scale = 3
	img := c.Image(scale)
	if side := (c.Size + 2*Quiet) * scale; img.Bounds().Dx() != side || img.Bounds().Dy() != side {
		t.Fatalf("picture %v", img.Bounds())
	}
	lines := strings.Split(strings.TrimSpace(c.Text()), "\n")
	dark := 0
	for y := range c.Size {
		row := []rune(strings.TrimPrefix(lines[(y+Quiet)/2], "\x1b[30;47m"))
		for x := range c.Size {
			r, _, _, _ := img.At((x+Quiet)*scale+1, (y+Quiet)*scale+1).RGBA()
			if (r == 0) != c.Black(x, y) {
				t.Fatalf("picture at %d,%d", x, y)
			}
			want := "█▀"
			if (y+Quiet)%2 == 1 {
				want = "█▄"
			}
			if strings.ContainsRune(want, row[x+Quiet]) != c.Black(x, y) {
				t.Fatalf("text at %d,%d", x, y)
			}
			if c.Black(x, y) {
				dark++
			}
		}
	}
	if dark < c.Size*c.Size/4 {
		t.Errorf("only %d modules are black", dark)
	}
	if _, err := Encode(strings.Repeat("x", 5000)); err == nil {
		t.Error("5000 bytes fit")
	}
}
