package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"
)

// Contact is a person with numbers.
type Contact struct {
	ID      string
	Name    string
	Source  string // where it came from: "phone", a directory's name
	Numbers []ContactNumber
	// Favourite stands first, VIP may ring in spite of do not disturb, Blocked
	// is turned away; Melody is the ringing of its own.
	Favourite, VIP, Blocked bool
	Melody                  string
}

// ContactNumber is one of them.
type ContactNumber struct{ Number, Label string }

// maxContactNumbers bounds what one person can fill.
const maxContactNumbers = 20

// digitsOf strips what people decorate a number with.
func digitsOf(number string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r == '*' || r == '#' || r == '+' {
			return r
		}
		return -1
	}, number)
}

// SameNumber reports whether two numbers are the same, written in whatever way.
// What has no digits, an address, must be the same to the letter.
func SameNumber(a, b string) bool {
	if x, y := digitsOf(a), digitsOf(b); !strings.Contains(a, "@") && !strings.Contains(b, "@") && x+y != "" {
		return x == y
	}
	return a == b
}

// PutContact writes a contact in the place of the one with its ID.
func (t *Tx) PutContact(c Contact) error {
	if c.ID == "" || c.Name == "" {
		return errors.New("contact: id and name are needed")
	}
	_, err := t.exec("INSERT INTO contacts (id, name, source, changed_at, favourite, vip, blocked, melody) VALUES (?, ?, ?, ?, ?, ?, ?, ?) "+
		"ON CONFLICT (id) DO UPDATE SET name = excluded.name, source = excluded.source, changed_at = excluded.changed_at, "+
		"favourite = excluded.favourite, vip = excluded.vip, blocked = excluded.blocked, melody = excluded.melody",
		c.ID, c.Name, c.Source, t.opts.Clock.Now().UnixMilli(), c.Favourite, c.VIP, c.Blocked, c.Melody)
	if err != nil {
		return err
	}
	if _, err := t.exec("DELETE FROM contact_numbers WHERE contact_id = ?", c.ID); err != nil {
		return err
	}
	for i, n := range c.Numbers[:min(len(c.Numbers), maxContactNumbers)] {
		if _, err := t.exec("INSERT INTO contact_numbers (contact_id, position, number, label, digits) VALUES (?, ?, ?, ?, ?)",
			c.ID, i, n.Number, n.Label, digitsOf(n.Number)); err != nil {
			return err
		}
	}
	return nil
}

// DeleteContact removes one; one that is not there is no error.
func (t *Tx) DeleteContact(id string) error {
	_, err := t.exec("DELETE FROM contacts WHERE id = ?", id)
	return err
}

type contactRow struct {
	Contact
	number, label sql.NullString
}

// Contacts lists those whose name contains text, by name; limit 0: 1000.
func (d *DB) Contacts(ctx context.Context, text string, limit int) ([]Contact, error) {
	if limit <= 0 {
		limit = 1000
	}
	return d.contacts(ctx, "SELECT id FROM contacts WHERE instr(lower(name), lower(?)) > 0 ORDER BY name COLLATE NOCASE, id LIMIT ?", text, limit)
}

// ContactByNumber finds who has a number, written in whatever way; an exact
// match only. ErrNotFound: nobody.
func (d *DB) ContactByNumber(ctx context.Context, number string) (Contact, error) {
	l, err := d.contacts(ctx, "SELECT contact_id FROM contact_numbers WHERE digits = ? AND digits <> '' ORDER BY contact_id LIMIT 1", digitsOf(number))
	if err == nil && len(l) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return Contact{}, err
	}
	return l[0], nil
}

func (d *DB) contacts(ctx context.Context, ids string, args ...any) ([]Contact, error) {
	rows, err := collect(ctx, d.read, func(r *sql.Rows) (c contactRow, err error) {
		err = r.Scan(&c.ID, &c.Name, &c.Source, &c.Favourite, &c.VIP, &c.Blocked, &c.Melody, &c.number, &c.label)
		return c, err
	}, "SELECT c.id, c.name, c.source, c.favourite, c.vip, c.blocked, c.melody, n.number, n.label FROM contacts c LEFT JOIN contact_numbers n ON n.contact_id = c.id WHERE c.id IN ("+ids+
		") ORDER BY c.name COLLATE NOCASE, c.id, n.position", args...)
	if err != nil {
		return nil, explain("read the contacts", err)
	}
	out := []Contact{}
	for _, r := range rows {
		if len(out) == 0 || out[len(out)-1].ID != r.ID {
			out = append(out, r.Contact)
		}
		if r.number.Valid {
			last := &out[len(out)-1]
			last.Numbers = append(last.Numbers, ContactNumber{r.number.String, r.label.String})
		}
	}
	return out, nil
}
