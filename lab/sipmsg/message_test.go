package sipmsg

import (
	"bytes"
	"errors"
	"testing"
)

const sample = "INVITE sip:9196@prod-registration SIP/2.0\r\n" +
	"v: SIP/2.0/WSS a.invalid;branch=z9hG4bK1;rport, SIP/2.0/UDP b;branch=z9hG4bK0\r\n" +
	"f: \"A \\\"q\\\" <B>\" <sip:1001@prod-registration>;tag=x\r\nTo: sip:9196@prod-registration;x=1\r\n" +
	"Subject: one\r\n two\r\ni: abc\r\nCSeq: 7 INVITE\r\nl: 3\r\n\r\nabcdef"

func TestParse(t *testing.T) {
	m, err := Parse([]byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	if len(m.All("Via")) != 2 || m.Get("subject") != "one two" || string(m.Body) != "abc" {
		t.Fatalf("%+v", m)
	}
	from := ParseAddress(m.Get("From"))
	if from.Display != `A "q" <B>` || from.URI != "sip:1001@prod-registration" || Param(m.Get("From"), "tag") != "x" {
		t.Fatalf("%+v", from)
	}
	if Param(m.Get("To"), "x") != "1" || ViaParam(m.Get("Via"), "branch") != "z9hG4bK1" {
		t.Fatal("parameters")
	}
	r := m.Response(200, "OK", "tt")
	if Param(r.Get("To"), "tag") != "tt" || len(r.All("Via")) != 2 {
		t.Fatalf("%s", r.Bytes())
	}
}

func TestParseRefuses(t *testing.T) {
	for name, raw := range map[string]string{
		"empty":       "",
		"no end":      "INVITE a SIP/2.0\r\nVia: x\r\n",
		"no headers":  "INVITE a SIP/2.0\r\n\r\n",
		"short body":  string(bytes.Replace([]byte(sample), []byte("l: 3"), []byte("l: 30"), 1)),
		"neg. length": string(bytes.Replace([]byte(sample), []byte("l: 3"), []byte("l: -3"), 1)),
		"CSeq method": string(bytes.Replace([]byte(sample), []byte("7 INVITE"), []byte("7 BYE"), 1)),
		"status":      "SIP/2.0 99 X\r\n\r\n",
	} {
		if _, err := Parse([]byte(raw)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestURI(t *testing.T) {
	for uri, want := range map[string][2]string{
		"sip:1001@h:5060;transport=ws": {"1001", "h:5060"},
		"sips:a%40b@h":                 {"a@b", "h"},
		"tel:+123;ext=1":               {"+123", "+123"},
		"sip:h":                        {"", "h"},
		"":                             {"", ""},
	} {
		if got := [2]string{URIUser(uri), URIHost(uri)}; got != want {
			t.Errorf("%q: %v, want %v", uri, got, want)
		}
	}
	if got := URIHeader("sip:1@h?Replaces=a%3Bto-tag%3Db", "replaces"); got != "a;to-tag=b" {
		t.Error(got)
	}
}

// What was parsed once survives writing and parsing again.
func FuzzParse(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte("SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP x\r\nFrom: <a>\r\nTo: <b>;tag=1\r\nCall-ID: 1\r\nCSeq: 1 BYE\r\n\r\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := Parse(raw)
		if err != nil {
			return
		}
		for _, h := range m.Headers {
			URIUser(ParseAddress(h.Value).URI)
			URIHeader(h.Value, "x")
			Param(h.Value, "tag")
		}
		again, err := Parse(m.Bytes())
		if err != nil {
			t.Fatalf("%v\n%q", err, m.Bytes())
		}
		if again.Get("Call-ID") != m.Get("Call-ID") || !bytes.Equal(again.Body, m.Body) {
			t.Fatalf("changed: %q", m.Bytes())
		}
	})
}
