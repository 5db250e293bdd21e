package provisioning

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestCodesRoundTrip(t *testing.T) {
	at := time.Unix(1790000000, 0).UTC()
	for text, c := range map[string]Code{
		"phoned:1;u=cfg.example.net/p/7Q2K?site=a":                         {ConfigURL: "https://cfg.example.net/p/7Q2K?site=a"},
		"phoned:1;e=tlq27k;c=WDJB-MJHT;o=login.example.net/oauth/internal": {OneTime: "WDJB-MJHT", Endpoint: "https://login.example.net/oauth/internal", Expires: at},
	} {
		got, err := c.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(text, "phoned:1;u") && got != text {
			t.Errorf("got %s", got)
		}
		back, err := ParseCode(" PHONED" + got[len("phoned"):] + "\r\n")
		if err != nil || back != c {
			t.Errorf("%s: %+v, %v", got, back, err)
		}
		if len(got) > MaxCode || back.Host() == "" {
			t.Errorf("%s %q", got, back.Host())
		}
	}
}

func TestCodesThatMustNotBeMade(t *testing.T) {
	for name, c := range map[string]Code{
		"nothing": {}, "both": {ConfigURL: "https://x", OneTime: "ABCD", Endpoint: "https://x"}, "no server": {OneTime: "ABCD"},
		"not https": {ConfigURL: "http://x.example"}, "loopback": {ConfigURL: "http://127.0.0.1/x"}, "user": {ConfigURL: "https://u:p@x.example"},
		"token": {ConfigURL: "https://x.example/?access_token=abc"}, "JWT": {ConfigURL: "https://x.example/?j=eyJhbGciOiJIUzI1NiJ9.e30.x"},
		"JWT as code": {OneTime: "eyJhbGciOiJIUzI1NiJ9.e30.x", Endpoint: "https://x"}, "short": {OneTime: "ABC", Endpoint: "https://x"},
		"long": {ConfigURL: "https://x.example/" + strings.Repeat("y", 120)}, "semicolon": {ConfigURL: "https://x.example/;u=y"},
		"before 1970": {ConfigURL: "https://x.example", Expires: time.Unix(-5, 0)},
	} {
		if s, err := c.Encode(); !errors.Is(err, ErrCode) {
			t.Errorf("%s: %q, %v", name, s, err)
		}
	}
}

func TestCodesThatAreNotOurs(t *testing.T) {
	for text, want := range map[string]error{
		"": ErrCode, "https://x.example": ErrCode, "WIFI:S:x;;": ErrCode, "phoned:": ErrCode, "phoned:x;u=a": ErrCode, "phoned:0;u=a.example": ErrCode,
		"phoned:2;z=1": ErrNewerFormat, "phoned:1;S=1;u=a.example": ErrNewerFormat, "phoned:1": ErrCode, "phoned:1;u=": ErrCode, "phoned:1;u=a;u=b": ErrCode,
		"phoned:1;u": ErrCode, "phoned:1;e=!;u=a": ErrCode, "phoned:1;e=zzzzzzzzzzzz;u=a": ErrCode, "phoned:1;u=a@b": ErrCode, "phoned:1;c=ABCD": ErrCode,
		"phoned:1;u=" + strings.Repeat("a", 120): ErrCode,
	} {
		if c, err := ParseCode(text); !errors.Is(err, want) {
			t.Errorf("%q: %+v, %v", text, c, err)
		}
	}
	if c, err := ParseCode("phoned:1;x=later;u=a.example"); err != nil || c.ConfigURL != "https://a.example" {
		t.Errorf("an unknown small parameter: %+v, %v", c, err)
	}
}

func FuzzCode(f *testing.F) {
	for _, s := range []string{"phoned:1;u=cfg.example.net/p/7Q2K", "phoned:1;e=tlq27k;c=WDJB-MJHT;o=login.example.net/oauth/internal", "PHONED:1;x=1;u=[::1]/", "phoned:9",
		"phoned:1;u=a.example;m=AAAAAAAAAAAAAA", "phoned:1;u=a.example;s=AAAA"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := ParseCode(s)
		if err != nil {
			if !errors.Is(err, ErrCode) && !errors.Is(err, ErrNewerFormat) {
				t.Errorf("%v", err)
			}
			return
		}
		_ = c.Vouched(nil, "")
		c.sealed, c.signature, c.pinTag = "", "", "" // whoever parses can't vouch
		again, err := c.Encode()
		if err != nil {
			t.Fatalf("%q parsed to %+v, which can't be made: %v", s, c, err)
		}
		if back, err := ParseCode(again); err != nil || back != c {
			t.Errorf("%q → %q → %+v, %v", s, again, back, err)
		}
	})
}

func signingKey(t testing.TB, seed byte) SigningKey {
	t.Helper()
	k, err := NewSigningKey(bytes.Repeat([]byte{seed}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// TestCodesVouchedFor: who may send a phone to an address.
func TestCodesVouchedFor(t *testing.T) {
	mine, stranger := signingKey(t, 1), signingKey(t, 2)
	c := Code{ConfigURL: "https://c.acme.de/7Q2K"}
	made := func(s string, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	plain, signed, pinned := made(c.Encode()), made(c.EncodeSigned(mine)), made(c.EncodePIN("482913"))
	for _, k := range []struct {
		name, text, pin string
		want            error
	}{
		{"nobody", plain, "482913", ErrUnsigned},
		{"signed", signed, "", nil},
		{"by a stranger", made(c.EncodeSigned(stranger)), "", ErrSignature},
		{"another address under the same signature", strings.Replace(signed, "7Q2K", "7Q2L", 1), "", ErrSignature},
		{"PIN", pinned, "482913", nil},
		{"no PIN yet", pinned, "", ErrPINNeeded},
		{"wrong PIN", pinned, "482914", ErrPIN},
		{"not a PIN", pinned, "12ab", ErrPIN},
		{"another address under the same PIN", strings.Replace(pinned, "acme", "evil", 1), "482913", ErrPIN},
	} {
		got, err := ParseCode(k.text)
		if err != nil {
			t.Errorf("%s: %v", k.name, err)
			continue
		}
		if err := got.Vouched([]PublicKey{signingKey(t, 3).Public(), mine.Public()}, k.pin); !errors.Is(err, k.want) {
			t.Errorf("%s: %v, want %v", k.name, err, k.want)
		}
	}
	if c, err := ParseCode(pinned + ";c=ABCD"); !errors.Is(err, ErrCode) {
		t.Errorf("a part behind the PIN's tag: %+v, %v", c, err)
	}
	if s, err := (Code{ConfigURL: "https://configuration.example.net/phones"}).EncodeSigned(mine); !errors.Is(err, ErrCode) {
		t.Errorf("too long to be scanned: %q, %v", s, err)
	}
	if k, err := ParsePublicKey(mine.Public().String()); err != nil || k.String() != mine.Public().String() {
		t.Errorf("%v, %v", k, err)
	}
}
