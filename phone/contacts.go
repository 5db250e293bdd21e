package phone

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// ContactCard is a person with numbers, as the contacts of the phone know them.
type ContactCard struct {
	ID        string
	Name      string
	Numbers   []ContactNumber
	Favourite bool
	VIP       bool   // may disturb
	Blocked   bool   // is turned away
	ReadOnly  bool   // comes from a directory
	Melody    string // "": the phone's own
}

// ContactNumber is one of them.
type ContactNumber struct{ Number, Label string }

// ContactsLoaded brings all contacts, in any order. They replace those before.
type ContactsLoaded struct{ Contacts []ContactCard }

// What is to be done with contacts. Result: ContactsLoaded.
type (
	// SaveContact keeps a contact; without an ID it is a new one.
	SaveContact struct{ Contact ContactCard }
	// DeleteContact forgets one.
	DeleteContact struct{ ID string }
)

func (ContactsLoaded) what()  {}
func (SaveContact) effect()   {}
func (DeleteContact) effect() {}

const (
	contactLimit     = 5000
	suggestionLimit  = 8
	contactNewID     = "new"
	contactNumberTag = "number/"
)

func (t *turn) contactsLoaded(e ContactsLoaded) {
	all := slices.Clone(e.Contacts[:min(len(e.Contacts), contactLimit)])
	slices.SortStableFunc(all, func(a, b ContactCard) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), cmp.Compare(a.ID, b.ID))
	})
	t.contacts, t.choice = all, 0
	if t.page.screen == ScreenContact && t.contact(t.page.arg) == nil {
		t.pageBack()
	}
}

func (s *State) contact(id string) *ContactCard {
	for i := range s.contacts {
		if s.contacts[i].ID == id {
			return &s.contacts[i]
		}
	}
	return nil
}

// contactOf finds who has a number, written in whatever way.
func (s *State) contactOf(number string) *ContactCard {
	if Anonymous(number) {
		return nil
	}
	bare := bareNumber(number)
	for i := range s.contacts {
		for _, n := range s.contacts[i].Numbers {
			if bareNumber(n.Number) == bare {
				return &s.contacts[i]
			}
		}
	}
	return nil
}

// nameOr is the contact's name of a number, else the number.
func (s *State) nameOr(number string) string {
	if c := s.contactOf(number); c != nil {
		return c.Name
	}
	return number
}

// named gives a party the contact's name: it goes before what the network
// says (C1).
func (s *State) named(p Party) Party {
	if c := s.contactOf(p.Number); c != nil {
		p.Name = c.Name
	}
	return p
}

// contactRows are the contacts on the screen: favourites first, then by name;
// digits typed in the list narrow it.
func (s *State) contactRows() []*ContactCard {
	var fav, rest []*ContactCard
	for i := range s.contacts {
		c := &s.contacts[i]
		switch {
		case s.page.filter != "" && !c.matches(s.page.filter):
		case c.Favourite:
			fav = append(fav, c)
		default:
			rest = append(rest, c)
		}
	}
	return append(fav, rest...)
}

func (s *State) contactItems() []MenuItem {
	rows := s.contactRows()
	items := make([]MenuItem, 0, len(rows)+1)
	for _, c := range rows {
		it := MenuItem{ID: c.ID, Label: c.Name}
		if len(c.Numbers) > 0 {
			it.Value = c.Numbers[0].Number
		}
		items = append(items, it)
	}
	if s.page.filter == "" && !s.picking() {
		items = append(items, MenuItem{ID: contactNewID, Label: "@contact.new"})
	}
	return items
}

// contactDetail are the rows of one contact.
func (s *State) contactDetail() []MenuItem {
	c := s.contact(s.page.arg)
	if c == nil {
		return nil
	}
	var items []MenuItem
	for i, n := range c.Numbers {
		label := "@contact.call"
		if n.Label != "" {
			label = n.Label
		}
		items = append(items, MenuItem{ID: contactNumberTag + strconv.Itoa(i), Label: label, Value: n.Number})
	}
	if c.ReadOnly || s.picking() {
		return items
	}
	return append(items,
		MenuItem{ID: "favourite", Label: "@contact.favourite", Value: onOffWord(c.Favourite)},
		MenuItem{ID: "vip", Label: "@contact.vip", Value: onOffWord(c.VIP)},
		MenuItem{ID: "blocked", Label: "@contact.blocked", Value: onOffWord(c.Blocked)},
		MenuItem{ID: "name", Label: "@contact.name", Value: c.Name},
		MenuItem{ID: "add", Label: "@contact.add"},
		MenuItem{ID: "delete", Label: "@contact.delete"},
	)
}

