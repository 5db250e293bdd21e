package phone

// MatchKind says how the digits so far stand to a DigitMap.
type MatchKind int

const (
	MatchNone    MatchKind = iota // no rule allows them
	MatchPartial                  // a rule may still come true
	MatchTimed                    // a rule is true, but more may follow: 3 s
	MatchFull                     // a rule is true and nothing longer can be
)

var matchNames = [...]string{"none", "partial", "timed", "full"}

// String gives the lower-case word.
func (k MatchKind) String() string { return matchNames[k] }

// Match is the result of DigitMap.Match.
type Match struct {
	Kind    MatchKind
	Rule    int    // the alternative that is true, from 0; -1: none is
	Number  string // what is sent, rewrites applied
	Blocked bool   // the rule says "not allowed"
	Tone    bool   // a second dial tone is heard now
}

// thread is one way to read the digits in one alternative.
type thread struct {
	pos  int
	sent string
	tone bool // a comma was passed since the last digit
}

// Match holds digits against the map. The first true alternative gives the
// number, except that a blocked one wins over those that stand after it only.
func (m *DigitMap) Match(digits string) Match {
	r := Match{Rule: -1, Number: digits}
	if digits == "" {
		r.Kind = MatchPartial
		return r
	}
	partial, timer := false, false
	for i := range m.alts {
		a := &m.alts[i]
		threads := a.run(digits)
		for _, th := range threads {
			done, more, timed := a.standing(th.pos)
			partial = partial || more
			if done && r.Rule < 0 {
				r.Rule, r.Number, r.Blocked, timer = i, th.sent, a.blocked, timed
			}
			r.Tone = r.Tone || th.tone
		}
	}
	switch {
	case r.Rule >= 0 && (partial || timer):
		r.Kind = MatchTimed
	case r.Rule >= 0:
		r.Kind = MatchFull
	case partial:
		r.Kind = MatchPartial
	}
	return r
}

// Rewrite gives what is sent when a person sends digits by hand: no rule need
// be true, but a true one rewrites or forbids.
func (m *DigitMap) Rewrite(digits string) (number string, blocked bool) {
	r := m.Match(digits)
	return r.Number, r.Blocked
}

// run reads all digits and returns the ways in which that is possible.
func (a *alternative) run(digits string) []thread {
	threads := a.closure(nil, thread{})
	for i := range len(digits) {
		bit := symbolBit(digits[i])
		var next []thread
		for _, th := range threads {
			if th.pos >= len(a.elements) {
				continue
			}
			e := &a.elements[th.pos]
			if e.set&bit == 0 {
				continue
			}
			sent := th.sent
			if !e.silent {
				sent += digits[i : i+1]
			}
			pos := th.pos + 1
			if e.star {
				pos = th.pos
			}
			next = a.closure(next, thread{pos: pos, sent: sent})
		}
		if threads = next; len(threads) == 0 {
			return nil
		}
	}
	return threads
}

// closure adds th and every place that can be reached from it without a digit.
func (a *alternative) closure(to []thread, th thread) []thread {
	for {
		for _, o := range to {
			if o.pos == th.pos {
				return to
			}
		}
		to = append(to, th)
		if th.pos >= len(a.elements) {
			return to
		}
		switch e := &a.elements[th.pos]; {
		case e.star || e.tone:
			th.pos++
			th.tone = th.tone || e.tone
		case e.emit != "":
			th.pos, th.sent = th.pos+1, th.sent+e.emit
		default:
			return to
		}
	}
}

// standing: is the alternative true at pos, can it go on, does it want T?
func (a *alternative) standing(pos int) (done, more, timed bool) {
	if pos >= len(a.elements) {
		return true, false, false
	}
	e := &a.elements[pos]
	if e.timer {
		return true, false, true
	}
	return false, e.set != 0, false
}
