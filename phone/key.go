package phone

// Key is one key of the panel. The words are those of board files, scripts and
// the HTTP interface.
type Key string

// The keys of C0.1. Digits are "0" … "9", "*" and "#".
const (
	KeySoft1      Key = "sk1"
	KeySoft2      Key = "sk2"
	KeySoft3      Key = "sk3"
	KeySoft4      Key = "sk4"
	KeyArrowUp    Key = "up"
	KeyArrowDown  Key = "down"
	KeyArrowLeft  Key = "left"
	KeyArrowRight Key = "right"
	KeyOK         Key = "ok"
	KeyBack       Key = "back"
	KeySpeaker    Key = "speaker"
	KeyHeadset    Key = "headset"
	KeyMute       Key = "mute"
	KeyHold       Key = "hold"
	KeyTransfer   Key = "transfer"
	KeyRedial     Key = "redial"
	KeyMessage    Key = "message"
	// KeyHeadsetButton is the button on the headset's cord or cup.
	KeyHeadsetButton Key = "headset_button"
	KeyVolUp         Key = "vol+"
	KeyVolDown       Key = "vol-"
	KeyLine1         Key = "k1"
	KeyLine8         Key = "k8"
)

// Digit reports whether k is one of 0-9 * # and which.
func (k Key) Digit() (byte, bool) {
	if len(k) != 1 {
		return 0, false
	}
	if c := k[0]; c >= '0' && c <= '9' || c == '*' || c == '#' {
		return c, true
	}
	return 0, false
}

// Soft reports which soft key k is, 0 … 3.
func (k Key) Soft() (int, bool) {
	if len(k) == 3 && k[:2] == "sk" && k[2] >= '1' && k[2] <= '4' {
		return int(k[2] - '1'), true
	}
	return 0, false
}

// Line reports which line/park/BLF key k is, 0 … 7.
func (k Key) Line() (int, bool) {
	if len(k) == 2 && k[0] == 'k' && k[1] >= '1' && k[1] <= '8' {
		return int(k[1] - '1'), true
	}
	return 0, false
}

// Minimal reports whether k is one of the sixteen keys of the minimal profile: a
// matrix of 0-9 * # and A to D, which are the soft keys (C0.1).
func (k Key) Minimal() bool {
	if _, ok := k.Digit(); ok {
		return true
	}
	_, ok := k.Soft()
	return ok
}

// Valid reports whether k is a key this phone knows.
func (k Key) Valid() bool {
	if _, ok := k.Digit(); ok {
		return true
	}
	if _, ok := k.Soft(); ok {
		return true
	}
	if _, ok := k.Line(); ok {
		return true
	}
	switch k {
	case KeyArrowUp, KeyArrowDown, KeyArrowLeft, KeyArrowRight, KeyOK, KeyBack, KeySpeaker, KeyHeadset, KeyHeadsetButton, KeyMute,
		KeyHold, KeyTransfer, KeyRedial, KeyMessage, KeyVolUp, KeyVolDown:
		return true
	}
	return false
}
