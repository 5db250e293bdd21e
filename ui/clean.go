package ui

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"phoned/internal/numbers"
)

// longest is how many characters of a foreign text a screen ever looks at: no
// panel shows more, and a name may be 10,000 bytes.
const longest = 160

// Clean makes a text of foreign origin fit for a screen: no control or format
// characters (bidirectional overrides, joiners, variation selectors), one
// space for any white space, accents composed where Latin has the letter,
// invalid UTF-8 as U+FFFD, at most 160 characters.
func Clean(s string) string {
	var b strings.Builder
	var last rune
	n, space := 0, false
	flush := func() {
		if last != 0 {
			b.WriteRune(last)
		}
	}
	for _, r := range s {
		switch {
		case unicode.IsSpace(r):
			space = n > 0
			continue
		case unicode.Is(unicode.C, r), unicode.Is(unicode.Zl, r), unicode.Is(unicode.Zp, r), unicode.Is(unicode.Variation_Selector, r):
			continue
		case unicode.Is(unicode.M, r):
			if c, ok := compose(last, r); ok && !space {
				last = c
			}
			continue
		}
		if n >= longest {
			flush()
			return b.String() + "…"
		}
		flush()
		if space {
			b.WriteByte(' ')
			n, space = n+1, false
		}
		last = r
		n++
	}
	flush()
	return b.String()
}

// accents are the composed letters that names are written with, as pairs of
// base letter and composed letter, by combining mark.
var accents = map[rune]string{
	0x0300: "AÀEÈIÌOÒUÙNǸaàeèiìoòuùnǹ",
	0x0301: "AÁCĆEÉIÍLĹNŃOÓRŔSŚUÚYÝZŹaácćeéiílĺnńoórŕsśuúyýzź",
	0x0302: "AÂCĈEÊGĜHĤIÎJĴOÔSŜUÛWŴYŶaâcĉeêgĝhĥiîjĵoôsŝuûwŵyŷ",
	0x0303: "AÃIĨNÑOÕUŨaãiĩnñoõuũ",
	0x0304: "AĀEĒIĪOŌUŪaāeēiīoōuū",
	0x0306: "AĂEĔGĞIĬOŎUŬaăeĕgğiĭoŏuŭИЙий",
	0x0307: "CĊEĖGĠIİZŻcċeėgġzż",
	0x0308: "AÄEËIÏOÖUÜYŸaäeëiïoöuüyÿЕЁеё",
	0x030a: "AÅUŮaåuů",
	0x030b: "OŐUŰoőuű",
	0x030c: "CČDĎEĚLĽNŇRŘSŠTŤZŽcčdďeělľnňrřsštťzž",
	0x0327: "CÇGĢKĶLĻNŅRŖSŞTŢcçkķlļnņrŗsştţ",
	0x0328: "AĄEĘIĮUŲaąeęiįuų",
}

func compose(base, mark rune) (rune, bool) {
	pairs := []rune(accents[mark])
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i] == base {
			return pairs[i+1], true
		}
	}
	return 0, false
}

// legible reports whether a panel with Latin, Greek, Cyrillic and, if it is
// built in, Chinese, Japanese and Korean type shows something of the text that a person can tell apart.
func legible(s string) bool {
	for _, r := range s {
		if unicode.IsDigit(r) && r < utf8.RuneSelf || unicode.In(r, unicode.Latin, unicode.Greek, unicode.Cyrillic) || unicode.In(r, ideographic...) {
			return true
		}
	}
	return false
}

// number is a telephone number as people of the phone's country write it.
func (b *builder) number(s string) string { return numbers.Group(Clean(s), b.v.Settings.Country) }

// cleanNumber keeps what a number is written with, at most max characters
// from the end nearest to the person: the last ones.
func cleanNumber(s string) string {
	return Clean(s)
}

// input prepares a number being entered: control characters become spaces,
// so that the cursor keeps its meaning rune by rune. Very long texts keep the
// part round the cursor.
func input(s string, cursor int) (string, int) {
	rs := []rune(s)
	cursor = min(max(cursor, 0), len(rs))
	for i, r := range rs {
		if unicode.Is(unicode.C, r) || unicode.Is(unicode.M, r) || unicode.IsSpace(r) {
			rs[i] = ' '
		}
	}
	if from := cursor - longest; from > 0 {
		rs, cursor = rs[from:], longest
		rs[0] = '…'
	}
	if to := cursor + longest; to < len(rs) {
		rs = append(rs[:to:to], '…')
	}
	return string(rs), cursor
}
