package serialpad

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

// The lines of the document are real ones.
func TestDocument(t *testing.T) {
	text, err := os.ReadFile("../../docs/serialpad.md")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, l := range regexp.MustCompile(`(?m)^(?:phone|device) +(\$.*)$`).FindAllStringSubmatch(string(text), -1) {
		n++
		if _, err := Decode([]byte(l[1])); err != nil {
			body, _, _ := strings.Cut(l[1][1:], "*")
			t.Errorf("%s: %v; right is $%s*%s", l[1], err, body, fmt.Sprintf("%02X", checksum([]byte(body))))
		}
	}
	if n != 5 {
		t.Errorf("%d lines, want 5", n)
	}
}
