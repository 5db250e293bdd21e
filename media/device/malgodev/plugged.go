package malgodev

import "regexp"

// cardName finds the card in an id: "card:Headset,0" as List gives it, ":1,0",
// "plughw:1,0", "hw:Headset", "sysdefault:CARD=Headset".
var cardName = regexp.MustCompile(`^(?:card|hw|plughw)?:(?:CARD=)?([^,=]+)(?:,|$)|[:,]CARD=([^,]+)`)

// Plugged implements device.Presence.
func (d *Driver) Plugged(id string) (plugged, known bool) { return onCard(id, cardIDs) }

func onCard(id string, cards func() map[string]string) (plugged, known bool) {
	m := cardName.FindStringSubmatch(id)
	if m == nil {
		return false, false
	}
	want := m[1] + m[2]
	for number, name := range cards() {
		if want == number || want == name {
			return true, true
		}
	}
	return false, true
}
