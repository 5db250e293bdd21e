package phone

import (
	"fmt"
	"strings"
)

// DigitMap is a parsed dial plan: alternatives in the language of RFC 3435
// §2.1.5, as desk phones have extended it (C5).
//
//	x        any of 0-9             [2-9*]   one of a set, [^1] none of it
//	.        the element before it, any number of times, also none
//	T        complete only when the short timer has run
//	|        next alternative; parentheses round the whole are optional
//	,        a second dial tone is heard at this point
//	!        (first in an alternative) numbers like this are not allowed
//	<9:00>   9 is dialled, 00 is sent; either side may be empty
//
// Literals are 0-9 * # A-D and +. A DigitMap is immutable.
type DigitMap struct {
	alts []alternative
}

// DigitMapError says what is wrong with a digit map and where.
type DigitMapError struct {
	Pos  int // 1-based column
	What string
}

// Error implements error.
func (e *DigitMapError) Error() string {
	return fmt.Sprintf("digit map, column %d: %s", e.Pos, e.What)
}

const (
	digitMapLength       = 2048 // characters
	digitMapAlternatives = 256
	digitMapElements     = 64 // of one alternative
)

// symbols are all that can be dialled, in the order of the bits of a set.
const symbols = "0123456789*#ABCD+"

func symbolBit(c byte) uint32 {
	if i := strings.IndexByte(symbols, c); i >= 0 {
		return 1 << i
	}
	return 0
}

const anyDigit = 1<<10 - 1

// element consumes one symbol of set, or none if set is 0.
type element struct {
	set    uint32
	star   bool   // any number of times
	silent bool   // consumed, not sent
	emit   string // sent, nothing consumed
	tone   bool   // second dial tone
	timer  bool
}

type alternative struct {
	elements []element
	blocked  bool
}

type mapParser struct {
	text string
	pos  int
}

// ParseDigitMap parses a map. Errors are *DigitMapError. The empty text is the
// default map.
func ParseDigitMap(text string) (*DigitMap, error) {
	if text == "" {
		text = DefaultDigitMap
	}
	if len(text) > digitMapLength {
		return nil, &DigitMapError{digitMapLength + 1, fmt.Sprintf("longer than %d characters", digitMapLength)}
	}
	p := &mapParser{text: text}
	p.space()
	open := p.take('(')
	m := &DigitMap{}
	for {
		a, err := p.alternative()
		if err != nil {
			return nil, err
		}
		if m.alts = append(m.alts, a); len(m.alts) > digitMapAlternatives {
			return nil, p.fail("more than %d alternatives", digitMapAlternatives)
		}
		if !p.take('|') {
			break
		}
	}
	if open && !p.take(')') {
		return nil, p.fail("missing )")
	}
	p.space()
	if p.pos < len(p.text) {
		return nil, p.fail("unexpected %q", p.text[p.pos])
	}
	return m, nil
}

func (p *mapParser) fail(format string, a ...any) error {
	return &DigitMapError{p.pos + 1, fmt.Sprintf(format, a...)}
}

func (p *mapParser) space() {
	for p.pos < len(p.text) && (p.text[p.pos] == ' ' || p.text[p.pos] == '\n' || p.text[p.pos] == '\t' || p.text[p.pos] == '\r') {
		p.pos++
	}
}

func (p *mapParser) peek() byte {
	if p.pos < len(p.text) {
		return p.text[p.pos]
	}
	return 0
}

func (p *mapParser) take(c byte) bool {
	if p.peek() != c || c == 0 {
		return false
	}
	p.pos++
	return true
}

func (p *mapParser) alternative() (alternative, error) {
	var a alternative
	p.space()
	a.blocked = p.take('!')
	for {
		p.space()
		switch c := p.peek(); c {
		case 0, '|', ')':
			if len(a.elements) == 0 {
				return a, p.fail("empty alternative")
			}
			return a, nil
		default:
			if n := len(a.elements); n > 0 && a.elements[n-1].timer {
				return a, p.fail("T must be the last of its alternative")
			}
			if err := p.element(&a); err != nil {
				return a, err
			}
		}
		if len(a.elements) > digitMapElements {
			return a, p.fail("more than %d elements in one alternative", digitMapElements)
		}
	}
}

