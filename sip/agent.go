package sip

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"phoned/internal/clock"
	"phoned/internal/secret"
	"phoned/internal/walltime"
)

// Config of an Agent. The zero value of each field is documented.
type Config struct {
	UserAgent string // "phoned"
	// InstanceID is the device's urn:uuid (RFC 5626), required.
	InstanceID string
	// Events receives everything in order on one goroutine; required.
	Events func(Event)
	Log    *slog.Logger // nil: discard
	Clock  clock.Clock  // nil: clock.Real
	// Resolver looks servers up; nil: the system's.
	Resolver Resolver
	// Gate holds TLS back until the time of day is plausible and says by which
	// time certificates are judged; nil: the machine's clock is right.
	Gate *walltime.Gate
	// Route gives the local address towards a server, host:port; nil: the
	// kernel's.
	Route func(remote string) (netip.Addr, error)
	// Trace gets every message sent and received, secrets removed; may be nil.
	Trace func(TraceMessage)
}

// TraceMessage is one SIP message on a line's flow, credentials redacted.
type TraceMessage struct {
	At   time.Time
	Line string
	Sent bool
	Text string
	// Local and Remote are the ends of the flow, host:port; "": not known.
	Local, Remote string
}

// Line is the configuration of one AOR.
type Line struct {
	ID          string
	User        string // "1001"
	Domain      string // "prod-registration": never resolved on session lines
	DisplayName string
	AuthUser    string // "": User
	Password    secret.String
	// Servers in the order of fail-over: wss://host:port/path, ws://, tls://,
	// tcp://, udp://. The last three without a port stand for the hosts of
	// their SRV records, if there are any (RFC 3263).
	Servers []string
	// SubProtocol defaults to "sip", Headers are added to the upgrade request.
	SubProtocol string
	Headers     http.Header
	// Roots trusted besides the system's; nil: the system's only.
	Roots      *x509.CertPool
	ServerName string // "": the server's host
	// Certificate is shown to servers that ask for one; nil: none.
	Certificate *tls.Certificate
	// ContactTransport is the transport parameter of our Contact; "": "wss" on
	// wss (interop 11), else the real one.
	ContactTransport string
	Expires          time.Duration // 0: 600 s
	// KeepAlive is the interval of pings, 0: 5 s; a peer that does not answer
	// one within Pong, 0: 4 s, is dead. Over UDP, where a ping has no answer,
	// OPTIONS is sent at an interval that is given here (0: none), and a server
	// that once answered it is judged by it.
	KeepAlive, Pong time.Duration
	// Backoff is the first wait between attempts, 0: 1 s, doubled up to 60 s,
	// each ±50 %.
	Backoff time.Duration
	// LocalAddress binds classic transports; "": chosen by the kernel.
	LocalAddress string
	// Present is how a call says which number it presents; "": PresentAsserted.
	Present Present
	// UUIDHeader names the header in which the exchange tells its own UUID of a
	// call; "": none does, the Call-ID is it.
	UUIDHeader string
	// CallsOnly never registers: the line opens its flow and makes calls over it.
	// Nobody can call it.
	CallsOnly bool

	target int // which host of a UDP server's is tried
}

// InviteOptions of an outbound call.
type InviteOptions struct {
	Offer []byte
	// Identity is the number to present, said as Line.Present tells; an empty
	// User presents the line's own.
	Identity Identity
	// Private withholds the number: an anonymous From (RFC 3323) and Privacy:
	// id. The exchange learns whose call it is as Line.Present tells, by
	// P-Asserted-Identity where that names nothing but From.
	Private bool
	// Replaces makes the called party give up that dialog for this call
	// (RFC 3891): directed pickup, or the second half of a transfer.
	Replaces *Replaces
	// Refer is the ReferReceived that this call answers, after AcceptRefer:
	// who asked for it is kept informed, and Replaces is taken from it.
	Refer ReferID
	// Emergency makes the call on a line that is not registered, too, at once; while
	// the line has no flow the leg waits for one, for a minute at most. The INVITE says
	// Priority: emergency (RFC 3261 §20.26).
	Emergency bool
}

// UserAgent is what Agent offers; it is here so that its users can be tested
// with a fake. All methods return at once unless they take a context.
type UserAgent interface {
	// SetLines starts, changes and stops lines until they are as given. A line
	// whose configuration is unchanged is left alone; legs are never ended.
	SetLines([]Line)
	// Reconnect tries at once and resets the back-off; "" means every line.
	Reconnect(line string)
	// AddressChanged is to be called when addresses or routes of the machine
	// changed. Lines whose server is reached from another address now register
	// anew at once; calls in progress stay (LegRestored).
	AddressChanged()
	// Invite starts a leg. Result: LegProgress*, then LegAnswered or LegEnded.
	Invite(line, target string, o InviteOptions) (LegID, error)
	// Ring sends 180.
	Ring(LegID) error
	// Answer sends 200 with sdp. Result: LegConfirmed or LegEnded.
	Answer(leg LegID, sdp []byte) error
	// Ack confirms LegAnswered; sdp is the answer to a late offer, else nil.
	Ack(leg LegID, sdp []byte) error
	// Refuse sends a final refusal; for 302 target is the new Contact's user.
	Refuse(leg LegID, code int, target string) error
	// Redirect goes on with a call that LegRedirected holds; target is a
	// Contact's URI or anything Invite takes. The leg, its offer and its
	// Call-ID stay, and the next server learns whom the call was for. Result:
	// as after Invite.
	Redirect(leg LegID, target string) error
	// Divert forwards a ringing call: 302 with a Contact at the SIP domain,
	// and Diversion with the reason.
	Divert(leg LegID, target string, why DivertReason) error
	// End sends CANCEL, BYE or a refusal as the state asks. The leg's LegEnded
	// comes at once or after at most one transaction; the caller need not wait.
	End(leg LegID, reason string) error
	// ReInvite offers new media in the dialog and returns the answer; the ACK
	// is sent. 491 is retried once (RFC 3261 §14.1).
	ReInvite(ctx context.Context, leg LegID, sdp []byte) ([]byte, error)
	// AnswerOffer answers LegOffered; a nil sdp refuses with 488.
	AnswerOffer(leg LegID, sdp []byte) error
	// Info sends an INFO and waits for its final response.
	Info(ctx context.Context, leg LegID, contentType string, body []byte) error
	// Refer hands the leg's other party to someone else (RFC 3515, RFC 5589).
	// Result: TransferProgress*, then TransferDone. ErrState: the leg or the
	// consultation is not confirmed, or a transfer is under way already.
	Refer(leg LegID, to ReferTo) error
	// AcceptRefer agrees to ReferReceived; Invite with InviteOptions.Refer is
	// to follow. ErrNoRefer: it is settled already.
	AcceptRefer(ReferID) error
	// RefuseRefer declines it with a status of 400 to 699, also after
	// AcceptRefer.
	RefuseRefer(refer ReferID, code int) error
	// SetSubscriptions makes a line's subscriptions what is given; those it has
	// already are left alone. They are kept over reconnects, and end with the
	// line. Results: SubscriptionChanged, DialogInfo, MessageWaiting.
	SetSubscriptions(line string, want []Subscription) error
	// CallID returns the SIP Call-ID of a leg.
	CallID(LegID) (string, bool)
	// UUID is what the exchange calls a leg's call: what Line.UUIDHeader
	// brought, else the Call-ID.
	UUID(LegID) (string, bool)
	// Close unregisters every line (Expires: 0), ends flows and waits for it
	// as long as ctx allows.
	Close(ctx context.Context) error
}
