// Package calllog is the record of a call, as the store keeps it and the
// backend is told of it. It holds types only: no I/O and no goroutines.
package calllog

import "time"

// Direction says who began the call.
type Direction string

// The two directions, in the words of the contract.
const (
	Inbound  Direction = "inbound"
	Outbound Direction = "outbound"
)

// Disposition is the result of a call in the backend's four words.
type Disposition string

// The dispositions the backend knows.
const (
	Answered Disposition = "answered"
	Missed   Disposition = "missed"
	Rejected Disposition = "rejected"
	Failed   Disposition = "failed"
)

// Valid says whether d is one of the four.
func (d Disposition) Valid() bool {
	return d == Answered || d == Missed || d == Rejected || d == Failed
}

// Outcome is the finer result, kept on the phone only.
type Outcome string

// The outcomes. OutcomeUnknown stands for records that came from the backend.
const (
	OutcomeUnknown           Outcome = ""
	OutcomeAnswered          Outcome = "answered"
	OutcomeAnsweredElsewhere Outcome = "answered_elsewhere"
	OutcomeRejected          Outcome = "rejected"
	OutcomeDoNotDisturb      Outcome = "do_not_disturb"
	OutcomeForwarded         Outcome = "forwarded"
	OutcomeBlocked           Outcome = "blocked"   // the caller is on the block list
	OutcomeAnonymous         Outcome = "anonymous" // turned away for withholding the number
	OutcomeCancelled         Outcome = "cancelled" // by the caller, before an answer
	OutcomeNoAnswer          Outcome = "no_answer"
	OutcomeBusy              Outcome = "busy"
	OutcomeFailed            Outcome = "failed"
)

// Disposition maps an outcome to the backend's word: cancelled and no answer
// are missed when inbound and failed when outbound.
func (o Outcome) Disposition(d Direction) Disposition {
	switch o {
	case OutcomeAnswered, OutcomeAnsweredElsewhere:
		return Answered
	case OutcomeRejected, OutcomeDoNotDisturb, OutcomeForwarded, OutcomeBlocked, OutcomeAnonymous:
		return Rejected
	case OutcomeCancelled, OutcomeNoAnswer:
		if d == Inbound {
			return Missed
		}
		return Failed
	}
	return Failed
}

// Record is one finished call. Times have millisecond precision; a zero time
// means that there is none.
type Record struct {
	CallID         string // UUID, the key
	UserID         string
	SIPDomain      string
	CallerIDNumber string // the identity presented, or the caller's own number
	PhoneNumber    string // the other end
	Direction      Direction
	Disposition    Disposition
	StartedAt      time.Time
	EndedAt        time.Time
	Duration       time.Duration // whole seconds of talking
	RecordingURL   string
	CreatedAt      time.Time

	// Kept on the phone only.
	Outcome   Outcome
	Line      string
	Name      string // of the other end, as signalled or found in the contacts
	Voicemail bool   // the call went to the voicemail number
	Seen      bool   // a missed call that a person has looked at
	Synced    bool   // the backend has accepted it, or it came from there
}

// Patch changes fields of a record; a nil field stays as it is.
type Patch struct {
	Disposition  *Disposition
	EndedAt      *time.Time
	Duration     *time.Duration
	RecordingURL *string
}

// Apply writes the patch into r.
func (p Patch) Apply(r *Record) {
	if p.Disposition != nil {
		r.Disposition = *p.Disposition
	}
	if p.EndedAt != nil {
		r.EndedAt = *p.EndedAt
	}
	if p.Duration != nil {
		r.Duration = *p.Duration
	}
	if p.RecordingURL != nil {
		r.RecordingURL = *p.RecordingURL
	}
}

// The widths of the backend's columns, in characters.
const (
	MaxCallID       = 100
	MaxUserID       = 50
	MaxSIPDomain    = 100
	MaxPhoneNumber  = 50
	MaxRecordingURL = 500
)

// Clip returns r with every text cut to the width of the backend's column.
func (r Record) Clip() Record {
	r.CallID = clip(r.CallID, MaxCallID)
	r.UserID = clip(r.UserID, MaxUserID)
	r.SIPDomain = clip(r.SIPDomain, MaxSIPDomain)
	r.CallerIDNumber = clip(r.CallerIDNumber, MaxPhoneNumber)
	r.PhoneNumber = clip(r.PhoneNumber, MaxPhoneNumber)
	r.RecordingURL = clip(r.RecordingURL, MaxRecordingURL)
	return r
}

func clip(s string, n int) string {
	if len(s) <= n { // no more bytes than characters allowed
		return s
	}
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

// PendingKind says what is to be told to the backend.
type PendingKind string

// What waits in the out-box.
const (
	PendingCreate PendingKind = "create" // POST of the record
	PendingUpdate PendingKind = "update" // PATCH of the record
)

// Pending is one entry of the out-box.
type Pending struct {
	Seq      int64 // the order of entry
	Kind     PendingKind
	Record   Record // for an update, the record with the patch applied
	Patch    Patch  // for an update
	Attempts int    // so far, all failed
	Due      time.Time
}
