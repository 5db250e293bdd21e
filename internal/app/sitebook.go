package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"

	"phoned/internal/health"
	"phoned/internal/vcard"
	"phoned/provisioning"
	"phoned/store"
)

// fromSite marks the contacts of contacts_file. At the phone they can be called but
// not changed, and they go when the file goes: a site can withdraw its own.
const fromSite = "site"

// codeContacts: the site's contacts can't be used.
const codeContacts = "config.contacts_file"

// maxSiteBook bounds contacts_file, in bytes.
const maxSiteBook = 8 << 20

// syncSiteBook makes the site's contacts in the address book those of contacts_file.
// With a file that can't be read those of before stay.
func syncSiteBook(ctx context.Context, c provisioning.Config, db *store.DB, problems *health.Registry, log *slog.Logger) {
	err := putSiteBook(ctx, c.ContactsFile.Value, db, log)
	if err == nil {
		return
	}
	problems.Set(health.Problem{Code: codeContacts, Severity: health.Warning, Title: "The site's contacts can't be used",
		Advice: "Those of before stay. Correct contacts_file in " + c.ContactsFile.Source.String() + ": a file of vCards.", Detail: err.Error()})
}

func putSiteBook(ctx context.Context, path string, db *store.DB, log *slog.Logger) error {
	want, skipped, err := readSiteBook(path)
	if err != nil {
		return err
	}
	have, err := db.Contacts(ctx, "", contactsLimit)
	if err != nil {
		return err
	}
	changed, gone, others := 0, []string{}, 0
	for _, c := range have {
		switch w, ok := want[c.ID]; {
		case c.Source != fromSite:
			others++
		case !ok:
			gone = append(gone, c.ID)
		case reflect.DeepEqual(w, c):
			delete(want, c.ID)
		}
	}
	if len(want)+len(gone) == 0 {
		return nil // flash wears
	}
	err = db.Tx(ctx, func(t *store.Tx) error {
		for _, id := range gone {
			if err := t.DeleteContact(id); err != nil {
				return err
			}
		}
		for _, c := range want {
			if changed++; others+changed > contactsLimit {
				skipped++
				continue
			}
			if err := t.PutContact(c); err != nil {
				return err
			}
		}
		return nil
	})
	log.Info("the site's contacts", "written", len(want), "withdrawn", len(gone), "skipped", skipped)
	return err
}

// readSiteBook reads the contacts by their ids, which are of their content: the same
// file gives the same ones. Without a path there are none.
func readSiteBook(path string) (map[string]store.Contact, int, error) {
	out := map[string]store.Contact{}
	if path == "" {
		return out, 0, nil
	}
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return nil, 0, errors.New(filepath.Base(path) + ": " + errors.Unwrap(err).Error())
	}
	defer f.Close()
	book, err := vcard.Read(io.LimitReader(f, maxSiteBook))
	if err != nil {
		return nil, 0, err
	}
	for _, v := range book.Cards {
		c := store.Contact{Name: v.Name, Source: fromSite, Favourite: v.Favourite, VIP: v.VIP, Blocked: v.Blocked, Melody: v.Melody}
		key := v.UID
		for _, n := range v.Numbers[:min(len(v.Numbers), vcard.MaxNumbers)] {
			c.Numbers = append(c.Numbers, store.ContactNumber{Number: n.Number, Label: n.Kind})
			if v.UID == "" {
				key += "\x00" + n.Number
			}
		}
		if v.UID == "" {
			key += "\x00" + v.Name
		}
		h := sha256.Sum256([]byte(key))
		c.ID = fromSite + ":" + hex.EncodeToString(h[:12])
		out[c.ID] = c
	}
	return out, book.Skipped, nil
}
