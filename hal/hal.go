// Package hal is the hardware vocabulary of a desk phone and the small
// interfaces its drivers implement. Drivers are sub-packages; hal/haltest has
// the fakes and the conformance suite that every driver passes; hal/sim is the
// virtual board.
//
// Every driver debounces: one KeyEvent per movement of a finger. Channels are
// closed when the driver has ended, and Err says why.
package hal

import (
	"image"
	"time"
)

// Key is a key by its word, as in board files: "0" … "9", "*", "#", "sk1",
// "speaker" … The words are those of phone.Key.
type Key string

// KeyEvent is a key going down or up.
type KeyEvent struct {
	Key  Key
	Down bool
	At   time.Time
}

// HookEvent is the handset leaving or entering its cradle.
type HookEvent struct {
	OffHook bool
	At      time.Time
}

// Keypad is anything with keys. Events is one channel for the driver's life.
type Keypad interface {
	Events() <-chan KeyEvent
	// Err is nil until Events is closed; nil after an ordinary Close.
	Err() error
	Close() error
}

// Hook is the cradle switch. The first event is the state at start.
type Hook interface {
	Events() <-chan HookEvent
	Err() error
	Close() error
}

// Pattern is how a lamp shines (C0.2).
type Pattern string

const (
	Dark        Pattern = "off"
	Solid       Pattern = "on"
	FastFlash   Pattern = "fast"   // 200 ms on, 200 ms off
	SlowFlash   Pattern = "slow"   // 500 ms
	SlowPulse   Pattern = "pulse"  // 1 s
	DoubleBlink Pattern = "double" // twice every 2 s
)

// LampID names a lamp: "strip", "message", "mute", "speaker", "headset", "k1" …
type LampID string

// Colour is a lamp's colour, on lamps that have several.
type Colour string

const (
	NoColour Colour = ""
	Green    Colour = "green"
	Red      Colour = "red"
	Amber    Colour = "amber"
)

// LampState is what a lamp shows.
type LampState struct {
	Pattern Pattern
	Colour  Colour
}

// Lamps sets lamps; unknown ones are ignored. Safe for concurrent use.
type Lamps interface {
	Set(LampID, LampState) error
	Close() error
}

// Panel is a display. Draw shows the part r of img (r in img's coordinates,
// clipped to Bounds) and returns when it is on its way; it is called from one
// goroutine.
type Panel interface {
	Bounds() image.Rectangle
	Draw(img *image.RGBA, r image.Rectangle) error
	// Backlight sets the brightness, 0 (off) to 100.
	Backlight(percent int) error
	Close() error
}

// Scanner reads codes: QR modules on a serial port, or a camera.
type Scanner interface {
	// Codes delivers each code once per presentation, as read, without CR/LF.
	Codes() <-chan []byte
	Err() error
	Close() error
}
