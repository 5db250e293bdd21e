package markup

import (
	"encoding/xml"
	"errors"
	"html"
	"html/template"
	"io"
	"strings"
	"testing"
	"unicode/utf8"
)

var nasty = []string{
	"", "plain", "ä 漢 🙂", `<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `' onload='x`, "&lt;b&gt;", "a&b", "</title>", "]]>", "<!--", "-->",
	"{{.}}", "{{name}}", "\x00", "a\x00<b", "\xff\xfe<", "\u2028", "`", "=", "+ADw-script+AD4-", "javascript:x",
}

// leaves tells whether a text, put between and into tags, stays what it is: a reader
// of XML finds the two places with the text and nothing else.
func leaves(t *testing.T, s string) {
	t.Helper()
	e := Escape(s)
	if strings.ContainsAny(e, "<>\"'\x00") || !utf8.ValidString(e) {
		t.Fatalf("%q escaped is %q", s, e)
	}
	if back, want := html.UnescapeString(e), strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\x00", "\ufffd"); back != want {
		t.Fatalf("%q read back is %q", s, back)
	}
}

func TestEscape(t *testing.T) {
	for _, s := range nasty {
		leaves(t, s)
	}
}

// The standard library's templates find the same places for a text: an attribute with
// quotes, and an element.
func TestAsTheStandardLibrary(t *testing.T) {
	theirs := template.Must(template.New("").Parse(`<p title="{{.}}">{{.}}</p>`))
	for _, s := range nasty {
		var want strings.Builder
		if err := theirs.Execute(&want, s); err != nil {
			t.Fatal(err)
		}
		var w Writer
		w.Raw(`<p title="`)
		w.Text(s)
		w.Raw(`">`)
		w.Text(s)
		w.Raw(`</p>`)
		if got, want := html.UnescapeString(w.String()), html.UnescapeString(strings.ToValidUTF8(want.String(), "\ufffd")); got != want {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
}

func TestElement(t *testing.T) {
	var w Writer
	w.Element(`span class="soft"`, `<b>"`)
	w.Element("i", 7)
	if got, want := w.String(), `<span class="soft">&lt;b&gt;&#34;</span><i>7</i>`; got != want {
		t.Error(got)
	}
}

func TestFill(t *testing.T) {
	for _, c := range []struct {
		page string
		want string
	}{
		{"", ""},
		{"nothing } { to fill", "nothing } { to fill"},
		{`<p title="{{a}}">{{b}}</p>{{a}}`, `<p title="&#34;{{b}}">&lt;i&gt;</p>&#34;{{b}}`},
		{"{{c}}", ""},
		{"{{a", ""},
		{"{{ a }}", ""},
	} {
		got, err := Fill(c.page, map[string]string{"a": `"{{b}}`, "b": "<i>"})
		if got != c.want || (err == nil) != (c.want != "" || c.page == "") {
			t.Errorf("%q: %q, %v", c.page, got, err)
		}
	}
}

func FuzzEscape(f *testing.F) {
	for _, s := range nasty {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		leaves(t, s)
		for _, r := range s {
			if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xfffe || r == 0xffff {
				return // no XML, though HTML
			}
		}
		var w Writer
		w.Raw(`<p title="`)
		w.Text(s)
		w.Raw(`">`)
		w.Text(s)
		w.Raw(`</p>`)
		elements := 0
		for d := xml.NewDecoder(strings.NewReader(w.String())); ; {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%q: %v", s, err)
			}
			if start, ok := token.(xml.StartElement); ok {
				elements++
				if len(start.Attr) != 1 {
					t.Fatalf("%q: %v", s, start.Attr)
				}
			}
		}
		if elements != 1 {
			t.Fatalf("%q: %d elements", s, elements)
		}
	})
}
