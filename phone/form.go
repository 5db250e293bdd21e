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
)

// FormView is what is being entered on ScreenForm. A PIN shows as bullets.
type FormView struct {
	ID     string // what it is for, e.g. "voicemail"
	Title  string // catalogue key with "@", otherwise literal
	Kind   FormKind
	Text   string
	Cursor int // rune index, 0 … length
	// Pending: the letter before the cursor still changes with the next press
	// of its key.
	Pending bool
	Mode    TextMode // of a FormText
	Error   string   // catalogue key of what was wrong with the last try, "": nothing
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
}

const maxFormRunes = 64

func (f *form) view() FormView {
	v := FormView{ID: f.id, Title: "@" + "form." + f.id, Kind: f.kind, Text: string(f.text), Cursor: f.cursor, Pending: f.tap.key != 0, Mode: f.mode, Error: f.err}
	if f.kind == FormPIN {
		v.Text = strings.Repeat("•", len(f.text))
	}
	return v
}

func newForm(id, arg string, kind FormKind, text string) *form {
	if !utf8.ValidString(text) {
		text = ""
	}
	r := []rune(text)
	if len(r) > maxFormRunes {
		r = r[:maxFormRunes]
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
	f := *t.page.form
	f.text = append([]rune(nil), f.text...)
	f.err = ""
	if !edit(&f) {
		t.blip()
		return
	}
	t.page.form = &f
	t.start(Timer{Kind: TimerMenu}, t.settings.Timers.Menu)
	if f.tap.key != 0 {
		t.start(Timer{Kind: TimerTap}, tapTime)
	} else {
		t.stop(Timer{Kind: TimerTap})
	}
}

// formDigit is a digit key while a form is open.
func (t *turn) formDigit(d byte) {
	t.editForm(func(f *form) bool {
		if f.kind == FormText {
			return f.press(d)
		}
		if f.kind == FormPIN && (d < '0' || d > '9') {
			return false
		}
		return f.insert(rune(d))
	})
}

func (f *form) insert(r rune) bool {
	if len(f.text) >= maxFormRunes {
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
	f.tap = tap{}
	return true
}

func (f *form) move(by int) bool {
	n := f.cursor + by
	if n < 0 || n > len(f.text) {
		return false
	}
	f.cursor, f.tap = n, tap{}
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
	f.err, f.text, f.cursor, f.tap = why, nil, 0, tap{}
	if f.kind != FormPIN {
		f.text, f.cursor = t.page.form.text, t.page.form.cursor
	}
	t.page.form = &f
	t.stop(Timer{Kind: TimerTap})
	t.blip()
}
