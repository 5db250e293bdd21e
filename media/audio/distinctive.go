package audio

import (
	"path"
	"strings"
)

// alertNames are what exchanges say instead of a melody's name: the URNs of RFC
// 7462 (§ 8, without "urn:alert:") and the words of the field's exchanges.
var alertNames = map[string]string{
	"source:internal": "internal", "source:external": "external", "source:friend": "vip", "source:family": "vip",
	"priority:high": "vip", "urgent": "vip", "emergency": "vip", "priority": "vip",
	"service:recall:callback": "recall", "service:recall:hold": "recall", "service:recall:transfer": "recall",
	"service:recall": "recall", "callback": "recall", "transfer": "recall",
	"inside": "internal", "intern": "internal", "outside": "external", "extern": "external",
}

// MelodyName finds the melody that an Alert-Info value or a contact names:
// "aurora", "Bellcore-dr3", "source:internal", "alert-external", "ring2.wav". It
// is "" for what this phone has no melody of: the caller's or the phone's own is
// to be played then.
func MelodyName(said string) string {
	name := strings.ToLower(strings.TrimSpace(said))
	name = strings.TrimSuffix(name, path.Ext(name))
	for _, prefix := range []string{"urn:alert:", "bellcore-", "alert-", "info="} {
		name = strings.TrimPrefix(name, prefix)
	}
	if other := alertNames[name]; other != "" {
		name = other
	}
	for _, m := range melodies {
		if m.name == name {
			return name
		}
	}
	return ""
}

// Ringtones are the melodies to choose from, in the order of the menu; those of
// Melodies that follow tell calls apart and are chosen by the exchange.
func Ringtones() []Melody {
	all := Melodies()
	for i, m := range all {
		if m.Name == "dr1" {
			return all[:i]
		}
	}
	return all
}
