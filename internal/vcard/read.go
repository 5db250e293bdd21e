package vcard

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"unicode/utf8"
)

// Book is what Read found.
type Book struct {
	Cards []Card
	// Skipped are cards without a name and a number, cut off, or beyond
	// MaxCards.
	Skipped int
}

// Read reads all cards. Text that is not UTF-8 is taken for Windows-1252, as
// old programs write it.
func Read(r io.Reader) (Book, error) {
	raw, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return Book{}, fmt.Errorf("read the address book: %w", err)
	}
	if len(raw) > MaxBytes {
		return Book{}, ErrTooLarge
	}
	if !utf8.Valid(raw) {
		raw = fromLatin(raw)
	}
	var b Book
	var c *parsing
	found := false
	lines := newLines(raw)
	for {
		text, err := lines.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Book{}, err
		}
		p, ok := parseProperty(text)
		if !ok {
			continue
		}
		switch {
		case p.name == "BEGIN" && strings.EqualFold(p.value, "VCARD"):
			if c != nil {
				b.Skipped++ // was never ended
			}
			c, found = &parsing{}, true
		case c == nil:
		case p.name == "END" && strings.EqualFold(p.value, "VCARD"):
			b.add(c.card())
			c = nil
		default:
			c.property(p)
		}
	}
	if c != nil {
		b.Skipped++
	}
	if !found {
		return Book{}, ErrNoCard
	}
	return b, nil
}

func (b *Book) add(c Card, ok bool) {
	if !ok || len(b.Cards) >= MaxCards {
		b.Skipped++
		return
	}
	b.Cards = append(b.Cards, c)
}

// lines unfolds content lines (RFC 6350 §3.2), and the soft line breaks of
// quoted-printable that version 2.1 left behind.
type lines struct {
	s     *bufio.Scanner
	ahead []byte
	have  bool
}

func newLines(raw []byte) *lines {
	s := bufio.NewScanner(bytes.NewReader(bytes.TrimPrefix(raw, []byte("\ufeff"))))
	s.Buffer(make([]byte, 0, 4096), MaxLine)
	return &lines{s: s}
}

func (l *lines) raw() ([]byte, error) {
	if l.have {
		l.have = false
		return l.ahead, nil
	}
	if l.s.Scan() {
		return bytes.TrimSuffix(l.s.Bytes(), []byte("\r")), nil
	}
	if err := l.s.Err(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTooLarge, err)
	}
	return nil, io.EOF
}

func (l *lines) next() (string, error) {
	first, err := l.raw()
	if err != nil {
		return "", err
	}
	out := append([]byte(nil), first...)
	for {
		more, err := l.raw()
		if errors.Is(err, io.EOF) {
			return string(out), nil
		}
		if err != nil {
			return "", err
		}
		if len(more) == 0 || more[0] != ' ' && more[0] != '\t' {
			l.ahead, l.have = append([]byte(nil), more...), true
			return string(out), nil
		}
		if out = append(out, more[1:]...); len(out) > MaxLine {
			return "", ErrTooLarge
		}
	}
}

// property is one content line.
type property struct {
	group, name string
	params      map[string][]string // upper-case names, lower-case values
	value       string
}

// parseProperty takes a line apart: [group.]NAME[;PARAM=value,"value"]:value.
func parseProperty(line string) (property, bool) {
	var p property
	colon, quoted := -1, false
	for i := range len(line) {
		if line[i] == '"' {
			quoted = !quoted
		} else if line[i] == ':' && !quoted {
			colon = i
			break
		}
	}
	if colon < 0 {
		return p, false
	}
	head := split(line[:colon], ';')
	p.value = line[colon+1:]
	name := strings.ToUpper(strings.TrimSpace(head[0]))
	if g, n, ok := strings.Cut(name, "."); ok {
		p.group, name = g, n
	}
	p.name, p.params = name, map[string][]string{}
	for _, x := range head[1:] {
		k, v, ok := strings.Cut(x, "=")
		if !ok {
			k, v = "TYPE", x // version 2.1
		}
		k = strings.ToUpper(strings.TrimSpace(k))
		for _, one := range split(v, ',') {
			for _, w := range strings.Split(strings.Trim(one, `"`), ",") {
				p.params[k] = append(p.params[k], strings.ToLower(strings.TrimSpace(w)))
			}
		}
	}
	return p, p.name != ""
}

// split cuts at sep outside of quotation marks.
func split(s string, sep byte) []string {
	var out []string
	quoted, start := false, 0
	for i := range len(s) {
		if s[i] == '"' {
			quoted = !quoted
		} else if s[i] == sep && !quoted {
			out = append(out, s[start:i])
			start = i + 1
		}
	}
	return append(out, s[start:])
}

// parsing is a card that is being read.
type parsing struct {
	Card
	n, org, nick string
	labels       map[string]string // of groups
	groups       []string          // of Numbers
}

