// Package device is the sound card as the engine sees it: one direction each,
// 48 kHz mono, in frames of 10 ms. It owns the interface and the devices made
// of software alone: null, loop and WAV files (Card). Real sound cards are in
// device/malgodev, behind the same interface.
//
// A started Card runs one goroutine, which ends when both its directions are
// stopped. The package needs no cgo and touches no hardware.
package device

import (
	"errors"
	"time"
)

// Direction tells a loudspeaker from a microphone.
type Direction int

const (
	Playback Direction = iota
	Capture
)

// String gives the lower-case word.
func (d Direction) String() string {
	if d == Capture {
		return "capture"
	}
	return "playback"
}

// Errors of drivers and devices; test with errors.Is.
var (
	// ErrNotFound: there is no device of that id, or not any more.
	ErrNotFound = errors.New("no such audio device")
	// ErrBusy: the device is there but someone else holds it.
	ErrBusy = errors.New("audio device is busy")
	// ErrStarted: Start was called on a running device.
	ErrStarted = errors.New("audio device is already running")
	// ErrClosed: the device was closed.
	ErrClosed = errors.New("audio device is closed")
)

// Callback moves one frame of audio.FrameLen samples: it fills it (playback)
// or takes it (capture). It must not keep the slice, block, allocate or log,
// nor call a method of its device.
type Callback func(frame []int16)

// Device is one direction of one sound card. All methods are safe for
// concurrent use; none may be called from the callback.
type Device interface {
	// Start begins to call f, one frame at a time, on a thread of the device,
	// at the device's own pace: on average one call each 10 ms, never two at a
	// time. ErrStarted, ErrClosed, ErrNotFound, ErrBusy.
	Start(f Callback) error
	// Stop ends the calls: when it has returned, f does not run and will not.
	// Stopping a stopped device does nothing. Start may follow.
	Stop() error
	// Close stops the device and frees it. It is idempotent.
	Close() error
	// Latency is what the device adds: from the end of a callback until the
	// frame's first sample is in the air, or from the air to the callback.
	// It is an estimate and may change while the device runs.
	Latency() time.Duration
	// Lost is closed when the device is gone (pulled out, its server died) and
	// no more calls are to be expected; Close it then and open it again.
	Lost() <-chan struct{}
	// Stats are counted since the device was opened.
	Stats() Stats
}

// Stats counts what a device did.
type Stats struct {
	Frames     uint64        // 10 ms frames moved
	Xruns      uint64        // times the device ran dry or over
	LongestGap time.Duration // between two callbacks
}

// Info describes a device that could be opened.
type Info struct {
	ID        string // stable over restarts and plugging in again
	Name      string // for people
	Direction Direction
	Default   bool
}

// Driver finds and opens devices. It is safe for concurrent use.
type Driver interface {
	// List tells what is there now.
	List() ([]Info, error)
	// Open prepares a device without starting it. The id "" is the default
	// device. ErrNotFound, ErrBusy.
	Open(d Direction, id string) (Device, error)
}

// Presence is what a Driver has that can tell whether a card is plugged in
// without opening it.
type Presence interface {
	// Plugged reports whether the card that id names is there. known is false
	// for ids that name no card ("", the default device; a sound server's), of
	// which only trying tells.
	Plugged(id string) (plugged, known bool)
}
