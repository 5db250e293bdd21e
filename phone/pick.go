package phone

// Looking up the target of a transfer, or who is added to a call, in the
// contacts (C3). The transfer goes on beneath.

// picking: the page in front is there to find the target.
func (s *State) picking() bool {
	return s.station == stationTransfer && s.focus == 0 && (s.page.screen == ScreenContacts || s.page.screen == ScreenContact)
}

// pickContact takes the first number of the selected contact.
func (t *turn) pickContact() {
	c := t.contact(t.selectedID())
	if c == nil || len(c.Numbers) == 0 {
		t.blip()
		return
	}
	t.pickNumber(c.Numbers[0].Number)
}

// pickNumber enters a number for the person, who then says what is done with it.
func (t *turn) pickNumber(number string) {
	n := cleanNumber(number)
	if n == "" || len(n) > maxDigits || !dialable(n) {
		t.blip()
		t.say(ToastNotAllowed, number, true)
		return
	}
	t.closePage()
	t.stop(Timer{Kind: TimerInterDigit})
	t.input, t.xfer.index = Input{Text: n, Cursor: len(n)}, 0
}
