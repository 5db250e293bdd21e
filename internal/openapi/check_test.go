package openapi

import (
	"errors"
	"testing"
)

func TestCheck(t *testing.T) {
	type in struct {
		Name   string   `json:"name" minlen:"2" maxlen:"3" pattern:"^[a-z]+$"`
		Kind   string   `json:"kind,omitempty" enum:"x,y"`
		Volume *int     `json:"volume" min:"0" max:"100"`
		Port   int      `json:"port,omitempty" min:"1"`
		Least  float64  `json:"least,omitempty" max:"2"`
		Maybe  *float64 `json:"maybe,omitempty" min:"1"`
		Other  []string `json:"other,omitempty"`
	}
	n, big, small := 5, 101, 0.5
	for field, v := range map[string]*in{
		"":       {Name: "ab", Volume: &n},
		"name":   {Name: "a", Volume: &n},
		"kind":   {Name: "ab", Kind: "z", Volume: &n},
		"volume": {Name: "ab"},
		"port":   {Name: "ab", Volume: &n, Port: -1},
		"least":  {Name: "ab", Volume: &n, Least: 3},
		"maybe":  {Name: "ab", Volume: &n, Maybe: &small},
	} {
		err := Check(v)
		var bad *ValueError
		if field == "" && err != nil || field != "" && (!errors.As(err, &bad) || bad.Field != field) {
			t.Errorf("%s: %v", field, err)
		}
	}
	for _, v := range []*in{{Name: "abcd", Volume: &n}, {Name: "a1", Volume: &n}, {Name: "ab", Volume: &big}} {
		if Check(v) == nil {
			t.Errorf("%+v is taken", v)
		}
	}
	if l := Params(in{}); len(l) != 7 || !l[0].Required || l[1].Required || l[1].Schema["enum"] == nil {
		t.Errorf("%+v", l)
	}
}
