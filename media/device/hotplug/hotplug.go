// Package hotplug tells when sound cards come and go, from the kernel's own
// messages (uevents on a netlink socket; no udev, no cgo). It runs one
// goroutine a watch, which ends with its context. It opens no sound card.
package hotplug

import (
	"bytes"
	"strings"
)

// Change is a sound card, or a part of one, that came or went.
type Change struct {
	Action string // add, remove or change
	Device string // path under /sys
}

// parse reads a uevent: "ACTION@DEVPATH" and KEY=VALUE fields, each ended by a
// zero byte. It reports false for messages of udev (which begin with
// "libudev"), of other subsystems, and for nonsense.
func parse(message []byte) (Change, bool) {
	head, rest, ok := bytes.Cut(message, []byte{0})
	if !ok || !bytes.Contains(head, []byte("@/")) {
		return Change{}, false
	}
	var c Change
	sound := false
	for _, field := range bytes.Split(rest, []byte{0}) {
		key, value, _ := strings.Cut(string(field), "=")
		switch key {
		case "ACTION":
			c.Action = value
		case "DEVPATH":
			c.Device = value
		case "SUBSYSTEM":
			sound = value == "sound"
		}
	}
	switch c.Action {
	case "add", "remove", "change":
		return c, sound && c.Device != ""
	}
	return Change{}, false
}
