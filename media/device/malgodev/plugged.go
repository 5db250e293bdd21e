package malgodev

import (
	"fmt"
	"os"
	"regexp"

	"phoned/media/device"
)

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

// pcm finds device and card in ids of hardware: "card:Headset,0", ":1,0",
// "plughw:1,0,0", "hw:Headset"; without a number it is device 0.
var pcm = regexp.MustCompile(`^(?:card|hw|plughw)?:(?:CARD=)?([^,=]+)(?:,(?:DEV=)?(\d+))?`)

// ready tells, without ALSA, whether an open can work: ErrNotFound while the card or
// its device's file is not there. A card that is being plugged in gets its files one
// after the other, and a try through ALSA takes a slow board a third of a second.
// Ids that name no hardware are left to ALSA.
func ready(dir device.Direction, id string, cards func() map[string]string, exists func(string) bool) error {
	m := pcm.FindStringSubmatch(id)
	if m == nil {
		return nil
	}
	dev, end := "0", "p"
	if m[2] != "" {
		dev = m[2]
	}
	if dir == device.Capture {
		end = "c"
	}
	for number, name := range cards() {
		if m[1] != number && m[1] != name {
			continue
		}
		if file := "/dev/snd/pcmC" + number + "D" + dev + end; !exists(file) {
			return fmt.Errorf("%w: card %q has no %s", device.ErrNotFound, m[1], file)
		}
		return nil
	}
	return fmt.Errorf("%w: card %q is not plugged in", device.ErrNotFound, m[1])
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}
