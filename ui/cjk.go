//go:build !nocjk

package ui

import "unicode"

// ideographic are the scripts that panels show by their bitmap font.
var ideographic = []*unicode.RangeTable{unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul}
