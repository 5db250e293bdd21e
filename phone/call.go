package phone

import "time"

// CallID names a call for the life of the State; the core counts them up.
// Zero means "no call".
type CallID int

// LineID names a line (an AOR) as the configuration does.
type LineID string

// LegID is the signalling leg of a call as the user agent names it. The core
// only hands it back.
type LegID string

// CallRef is a call and the generation of its leg. Each attempt to reach the
// far end (first INVITE, retry on the next server) is one generation; results
// that carry an older one are stale and dropped.
type CallRef struct {
	ID  CallID
	Gen int
}

// CallState is one of the seven states of a call. Hold, mute, recording,
// transfer and quality are facets beside it, never more states.
type CallState int

const (
	Dialing   CallState = iota // INVITE on its way, nothing heard yet
	Alerting                   // the far end rings (180 or 183)
	Incoming                   // ringing here
	Answering                  // answered here, 200 or ACK outstanding
	Active                     // confirmed dialog
	Ending                     // we said goodbye, the network has not yet agreed
	Ended                      // over; kept for the ENDED/FAILED screen only
)

var callStateNames = [...]string{"dialing", "alerting", "incoming", "answering", "active", "ending", "ended"}

// String gives the lower-case word.
func (s CallState) String() string {
	if s < 0 || int(s) >= len(callStateNames) {
		return "unknown"
	}
	return callStateNames[s]
}

// Direction of a call, from the phone's side.
type Direction int

const (
	Outbound Direction = iota
	Inbound
)

// String gives the word of the backend contract.
func (d Direction) String() string {
	if d == Inbound {
		return "inbound"
	}
	return "outbound"
}

// Party is who is at the other end.
type Party struct {
	Number string // extension, E.164 number or the user part of the URI
	Name   string // display name as signalled or found in the contacts
}

// Cause tells why a call or a service ended, in a form that the screen, the
// log and the API each word for themselves.
type Cause string

const (
	CauseNone           Cause = ""
	CauseHungUp         Cause = "hung_up"         // we ended an active call
	CauseRemote         Cause = "remote"          // the far end ended an active call
	CauseCancelled      Cause = "cancelled"       // we gave up before an answer
	CauseMissed         Cause = "missed"          // the caller gave up
	CauseElsewhere      Cause = "elsewhere"       // answered on another phone
	CauseRejected       Cause = "rejected"        // we refused
	CauseDND            Cause = "dnd"             // we refused because of do not disturb
	CauseBusy           Cause = "busy"            // 486, 600
	CauseNotFound       Cause = "not_found"       // 404, 410, 414, 416, 484, 485, 604
	CauseNotAllowed     Cause = "not_allowed"     // 401–403, 405, 407, 433, 603, 607, 608 …
	CauseNotAvailable   Cause = "not_available"   // 408, 430, 480, 481, 487 not ours
	CauseNoAnswer       Cause = "no_answer"       // our own 180 s limit
	CauseNoConnection   Cause = "no_connection"   // transport error, 503
	CauseNoMedia        Cause = "no_media"        // 200, but ICE or DTLS never came up
	CauseNotCompatible  Cause = "not_compatible"  // 406, 415, 488, 580, 606 …, no common codec
	CauseServer         Cause = "server"          // other 5xx
	CauseNoService      Cause = "no_service"      // no registered line to dial on
	CauseForwarded      Cause = "forwarded"       // we sent the caller on
	CauseBlocked        Cause = "blocked"         // the caller is on the block list
	CauseAnonymous      Cause = "anonymous"       // the caller withholds the number
	CauseTransferred    Cause = "transferred"     // handed on to someone else
	CauseTransferFailed Cause = "transfer_failed" // handed on in vain, and lost
	CauseReplaced       Cause = "replaced"        // another call took its place
	CauseParked         Cause = "parked"          // waits in a park slot
	CauseTaken          Cause = "taken"           // somebody else took who was parked
	CauseRedirected     Cause = "redirected"      // the exchange names someone else, and we do not follow
	CauseUnknown        Cause = "unknown"
)

// CauseOf maps a final SIP status to a Cause (the C5 table).
func CauseOf(code int) Cause {
	switch code {
	case 486, 600:
		return CauseBusy
	case 404, 410, 414, 416, 484, 485, 604:
		return CauseNotFound
	case 401, 402, 403, 405, 407, 428, 433, 436, 437, 438, 470, 494, 603, 607, 608:
		return CauseNotAllowed
	case 408, 430, 480, 481, 487:
		return CauseNotAvailable
	case 406, 413, 415, 420, 421, 422, 488, 493, 580, 606:
		return CauseNotCompatible
	case 503:
		return CauseNoConnection
	}
	switch {
	case code >= 500 && code < 600:
		return CauseServer
	case code >= 200 && code < 300:
		return CauseNone
	}
	return CauseUnknown
}

