package rtc

import (
	"os"
	"strings"
	"testing"
)

// asteriskOffer is a captured description with the order of codecs that an
// Asterisk without a coder for Opus is configured with: that one last.
func asteriskOffer(t *testing.T) []byte {
	t.Helper()
	b, err := os.ReadFile("../sdp/testdata/asterisk-in-offer.sdp")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(b), "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, "m=audio ") {
			f := strings.Fields(l)
			lines[i] = strings.Join(f[:3], " ") + " 0 9 8 107\r"
			return []byte(strings.Join(lines, "\n"))
		}
	}
	t.Fatal("no m=audio")
	return nil
}

// Asterisk sends what an answer puts first, and is silent if it cannot recode
// to that: an answer keeps the offer's order unless the line has its own.
func TestAnswerKeepsTheOffersOrder(t *testing.T) {
	for _, tt := range []struct {
		name   string
		codecs []string
		want   string
	}{
		{"no order of its own", nil, " 0 9 8 107"},
		{"the line's order", []string{"opus", "PCMA"}, " 107 8"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			answer, err := loop(t, Config{Codecs: tt.codecs}).Answer(t.Context(), asteriskOffer(t))
			if err != nil {
				t.Fatal(err)
			}
			_, rest, _ := strings.Cut(string(answer), "m=audio ")
			line, _, _ := strings.Cut(rest, "\r\n")
			_, formats, _ := strings.Cut(line, "SAVPF")
			if got := strings.TrimSuffix(formats, " 101"); got != tt.want {
				t.Errorf("answered with%s, want%s", got, tt.want)
			}
		})
	}
}
