package phone

import "time"

// Effect is something the world has to do. Effects are data; those that carry
// a CallRef are run in order on that call's own queue, the others in order on
// one common queue. Every effect that promises a result names the event that
// brings it.
type Effect interface{ effect() }

// Calls.
type (
	// PlaceCall makes a media offer and sends the INVITE.
	// Results: CallProgress*, then CallAnswered or CallGone.
	PlaceCall struct {
		Call     CallRef
		Line     LineID
		Target   string // number or SIP URI
		Identity Party
		Private  bool // withhold the number
		// Pickup is the watched resource whose ringing call is taken over; "": none.
		Pickup string
		Refer  ReferID // the request of theirs that this call answers
		// Emergency: the call is for help. It is made on a line that is not registered,
		// too, and on the one that is kept for this alone.
		Emergency bool
	}
	// RingCall sends 180 for a leg that the core accepted as a call.
	RingCall struct {
		Call CallRef
		Leg  LegID
	}
	// RefuseLeg refuses a leg that never became a call.
	RefuseLeg struct {
		Leg    LegID
		Code   int
		Target string // of a 302
	}
	// AnswerCall makes the media answer and sends 200.
	// Result: CallConfirmed or CallGone.
	AnswerCall struct{ Call CallRef }
	// EndCall sends CANCEL, BYE or a refusal, as the leg's state asks.
	// Result: CallGone, also if the network never answers.
	EndCall struct {
		Call CallRef
		Code int // used when a refusal is sent; 0: 486
		// Target is where a 302 sends the caller.
		Target string
	}
	// FreeCall lets go of everything a call owned: media session, queue, leg.
	// It is the last effect of every call.
	FreeCall struct{ Call CallRef }
	// HoldCall sends a re-INVITE, sendonly or sendrecv. Result: HoldDone.
	HoldCall struct {
		Call CallRef
		On   bool
	}
	// SendDigit sends one DTMF digit as the line's setting says.
	// Result: DigitSent; digits of a call are never overtaken.
	SendDigit struct {
		Call     CallRef
		Digit    byte
		Duration time.Duration
	}
	// AskRecording asks the server to start or stop recording.
	// Result: RecordingReported.
	AskRecording struct {
		Call CallRef
		On   bool
	}
	// LookUpParty asks the contacts for a name. Result: CallIdentified or none.
	LookUpParty struct {
		Call   CallRef
		Number string
	}
)

// Phone-wide.
type (
	// SetAudio is emitted whenever the derived AudioPlan changed.
	SetAudio struct{ Plan AudioPlan }
	// PlayBeep plays a short sound once on the path in use (or the ringer).
	PlayBeep struct{ Beep Beep }
	// PlayDigit is the local echo of a digit, at most 120 ms.
	PlayDigit struct{ Digit byte }
	// StartTimer starts or restarts a timer. Result: TimerFired with this Gen.
	StartTimer struct {
		Timer Timer
		Gen   int
		After time.Duration
	}
	// StopTimer frees a timer; one that fires all the same is stale by its Gen.
	StopTimer struct{ Timer Timer }
	// SaveCall records a finished call in the history.
	SaveCall struct{ Record CallRecord }
	// Publish tells interfaces (contract §7).
	Publish struct{ Notice Notice }
	// AskReconnect: Agent.Reconnect on every line.
	AskReconnect struct{}
	// SaveVolume keeps a path's volume.
	SaveVolume struct {
		Path    Path
		Percent int
	}
	// SaveSetting keeps a setting that was changed at the phone itself:
	// one of those of ApplySetting. The core acts on it already.
	SaveSetting struct{ Name, Value string }
	// AskSignIn starts, AskSignOut ends the session.
	AskSignIn  struct{}
	AskSignOut struct{}
)

// Beep is a short local sound.
type Beep string

const (
	BeepError   Beep = "error"
	BeepConfirm Beep = "confirm"
	// BeepHoldRemind is one turn of ToneHoldRemind: three short ones.
	BeepHoldRemind Beep = "hold_remind"
	BeepConference Beep = "conference" // somebody joined
	BeepPage       Beep = "page"       // a call answered by itself
)

// TimerKind says what a timer is for.
type TimerKind string