// CauseOfQ850 reads the cause of the telephone network (ITU-T Q.850) that an
// answer carries in Reason (RFC 3326), for statuses that say no more than that
// it did not work; CauseNone: nothing that is known.
func CauseOfQ850(cause int) Cause {
	switch cause {
	case 1, 2, 3, 22, 28: // unallocated, no route, changed, incomplete
		return CauseNotFound
	case 17:
		return CauseBusy
	case 18, 19, 20, 27, 31: // no answer, absent, out of order
		return CauseNotAvailable
	case 21, 50, 55, 57, 87, 88: // rejected, not subscribed, barred
		return CauseNotAllowed
	case 58, 65, 69, 79: // bearer not there
		return CauseNotCompatible
	case 34, 38, 41, 42, 44, 47: // congestion
		return CauseNoConnection
	}
	return CauseNone
}

// CauseOfAnswer is CauseOf, made more exact by the telephone network's cause
// where the status is a general one; 0: there is none.
func CauseOfAnswer(code, q850 int) Cause {
	switch code {
	case 400, 480, 500, 502, 503, 504:
		if c := CauseOfQ850(q850); c != CauseNone {
			return c
		}
	}
	return CauseOf(code)
}

// Recording is the facet "is this call being recorded" (contract §3).
type Recording int

const (
	RecordingOff Recording = iota
	RecordingAsked
	RecordingOn
	RecordingRefused
	RecordingUnconfirmed
)

var recordingNames = [...]string{"off", "asked", "on", "refused", "unconfirmed"}

// String gives the lower-case word.
func (r Recording) String() string { return recordingNames[r] }

// Quality is one sample of how a call sounds (contract §6).
type Quality struct {
	Word        string  // excellent, good, fair, poor; empty: not known yet
	BitrateKbps float64 // received and sent, kbit/s
	LossPercent float64 // 0–100, of what they send
	RemoteLoss  float64 // 0–100, of what we send
	Jitter      time.Duration
	RoundTrip   time.Duration
	Delay       time.Duration // from mouth to ear, estimated
	Level       float64       // 0–1, remote
	Advice      string        // a code of ui's catalogue, e.g. "uplink_loss"; empty when all is well
	Side        string        // of Advice: ours, theirs, way; empty without
}

// Path is where the sound goes (C6). It is a machine of its own beside the
// calls.
type Path int

const (
	PathNone Path = iota
	PathHandset
	PathHeadset
	PathSpeaker
	PathGroup // handset and loudspeaker, handset microphone
)

var pathNames = [...]string{"none", "handset", "headset", "speaker", "group"}

// String gives the lower-case word.
func (p Path) String() string {
	if p < 0 || int(p) >= len(pathNames) {
		return "unknown"
	}
	return pathNames[p]
}

// Tone is a locally generated sound of C0.6. It never goes to the far end.
type Tone string

const (
	ToneNone        Tone = ""
	ToneDial        Tone = "dial"
	ToneStutter     Tone = "stutter"      // message waiting
	ToneForwardDial Tone = "forward_dial" // forward or DND on
	ToneRingback    Tone = "ringback"
	ToneBusy        Tone = "busy"
	ToneReorder     Tone = "reorder"
	ToneHowler      Tone = "howler"
	ToneCallWaiting Tone = "call_waiting"
	ToneDisconnect  Tone = "disconnect"
	ToneConfirm     Tone = "confirm"
	ToneHoldRemind  Tone = "hold_remind"
)

// AudioPlan says everything the audio engine has to do. It is derived from
// the calls and the path after each event and never set by hand.
type AudioPlan struct {
	Path   Path
	Mic    CallID   // the one call that hears the microphone; 0: none
	Listen []CallID // the calls that are heard, sorted; includes early media
	// Conference: everybody in Listen hears the microphone and the others; Mic
	// is one of them.
	Conference bool
	Muted      bool // Mic gets silence on the wire
	Tone       Tone // to the path's loudspeaker, under speech if calls are heard
	Ring       Ring // the ringer, beside whatever the path does
}

// Ring is what the ringer plays.
type Ring struct {
	On     bool
	Melody string // from Alert-Info or the contact, "" is the phone's own
	Soft   bool   // call waiting on another path: quietly
}
