package numbers

import (
	"strings"
	"testing"
)

func TestGroup(t *testing.T) {
	for _, c := range []struct{ country, number, want string }{
		{"DE", "+493090182018", "+49 30 90182018"}, {"DE", "03090182018", "030 90182018"}, {"DE", "004930901820", "0049 30 901820"},
		{"DE", "015112345678", "01511 2345678"}, {"DE", "+15417543010", "+1 (541) 754-3010"}, {"DE", "1003", "1003"}, {"DE", "110", "110"},
		{"US", "5417543010", "(541) 754-3010"}, {"US", "+442079460018", "+44 20 7946 0018"}, {"US", "1003", "1003"},
		{"GB", "02079460018", "020 7946 0018"}, {"FR", "0142278186", "01 42 27 81 86"}, {"CH", "0446681800", "044 668 18 00"},
		{"AT", "+431234567", "+43 1 234567"}, {"IT", "0612345678", "06 1234 5678"}, {"NO", "22334455", "22 33 44 55"},
		{"", "03090182018", "03090182018"}, {"XX", "03090182018", "03090182018"}, {"DE", "+49 30 901820", "+49 30 901820"},
		{"DE", "*21*1002#", "*21*1002#"}, {"DE", "anna", "anna"}, {"DE", "", ""}, {"DE", strings.Repeat("0", 500), strings.Repeat("0", 500)},
		{"DE", "+", "+"}, {"DE", "+0", "+0"}, {"DE", "+999123456", "+999123456"},
	} {
		if got := Group(c.number, c.country); got != c.want {
			t.Errorf("%s: Group(%q) = %q, want %q", c.country, c.number, got, c.want)
		}
	}
}

// TestTable: every country's rules can be read.
func TestTable(t *testing.T) {
	tab, err := parse(packed)
	if err != nil || len(tab.regions) < 230 {
		t.Fatalf("%d countries, %v", len(tab.regions), err)
	}
	for id, r := range tab.regions {
		for _, f := range r.Formats {
			f.compile()
			if f.pattern == nil || f.Leading != "" && f.leading == nil {
				t.Errorf("%s: %+q cannot be read", id, f.Pattern)
			}
		}
	}
	if _, err := parse([]byte("x")); err == nil {
		t.Error("no table is read as one")
	}
}

// FuzzGroup: digits stay what they are, in their order.
func FuzzGroup(f *testing.F) {
	f.Add("+493090182018", "DE")
	f.Add("5417543010", "US")
	f.Add("\xff+", "")
	f.Fuzz(func(t *testing.T, number, country string) {
		keep := func(s string) string {
			return strings.Map(func(r rune) rune {
				if r >= '0' && r <= '9' || r == '+' {
					return r
				}
				return -1
			}, s)
		}
		if got := Group(number, country); keep(got) != keep(number) {
			t.Errorf("%s: %q became %q", country, number, got)
		}
	})
}
