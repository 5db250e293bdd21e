package phone

import (
	"errors"
	"strings"
	"testing"
)

func TestDigitMap(t *testing.T) {
	const us = "[2-9]11|0T|00|[2-9]xxxxxx|1[2-9]xx[2-9]xxxxxx|011xxx.T|*xx"
	for _, c := range []struct {
		text, digits string
		kind         MatchKind
		number       string
		blocked      bool
		tone         bool
	}{
		{"", "1", MatchTimed, "1", false, false},
		{"", "*", MatchTimed, "*", false, false},
		{"", "*21", MatchTimed, "*21", false, false},
		{"", "#", MatchNone, "#", false, false},
		{us, "9", MatchPartial, "9", false, false},
		{us, "911", MatchTimed, "911", false, false}, // 911xxxx may follow
		{us, "0", MatchTimed, "0", false, false},
		{us, "00", MatchFull, "00", false, false},
		{us, "2345678", MatchFull, "2345678", false, false},
		{us, "1234", MatchPartial, "1234", false, false},
		{us, "12345678901", MatchFull, "12345678901", false, false},
		{us, "1123", MatchNone, "1123", false, false},
		{us, "011", MatchPartial, "011", false, false},
		{us, "01149", MatchTimed, "01149", false, false},
		{us, "*69", MatchFull, "*69", false, false},
		{"(xxx|xxxx)", "123", MatchTimed, "123", false, false},
		{"(xxx|xxxx)", "1234", MatchFull, "1234", false, false},
		{"xxT", "12", MatchTimed, "12", false, false},
		{"x.", "1", MatchTimed, "1", false, false},
		{"12.3", "13", MatchFull, "13", false, false},
		{"12.3", "12223", MatchFull, "12223", false, false},
		{"12.3", "122", MatchPartial, "122", false, false},
		{"[^1]xx", "123", MatchNone, "123", false, false},
		{"[^1]xx", "234", MatchFull, "234", false, false},
		{"[13-5*#]", "#", MatchFull, "#", false, false},
		{"[13-5*#]", "2", MatchNone, "2", false, false},
		{"<9:>xxx", "9123", MatchFull, "123", false, false},
		{"<:0>1xx", "123", MatchFull, "0123", false, false},
		{"<8:1650>555xxxx", "85551212", MatchFull, "16505551212", false, false},
		{"1<2x:>3", "1283", MatchFull, "13", false, false},
		{"9,xxx", "9", MatchPartial, "9", false, true},
		{"9,xxx", "91", MatchPartial, "91", false, false},
		{"<9:>,xxx", "9", MatchPartial, "9", false, true},
		{"!900x.|xxxT", "9005", MatchTimed, "9005", true, false},
		{"!900x.|xxxT", "123", MatchTimed, "123", false, false},
		{"ABCD", "ABCD", MatchFull, "ABCD", false, false},
		{"abcd", "ABCD", MatchFull, "ABCD", false, false},
		{"+49x.T", "+4930", MatchTimed, "+4930", false, false},
		{" 1 2 | 3 4 ", "34", MatchFull, "34", false, false},
		{"123", "", MatchPartial, "", false, false},
	} {
		m, err := ParseDigitMap(c.text)
		if err != nil {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		got := m.Match(c.digits)
		if got.Kind != c.kind || got.Number != c.number || got.Blocked != c.blocked || got.Tone != c.tone {
			t.Errorf("%q, %q: got %s %+v, want %s %q blocked %v tone %v", c.text, c.digits, got.Kind, got, c.kind, c.number, c.blocked, c.tone)
		}
	}
}

func TestDigitMapErrorsNameThePlace(t *testing.T) {
	for _, c := range []struct {
		text string
		pos  int
		what string
	}{
		{"1|", 3, "empty alternative"},
		{"|1", 1, "empty alternative"},
		{"12[3", 3, "never closed"},
		{"1[]", 3, "empty set"},
		{"1[5-2]", 5, "backwards"},
		{"1[2-]", 5, "range"},
		{"1[*-2]", 5, "range"},
		{"1[x]", 3, "set"},
		{"[^0-9]", 1, "excludes"},
		{".1", 1, "repeat"},
		{"1..", 3, "repeat"},
		{"T", 1, "digits before"},
		{"1T2", 3, "last"},
		{"12z", 3, "unexpected"},
		{"(12", 4, "missing )"},
		{"12)", 3, "unexpected"},
		{"<9>", 3, "needs a :"},
		{"<9:1", 1, "never closed"},
		{"<9:x>", 4, "can't be sent"},
		{"<?:1>", 2, "can't be dialled"},
		{"<:>1", 4, "empty rewrite"},
		{"!", 2, "empty alternative"},
		{strings.Repeat("1", 65), 66, "elements"},
		{strings.Repeat("1|", 300) + "1", 514, "alternatives"},
		{strings.Repeat("1|", 2000), 2049, "longer"},
	} {
		_, err := ParseDigitMap(c.text)
		var e *DigitMapError
		if !errors.As(err, &e) {
			t.Errorf("%.20q: error %v", c.text, err)
			continue
		}
		if e.Pos != c.pos || !strings.Contains(e.What, c.what) {
			t.Errorf("%.20q: %v, want column %d, %s", c.text, err, c.pos, c.what)
		}
	}
}

func FuzzDigitMap(f *testing.F) {
	f.Add("[2-9]11|0T|<9:>,[^1]xx.|!900x.", "911")
	f.Add("(*x.T|x.T)", "*21#")
	f.Add("<9x:00>12.3", "9512223")
	f.Fuzz(func(t *testing.T, text, digits string) {
		m, err := ParseDigitMap(text)
		if err != nil {
			var e *DigitMapError
			if !errors.As(err, &e) || e.Pos < 1 || e.Pos > len(text)+1 {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		if len(digits) > 64 {
			digits = digits[:64]
		}
		full := false
		for i := 1; i <= len(digits); i++ {
			r := m.Match(digits[:i])
			if full && r.Kind != MatchNone {
				t.Fatalf("%q: %q was full, but %q is %s", text, digits[:i-1], digits[:i], r.Kind)
			}
			if (r.Rule >= 0) != (r.Kind >= MatchTimed) {
				t.Fatalf("%q, %q: %+v", text, digits[:i], r)
			}
			full = r.Kind == MatchFull
		}
	})
}
