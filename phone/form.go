package phone

import (
	"strings"
	"unicode/utf8"
)

// FormKind says what is entered into a form.
type FormKind string

const (
	FormNumber FormKind = "number"
	FormText   FormKind = "text"
	FormPIN    FormKind = "pin"
	FormEmail  FormKind = "email"
	FormHost   FormKind = "host" // of a server, with port and path if need be
	// FormAddress is an address of IPv4: * writes the point and # the slash.
	FormAddress FormKind = "address"
	// FormPassword is a text that shows as bullets.
	FormPassword FormKind = "password"
)

// FormView is what is being entered on ScreenForm. A PIN or a password shows as
// bullets.
type FormView struct {
	ID     string // what it is for, e.g. "voicemail"
	Title  string // catalogue key with "@", otherwise literal
	Kind   FormKind
	Text   string
	Cursor int // rune index, 0 … length
	// Pending: the letter before the cursor still changes with the next press
	// of its key.
	Pending bool
	Mode    TextMode // of what is written by taps
	Error   string   // catalogue key of what was wrong with the last try, "": nothing
	Busy    bool     // what was entered is being tried
	// Peek is the letter of a password that was typed just now, "": none. It is
	// for the glass in front of the person alone.
	Peek Password
}

// form is what is being entered. It is replaced, never changed.
type form struct {
	id, arg string
	kind    FormKind
	text    []rune
	cursor  int
	tap     tap
	mode    TextMode
	err     string
	peek    bool // the letter before the cursor was typed just now
}

// maxFormRunes bounds an entry, maxSignInRunes one of a sign-in (RFC 5321
// §4.5.3.1.3: an address has at most 254).
const (
	maxFormRunes   = 64
	maxSignInRunes = 254
)

func (k FormKind) limit() int {
	if k == FormEmail || k == FormHost || k == FormPassword {
		return maxSignInRunes
	}
	return maxFormRunes
}

func (f *form) view() FormView {
	v := FormView{ID: f.id, Title: "@" + "form." + f.id, Kind: f.kind, Text: string(f.text), Cursor: f.cursor, Pending: f.tap.key != 0, Mode: f.mode, Error: f.err}
	if f.kind.Secret() {
		v.Text = strings.Repeat("•", len(f.text))
	}
	if f.peek && f.kind == FormPassword && f.cursor > 0 {
		v.Peek = Password(f.text[f.cursor-1 : f.cursor])
	}
	return v
}

func newForm(id, arg string, kind FormKind, text string) *form {
	if !utf8.ValidString(text) {
		text = ""
	}
	r := []rune(text)
	if len(r) > kind.limit() {
		r = r[:kind.limit()]
	}
	f := &form{id: id, arg: arg, kind: kind, text: r, cursor: len(r)}
	if kind == FormText && len(r) == 0 {
		f.mode = ModeWord
	}
	return f
}

// openForm asks for an entry on top of the page that is open.
func (t *turn) openForm(f *form) {
	t.openPage(page{screen: ScreenForm, form: f, parent: t.page.screen != ""})
}

// editForm replaces the form by one that edit has changed.
func (t *turn) editForm(edit func(*form) bool) {
	if t.typed.busy { // what is being tried is not changed
		t.blip()
		return
	}
	f := *t.page.form
	f.text = append([]rune(nil), f.text...)
	f.err = ""
	if !edit(&f) {
		t.blip()
		return
	}
	t.page.form = &f
	t.start(Timer{Kind: TimerMenu}, t.pageTime())
	if f.tap.key != 0 || f.peek {
		t.start(Timer{Kind: TimerTap}, tapTime)
	} else {
		t.stop(Timer{Kind: TimerTap})
	}
}

// formDigit is a digit key while a form is open.
func (t *turn) formDigit(d byte) {
	t.editForm(func(f *form) bool {
		if f.kind.byTaps() {
			return f.press(d)
		}
		if f.kind == FormPIN && (d < '0' || d > '9') {
			return false
		}
		if f.kind == FormAddress && d == '*' {
			d = '.'
		}
		if f.kind == FormAddress && d == '#' {
			d = '/'
		}
		return f.insert(rune(d))
	})
}

func (f *form) insert(r rune) bool {
	if len(f.text) >= f.kind.limit() {
		return false
	}
	f.text = append(f.text[:f.cursor], append([]rune{r}, f.text[f.cursor:]...)...)
	f.cursor++
	return true
}

func (f *form) remove() bool {
	if f.cursor == 0 {
		return false
	}
	f.text = append(f.text[:f.cursor-1], f.text[f.cursor:]...)
	f.cursor--
	f.tap, f.peek = tap{}, false
	return true
}

func (f *form) move(by int) bool {
	n := f.cursor + by
	if n < 0 || n > len(f.text) {
		return false
	}
	f.cursor, f.tap, f.peek = n, tap{}, false
	return true
}

// formDone is OK: what was entered is used.
func (t *turn) formDone() {
	f := t.page.form
	text := strings.TrimSpace(string(f.text))
	if f.kind == FormNumber {
		text = cleanNumber(text)
	}
	use, ok := formUses[f.id]
	if !ok {
		t.pageBack()
		return
	}
	use(t, f, text)
}

// wrong keeps the form and says what is not right with what was entered.
func (t *turn) wrong(why string) {
	f := *t.page.form
	f.err, f.text, f.cursor, f.tap, f.peek = why, nil, 0, tap{}, false
	if f.kind != FormPIN {
		f.text, f.cursor = t.page.form.text, t.page.form.cursor
	}
	t.page.form = &f
	t.stop(Timer{Kind: TimerTap})
	t.blip()
}
