package phone

import (
	"slices"
	"strings"
	"unicode"
)

// keyOf is the digit that a letter is on (ITU-T E.161), 0 if none.
var keyOf = func() map[rune]byte {
	m := map[rune]byte{}
	for d, set := range letters {
		for _, r := range set {
			if unicode.IsLetter(r) {
				m[r] = d
			}
		}
	}
	return m
}()

// matches: the digits begin a word of the name, or are part of a number.
func (c *ContactCard) matches(digits string) bool {
	if spells(c.Name, digits) {
		return true
	}
	return slices.ContainsFunc(c.Numbers, func(n ContactNumber) bool { return strings.Contains(bareNumber(n.Number), digits) })
}

// spells: the keys pressed begin a word of the name, and may go on into the
// words after it. Letters that no key has end a word.
func spells(name, digits string) bool {
	if digits == "" {
		return false
	}
	name = strings.ToLower(name)
	begin := true
	for i, r := range name {
		if begin && spellsFrom(name[i:], digits) {
			return true
		}
		begin = !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}
	return false
}

func spellsFrom(name, digits string) bool {
	i := 0
	for _, r := range name {
		if i == len(digits) {
			return true
		}
		d, ok := keyOf[r]
		if r >= '0' && r <= '9' {
			d, ok = byte(r), true
		}
		switch {
		case ok && d == digits[i]:
			i++
		case !ok && !unicode.IsLetter(r) && i > 0: // a space between words
		default:
			return false
		}
	}
	return i == len(digits)
}

// suggestion is somebody whom the digits typed so far may mean.
type suggestion struct{ name, number string }

// suggestions are contacts, favourites first, then calls of the history whose
// number has the digits (C5).
func (s *State) suggestions() []suggestion {
	typed := s.input.Text
	if typed == "" || s.settings.Locked || s.station != stationPredial && s.station != stationDialing && s.station != stationTransfer {
		return nil
	}
	var out []suggestion
	add := func(name, number string) bool {
		if number == "" || bareNumber(number) == typed || slices.ContainsFunc(out, func(x suggestion) bool { return sameNumber(x.number, number) }) {
			return len(out) < suggestionLimit
		}
		out = append(out, suggestion{name, number})
		return len(out) < suggestionLimit
	}
	for _, fav := range []bool{true, false} {
		for i := range s.contacts {
			c := &s.contacts[i]
			if c.Favourite != fav {
				continue
			}
			byName := spells(c.Name, typed)
			for _, n := range c.Numbers {
				if (byName || strings.Contains(bareNumber(n.Number), typed)) && !add(c.Name, n.Number) {
					return out
				}
			}
		}
	}
	for _, r := range s.recent {
		if !Anonymous(r.Party.Number) && (strings.Contains(bareNumber(r.Party.Number), typed) || spells(r.Party.Name, typed)) {
			if !add(s.named(r.Party).label(), r.Party.Number) {
				return out
			}
		}
	}
	return out
}

// suggested is the number of the selected suggestion, "" while what was typed
// itself is selected.
func (s *State) suggested() string {
	if l := s.suggestions(); s.choice > 0 && s.choice <= len(l) {
		return l[s.choice-1].number
	}
	return ""
}

func (s *State) suggestionView() MenuView {
	var v MenuView
	for _, x := range s.suggestions() {
		v.Items = append(v.Items, MenuItem{ID: x.number, Label: x.name, Value: x.number})
	}
	v.Index = min(s.choice, len(v.Items))
	return v
}

// moveSuggestion reports whether the selection moved; 0 is what was typed.
func (t *turn) moveSuggestion(by int) bool {
	n := t.choice + by
	if n < 0 || n > len(t.suggestions()) {
		return false
	}
	t.choice = n
	if t.station == stationPredial {
		t.start(Timer{Kind: TimerPredial}, t.settings.Timers.Predial)
	} else if t.station == stationDialing {
		t.start(Timer{Kind: TimerInterDigit}, t.settings.Timers.InterDigitLong)
	}
	return true
}
