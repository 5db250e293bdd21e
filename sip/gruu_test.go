package sip

import "testing"

func TestPublicGRUU(t *testing.T) {
	for _, c := range []struct{ contact, want string }{
		{`<sip:1005@x.invalid;transport=wss>;expires=600;pub-gruu="sip:1005@exchange.test;gr=urn:uuid:f81d";temp-gruu="sip:u-1@exchange.test;gr";reg-id=1`,
			"sip:1005@exchange.test;gr=urn:uuid:f81d"},
		{`<sip:a@x>;+sip.instance="<urn:uuid:1>;pub-gruu=x";pub-gruu="sip:a@b;gr=1"`, "sip:a@b;gr=1"},
		{`<sip:a@x>;pub-gruu="sip:a@b"`, ""}, // the AOR, not one of its phones
		{`<sip:a@x>;pub-gruu="sip:a@b;gr=1`, ""},
		{`<sip:a@x>;pub-gruu="tel:1;gr"`, ""},
		{`<sip:a@x>;temp-gruu="sip:a@b;gr"`, ""},
		{`<sip:a@x>`, ""},
		{``, ""},
	} {
		if got := publicGRUU(c.contact); got != c.want {
			t.Errorf("%s: %q, want %q", c.contact, got, c.want)
		}
	}
}

func FuzzPublicGRUU(f *testing.F) {
	f.Add(`<sip:a@x>;pub-gruu="sip:a@b;gr=1";x`)
	f.Fuzz(func(t *testing.T, contact string) {
		if got := publicGRUU(contact); len(got) > len(contact) {
			t.Fatalf("%q out of %q", got, contact)
		}
	})
}
