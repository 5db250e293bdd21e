package ui

import "phoned/phone"

// deskBody is the body of menus, contacts, forms and questions; nil: another
// screen is on.
func (b *builder) deskBody() Body {
	switch b.v.Screen {
	case phone.ScreenContacts, phone.ScreenContact, phone.ScreenVoicemail, phone.ScreenEmergency, phone.ScreenNetwork, phone.ScreenAbout, phone.ScreenLicences, phone.ScreenOffer, phone.ScreenCertificate:
		return b.list()
	case phone.ScreenLicence:
		return b.prose()
	case phone.ScreenForm:
		if b.v.Form != nil {
			return b.form(*b.v.Form)
		}
	case phone.ScreenConfirm:
		return Message{Icon: IconInfo, Tone: ToneWarn, Title: b.menuTitle("menu.title")}
	}
	return nil
}

// form is a number, a text or a secret that is being entered. The last letter of
// a password is shown to whoever stands in front of the glass.
func (b *builder) form(f phone.FormView) Entry {
	if b.env.Peek && f.Peek != "" && f.Cursor > 0 {
		r := []rune(f.Text)
		r[f.Cursor-1] = []rune(string(f.Peek))[0]
		f.Text = string(r)
	}
	text, cursor := input(f.Text, f.Cursor)
	e := Entry{Text: text, Cursor: cursor, Hint: b.literal(f.Title), Pending: f.Pending && cursor > 0}
	if text != "" && f.Kind == phone.FormNumber {
		e.Note = Text{b.literal(f.Title), ToneMuted}
	}
	switch {
	case f.Busy:
		e.Note = Text{b.c.say("form.error.busy_now"), ToneMuted}
	case f.Error != "":
		e.Note = Text{b.c.say(f.Error), ToneStop}
	case f.Kind == phone.FormNumber || f.Kind == phone.FormPIN:
	case f.Kind == phone.FormAddress:
		e.Chips = append(e.Chips, Chip{Text: "* .", Tone: ToneAccent}, Chip{Text: "# /", Tone: ToneAccent})
	case f.Mode == phone.ModeLower:
		e.Chips = append(e.Chips, Chip{Text: "abc", Tone: ToneAccent})
	default:
		e.Chips = append(e.Chips, Chip{Text: string(f.Mode), Tone: ToneAccent})
	}
	for i, it := range b.v.Menu.Items {
		e.Rows = append(e.Rows, Row{Label: b.literal(it.Label), Value: Text{b.literal(it.Value), ToneMuted}, Focus: i == b.v.Menu.Index})
	}
	return e
}

// deskTitle is the header's title on these screens, "" on others.
func (b *builder) deskTitle() string {
	switch b.v.Screen {
	case phone.ScreenContacts, phone.ScreenContact, phone.ScreenVoicemail, phone.ScreenEmergency, phone.ScreenNetwork, phone.ScreenAbout, phone.ScreenLicences, phone.ScreenLicence, phone.ScreenOffer, phone.ScreenCertificate:
		return b.menuTitle("menu.title")
	case phone.ScreenForm:
		if b.v.Form != nil {
			return b.literal(b.v.Form.Title)
		}
	}
	return ""
}
