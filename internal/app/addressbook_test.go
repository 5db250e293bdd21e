package app

import (
	"fmt"
	"strings"
	"testing"

	"phoned/internal/vcard"
	"phoned/manage"
	"phoned/store"
)

func TestMerge(t *testing.T) {
	anna := store.Contact{ID: "a", Name: "Anna", Source: fromPhone, Numbers: []store.ContactNumber{{Number: "1002", Label: "desk"}}, VIP: true, Melody: "marimba"}
	mara := store.Contact{ID: "m", Name: "Mara", Source: "directory", Numbers: []store.ContactNumber{{Number: "1003"}}}
	m := merger{all: []store.Contact{anna, mara}, changed: map[string]bool{}}
	for _, c := range []vcard.Card{
		{UID: "x", Name: "ANNA", Numbers: []vcard.Number{{Number: "10-02", Kind: "work"}, {Number: "0171 2", Kind: "mobile"}}, Blocked: true, Melody: "bells"}, // same name and number
		{UID: "a", Name: "Anna L.", Numbers: []vcard.Number{{Number: "1002"}}},                                                                                 // same UID
		{Name: "Anna L.", Numbers: []vcard.Number{{Number: "1002"}}},                                                                                           // nothing new
		{Name: "Anna", Numbers: []vcard.Number{{Number: "555"}}},                                                                                               // another Anna
		{Name: "Mara", Numbers: []vcard.Number{{Number: "1003"}, {Number: "7"}}},                                                                               // the directory's
	} {
		m.card(c)
	}
	if m.done != (manage.Imported{Added: 1, Updated: 2, Unchanged: 1, Skipped: 1}) {
		t.Errorf("%+v", m.done)
	}
	if got, want := fmt.Sprint(m.all[0]), fmt.Sprint(store.Contact{ID: "a", Name: "Anna L.", Source: fromPhone, Melody: "marimba", VIP: true, Blocked: true,
		Numbers: []store.ContactNumber{{Number: "1002", Label: "desk"}, {Number: "0171 2", Label: "mobile"}}}); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if len(m.all) != 3 || m.changed["m"] || len(m.all[1].Numbers) != 1 || !strings.EqualFold(m.all[2].Name, "anna") {
		t.Errorf("%+v", m.all)
	}
}
