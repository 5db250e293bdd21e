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

// tapTime is how long a letter may still be changed by pressing its key again,
// and how long the last letter of a password can be seen.
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

// plainLetters are those of an address: what is likely comes first.
var plainLetters = map[byte][]rune{
	'0': []rune("0"), '1': []rune(".@-_1+"), '2': []rune("abc2"), '3': []rune("def3"), '4': []rune("ghi4"), '5': []rune("jkl5"),
	'6': []rune("mno6"), '7': []rune("pqrs7"), '8': []rune("tuv8"), '9': []rune("wxyz9"), '*': []rune("@+*!#$%&'/=?^`{|}~"),
}

// hostLetters are those of a server's address.
var hostLetters = map[byte][]rune{'0': {'0'}, '1': []rune(".-/:1_"), '*': []rune("/:~")}

// secretLetters write every character of ASCII; letters beyond it come after
// the digit, where they are in nobody's way.
var secretLetters = map[byte][]rune{
	'0': []rune("0 "), '1': []rune(".@-_!,?1'\"/:;&()"), '2': []rune("abc2äàáâåæç"), '3': []rune("def3èéêë"),
	'4': []rune("ghi4ìíîï"), '5': []rune("jkl5"), '6': []rune("mno6öòóôøñœ"), '7': []rune("pqrs7ß"),
	'8': []rune("tuv8üùúû"), '9': []rune("wxyz9ÿ"), '*': []rune("*+#$%=^~|<>[]{}\\`€£§"),
}

// Letters are what a key writes into a form of this kind, one press after the other.
func (k FormKind) Letters(key byte) []rune {
	switch k {
	case FormPassword:
		return secretLetters[key]
	case FormHost:
		if l, ok := hostLetters[key]; ok {
			return l
		}
		return plainLetters[key]
	case FormEmail:
		return plainLetters[key]
	}
	return letters[key]
}

// byTaps: letters are written by pressing a key repeatedly.
func (k FormKind) byTaps() bool {
	return k == FormText || k == FormEmail || k == FormHost || k == FormPassword
}

// Secret: what is entered must be seen by nobody.
func (k FormKind) Secret() bool { return k == FormPIN || k == FormPassword }

// press is a key of a text: letters by repeated presses, # changes the mode.
func (f *form) press(d byte) bool {
	if d == '#' {
		f.nextMode()
		return true
	}
	f.peek = f.kind == FormPassword
	if f.mode == ModeDigits {
		return f.insert(rune(d))
	}
	set := f.kind.Letters(d)
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
	if f.kind != FormText {
		return
	}
	switch last := f.text[f.cursor-1]; {
	case f.mode == ModeWord && last != ' ':
		f.mode = ModeLower
	case f.mode == ModeLower && last == ' ':
		f.mode = ModeWord
	}
}

// nextMode: only a name has words that begin with a capital.
func (f *form) nextMode() {
	f.tap, f.peek = tap{}, false
	switch f.mode {
	case ModeLower:
		f.mode = ModeUpper
		if f.kind == FormText {
			f.mode = ModeWord
		}
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
	f.peek = false
	t.page.form = &f
}
