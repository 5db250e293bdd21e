package phone

import (
	"time"
	"unicode"
)

// TextMode is what the letter keys write.
type TextMode string

const (
	ModeLower  TextMode = ""     // abc
	ModeWord   TextMode = "Abc"  // the next letter is a capital
	ModeUpper  TextMode = "ABC"  // capitals
	ModeDigits TextMode = "0123" // digits
)

// tapTime is how long a letter may still be changed by pressing its key again.
const tapTime = time.Second

// tap is the key whose letter is not settled, and how often it was pressed.
type tap struct {
	key byte
	n   int
}

// letters are what the keys write one after the other (ITU-T E.161), each
// ending with its digit.
var letters = map[byte][]rune{
	'0': []rune(" 0"), '1': []rune(".,-'@&/:_()1"), '2': []rune("abcäàáâåæç2"), '3': []rune("defèéêë3"),
	'4': []rune("ghiìíîï4"), '5': []rune("jkl5"), '6': []rune("mnoöòóôøñœ6"), '7': []rune("pqrsß7"),
	'8': []rune("tuvüùúû8"), '9': []rune("wxyzÿ9"), '*': []rune("*+#"),
}

// press is a key of a text: letters by repeated presses, # changes the mode.
func (f *form) press(d byte) bool {
	if d == '#' {
		f.nextMode()
		return true
	}
	if f.mode == ModeDigits {
		return f.insert(rune(d))
	}
	set := letters[d]
	if f.tap.key == d && f.cursor > 0 {
		f.tap.n++
		f.text[f.cursor-1] = f.cased(set[f.tap.n%len(set)])
		return true
	}
	f.settleTap()
	if !f.insert(f.cased(set[0])) {
		return false
	}
	f.tap = tap{key: d}
	return true
}

func (f *form) cased(r rune) rune {
	if f.mode == ModeLower || r == 'ß' {
		return r
	}
	return unicode.ToUpper(r)
}

// settleTap keeps the letter before the cursor. A capital at a word's
// beginning is followed by small letters.
func (f *form) settleTap() {
	if f.tap.key == 0 {
		return
	}
	f.tap = tap{}
	switch last := f.text[f.cursor-1]; {
	case f.mode == ModeWord && last != ' ':
		f.mode = ModeLower
	case f.mode == ModeLower && last == ' ':
		f.mode = ModeWord
	}
}

func (f *form) nextMode() {
	f.tap = tap{}
	switch f.mode {
	case ModeLower:
		f.mode = ModeWord
	case ModeWord:
		f.mode = ModeUpper
	case ModeUpper:
		f.mode = ModeDigits
	default:
		f.mode = ModeLower
	}
}

// tapDue: nobody pressed the key again.
func (t *turn) tapDue() {
	if t.page.form == nil {
		return
	}
	f := *t.page.form
	f.settleTap()
	t.page.form = &f
}
