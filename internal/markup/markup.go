// Package markup writes HTML: what is fixed is text of the program, everything else is
// escaped. It knows two places only, the text of an element and an attribute's value in
// double quotes; nothing of a stranger may stand in a script, a style, an address or a
// name of anything.
//
// It is here instead of html/template because that one calls methods by their names: a
// program that has it keeps every exported method of every type it links.
package markup

import (
	"fmt"
	"html"
	"strings"
)

// literal is a text of the program: outside of this package only a constant becomes one.
type literal string

// Writer collects a page. The zero value is empty; it is not safe for concurrent use.
type Writer struct{ b strings.Builder }

// Raw writes markup as it stands in the program.
func (w *Writer) Raw(constant literal) { w.b.WriteString(string(constant)) }

// Trusted writes markup that was made elsewhere, of escaped parts or from a file of
// the program.
func (w *Writer) Trusted(markup string) { w.b.WriteString(markup) }

// Text writes anything, escaped.
func (w *Writer) Text(values ...any) {
	for _, v := range values {
		w.b.WriteString(Escape(fmt.Sprint(v)))
	}
}

// Element writes <open>text</close>, close being open up to its first space:
// Element("span class=\"soft\"", t). The text is escaped.
func (w *Writer) Element(open literal, text any) {
	name, _, _ := strings.Cut(string(open), " ")
	w.b.WriteString("<" + string(open) + ">" + Escape(fmt.Sprint(text)) + "</" + name + ">")
}

// String is what was written.
func (w *Writer) String() string { return w.b.String() }

// Escape makes a text that means itself, in an element and in an attribute's value
// with quotes. What no page may hold (NUL, what is not UTF-8) becomes U+FFFD.
func Escape(s string) string {
	return html.EscapeString(strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\x00", "\ufffd"))
}

// Fill puts values, escaped, where a page of the program has {{their name}}. A name
// without a value is an error; what is put in is not searched again.
func Fill(page string, values map[string]string) (string, error) {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(page, "{{")
		b.WriteString(before)
		if !found {
			return b.String(), nil
		}
		name, after, closed := strings.Cut(rest, "}}")
		v, known := values[name]
		if !closed || !known {
			return "", fmt.Errorf("fill a page: there is nothing for %.40q", name)
		}
		b.WriteString(Escape(v))
		page = after
	}
}
