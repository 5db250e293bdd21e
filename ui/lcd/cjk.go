//go:build !nocjk

package lcd

import (
	_ "embed"
	"sync"
)

// Kana, 14,655 ideographs and Hangul syllables; 0.6 MB of the program, 2 MB of
// memory once the first such name is shown. The build tag nocjk leaves them
// out.
//
//go:embed fonts/cjk.bin
var cjkFonts []byte

// ideographs are the fonts of Chinese, Japanese and Korean, the smallest
// first. A file that can't be read is as none: the tests read it.
var ideographs = sync.OnceValue(func() []*bitFont {
	f, err := readBitFonts(cjkFonts)
	if err != nil {
		return nil
	}
	return f
})