func (p *mapParser) element(a *alternative) error {
	c := p.peek()
	switch {
	case c == 'x' || c == 'X':
		p.pos++
		a.elements = append(a.elements, element{set: anyDigit})
	case c == '.':
		n := len(a.elements)
		if n == 0 || a.elements[n-1].set == 0 || a.elements[n-1].star {
			return p.fail(". needs something to repeat before it")
		}
		p.pos++
		a.elements[n-1].star = true
	case c == 'T' || c == 't':
		if len(a.elements) == 0 {
			return p.fail("T needs digits before it")
		}
		p.pos++
		a.elements = append(a.elements, element{timer: true})
	case c == ',':
		p.pos++
		a.elements = append(a.elements, element{tone: true})
	case c == '[':
		set, err := p.set()
		if err != nil {
			return err
		}
		a.elements = append(a.elements, element{set: set})
	case c == '<':
		return p.rewrite(a)
	default:
		bit := symbolBit(upper(c))
		if bit == 0 {
			return p.fail("unexpected %q", c)
		}
		p.pos++
		a.elements = append(a.elements, element{set: bit})
	}
	return nil
}

func upper(c byte) byte {
	if c >= 'a' && c <= 'd' {
		return c - 'a' + 'A'
	}
	return c
}

// set parses [2-9], [135*] or [^1].
func (p *mapParser) set() (uint32, error) {
	start := p.pos
	p.pos++
	not := p.take('^')
	var set uint32
	for {
		c := upper(p.peek())
		if c == 0 {
			p.pos = start
			return 0, p.fail("[ is never closed")
		}
		if c == ']' {
			if set == 0 {
				return 0, p.fail("empty set")
			}
			p.pos++
			if not {
				set = anyDigit &^ set
			}
			if set == 0 {
				p.pos = start
				return 0, p.fail("set excludes every digit")
			}
			return set, nil
		}
		bit := symbolBit(c)
		if bit == 0 {
			return 0, p.fail("%q can't be in a set", c)
		}
		p.pos++
		set |= bit
		if !p.take('-') {
			continue
		}
		end := upper(p.peek())
		if c > '9' || c < '0' || end < '0' || end > '9' {
			return 0, p.fail("a range needs a digit on both sides")
		}
		if end < c {
			return 0, p.fail("range %c-%c runs backwards", c, end)
		}
		p.pos++
		for d := c; d <= end; d++ {
			set |= symbolBit(d)
		}
	}
}

// rewrite parses <dialled:sent>.
func (p *mapParser) rewrite(a *alternative) error {
	start := p.pos
	p.pos++
	for !p.take(':') {
		bit := symbolBit(upper(p.peek()))
		switch {
		case p.peek() == 'x' || p.peek() == 'X':
			bit = anyDigit
		case p.peek() == 0 || p.peek() == '>':
			return p.fail("< needs a : before its >")
		case bit == 0:
			return p.fail("%q can't be dialled", p.peek())
		}
		p.pos++
		a.elements = append(a.elements, element{set: bit, silent: true})
	}
	from := p.pos
	for !p.take('>') {
		if p.peek() == 0 {
			p.pos = start
			return p.fail("< is never closed")
		}
		if symbolBit(upper(p.peek())) == 0 {
			return p.fail("%q can't be sent", p.peek())
		}
		p.pos++
	}
	sent := strings.ToUpper(p.text[from : p.pos-1])
	if sent == "" && from-start == 2 {
		return p.fail("empty rewrite")
	}
	if sent != "" {
		a.elements = append(a.elements, element{emit: sent})
	}
	return nil
}
