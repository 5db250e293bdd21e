package audio

import "testing"

func TestMelodyName(t *testing.T) {
	for said, want := range map[string]string{
		"aurora": "aurora", "Aurora": "aurora", "Bellcore-dr3": "dr3", "bellcore-DR5": "dr5", "internal": "internal", "alert-external": "external",
		"source:internal": "internal", "urn:alert:source:external": "external", "priority:high": "vip", "service:recall:callback": "recall",
		"recall": "recall", "vip": "vip", "chime.wav": "chime", "ring9": "", "": "", "source:": "", "http://x/y": "", "service:normal": "",
	} {
		if got := MelodyName(said); got != want {
			t.Errorf("%q is %q, want %q", said, got, want)
		}
	}
	for _, name := range alertNames {
		if MelodyName(name) != name {
			t.Errorf("there is no melody %q", name)
		}
	}
}

// What is chosen from is a product's choice; what tells calls apart is not in it.
func TestRingtones(t *testing.T) {
	tones := Ringtones()
	if len(tones) < 8 {
		t.Errorf("%d ringtones", len(tones))
	}
	for _, m := range tones {
		if m.Name == "internal" || m.Name == "dr1" {
			t.Errorf("%s is offered", m.Name)
		}
	}
}

func FuzzMelodyName(f *testing.F) {
	for _, s := range []string{"Bellcore-dr1", "urn:alert:source:internal", "a.b.c", "//", "\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if n := MelodyName(s); n != "" && MelodyName(n) != n {
			t.Errorf("%q is %q, which is no melody", s, n)
		}
	})
}
