package phone

import "time"

// Event is one thing that happened, at an instant. What is one of the event
// types of this file. Instants never go backwards; an Event that would is
// taken to have happened at the State's own instant.
type Event struct {
	At   time.Time
	What What
}

// What is the closed set of things that can happen.
type What interface{ what() }

// Fingers and hardware.
type (
	// KeyDown and KeyUp come debounced from the keypad, a browser or the API.
	KeyDown struct{ Key Key }
	KeyUp   struct{ Key Key }
	// HookMoved comes debounced (30 ms) from the hook switch.
	HookMoved struct{ OffHook bool }
	// HeadsetPlugged reports the headset's jack.
	HeadsetPlugged struct{ In bool }
)

// TimerFired is a StartTimer effect that came back.
type TimerFired struct {
	Timer Timer
	Gen   int
}

// Heartbeat asks nothing of the core: that its instant shows in the View proves
// that the loop is alive.
type Heartbeat struct{}

// Lines and service.
type (
	// LinesConfigured replaces the set of lines; calls on a line that is gone
	// go on until they end.
	LinesConfigured struct{ Lines []LineInfo }
	// EmergencyLineKept says which line is kept for emergency calls alone, for when
	// there is no other; a zero one: none.
	EmergencyLineKept struct{ Line LineInfo }
	// LineChanged reports a line's registration.
	LineChanged struct {
		Line   LineID
		State  LineState
		Cause  Cause
		Detail string // for the "Why?" page
		// Expired: Unregistered because nobody refreshed it, not on purpose.
		Expired bool
		Next    time.Time // the next try, zero if none is planned
	}
	// SessionChanged reports whether the phone is signed in.
	SessionChanged struct{ Session SessionInfo }
	// ProblemsChanged mirrors the health registry, worst first.
	ProblemsChanged struct{ Problems []ProblemInfo }
	// SettingsChanged replaces the user-visible settings.
	SettingsChanged struct{ Settings Settings }
	// HistoryLoaded brings the finished calls that the store knows, newest
	// first: for the history page and for REDIAL.
	HistoryLoaded struct{ Calls []CallRecord }
	// MessageWaiting is the MWI state of a line (RFC 3842). Known is false when
	// the exchange does not tell any more.
	MessageWaiting struct {
		Line        LineID
		Known       bool
		New, Urgent int
	}
)

// What the network does to calls.
type (
	// CallArrived is an INVITE. The core decides: refuse, ring or call waiting.
	CallArrived struct {
		Leg       LegID
		Line      LineID
		From      Party
		Via       string // whom the call was for first (Diversion, History-Info)
		AutoReply bool   // Alert-Info/Call-Info asks to answer by itself
		// Replaces is our call that this one takes over (INVITE with Replaces,
		// RFC 3891): it is answered at once, and the other one ends.
		Replaces CallRef
		Melody   string // distinctive ring
	}
	// CallProgress is a provisional response to our INVITE.
	CallProgress struct {
		Call       CallRef
		Code       int
		EarlyMedia bool // the far end's sound can be heard now
	}
	// CallAnswered: the far end answered (200, ACK sent).
	CallAnswered struct{ Call CallRef }
	// CallConfirmed: our answer is through (ACK received).
	CallConfirmed struct{ Call CallRef }
	// CallGone: the leg is over, whoever ended it. The leg is free.
	CallGone struct {
		Call      CallRef
		Code      int // final status; 0: BYE, CANCEL or our own goodbye
		Cause     Cause
		Elsewhere bool   // CANCEL with Reason cause=200 (C1)
		Detail    string // for log and API
	}
	// CallIdentified: a look-up or the network knows better who this is.
	CallIdentified struct {
		Call  CallRef
		Party Party
	}
	// MediaUp: sound flows (ICE and DTLS are through, or the first RTP came).
	MediaUp struct {
		Call    CallRef
		Secure  bool
		Profile string
	}
	// MediaFailed: the media plane gave up although signalling may be fine.
	MediaFailed struct {
		Call   CallRef
		Detail string
	}
	// HoldDone is the outcome of a HoldCall effect.
	HoldDone struct {
		Call CallRef
		On   bool
		OK   bool
	}
	// RemoteHeld: the far end put us on hold or took us back.
	RemoteHeld struct {
		Call CallRef
		On   bool
	}
	// DigitSent is the outcome of SendDigit.
	DigitSent struct {
		Call  CallRef
		Digit byte
		OK    bool
	}
	// RecordingReported is what the server says of a recording.
	RecordingReported struct {
		Call  CallRef
		State Recording
	}
	// QualitySampled arrives every 2 s of a call.
	QualitySampled struct {
		Call    CallRef
		Quality Quality
	}
	// MediaSilent: nothing has arrived for a while, though something should.
	// MediaUp follows when it does again.
	MediaSilent struct{ Call CallRef }
	// MutedSpeech: somebody has spoken into the muted microphone for a second.
	MutedSpeech struct{}
)

// Commands of the API and of the panel: everything a hand can do. Call 0 means
// the call that has the focus.
type (
	// Dial calls a number; with Number empty it opens the dial screen.
	Dial struct {
		Number   string
		Line     LineID // "": the default line
		Identity Party  // the number to present, empty: the line's own
		Private  bool   // withhold the number
	}
	Answer     struct{ Call CallID }
	Reject     struct{ Call CallID }
	End        struct{ Call CallID }
	SetMute    struct{ On Toggle }
	SetHolding struct {
		Call CallID
		On   Toggle
	}
	Digits struct {
		Call   CallID
		Digits string
	}
	Record struct {
		Call CallID
		On   Toggle
	}
	// SetVolume sets the volume of the path in use, 0–100.
	SetVolume struct{ Percent int }
	// Reconnect tries to register at once and resets the back-off.
	Reconnect struct{}
)

// Toggle is off, on or "the other way".
type Toggle int

const (
	Flip Toggle = iota
	On
	Off
)

// Of applies the toggle to the present value.
func (t Toggle) Of(now bool) bool {
	if t == Flip {
		return !now
	}
	return t == On
}

func (KeyDown) what()           {}
func (KeyUp) what()             {}
func (HookMoved) what()         {}
func (HeadsetPlugged) what()    {}
func (TimerFired) what()        {}
func (Heartbeat) what()         {}
func (LinesConfigured) what()   {}
func (EmergencyLineKept) what() {}
func (LineChanged) what()       {}
func (SessionChanged) what()    {}
func (ProblemsChanged) what()   {}
func (SettingsChanged) what()   {}
func (MessageWaiting) what()    {}
func (HistoryLoaded) what()     {}
func (CallArrived) what()       {}
func (CallProgress) what()      {}
func (CallAnswered) what()      {}
func (CallConfirmed) what()     {}
func (CallGone) what()          {}
func (CallIdentified) what()    {}
func (MediaUp) what()           {}
func (MediaFailed) what()       {}
func (HoldDone) what()          {}
func (RemoteHeld) what()        {}
func (DigitSent) what()         {}
func (RecordingReported) what() {}
func (QualitySampled) what()    {}
func (MutedSpeech) what()       {}
func (MediaSilent) what()       {}
func (Dial) what()              {}
func (Answer) what()            {}
func (Reject) what()            {}
func (End) what()               {}
func (SetMute) what()           {}
func (SetHolding) what()        {}
func (Digits) what()            {}
func (Record) what()            {}
func (SetVolume) what()         {}
func (Reconnect) what()         {}
