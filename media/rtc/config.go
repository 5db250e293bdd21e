// Package rtc is the media.Session of WebRTC: ICE and DTLS-SRTP on Pion, with
// our own description rules (media/sdp) around it. Pion only ever sees
// "sendrecv"; directions are ours.
//
// Goroutines of a Session: Pion's own, one that reads packets from the track,
// two that read RTCP, and timers of the clock. All end with Close. It never
// decides anything about calls and knows no SIP.
package rtc

import (
	"log/slog"
	"net"
	"time"

	"phoned/internal/clock"
	"phoned/internal/secret"
	"phoned/media/stream"
)

// Policy says which candidates may be used.
type Policy int

const (
	// All uses every candidate.
	All Policy = iota
	// Relay uses only TURN relays.
	Relay
)

// ICEServer is a STUN or TURN server (RFC 7064, RFC 7065).
type ICEServer struct {
	URLs     []string
	Username string
	Password secret.String
}

// Config is what a Session needs. The zero value works for a call over real
// interfaces without STUN.
type Config struct {
	ICEServers []ICEServer
	Policy     Policy
	// Codecs is the order of preference, by names of media/sdp; nil: opus,
	// G722, PCMA, PCMU in offers, and the offer's own order in answers
	// (RFC 3264 section 6.1): an exchange that cannot recode what it put last
	// stays silent when it comes back first.
	Codecs []string
	// Loopback allows 127.0.0.1 candidates: tests and the lab only.
	Loopback bool
	// LoopbackOnly uses no other interface: tests and the lab only.
	LoopbackOnly bool
	// Interfaces restricts the interfaces by name; nil: all.
	Interfaces func(name string) bool
	// IPs restricts the local addresses; nil: all.
	IPs func(net.IP) bool
	// PortMin and PortMax bound the local UDP ports; 0: any.
	PortMin, PortMax uint16
	// IPv4Only leaves IPv6 candidates out.
	IPv4Only bool
	// Stream is how sound is coded, buffered and concealed.
	Stream stream.Config
	// DTLSRetransmission is how often our first DTLS message is repeated until
	// the far end reacts; 0: 100 ms. Exchanges may still be deaf to DTLS when
	// they answer; the doubling waits of RFC 6347 would cost seconds.
	DTLSRetransmission time.Duration
	// GatherTimeout bounds the wait for candidates; 0: 3 s. What was gathered
	// until then is used.
	GatherTimeout time.Duration
	// ConnectTimeout is the time from the last description until media must
	// flow, after which Failed is reported; 0: 12 s.
	ConnectTimeout time.Duration
	// StallTimeout is the silence on the wire after which Stalled is reported;
	// 0: 5 s.
	StallTimeout time.Duration
	Clock        clock.Clock  // nil: clock.Real
	Log          *slog.Logger // nil: discards
}
