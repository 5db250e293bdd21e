package mediatest

import (
	"bytes"
	"strings"
	"testing"

	"phoned/media"
)

// moves: the machine's address changes in the call. The new offer names new
// transport, keys stay, and both are heard again; also from the other side.
func moves(t *testing.T, f factory) {
	p := connect(t, f, nil)
	for _, side := range []struct{ who, other *end }{{p.a, p.b}, {p.b, p.a}} {
		m, ok := side.who.Session.(media.Mover)
		if !ok {
			t.Fatal("the session cannot move")
		}
		before, err := side.who.Offer(t.Context())
		must(t, before, err)
		offer, err := m.Move(t.Context())
		must(t, offer, err)
		if line(before, "m=audio") == line(offer, "m=audio") {
			t.Errorf("the offer after the move has the same port:\n%s", offer)
		}
		for _, kept := range []string{"a=fingerprint", "a=crypto"} {
			if line(before, kept) != line(offer, kept) {
				t.Errorf("%s changed", kept)
			}
		}
		if ufrag := line(before, "a=ice-ufrag"); ufrag != "" && ufrag == line(offer, "a=ice-ufrag") {
			t.Error("ICE was not restarted")
		}
		answer, err := side.other.Answer(t.Context(), offer)
		must(t, answer, err)
		if err := side.who.Apply(t.Context(), answer); err != nil {
			t.Fatal(err)
		}
		received := side.who.Stats().PacketsRecv
		p.until("both hear after the move", func() bool {
			return p.aHears() && p.bHears() && side.who.Stats().PacketsRecv > received+20
		})
	}
}

// line is the first line of a description that begins so, "" if none does.
func line(text []byte, start string) string {
	for _, l := range strings.Split(string(bytes.ReplaceAll(text, []byte("\r"), nil)), "\n") {
		if strings.HasPrefix(l, start) {
			return l
		}
	}
	return ""
}
