package phone

// mailbox is one that MESSAGE can call.
type mailbox struct {
	line   LineID
	number string
	MWIView
}

func (s *State) mailboxes() []mailbox {
	var out []mailbox
	for _, l := range s.lines {
		if l.Voicemail == "" {
			continue
		}
		m := mailbox{line: l.ID, number: l.Voicemail}
		for _, w := range s.mwi {
			if w.line == l.ID {
				m.MWIView = w.MWIView
			}
		}
		out = append(out, m)
	}
	if len(out) == 0 && s.settings.Voicemail != "" {
		out = append(out, mailbox{number: s.settings.Voicemail, MWIView: s.mwiView()})
	}
	return out
}

// messageKey is MESSAGE, or 1 held down (C7).
func (t *turn) messageKey() {
	boxes := t.mailboxes()
	a := t.talking()
	switch {
	case a != nil && (a.State != Active || a.emergency), t.pending.kind != pendingNone:
		t.blip()
	case len(boxes) == 0:
		t.openForm(newForm(SetVoicemail, "", FormNumber, ""))
		if a != nil {
			t.closePage()
			t.blip()
			t.say(ToastNoVoicemail, "", true)
		}
	case len(boxes) > 1:
		t.openPage(page{screen: ScreenVoicemail, call: t.focusOf(a)})
	case a != nil:
		t.openPage(page{screen: ScreenConfirm, menu: confirmVoicemail, call: a.ID})
	default:
		t.dialMailbox(boxes[0])
	}
}

func (s *State) focusOf(c *call) CallID {
	if c == nil {
		return 0
	}
	return c.ID
}

func (t *turn) dialMailbox(m mailbox) {
	t.dialNumber(m.number, m.line)
}

func (s *State) mailboxItems() []MenuItem {
	boxes := s.mailboxes()
	items := make([]MenuItem, 0, len(boxes))
	for _, m := range boxes {
		it := MenuItem{ID: m.number, Label: m.number}
		if l := s.line(m.line); l != nil && l.Label != "" {
			it.Label = l.Label
		}
		if m.New > 0 {
			it.Value = itoa(m.New)
		}
		items = append(items, it)
	}
	return items
}

func (t *turn) dialMailboxRow(i int) {
	boxes := t.mailboxes()
	if i < 0 || i >= len(boxes) {
		t.blip()
		return
	}
	t.dialMailbox(boxes[i])
}