func (t *turn) openContacts() {
	t.openPage(page{screen: ScreenContacts, parent: t.page.screen == ScreenMenu})
}

// callContact calls the first number of the selected contact, or opens it.
func (t *turn) callContact() {
	id := t.selectedID()
	c := t.contact(id)
	switch {
	case t.page.screen == ScreenContact:
		t.selectContactRow(id)
	case c != nil && len(c.Numbers) > 0:
		t.dialNumber(c.Numbers[0].Number, "")
	default:
		t.openContact(id)
	}
}

// openContact is OK on a row of the contacts.
func (t *turn) openContact(id string) {
	if id == contactNewID {
		t.openForm(newForm("contact_name", "", FormText, ""))
		return
	}
	if t.contact(id) == nil {
		t.blip()
		return
	}
	t.openPage(page{screen: ScreenContact, arg: id, parent: true})
}

func (t *turn) selectContactRow(id string) {
	c := t.contact(t.page.arg)
	if c == nil {
		t.pageBack()
		return
	}
	if n, ok := strings.CutPrefix(id, contactNumberTag); ok {
		switch i, err := strconv.Atoi(n); {
		case err != nil || i >= len(c.Numbers):
		case t.picking():
			t.pickNumber(c.Numbers[i].Number)
		default:
			t.dialNumber(c.Numbers[i].Number, "")
		}
		return
	}
	edited := *c
	switch id {
	case "favourite":
		edited.Favourite = !c.Favourite
	case "vip":
		edited.VIP = !c.VIP
	case "blocked":
		edited.Blocked = !c.Blocked
	case "name":
		t.openForm(newForm("contact_name", c.ID, FormText, c.Name))
		return
	case "add":
		t.openForm(newForm("contact_number", c.ID, FormNumber, ""))
		return
	case "delete":
		t.openPage(page{screen: ScreenConfirm, menu: confirmDelete, arg: c.ID, parent: true})
		return
	default:
		t.blip()
		return
	}
	t.saveContact(edited)
}

// saveContact keeps a contact and shows it at once.
func (t *turn) saveContact(c ContactCard) {
	t.contacts = slices.Clone(t.contacts)
	if old := t.contact(c.ID); old != nil {
		*old = c
	}
	t.emit(SaveContact{c})
}

func (t *turn) deleteContact(id string) {
	t.contacts = slices.DeleteFunc(slices.Clone(t.contacts), func(c ContactCard) bool { return c.ID == id })
	t.emit(DeleteContact{id})
}

// contactName and contactNumber are the two forms of a new contact. The one of
// a number that is saved from a list comes with it.
func contactName(t *turn, f *form, text string) {
	if text == "" {
		t.wrong("form.empty")
		return
	}
	if c := t.contact(f.arg); c != nil {
		edited := *c
		edited.Name = text
		t.saveContact(edited)
		t.pageBack()
		return
	}
	if number, ok := strings.CutPrefix(f.arg, contactNumberTag); ok {
		t.pageBack()
		t.emit(SaveContact{ContactCard{Name: text, Numbers: []ContactNumber{{Number: number}}}})
		t.say(ToastSaved, "", false)
		return
	}
	t.replaceForm(newForm("contact_number", "\x00"+text, FormNumber, ""))
}

func contactNumber(t *turn, f *form, text string) {
	if text == "" {
		t.wrong("form.empty")
		return
	}
	id, name := cutNul(f.arg)
	t.pageBack()
	if c := t.contact(id); c != nil {
		edited := *c
		edited.Numbers = append(slices.Clone(c.Numbers), ContactNumber{Number: text})
		t.saveContact(edited)
		return
	}
	t.emit(SaveContact{ContactCard{Name: name, Numbers: []ContactNumber{{Number: text}}}})
	t.say(ToastSaved, "", false)
}

// saveNumber asks for a name to keep a number under.
func (t *turn) saveNumber(number string) {
	if number == "" || t.contactOf(number) != nil {
		t.blip()
		return
	}
	t.clearStation()
	t.dismiss()
	t.openForm(newForm("contact_name", contactNumberTag+number, FormText, ""))
}

func onOffWord(on bool) string {
	if on {
		return "@on"
	}
	return "@off"
}

func itoa(n int) string { return strconv.Itoa(n) }
