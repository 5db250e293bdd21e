package ui

import (
	"strings"
)

// Prose is a long text, from the piece on top to where the display ends.
type Prose struct {
	Text string // paragraphs are lines
	// Top is the piece on top, of Of in all.
	Top, Of int
}

func (Prose) body() {}

// prosePieces are more than any display holds.
const prosePieces = 64

// prose is a licence in its own words.
func (b *builder) prose() Prose {
	at := min(max(b.v.Menu.Index, 0), max(len(b.v.Text)-1, 0))
	p := Prose{Top: at, Of: len(b.v.Text)}
	var text strings.Builder
	for _, piece := range b.v.Text[at:min(at+prosePieces, len(b.v.Text))] {
		line, whole := strings.CutSuffix(piece, "\n")
		text.WriteString(Clean(line))
		if whole {
			text.WriteByte('\n')
		} else {
			text.WriteByte(' ')
		}
	}
	p.Text = text.String()
	return p
}
