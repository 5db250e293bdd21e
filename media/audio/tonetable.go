package audio

import (
	_ "embed"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"
)

// toneTable is the data: see its own head for sources and grammar.
//
//go:embed tones.txt
var toneTable string

// defaultCountry is the column that fills what a country does not say.
const defaultCountry = "US"

// ToneSet are the tones of a country.
type ToneSet map[ToneName]*Tone

// Tones gives the tones of a country (ISO 3166-1 alpha-2, any case). Tones a
// country does not define, and unknown countries altogether, are those of the
// US. known tells whether the country is in the table.
func Tones(country string) (set ToneSet, known bool) {
	tables, _ := parseToneTable(toneTable) // the table is tested
	set = maps.Clone(tables[defaultCountry])
	own, known := tables[strings.ToUpper(country)]
	maps.Copy(set, own)
	return set, known
}

// ToneCountries lists the countries of the table.
func ToneCountries() []string {
	tables, _ := parseToneTable(toneTable)
	var out []string
	for c := range tables {
		out = append(out, c)
	}
	return out
}

// parseToneTable reads lines "COUNTRY tone level cadence"; # starts a comment.
func parseToneTable(text string) (map[string]ToneSet, error) {
	tables := map[string]ToneSet{}
	var firstErr error
	for n, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		t, err := parseToneRow(f)
		if err != nil {
			if firstErr == nil {
				firstErr = fmt.Errorf("tone table line %d: %w", n+1, err)
			}
			continue
		}
		if tables[f[0]] == nil {
			tables[f[0]] = ToneSet{}
		}
		tables[f[0]][ToneName(f[1])] = t
	}
	return tables, firstErr
}

func parseToneRow(f []string) (*Tone, error) {
	if len(f) != 4 {
		return nil, fmt.Errorf("%d fields, want 4", len(f))
	}
	level, err := strconv.ParseFloat(f[2], 64)
	if err != nil || !(level <= 0 && level >= -60) {
		return nil, fmt.Errorf("level %q is not in -60 to 0 dBFS", f[2])
	}
	t, err := ParseCadence(f[3])
	if err != nil {
		return nil, err
	}
	t.Level = level
	return t, nil
}

// ParseCadence reads a cadence as the table writes it, without spaces:
//
//	cadence  = [ once "|" ] loop | once "."
//	once     = loop = part *( "," part )
//	part     = segment | count "*(" segment *( "," segment ) ")"
//	segment  = freq *( "+" freq ) [ "x" modulation ] [ "/" milliseconds ]
//
// Frequency 0 is silence; a segment without a length goes on for ever and must
// be the last. The level is left at 0.
func ParseCadence(s string) (*Tone, error) {
	if s, ok := strings.CutSuffix(s, "."); ok {
		once, err := parseSegments(s)
		return &Tone{Once: once}, err
	}
	t := &Tone{}
	before, after, twoParts := strings.Cut(s, "|")
	if !twoParts {
		before, after = "", s
	}
	var err error
	if twoParts {
		if t.Once, err = parseSegments(before); err != nil {
			return nil, err
		}
	}
	t.Loop, err = parseSegments(after)
	return t, err
}

// maxSegments bounds what repetition may unfold to.
const maxSegments = 256

func parseSegments(s string) ([]Segment, error) {
	var out []Segment
	for s != "" {
		var part string
		times := 1
		if head, rest, ok := strings.Cut(s, "*("); ok && !strings.ContainsAny(head, ",+/)") {
			inner, after, closed := strings.Cut(rest, ")")
			n, err := strconv.Atoi(head)
			if !closed || err != nil || n < 1 || n > maxSegments || after != "" && after[0] != ',' {
				return nil, fmt.Errorf("bad repetition in %q", s)
			}
			part, times, s = inner, n, strings.TrimPrefix(after, ",")
		} else {
			part, s, _ = strings.Cut(s, ",")
		}
		var group []Segment
		for _, one := range strings.Split(part, ",") {
			seg, err := parseSegment(one)
			if err != nil {
				return nil, err
			}
			group = append(group, seg)
		}
		for range times {
			if out = append(out, group...); len(out) > maxSegments {
				return nil, fmt.Errorf("more than %d segments", maxSegments)
			}
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("empty cadence")
	}
	for _, seg := range out[:len(out)-1] {
		if seg.Len == 0 {
			return nil, fmt.Errorf("an endless segment must be the last")
		}
	}
	return out, nil
}

func parseSegment(s string) (Segment, error) {
	var seg Segment
	body, ms, timed := strings.Cut(s, "/")
	if timed {
		n, err := strconv.Atoi(ms)
		if err != nil || n < 1 || n > 60000 {
			return seg, fmt.Errorf("bad length in %q", s)
		}
		seg.Len = time.Duration(n) * time.Millisecond
	}
	body, mod, modulated := strings.Cut(body, "x")
	if modulated {
		f, err := parseFreq(mod)
		if err != nil {
			return seg, err
		}
		seg.Mod = f
	}
	if body == "0" {
		return seg, nil
	}
	for _, word := range strings.Split(body, "+") {
		f, err := parseFreq(word)
		if err != nil {
			return seg, err
		}
		if seg.Freqs = append(seg.Freqs, f); len(seg.Freqs) > maxPartials {
			return seg, fmt.Errorf("more than %d frequencies in %q", maxPartials, s)
		}
	}
	return seg, nil
}

func parseFreq(s string) (float64, error) {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || !(f >= 10 && f <= 8000) {
		return 0, fmt.Errorf("frequency %q is not in 10 to 8000 Hz", s)
	}
	return f, nil
}
