package phone

import "time"

// ReferID names a transfer request of theirs as the user agent does. The core
// only hands it back.
type ReferID string

type (
	// TransferCall hands the call's other party to someone else (REFER): to
	// Target, a number or URI, or to the party of the call Consult (REFER with
	// Replaces). Results: TransferNews*, then TransferDone.
	TransferCall struct {
		Call    CallRef
		Target  string
		Consult CallRef // zero: blind
	}
	// AcceptTransfer agrees to TransferAsked; PlaceCall with Refer follows.
	AcceptTransfer struct {
		Call  CallRef
		Refer ReferID
	}
	// RefuseTransfer declines TransferAsked.
	RefuseTransfer struct {
		Call  CallRef
		Refer ReferID
		Code  int
	}
	// FollowRedirect goes on with a call that was answered by a 3xx: Contact is
	// called instead, on the same leg. Results: as of PlaceCall.
	FollowRedirect struct {
		Call    CallRef
		Contact string
	}
)

type (
	// TransferNews: how far the transferred call is (a NOTIFY's provisional
	// status).
	TransferNews struct {
		Call CallRef
		Code int
	}
	// TransferDone is the outcome of TransferCall. It comes before the CallGone
	// of the call.
	TransferDone struct {
		Call CallRef
		OK   bool
		Code int // the refusal's status, 0: silence or no connection
		// Recovered: it failed and the call is still there.
		Recovered bool
	}
	// TransferAsked: the other party of a call asks us to call someone else
	// (REFER). Without an answer within ten seconds it is declined.
	TransferAsked struct {
		Call   CallRef
		Refer  ReferID
		Target string // a URI
		Number string // its user part
		By     Party
		// Attended: the new call takes over one that Target has already.
		Attended bool
	}
	// CallMoved: the call is tried at the line's next server.
	CallMoved struct {
		Call CallRef
		Code int
	}
	// CallRedirected: a 3xx names others to call, best first. FollowRedirect
	// goes on, EndCall gives up.
	CallRedirected struct {
		Call     CallRef
		Contacts []Contact
	}
)

// Contact is one choice of CallRedirected.
type Contact struct {
	URI   string // what FollowRedirect takes
	Party Party  // who that is
}

// Commands of the API.
type (
	// Transfer hands a call on: to Target at once (blind), or, if Target is
	// empty, to the party of the call With, or, with neither, it opens the
	// screen that asks for the number.
	Transfer struct {
		Call   CallID
		Target string
		With   CallID
	}
	// Conference joins the call in progress with a held one, all three hear
	// each other; Off splits them.
	Conference struct{ On Toggle }
)

// TransferView is the transfer, or the adding of a third party, in progress.
type TransferView struct {
	Stage TransferStage // "": none
	Call  CallID        // who is to be handed on
	Other CallID        // the consultation, 0: none (yet)
	// Conference: the third party is added to the call instead.
	Conference bool
	Target     string // whom the call goes to, once that is known
	Ringing    bool   // the transferred call rings there
	Since      time.Time
}

// TransferStage says how far a transfer is.
type TransferStage string

const (
	TransferNone    TransferStage = ""
	TransferDial    TransferStage = "dial"    // the target is being entered
	TransferConsult TransferStage = "consult" // the consultation is called or talked to
	TransferCancel  TransferStage = "cancel"  // semi-attended: the consultation is being given up
	TransferPending TransferStage = "pending" // REFER sent
	TransferReturn  TransferStage = "return"  // the consultation is over, the first call comes back
)

func (TransferCall) effect()   {}
func (AcceptTransfer) effect() {}
func (RefuseTransfer) effect() {}
func (FollowRedirect) effect() {}
func (TransferNews) what()     {}
func (TransferDone) what()     {}
func (TransferAsked) what()    {}
func (CallMoved) what()        {}
func (CallRedirected) what()   {}
func (Transfer) what()         {}
func (Conference) what()       {}
