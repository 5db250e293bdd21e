package vcard

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

const book = "\ufeffBEGIN:VCARD\r\nVERSION:3.0\r\nFN:Jakobsen\\, Mara\r\nN:Jakobsen;Mara;;Dr.;\r\nUID:urn:uuid:1\r\n" +
	"TEL;TYPE=WORK,VOICE:+49 30 901820\r\nTEL;TYPE=\"work,cell\":0171\r\n 234\r\nPHOTO;ENCODING=b:AAAA\r\n AAAA\r\nEND:VCARD\r\n" +
	"begin:vcard\nversion:4.0\nN:Lindqvist;Anna;;;\nTEL;VALUE=uri;TYPE=home:tel:+46-8-123;ext=5\nitem1.TEL:1005\nitem1.X-ABLabel:_$!<Desk>!$_\nX-PHONED-VIP:true\nend:vcard\n" +
	"BEGIN:VCARD\nVERSION:2.1\nORG:Acme\\; Ltd;Sales\nTEL;FAX:22\nTEL:sip:sales@example.com\nEND:VCARD\n" +
	"BEGIN:VCARD\nFN:Nobody without a number\nEND:VCARD\nBEGIN:VCARD\nFN:cut off\nTEL:1\n"

var people = []Card{
	{UID: "urn:uuid:1", Name: "Jakobsen, Mara", Numbers: []Number{{"+49 30 901820", "work"}, {"0171234", "mobile"}}},
	{Name: "Anna Lindqvist", Numbers: []Number{{"+46-8-123", "home"}, {"1005", "Desk"}}, VIP: true},
	{Name: "Acme; Ltd", Numbers: []Number{{"22", "fax"}, {"sip:sales@example.com", ""}}},
}

func TestRead(t *testing.T) {
	b, err := Read(strings.NewReader(book))
	if err != nil || b.Skipped != 2 || !reflect.DeepEqual(b.Cards, people) {
		t.Errorf("%+v, %v", b, err)
	}
}

func TestOldBytes(t *testing.T) {
	b, err := Read(strings.NewReader("BEGIN:VCARD\nFN:J\xfcrgen \x80\nTEL:1\nEND:VCARD\n"))
	if err != nil || len(b.Cards) != 1 || b.Cards[0].Name != "Jürgen €" {
		t.Errorf("%+v, %v", b, err)
	}
}

// A name that turns the writing around, or is a page long, is a short plain name.
func TestHostileNames(t *testing.T) {
	name := "Eve\u202e\u2066 \x00" + strings.Repeat("😀x", 5000)
	b, err := Read(strings.NewReader("BEGIN:VCARD\nFN:" + name + "\nTEL:" + strings.Repeat("1", 500) + "\nTEL:2\nEND:VCARD\n"))
	if err != nil || len(b.Cards) != 1 {
		t.Fatal(b, err)
	}
	c := b.Cards[0]
	if utf8.RuneCountInString(c.Name) != MaxName || strings.ContainsAny(c.Name, "\u202e\u2066\x00") || len(c.Numbers) != 1 || c.Numbers[0].Number != "2" {
		t.Errorf("%+v", c)
	}
}

func TestBounds(t *testing.T) {
	for _, s := range []string{strings.Repeat("x", MaxBytes+1), "BEGIN:VCARD\nPHOTO:" + strings.Repeat("x", MaxLine) + "\nEND:VCARD\n"} {
		if _, err := Read(strings.NewReader(s)); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%d bytes: %v", len(s), err)
		}
	}
	if _, err := Read(strings.NewReader("hello\n")); !errors.Is(err, ErrNoCard) {
		t.Error(err)
	}
	b, err := Read(strings.NewReader(strings.Repeat("BEGIN:VCARD\nFN:a\nTEL:1\nEND:VCARD\n", MaxCards+3)))
	if err != nil || len(b.Cards) != MaxCards || b.Skipped != 3 {
		t.Errorf("%d cards, %d skipped, %v", len(b.Cards), b.Skipped, err)
	}
}

// What is written in either version reads as what it was, in short lines.
func TestWriteReadsBack(t *testing.T) {
	all := append(people[:len(people):len(people)], Card{Name: strings.Repeat("Żółć 😀 ", 25) + "end", Numbers: []Number{{"1", "mobile"}, {"2", "boat"}, {"3", "hut; up, there"}},
		Favourite: true, Blocked: true, Melody: "marimba"})
	for _, v := range []Version{V3, V4} {
		var out bytes.Buffer
		if err := Write(&out, v, all); err != nil {
			t.Fatal(err)
		}
		for _, l := range strings.Split(out.String(), "\r\n") {
			if len(l) > 75 || !utf8.ValidString(l) {
				t.Errorf("%s: a line of %d octets: %q", v, len(l), l)
			}
		}
		b, err := Read(&out)
		if err != nil || b.Skipped != 0 || !reflect.DeepEqual(b.Cards, all) {
			t.Errorf("%s: %+v, %v", v, b, err)
		}
	}
}

// FuzzRead: whatever comes, what is kept is bounded, and reads back when written.
func FuzzRead(f *testing.F) {
	f.Add([]byte(book))
	f.Add([]byte("BEGIN:VCARD\nTEL;TYPE=\"a,b:;c\nEND:VCARD"))
	f.Add([]byte("BEGIN:VCARD\nFN:\\\nN:;;\nTEL:tel:%zz\nEND:VCARD"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		b, err := Read(bytes.NewReader(raw))
		if err != nil {
			return
		}
		if len(b.Cards) > MaxCards {
			t.Fatal(len(b.Cards))
		}
		for _, c := range b.Cards {
			if c.Name == "" || !utf8.ValidString(c.Name) || utf8.RuneCountInString(c.Name) > MaxName || len(c.Numbers) == 0 || len(c.Numbers) > MaxNumbers {
				t.Fatalf("%+v", c)
			}
		}
		var out bytes.Buffer
		if err := Write(&out, V4, b.Cards); err != nil {
			t.Fatal(err)
		}
		again, err := Read(&out)
		if len(b.Cards) > 0 && (err != nil || again.Skipped != 0 || len(again.Cards) != len(b.Cards)) {
			t.Fatalf("%+v became %+v, %v", b, again, err)
		}
	})
}
