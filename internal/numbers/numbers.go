// Package numbers groups telephone numbers the way people of a country write
// them: "+493090182018" becomes "+49 30 90182018", in Germany "03090182018"
// becomes "030 90182018". It only sets spaces and signs between the digits: no
// digit is added, left out or changed. What it does not know, such as an
// extension, it leaves as it is.
//
// The table is made by testdata/gen from libphonenumber's data and compressed in the
// program (about 20 KB); a country's rules are read when they are first
// needed. All functions are safe for concurrent use. Nothing runs by itself.
package numbers

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"sync"
)

//go:generate go -C testdata/gen run -mod=mod . ../../table.json.gz
//go:embed table.json.gz
var packed []byte

type format struct {
	Leading string `json:"l"`
	Pattern string `json:"p"`
	Groups  string `json:"g"`
	Rule    string `json:"r"`

	once             sync.Once
	leading, pattern *regexp.Regexp
}

type region struct {
	Code    string    `json:"c"`
	Trunk   string    `json:"t"`
	Main    bool      `json:"m"`
	Formats []*format `json:"f"`
}

type table struct {
	regions map[string]*region
	byCode  map[string]*region // the main one of a country code
}

// read unpacks the table. One that can't be read groups nothing; the tests
// read it.
var read = sync.OnceValue(func() *table {
	t, err := parse(packed)
	if err != nil {
		return &table{}
	}
	return t
})

func parse(b []byte) (*table, error) {
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("numbers: unpack the table: %w", err)
	}
	t := &table{byCode: map[string]*region{}}
	if err := json.NewDecoder(z).Decode(&t.regions); err != nil {
		return nil, fmt.Errorf("numbers: read the table: %w", err)
	}
	for _, r := range t.regions {
		if r.Main {
			t.byCode[r.Code] = r
		}
	}
	return t, nil
}

// longest is how many digits a number has at most (ITU-T E.164: 15), with an
// international prefix before it.
const longest = 18

// Group sets a number apart the way people of country (ISO 3166, such as
// "DE") write it. A text that is no such number comes back unchanged.
func Group(number, country string) string {
	digits := strip(number)
	if digits == "" {
		return number
	}
	// A rule that adds or drops a digit, as some do between old and new numbers, is no
	// way to write what is to be dialled.
	if s := group(digits, country); strip(s) == digits {
		return s
	}
	return number
}

// group sets stripped digits apart; "" where no rule fits.
func group(digits, country string) string {
	t := read()
	if d, ok := strings.CutPrefix(digits, "+"); ok {
		return t.international("+", d)
	}
	home := t.regions[strings.ToUpper(country)]
	if home == nil {
		return ""
	}
	if d, ok := strings.CutPrefix(digits, "00"); ok && home.Trunk == "0" {
		return t.international("00", d)
	}
	return home.national(digits)
}

// strip leaves the digits and a leading "+"; "" if there is anything but what
// numbers are written with.
func strip(s string) string {
	var b strings.Builder
	for i, r := range s {
		switch {
		case r >= '0' && r <= '9', r == '+' && i == 0:
			b.WriteRune(r)
		case r == ' ' || r == '-' || r == '(' || r == ')' || r == '/' || r == '.':
		default:
			return ""
		}
	}
	if n := b.Len(); n < 5 || n > longest {
		return ""
	}
	return b.String()
}

// international groups what follows the prefix: country code and number.
func (t *table) international(prefix, d string) string {
	for n := 1; n <= 3 && n < len(d); n++ {
		if r := t.byCode[d[:n]]; r != nil {
			if s := r.set(d[n:], false); s != "" {
				return prefix + d[:n] + " " + s
			}
		}
	}
	return ""
}

// national groups a number as dialled within the country.
func (r *region) national(d string) string {
	if r.Trunk == "" {
		return r.set(d, true)
	}
	if rest, ok := strings.CutPrefix(d, r.Trunk); ok {
		if s := r.set(rest, true); s != "" && strip(s) == d {
			return s
		}
	}
	if s := r.set(d, true); s != "" && strip(s) == d {
		return s // where the prefix need not be dialled
	}
	return ""
}

// set groups a national number without its prefix; with rule the first group
// stands as people of the country write it to each other.
func (r *region) set(d string, rule bool) string {
	for _, f := range r.Formats {
		f.once.Do(f.compile)
		if f.pattern == nil || f.leading != nil && !f.leading.MatchString(d) || !f.pattern.MatchString(d) {
			continue
		}
		groups := f.Groups
		if rule && f.Rule != "" {
			groups = strings.Replace(groups, "$1", f.Rule, 1)
		}
		return f.pattern.ReplaceAllString(d, braced(groups))
	}
	return ""
}

func (f *format) compile() {
	if f.Leading != "" {
		f.leading, _ = regexp.Compile("^(?:" + f.Leading + ")")
	}
	f.pattern, _ = regexp.Compile("^(?:" + f.Pattern + ")$")
}

var place = regexp.MustCompile(`\$(\d)`)

// braced writes "$1" as "${1}", which no digit after it can change.
func braced(s string) string { return place.ReplaceAllString(s, "$${$1}") }
