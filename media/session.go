// Package media makes calls audible: one Session per call, and the Engine that
// connects them with microphones and loudspeakers.
//
// The Session hides how media travel: media/rtc does WebRTC (ICE, DTLS-SRTP)
// on Pion, media/rtpio does RTP/AVP and SDES-SRTP. Both pass the conformance
// suite in media/mediatest. Session descriptions cross this interface as bytes;
// media does not know SIP.
package media

import (
	"context"
	"errors"
	"time"

	"phoned/media/audio"
)

// Errors of a Session; test with errors.Is.
var (
	// ErrNoCommonCodec: the far end offers nothing we speak. Final (488).
	ErrNoCommonCodec = errors.New("no common audio codec")
	// ErrBadDescription: the session description can't be used. Final (488).
	ErrBadDescription = errors.New("unusable session description")
	// ErrClosed: the Session was closed.
	ErrClosed = errors.New("media session closed")
	// ErrNoDTMF: the far end did not negotiate telephone-event.
	ErrNoDTMF = errors.New("telephone-event was not negotiated")
)

// Direction is RFC 3264's, from our side.
type Direction int

const (
	SendRecv Direction = iota
	SendOnly           // we hold them
	RecvOnly           // they hold us
	Inactive
)

// String gives the SDP attribute.
func (d Direction) String() string {
	return [...]string{"sendrecv", "sendonly", "recvonly", "inactive"}[d]
}

// Session is the media of one call. Methods are safe for concurrent use but
// are called from one queue per call; they may block for ctx's length, never
// the audio thread. A Session starts with SendRecv.
//
//	outbound: Offer → (SDP goes out) → Apply(answer)
//	inbound:  Answer(offer) → (SDP goes out)
//	hold:     SetDirection(SendOnly) → Offer → Apply     (re-INVITE out)
//	re-INVITE in: Answer(offer), which honours the far end's direction
type Session interface {
	// Offer returns a complete description (all candidates gathered) that may
	// be sent as it is. The second and later calls are re-offers.
	Offer(ctx context.Context) ([]byte, error)
	// Answer takes a remote offer and returns our answer. An empty offer is an
	// error: the caller uses Offer (late offer) instead.
	Answer(ctx context.Context, offer []byte) ([]byte, error)
	// Apply takes the remote answer to our last Offer. It may come again with a
	// different description (early media, forks): the last one counts.
	Apply(ctx context.Context, answer []byte) error
	// SetDirection sets what our next description says, and gates the sound at
	// once: without "send" the far end gets nothing of our microphone.
	SetDirection(Direction)
	// Directions are ours and what the far end last asked for, its view turned
	// to ours: remote SendOnly is reported as RecvOnly.
	Directions() (ours, theirs Direction)
	// SendDTMF sends one digit as RFC 4733 events; ErrNoDTMF if not negotiated.
	SendDTMF(digit byte, d time.Duration) error
	// Port is where the Engine plugs in: what the far end says (Source) and
	// what it hears (Sink). Both are valid from the start and silent until
	// media flow.
	Port() Port
	// Stats may be called at any time.
	Stats() Stats
	// Events delivers what happens by itself. It is closed by Close.
	Events() <-chan Event
	// Close frees everything and ends Events. It is idempotent.
	Close() error
}

// Port is the sound of a Session, from the Engine's side.
type Port interface {
	audio.Source // the far end's voice
	audio.Sink   // our voice
}

// Event is something that happened to a Session's media.
type Event struct {
	Kind EventKind
	// Detail is for the log: "ICE failed: no candidate pair".
	Detail string
}

// EventKind says what happened.
type EventKind int

const (
	// Flowing: media are up (ICE and DTLS done, or first packet of classic RTP).
	Flowing EventKind = iota
	// Stalled: nothing was received for a time that the configuration names.
	Stalled
	// Failed: the transport gave up; only a new description helps.
	Failed
	// DigitReceived: RFC 4733 from the far end, Detail is the digit.
	DigitReceived
)

// Stats are counters and the last quality figures of a Session.
type Stats struct {
	Codec          string // sending: opus, PCMU, PCMA, G722
	RecvCodec      string
	PacketsSent    uint64
	PacketsRecv    uint64
	BytesSent      uint64
	BytesRecv      uint64
	PacketsLost    uint64
	Concealed      uint64 // 10 ms frames made up by concealment
	Late           uint64 // packets that came too late to be played
	Bad            uint64 // packets that could not be used at all
	Faults         uint64 // panics of ours over a packet that were caught
	LossPercent    float64
	Jitter         time.Duration
	JitterDelay    time.Duration // what the jitter buffer holds now
	RoundTrip      time.Duration // 0: not known
	RemoteLoss     float64       // what they lose of ours, percent, from RTCP
	Level          float64       // 0–1, remote
	Secure         bool
	Profile        string // SRTP profile, "" for plain RTP
	LocalPrint     string // DTLS fingerprints; never keys
	RemotePrint    string
	LocalAddress   string
	RemoteAddress  string
	CandidateTypes string // "host/host", "relay/srflx"; "" for classic RTP
}
