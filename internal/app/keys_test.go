package app

import (
	"strings"
	"testing"
	"time"

	"phoned/internal/health"
	"phoned/phone"
	"phoned/store"
)

func TestProgKeys(t *testing.T) {
	got := progKeys([]string{"blf: 1003 :Mara: desk", "dnd", "speed_dial:0301904"})
	want := []phone.ProgKey{
		{Function: phone.KeyBLF, Value: "1003", Label: "Mara: desk"}, {Function: phone.KeyDND}, {Function: phone.KeySpeedDial, Value: "0301904"},
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("key %d: %+v, want %+v", i+1, got[i], want[i])
		}
	}
}

func TestDigitMapWithAMistakeIsNamed(t *testing.T) {
	r := health.NewRegistry(time.Now)
	s := phone.Settings{DigitMap: "x.T|[2-4"}
	checkDigitMap(&s, r)
	if l := r.List(); s.DigitMap != phone.DefaultDigitMap || len(l) != 1 || !strings.ContainsAny(l[0].Detail, "0123456789") {
		t.Errorf("map %q, problems %+v", s.DigitMap, l)
	}
}

// The PIN is kept so that nobody can read it, and without one none is right.
func TestKeptPIN(t *testing.T) {
	secrets, err := store.OpenSecrets(t.TempDir() + "/secrets.json")
	if err != nil {
		t.Fatal(err)
	}
	k := keptPIN{secrets}
	check := func(pin string, want bool) {
		t.Helper()
		has, _ := k.HasPIN(t.Context())
		if ok, err := k.CheckPIN(t.Context(), pin); ok != want || (err == nil) != has {
			t.Errorf("%s: %v, %v", pin, ok, err)
		}
	}
	check("1234", false)
	if err := k.SavePIN(t.Context(), "4711"); err != nil {
		t.Fatal(err)
	}
	check("4711", true)
	check("4712", false)
	if err := k.SavePIN(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	check("4712", false)
}

// A lock whose PIN is gone is open, one whose PIN can't be read stays shut.
func TestLockAfterTheStart(t *testing.T) {
	secrets, err := store.OpenSecrets(t.TempDir() + "/secrets.json")
	if err != nil {
		t.Fatal(err)
	}
	k, r := keptPIN{secrets}, health.NewRegistry(time.Now)
	s := phone.Settings{PINSet: true, Locked: true}
	r.Set(health.Problem{Code: codeSealed})
	lockOf(t.Context(), k, &s, r)
	if !s.Locked || !s.PINSet {
		t.Error("a lock whose PIN is sealed is open")
	}
	r.Clear(codeSealed, "")
	lockOf(t.Context(), k, &s, r)
	if l := r.List(); s.Locked || s.PINSet || len(l) != 1 || l[0].Code != "lock.pin_lost" {
		t.Errorf("%+v %+v", s, l)
	}
	if err := k.SavePIN(t.Context(), "4711"); err != nil {
		t.Fatal(err)
	}
	s = phone.Settings{Locked: true}
	lockOf(t.Context(), k, &s, r)
	if !s.Locked || !s.PINSet {
		t.Error("a lock that was set is open")
	}
}

func TestContactsAreKept(t *testing.T) {
	db, err := store.Open(store.Memory, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	s := &storage{db: db}
	c := phone.ContactCard{Name: "Anna", Numbers: []phone.ContactNumber{{Number: "1005", Label: "desk"}}, Favourite: true, VIP: true, Blocked: true, Melody: "b"}
	if err := s.SaveContact(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	all, err := s.Contacts(t.Context())
	if err != nil || len(all) != 1 {
		t.Fatalf("%+v, %v", all, err)
	}
	got := all[0]
	if got.ID == "" || got.Name != c.Name || got.Numbers[0] != c.Numbers[0] || !got.Favourite || !got.VIP || !got.Blocked || got.Melody != "b" || got.ReadOnly {
		t.Errorf("%+v", got)
	}
	if err := s.DeleteContact(t.Context(), got.ID); err != nil {
		t.Fatal(err)
	}
	if all, err = s.Contacts(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("%+v, %v", all, err)
	}
}
