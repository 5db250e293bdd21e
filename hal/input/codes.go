package input

import (
	"fmt"
	"strconv"
)

// codes of linux/input-event-codes.h, of the keys that phones and keypads have.
var codes = map[string]uint16{
	"KEY_ESC": 1, "KEY_1": 2, "KEY_2": 3, "KEY_3": 4, "KEY_4": 5, "KEY_5": 6, "KEY_6": 7, "KEY_7": 8, "KEY_8": 9, "KEY_9": 10, "KEY_0": 11,
	"KEY_BACKSPACE": 14, "KEY_TAB": 15, "KEY_ENTER": 28, "KEY_KPASTERISK": 55, "KEY_SPACE": 57,
	"KEY_F1": 59, "KEY_F2": 60, "KEY_F3": 61, "KEY_F4": 62, "KEY_F5": 63, "KEY_F6": 64, "KEY_F7": 65, "KEY_F8": 66, "KEY_F9": 67, "KEY_F10": 68,
	"KEY_F11": 87, "KEY_F12": 88, "KEY_NUMLOCK": 69,
	"KEY_KP7": 71, "KEY_KP8": 72, "KEY_KP9": 73, "KEY_KPMINUS": 74, "KEY_KP4": 75, "KEY_KP5": 76, "KEY_KP6": 77, "KEY_KPPLUS": 78,
	"KEY_KP1": 79, "KEY_KP2": 80, "KEY_KP3": 81, "KEY_KP0": 82, "KEY_KPDOT": 83, "KEY_KPENTER": 96, "KEY_KPSLASH": 98,
	"KEY_HOME": 102, "KEY_UP": 103, "KEY_LEFT": 105, "KEY_RIGHT": 106, "KEY_END": 107, "KEY_DOWN": 108, "KEY_DELETE": 111,
	"KEY_MUTE": 113, "KEY_VOLUMEDOWN": 114, "KEY_VOLUMEUP": 115, "KEY_MENU": 139, "KEY_BACK": 158, "KEY_PLAYPAUSE": 164, "KEY_PHONE": 169,
	"KEY_REDO": 182, "KEY_MICMUTE": 248, "KEY_OK": 352, "KEY_SELECT": 353,
	"KEY_NUMERIC_0": 512, "KEY_NUMERIC_1": 513, "KEY_NUMERIC_2": 514, "KEY_NUMERIC_3": 515, "KEY_NUMERIC_4": 516, "KEY_NUMERIC_5": 517,
	"KEY_NUMERIC_6": 518, "KEY_NUMERIC_7": 519, "KEY_NUMERIC_8": 520, "KEY_NUMERIC_9": 521, "KEY_NUMERIC_STAR": 522, "KEY_NUMERIC_POUND": 523,
}

// Code is the kernel's code of a key by its name ("KEY_KP1") or its number.
func Code(name string) (uint16, error) {
	if c, ok := codes[name]; ok {
		return c, nil
	}
	n, err := strconv.ParseUint(name, 10, 16)
	if err != nil || n == 0 || n > maxCode {
		return 0, fmt.Errorf("%q is no key such as KEY_KP1 and no code from 1 to %d", name, maxCode)
	}
	return uint16(n), nil
}
