package phone

// openEntry opens the screen that asks for a number.
func (t *turn) openEntry(x transfer) {
	t.dismiss()
	t.closePage()
	t.clearStation()
	t.dropPending()
	x.since = t.at
	t.xfer = x
	if t.path == PathNone {
		t.setPath(t.freePath(), "transfer")
	}
	t.station, t.focus = stationTransfer, 0
	if len(t.transferRows()) > 0 && t.joinable() != nil {
		t.xfer.index = 1
	}
}

// joinable is the held call that stands first in the dial screen's list.
func (s *State) joinable() *call {
	return s.find(func(c *call) bool { return isHeld(c) && c.ID != s.xfer.call && !s.inConf(c.ID) && !c.emergency })
}

// transferRow is a row of the dial screen: a held call, or a number.
type transferRow struct {
	call  CallID
	party Party
}

// transferRows are the held calls, then whom the digits may mean.
func (s *State) transferRows() []transferRow {
	var rows []transferRow
	first := s.call(s.xfer.call)
	for i := range s.calls {
		if c := &s.calls[i]; isHeld(c) && c.ID != s.xfer.call && !s.inConf(c.ID) && !c.emergency {
			rows = append(rows, transferRow{c.ID, c.Party})
		}
	}
	seen := map[string]bool{"": true}
	if first != nil {
		seen[first.Party.Number] = true
	}
	for _, r := range rows {
		seen[r.party.Number] = true
	}
	add := func(p Party) {
		if n := p.Number; len(rows) < transferRowLimit && !seen[n] && !s.isEmergency(n) {
			seen[n] = true
			rows = append(rows, transferRow{0, p})
		}
	}
	if s.input.Text != "" {
		for _, x := range s.suggestions() {
			add(Party{Number: x.number, Name: x.name})
		}
		return rows
	}
	for _, r := range s.recent {
		add(r.Party)
	}
	return rows
}

const transferRowLimit = 6

// transferRowNow is the selected row; ok is false where the number is.
func (s *State) transferRowNow() (r transferRow, ok bool) {
	rows := s.transferRows()
	if i := s.xfer.index; i > 0 && i <= len(rows) {
		return rows[i-1], true
	}
	return transferRow{}, false
}

// transferMenu is the list of the dial screen. As on other dial screens row 0 is
// the number that was typed; while there is none, -1 is no row.
func (s *State) transferMenu() MenuView {
	v := MenuView{Title: "@transfer", Index: s.xfer.index}
	if s.xfer.conf {
		v.Title = "@conference"
	}
	for _, r := range s.transferRows() {
		it := MenuItem{ID: r.party.Number, Label: r.party.label(), Value: r.party.Number}
		if r.call != 0 {
			it.Value = "@on_hold"
		}
		v.Items = append(v.Items, it)
	}
	if v.Index > len(v.Items) {
		v.Index = 0
	}
	if s.input.Text == "" { // there is no number to be row 0
		v.Index--
	}
	return v
}

func (t *turn) moveTransferRow(by int) bool {
	first := 1
	if t.input.Text != "" {
		first = 0
	}
	n := t.xfer.index + by
	if n < first || n > len(t.transferRows()) {
		return false
	}
	t.xfer.index = n
	return true
}

// transferDigit takes a digit of the target. A match of the digit map calls the
// target; it never hands anybody on blindly.
func (t *turn) transferDigit(d byte) {
	if d == '#' && t.hashSends() {
		t.consult()
		return
	}
	if !t.insert(d) {
		return
	}
	t.xfer.index = 0
	t.emit(PlayDigit{d})
	m := t.digits.Match(t.input.Text)
	switch {
	case t.isEmergency(t.input.Text), m.Kind == MatchFull:
		t.consult()
	case m.Kind == MatchTimed:
		t.start(Timer{Kind: TimerInterDigit}, t.settings.Timers.InterDigitShort)
	default:
		t.stop(Timer{Kind: TimerInterDigit})
	}
}

// entered is the target as typed or selected, "" if there is none.
func (s *State) entered() string {
	if r, ok := s.transferRowNow(); ok {
		return r.party.Number
	}
	return s.input.Text
}
