package phone

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// Numbers and names that nobody has break nothing: 500 digits, and 10,000 bytes
// of emoji and of controls that turn the writing around.
func TestEndlessNumbersAndNames(t *testing.T) {
	digits := strings.Repeat("0123456789", 50)
	name := strings.Repeat("\u202e\u2066😀Ωש\u0000", 10_000/15)
	s := New(Settings{Emergency: []string{"112"}})
	at := time.Unix(1_700_000_000, 0)
	feed := func(w ...What) {
		t.Helper()
		for _, w := range w {
			at = at.Add(50 * time.Millisecond)
			s, _ = Step(s, Event{at, w})
			if err := Check(s); err != nil {
				t.Fatalf("%T: %v", w, err)
			}
		}
	}
	key := func(keys ...Key) {
		for _, k := range keys {
			feed(KeyDown{k}, KeyUp{k})
		}
	}
	feed(HookMoved{}, SessionChanged{SessionInfo{State: SessionIn}}, LinesConfigured{[]LineInfo{{ID: "1", Number: "1001"}}}, LineChanged{Line: "1", State: LineRegistered})
	feed(ContactsLoaded{[]ContactCard{{ID: "a", Name: name, Numbers: []ContactNumber{{Number: digits}, {Number: name}, {Number: "1002"}}}, {ID: "b", Name: "\xff\xfe"}}})

	feed(CallArrived{Leg: "l", Line: "1", From: Party{Number: "1002", Name: name}})
	if v := s.View(); len(v.Calls) != 1 || v.Calls[0].Party.Name != name {
		t.Fatalf("%d calls", len(v.Calls))
	}
	key(KeySoft2)
	feed(CallGone{Call: CallRef{s.View().Calls[0].ID, 1}})
	at = at.Add(time.Minute)

	for _, d := range digits { // by hand, on hook
		key(Key(d))
	}
	if n := len(s.View().Input.Text); n == 0 || n > len(digits) {
		t.Errorf("%d digits of the input", n)
	}
	key(KeySoft4)
	feed(Dial{Number: digits}, Dial{Number: name}, Dial{Number: "\x00"})
	for _, c := range s.View().Calls {
		feed(End{c.ID}, CallGone{Call: CallRef{c.ID, 1}})
	}
	at = at.Add(time.Minute)
	feed(Heartbeat{})

	// In a form a name is bounded, and what is no text is nothing.
	for _, c := range s.contacts {
		if f := newForm("contact_name", c.ID, FormText, c.Name); len(f.text) > maxFormRunes || !utf8.ValidString(string(f.text)) {
			t.Errorf("%d runes in the form", len(f.text))
		}
	}
}
