package app

import "testing"

// Who rings how: the caller's melody if the phone has it, else the person's, else
// the phone's first.
func TestRingMelody(t *testing.T) {
	for _, c := range []struct{ caller, own, want string }{
		{"", "", ""}, {"", "chime", "chime"}, {"source:internal", "chime", "internal"}, {"Bellcore-dr2", "", "dr2"},
		{"nobody-has-this", "chime", "chime"}, {"vip", "chime", "vip"}, {"", "nobody-has-this", ""},
	} {
		if got := ringMelody(c.caller, c.own); got != c.want {
			t.Errorf("caller %q, own %q: %q, want %q", c.caller, c.own, got, c.want)
		}
	}
}