const (
	TimerFirstDigit  TimerKind = "first_digit"  // 30 s of dial tone
	TimerReorder     TimerKind = "reorder"      // 40 s, then howler
	TimerHowler      TimerKind = "howler"       // 60 s, then silence
	TimerInterDigit  TimerKind = "inter_digit"  // 3 s or 10 s
	TimerPredial     TimerKind = "predial"      // 60 s
	TimerNoAnswer    TimerKind = "no_answer"    // 180 s outbound
	TimerRing        TimerKind = "ring"         // 120 s inbound
	TimerEnded       TimerKind = "ended"        // 3 s of the ENDED screen
	TimerOnHook      TimerKind = "on_hook"      // 200 ms bumped cradle
	TimerLongPress   TimerKind = "long_press"   // 800 ms
	TimerRepeat      TimerKind = "repeat"       // 400 ms, then 100 ms
	TimerMenu        TimerKind = "menu"         // 60 s
	TimerOverlay     TimerKind = "overlay"      // 2 s volume overlay
	TimerToast       TimerKind = "toast"        // 4 s
	TimerTone        TimerKind = "tone"         // a tone's own limit
	TimerPreview     TimerKind = "preview"      // 6 s of a melody
	TimerMedia       TimerKind = "media"        // the media's own deadline after the 200
	TimerHoldRecall  TimerKind = "hold_recall"  // 5 s / 120 s
	TimerHoldRemind  TimerKind = "hold_remind"  // 45 s, then 30 s
	TimerCallWaiting TimerKind = "call_waiting" // every 10 s
	TimerEnding      TimerKind = "ending"       // a goodbye nobody answers
	TimerBanner      TimerKind = "banner"       // 10 s pop-up, then a row
	TimerHoldWait    TimerKind = "hold_wait"    // 500 ms for the far end to agree to a hold
	TimerDialtone    TimerKind = "dialtone"     // 1 s until dial tone returns after End
	TimerTap         TimerKind = "tap"          // 1 s in which a letter may still change
	TimerLockOut     TimerKind = "lock_out"     // after wrong PINs
	TimerAutoLock    TimerKind = "auto_lock"    // a phone left alone
	TimerCallback    TimerKind = "callback"     // every 10 s
	TimerHotLine     TimerKind = "hot_line"     // a handset lifted and no digit
	TimerForward     TimerKind = "forward"      // ringing, then forward on no answer
	TimerTransfer    TimerKind = "transfer"     // 32 s for the outcome; 1 s for steps of it
	TimerPark        TimerKind = "park"         // 5 s for the server, 2 s for its BYE
	TimerParked      TimerKind = "parked"       // 8 s of "Parked on 701"
	TimerAsked       TimerKind = "asked"        // 8 s to say whether we go where they send us
	TimerLetters     TimerKind = "letters"      // 10 s of A to D on the soft keys
	TimerMuteRemind  TimerKind = "mute_remind"  // each minute, by setting
	TimerDisplay     TimerKind = "display"      // a display that nobody looks at
	TimerParkRemind  TimerKind = "park_remind"  // each minute, of who is parked for long
)

// Timer is a timer's name: its kind and, where it has one, its call or key.
type Timer struct {
	Kind TimerKind
	Call CallID
	Key  Key
}

// CallRecord is a finished call for the history (contract §5).
type CallRecord struct {
	Call       CallID
	Line       LineID
	Direction  Direction
	Party      Party
	CallerID   string // the identity we presented
	Outcome    Cause
	StartedAt  time.Time
	AnsweredAt time.Time // zero: never answered
	EndedAt    time.Time
}

// Notice is a published event: a name of contract §7 and its details.
type Notice struct {
	Name   string
	Call   CallID // 0: not about a call
	Line   LineID
	Detail map[string]any
}

func (PlaceCall) effect()    {}
func (RingCall) effect()     {}
func (RefuseLeg) effect()    {}
func (AnswerCall) effect()   {}
func (EndCall) effect()      {}
func (FreeCall) effect()     {}
func (HoldCall) effect()     {}
func (SendDigit) effect()    {}
func (AskRecording) effect() {}
func (LookUpParty) effect()  {}
func (SetAudio) effect()     {}
func (PlayBeep) effect()     {}
func (PlayDigit) effect()    {}
func (StartTimer) effect()   {}
func (StopTimer) effect()    {}
func (SaveCall) effect()     {}
func (Publish) effect()      {}
func (AskReconnect) effect() {}
func (SaveVolume) effect()   {}
func (SaveSetting) effect()  {}
func (AskSignIn) effect()    {}
func (AskSignOut) effect()   {}
