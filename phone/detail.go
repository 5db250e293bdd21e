package phone

// openRecord shows a call of the history in full.
func (t *turn) openRecord() {
	rows := t.historyRows()
	if len(rows) == 0 {
		t.blip()
		return
	}
	r := rows[min(t.page.index, len(rows)-1)]
	t.openPage(page{screen: ScreenRecord, parent: true, record: &r})
}

// callRecord calls a number of the history again.
func (t *turn) callRecord(r CallRecord) {
	if r.Party.Number == "" {
		t.blip()
		return
	}
	number := r.Party.Number
	if dialable(number) {
		number, _ = t.digits.Rewrite(number)
	}
	t.place(order{typed: r.Party.Number, number: number, line: r.Line, path: t.freePath(), cause: "redial"})
}

// recordRows are the soft keys of ScreenRecord.
func (s *State) recordRows() [][4]Action {
	r := s.page.record
	if r == nil || r.Party.Number == "" {
		return one(ActNone, ActNone, ActNone, ActBack)
	}
	return one(ActCall, ActNone, s.saveAct(r.Party.Number), ActBack)
}

// openQuality tells how the call sounds, in figures. Digits go to the far end
// meanwhile.
func (t *turn) openQuality(c *call) {
	if c.State == Active {
		t.openPage(page{screen: ScreenQuality, call: c.ID})
	}
}

// pageTakesDigits: the page of the call in front is steered by digits.
func (s *State) pageTakesDigits() bool {
	return s.page.call != 0 && s.page.call == s.focus && s.page.screen != ScreenQuality
}

// keyEntries are K1–K8 as a list, for panels without them (C0.1).
func (s *State) keyEntries() []entry {
	var list []entry
	for i := range progKeys {
		k := s.progKey(i)
		if k.Function == KeyNone {
			continue
		}
		label := k.Label
		if label == "" {
			label = k.Value
		}
		if label == "" {
			label = "@" + string(k.Function)
		}
		list = append(list, entry{"key/" + itoa(i+1), label, "", func(t *turn) {
			t.closePage()
			t.progKeyPress(i)
		}})
	}
	return list
}

// recordItems and qualityItems are rows that the screen words itself, from
// View.Record and from the call in front.
func recordItems(r *CallRecord) []MenuItem {
	if r == nil {
		return nil
	}
	items := []MenuItem{{ID: "party", Label: "@record.party", Value: "@" + historyWord(*r)}}
	add := func(is bool, id, label string) {
		if is {
			items = append(items, MenuItem{ID: id, Label: label})
		}
	}
	add(r.Party.Name != "" && r.Party.Number != "", "number", "@record.number")
	add(true, "outcome", "@record.outcome")
	add(true, "at", "@record.at")
	add(!r.AnsweredAt.IsZero(), "length", "@record.length")
	add(r.Line != "", "line", "@record.line")
	return items
}

func qualityItems() []MenuItem {
	return []MenuItem{
		{ID: "word", Label: "@quality.word"}, {ID: "heard", Label: "@quality.heard"}, {ID: "hear", Label: "@quality.hear"},
		{ID: "delay", Label: "@quality.delay"}, {ID: "round_trip", Label: "@quality.round_trip"},
		{ID: "jitter", Label: "@quality.jitter"}, {ID: "rate", Label: "@quality.rate"},
	}
}
