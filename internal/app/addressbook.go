package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	"phoned/internal/vcard"
	"phoned/manage"
	"phoned/store"
)

// ImportContacts implements manage.Contacts: it merges the vCards of a file
// into the address book and shows the outcome at once. A card belongs to a
// contact that has its UID; else to one of the same name that has one of its
// numbers. The contact then gets the card's name and those of its numbers that
// are new, and keeps its own numbers and marks. Contacts of a directory are
// left alone.
func (s *System) ImportContacts(ctx context.Context, file io.Reader) (manage.Imported, error) {
	book, err := vcard.Read(file)
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return manage.Imported{}, err
	case err != nil:
		return manage.Imported{}, fmt.Errorf("%w: %w", manage.ErrUnusable, err)
	}
	have, err := s.DB.Contacts(ctx, "", contactsLimit)
	if err != nil {
		return manage.Imported{}, err
	}
	m := merger{all: have, changed: map[string]bool{}}
	m.done.Skipped = book.Skipped
	for _, c := range book.Cards {
		m.card(c)
	}
	err = s.DB.Tx(ctx, func(t *store.Tx) error {
		for _, c := range m.all {
			if m.changed[c.ID] {
				if err := t.PutContact(c); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return manage.Imported{}, err
	}
	s.log.Info("contacts imported", "added", m.done.Added, "updated", m.done.Updated, "unchanged", m.done.Unchanged, "skipped", m.done.Skipped)
	if len(m.changed) > 0 {
		s.Phone.loadContacts(ctx)
	}
	return m.done, nil
}

// ExportContacts implements manage.Contacts.
func (s *System) ExportContacts(ctx context.Context, w io.Writer, version string) error {
	all, err := s.DB.Contacts(ctx, "", contactsLimit)
	if err != nil {
		return err
	}
	cards := make([]vcard.Card, 0, len(all))
	for _, c := range all {
		v := vcard.Card{UID: c.ID, Name: c.Name, Favourite: c.Favourite, VIP: c.VIP, Blocked: c.Blocked, Melody: c.Melody}
		for _, n := range c.Numbers {
			v.Numbers = append(v.Numbers, vcard.Number{Number: n.Number, Kind: n.Label})
		}
		cards = append(cards, v)
	}
	return vcard.Write(w, vcard.Version(version), cards)
}

// merger puts cards into a book.
type merger struct {
	all     []store.Contact
	changed map[string]bool
	done    manage.Imported
}

func (m *merger) card(v vcard.Card) {
	c := m.find(v)
	switch {
	case c == nil && len(m.all) >= contactsLimit, c != nil && c.Source != fromPhone && c.Source != "":
		m.done.Skipped++
	case c == nil:
		n := store.Contact{ID: v.UID, Source: fromPhone}
		if n.ID == "" {
			n.ID = uuid.NewString()
		}
		take(&n, v)
		m.all = append(m.all, n)
		m.changed[n.ID] = true
		m.done.Added++
	case take(c, v):
		m.changed[c.ID] = true
		m.done.Updated++
	default:
		m.done.Unchanged++
	}
}

func (m *merger) find(v vcard.Card) *store.Contact {
	for i := range m.all {
		if v.UID != "" && m.all[i].ID == v.UID {
			return &m.all[i]
		}
	}
	for i := range m.all {
		c := &m.all[i]
		if strings.EqualFold(c.Name, v.Name) && slices.ContainsFunc(v.Numbers, func(n vcard.Number) bool { return has(c, n.Number) }) {
			return c
		}
	}
	return nil
}

func has(c *store.Contact, number string) bool {
	return slices.ContainsFunc(c.Numbers, func(n store.ContactNumber) bool { return store.SameNumber(n.Number, number) })
}

// take gives a contact what a card has more, and reports whether that changed it.
func take(c *store.Contact, v vcard.Card) bool {
	changed := c.Name != v.Name
	c.Name = v.Name
	for _, n := range v.Numbers {
		if !has(c, n.Number) && len(c.Numbers) < vcard.MaxNumbers {
			c.Numbers = append(c.Numbers, store.ContactNumber{Number: n.Number, Label: n.Kind})
			changed = true
		}
	}
	for _, mark := range []struct {
		ours *bool
		on   bool
	}{{&c.Favourite, v.Favourite}, {&c.VIP, v.VIP}, {&c.Blocked, v.Blocked}} {
		if mark.on && !*mark.ours {
			*mark.ours, changed = true, true
		}
	}
	if c.Melody == "" && v.Melody != "" {
		c.Melody, changed = v.Melody, true
	}
	return changed
}
