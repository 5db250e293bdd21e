//go:build nocjk

package ui

import "unicode"

// ideographic are the scripts that panels show by their bitmap font: none in
// this program.
var ideographic []*unicode.RangeTable
