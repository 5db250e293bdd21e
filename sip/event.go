// Package sip is the user agent: flows, registration, and everything that runs
// in dialogs, on sipgo's parser and transaction layer. It knows neither media
// nor the phone; session descriptions cross it as bytes.
//
// An Agent is safe for concurrent use. It reports by Events, on one goroutine
// and in order; the receiver must not block. sipgo's package sip is imported
// as gosip.
//
// # Transfer
//
// Refer hands a call on, blind or to a consultation (REFER with Replaces, RFC
// 3515 and 5589), and follows the NOTIFYs to the end, whether they come before
// the 202, with it or never: TransferDone says what became of it, and whether
// the call is still there. A REFER of theirs within a call is ReferReceived:
// AcceptRefer, then Invite with InviteOptions.Refer; we send the NOTIFYs. An
// INVITE with Replaces (RFC 3891) names our leg in LegArrived; Answer ends the
// leg that it takes over. REFER outside of a call is declined.
//
// # Subscriptions
//
// SetSubscriptions watches lamps and park slots (RFC 4235) and mailboxes (RFC
// 3842); subscriptions are refreshed, and made again after every loss, by the
// reason that was given. DialogInfo of a ringing line carries what an INVITE
// needs to pick that call up. Message waiting is taken unasked too; check-sync
// only from the registered flow.
//
// # Calls
//
// Provisional responses to our INVITEs may be reliable (RFC 3262); ours are
// when the caller requires it. InviteOptions.Private withholds the number (RFC
// 3323, RFC 3325). End's reason goes into BYE and CANCEL (RFC 3326).
//
// A 3xx calls nobody by itself: LegRedirected asks, Redirect goes on with the
// same leg and says by Diversion and History-Info whom the call was for (RFC
// 5806, RFC 7044), Divert is the same for a call of theirs. Line.Present is how
// the number to present is said.
//
// # Servers and recovery
//
// Of a name several addresses are raced, IPv6 first (RFC 8305); classic
// transports follow SRV records (RFC 3263; not NAPTR: the transport is
// configured). A lost flow is tried again after 1 s, doubled to 60 s, each
// ±50 % and never above 60 s; a call of ours that meets a 503 or a broken flow
// before any answer goes once to the line's next server (LegMoved); an exchange that does not come back at once, or
// says that it restarts, is given another 0 to 30 s, so that a thousand phones
// do not arrive together. A call in progress or Reconnect leaves that out.
// What one exchange sends is limited for its line alone. Config.Gate holds TLS
// back until the time of day can be believed; a certificate is always verified.
// Over UDP STUN keeps the flow and finds a dead server where the registrar
// agrees (RFC 5626 §4.4.2, RFC 6223). AddressChanged and every lost flow end in
// LegRestored for the calls in progress.
package sip

import "time"

// LegID names one leg for the life of the Agent.
type LegID string

// Event is something the network did.
type Event interface{ event() }

// LineState is the registration state of a line.
type LineState string

const (
	Off          LineState = "off"
	Connecting   LineState = "connecting"
	Registered   LineState = "registered"
	Unregistered LineState = "unregistered"
	Failed       LineState = "failed"
)

type (
	// LineChanged reports a line's registration. Err wraps one of errors.go's
	// sentinels when State is Failed or Connecting after a loss.
	LineChanged struct {
		Line    string
		State   LineState
		Code    int   // SIP status that caused it, 0: none
		Err     error // nil when all is well
		Next    time.Time
		Expired bool // Unregistered because nobody refreshed it
	}
	// LegArrived is an INVITE that passed the trust checks; 100 was sent.
	LegArrived struct {
		Leg    LegID
		Line   string
		CallID string // the SIP Call-ID
		From   Identity
		Via    string // Diversion or History-Info: whom it was for
		// Diverted counts how often it was forwarded before it came here: who
		// forwards it again should stop somewhere.
		Diverted int
		Offer    []byte // empty: late offer
		// AutoAnswer: Alert-Info/Call-Info/Answer-Mode asks for it.
		AutoAnswer bool
		Melody     string // Alert-Info's distinctive ring
		// Replaces is our leg that the caller wants to take over (RFC 3891):
		// to be answered at once. Answer ends it.
		Replaces LegID
	}
	// LegProgress is a provisional response to our INVITE. SDP may be empty.
	// Early names the early dialog (To tag): forks have several.
	LegProgress struct {
		Leg   LegID
		Code  int
		Early string
		SDP   []byte
		// Connected is who is reached, if the exchange says so.
		Connected Identity
	}
	// LegAnswered: a 2xx to our INVITE arrived; the ACK goes out when the
	// receiver calls Ack (with an answer in it, if the offer was late).
	LegAnswered struct {
		Leg LegID
		// SDP is their answer, be it that of a reliable 18x in whose place the
		// 2xx has none.
		SDP []byte
		// Agreed: an UPDATE of theirs has changed the media since that answer,
		// and they stay as AnswerOffer left them; SDP is empty.
		Agreed    bool
		Connected Identity
	}
	// LegConfirmed: the ACK to our 2xx arrived.
	LegConfirmed struct {
		Leg LegID
		SDP []byte // the answer, if the offer was ours
	}
	// LegEnded is the last event of a leg, for each leg exactly once.
	LegEnded struct {
		Leg       LegID
		Code      int  // final status, 0 for BYE, CANCEL or a dead flow
		Remote    bool // they ended it
		Elsewhere bool // CANCEL with Reason: SIP;cause=200
		Reason    string
		// Q850 is the telephone network's cause in Reason (RFC 3326), 0: none.
		Q850 int
		// Warning is the text of a refusal's Warning (RFC 3261 §20.43).
		Warning string
		Targets []string // Contacts of a 3xx
		// ReplacedBy took this leg over: an INVITE with Replaces that was
		// answered.
		ReplacedBy LegID
		Err        error
	}
	// LegOffered is a re-INVITE or UPDATE with an offer: answer with
	// AnswerOffer. An empty SDP asks us to offer. An UPDATE can come before the
	// 2xx, once a reliable 18x has brought an answer.
	LegOffered struct {
		Leg LegID
		SDP []byte
	}
	// LegIdentified: a connected-line update.
	LegIdentified struct {
		Leg       LegID
		Connected Identity
	}
	// InfoReceived is an INFO in the dialog; 200 was sent.
	InfoReceived struct {
		Leg         LegID
		ContentType string
		Record      string // the Record: header (Asterisk), "" if absent
		Body        []byte
	}
)

// Identity is who the network says someone is.
type Identity struct {
	User    string // user part: extension or number
	Host    string
	Display string
	// Asserted: from P-Asserted-Identity or Remote-Party-ID, not From.
	Asserted bool
	Private  bool // Privacy: id
}

func (LineChanged) event()   {}
func (LegArrived) event()    {}
func (LegProgress) event()   {}
func (LegAnswered) event()   {}
func (LegConfirmed) event()  {}
func (LegEnded) event()      {}
func (LegOffered) event()    {}
func (LegIdentified) event() {}
func (InfoReceived) event()  {}
