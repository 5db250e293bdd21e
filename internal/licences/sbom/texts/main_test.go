package main

import (
	"bytes"
	"strings"
	"testing"

	"phoned/internal/licences"
)

func TestEveryPartIsThere(t *testing.T) {
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	for _, p := range licences.Names() {
		if !strings.Contains(b.String(), p.Name+" ") || len(licences.Text(p.Name)) == 0 {
			t.Errorf("%s is missing", p.Name)
		}
	}
}
