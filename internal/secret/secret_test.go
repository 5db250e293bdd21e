package secret

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

const hush = "hush-hush"

type exported struct{ Password String }

type hidden struct {
	password String
	inner    struct{ list []String }
	pointer  *String
}

// Whatever prints a struct that holds a secret prints no secret, also where
// fmt can't call our methods.
func TestNoVerbPrintsIt(t *testing.T) {
	s := New(hush)
	h := hidden{password: s, pointer: &s}
	h.inner.list = []String{s}
	for _, v := range []any{s, &s, exported{s}, &exported{s}, h, &h, []String{s}, map[String]String{s: s}, fmt.Errorf("x: %v", s)} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			if out := fmt.Sprintf(verb, v); strings.Contains(out, hush) || strings.Contains(out, fmt.Sprintf("%x", hush)) {
				t.Errorf("%s of %T: %s", verb, v, out)
			}
		}
		var log bytes.Buffer
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "v", v)
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "v", v)
		if strings.Contains(log.String(), hush) {
			t.Errorf("log of %T: %s", v, log.String())
		}
	}
}

func TestItIsAValue(t *testing.T) {
	a, again := New("a"), New("a")
	if a != again || New("a") == New("b") || New("") != (String{}) {
		t.Error("not comparable by value")
	}
	if (String{}).Reveal() != "" || !New("").Empty() || New("a").Empty() || New("a").Reveal() != "a" {
		t.Error("empty and revealed")
	}
	var in exported
	if err := json.Unmarshal([]byte(`{"Password":"`+hush+`"}`), &in); err != nil || in.Password.Reveal() != hush {
		t.Error(err)
	}
	if b, err := json.Marshal(in); err != nil || string(b) != `{"Password":"redacted"}` {
		t.Errorf("%s, %v", b, err)
	}
	if b, _ := json.Marshal(exported{}); string(b) != `{"Password":""}` {
		t.Errorf("%s", b)
	}
}