func (c *parsing) property(p property) {
	switch p.name {
	case "FN":
		if c.Name == "" {
			c.Name = text(p.value)
		}
	case "N":
		c.n = fullName(p.value)
	case "NICKNAME":
		c.nick = text(p.value)
	case "ORG":
		c.org = text(components(p.value)[0])
	case "UID":
		c.UID = cut(text(p.value), MaxName)
	case "TEL":
		c.number(p)
	case "X-ABLABEL": // how Apple names a number: group.X-ABLabel
		if c.labels == nil {
			c.labels = map[string]string{}
		}
		if len(c.labels) < MaxNumbers {
			c.labels[p.group] = cut(strings.Trim(text(p.value), "_$!<>"), MaxName)
		}
	case "X-PHONED-FAVOURITE":
		c.Favourite = isTrue(p.value)
	case "X-PHONED-VIP":
		c.VIP = isTrue(p.value)
	case "X-PHONED-BLOCKED":
		c.Blocked = isTrue(p.value)
	case "X-PHONED-MELODY":
		c.Melody = cut(text(p.value), MaxName)
	}
}

func isTrue(s string) bool { return strings.EqualFold(strings.TrimSpace(s), "true") }

func (c *parsing) number(p property) {
	n := text(p.value)
	if scheme, rest, ok := strings.Cut(n, ":"); ok && strings.EqualFold(scheme, "tel") { // RFC 3966; RFC 6350 §6.4.1
		n, _, _ = strings.Cut(rest, ";")
		if u, err := url.PathUnescape(n); err == nil && utf8.ValidString(u) {
			n = u
		}
	} else if strings.EqualFold(scheme, "sip") || strings.EqualFold(scheme, "sips") {
		n = strings.ToLower(scheme) + ":" + rest
	}
	if n = strings.TrimSpace(n); n == "" || utf8.RuneCountInString(n) > MaxNumber || len(c.Numbers) >= MaxNumbers {
		return
	}
	c.Numbers = append(c.Numbers, Number{n, kindOf(p.params["TYPE"])})
	c.groups = append(c.groups, p.group)
}

// kindOf prefers what says most: a mobile number of the office is mobile.
func kindOf(types []string) string {
	for _, want := range []struct{ word, kind string }{
		{"fax", "fax"}, {"pager", "pager"}, {"cell", "mobile"}, {"mobile", "mobile"}, {"work", "work"}, {"home", "home"},
	} {
		for _, t := range types {
			if t == want.word {
				return want.kind
			}
		}
	}
	return ""
}

// card is what was read; false if it is of no use.
func (c *parsing) card() (Card, bool) {
	for i, g := range c.groups {
		if l := c.labels[g]; l != "" && g != "" {
			c.Numbers[i].Kind = l
		}
	}
	for _, other := range []string{c.n, c.nick, c.org} {
		if strings.TrimSpace(c.Name) == "" {
			c.Name = other
		}
	}
	c.Name = cut(strings.TrimSpace(c.Name), MaxName)
	if c.Name == "" && len(c.Numbers) > 0 {
		c.Name = c.Numbers[0].Number
	}
	return c.Card, c.Name != "" && len(c.Numbers) > 0
}

// fullName words family;given;additional;prefix;suffix.
func fullName(v string) string {
	f := append(components(v), "", "", "", "")
	var out []string
	for _, i := range []int{3, 1, 2, 0, 4} {
		if s := strings.TrimSpace(text(f[i])); s != "" {
			out = append(out, s)
		}
	}
	return strings.Join(out, " ")
}

// components cuts at semicolons that are not escaped.
func components(v string) []string {
	var out []string
	start := 0
	for i := 0; i < len(v); i++ {
		switch v[i] {
		case '\\':
			i++
		case ';':
			out = append(out, v[start:i])
			start = i + 1
		}
	}
	return append(out, v[start:])
}

// text takes the escapes out (RFC 6350 §3.4). Control characters, those that
// turn the direction of writing among them, become spaces or nothing: a name
// is one line.
func text(v string) string {
	var b strings.Builder
	for i := 0; i < len(v); i++ {
		if v[i] == '\\' && i+1 < len(v) {
			i++
			if v[i] == 'n' || v[i] == 'N' {
				b.WriteByte(' ')
				continue
			}
		}
		b.WriteByte(v[i])
	}
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case r < ' ', r == 0x7f, r >= 0x80 && r < 0xa0, bidi(r), r == utf8.RuneError:
			return -1
		}
		return r
	}, b.String()))
}

// bidi are the controls of the direction of writing.
func bidi(r rune) bool {
	return r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x200e || r == 0x200f || r == 0x061c
}

func cut(s string, runes int) string {
	for i := range s {
		if runes == 0 {
			return s[:i]
		}
		runes--
	}
	return s
}

// fromLatin reads Windows-1252.
func fromLatin(raw []byte) []byte {
	const high = "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ"
	table := []rune(high)
	out := make([]byte, 0, len(raw)+len(raw)/8)
	for _, b := range raw {
		r := rune(b)
		if b >= 0x80 && b < 0xa0 {
			r = table[b-0x80]
		}
		out = utf8.AppendRune(out, r)
	}
	return out
}
