// Package rtpio is the media.Session of classic exchanges: RTP over UDP
// (RTP/AVP, RFC 3550 and 3551), or SRTP with keys in the description (RTP/SAVP,
// RFC 4568). Sound is accepted only from the peer that was negotiated.
//
// Goroutines of a Session: one reader a socket (two, or one with rtcp-mux), the
// stream's sender, and timers of the clock. All end with Close. It knows no SIP.
package rtpio

import (
	"log/slog"
	"net/netip"
	"time"

	"phoned/internal/clock"
	"phoned/media/stream"
)

// Security says how SDES-SRTP is used.
type Security int

const (
	// Accept offers plain RTP and takes what is offered.
	Accept Security = iota
	// Plain offers and takes plain RTP only.
	Plain
	// Require offers and takes SRTP only. The signalling must be encrypted, for
	// it carries the keys.
	Require
)

// Config is what a Session needs.
type Config struct {
	// Address is the local address to use and to write in descriptions; the
	// zero value finds the one that leads to Toward.
	Address netip.Addr
	// Toward is where media will go, as far as known; used without Address.
	Toward netip.Addr
	// PortMin and PortMax bound the local ports; 0: any.
	PortMin, PortMax uint16
	Security         Security
	// Codecs is the order of preference; nil: sdp.Preferred in offers, and the
	// offer's own order in answers (RFC 3264 section 6.1).
	Codecs []string
	// NoMux leaves a=rtcp-mux out of offers.
	NoMux  bool
	Stream stream.Config
	// ReportInterval is the mean time between RTCP reports; 0: 5 s.
	ReportInterval time.Duration
	// StallTimeout is the silence on the wire after which Stalled is reported;
	// 0: 5 s.
	StallTimeout time.Duration
	Clock        clock.Clock
	Log          *slog.Logger
}

func (c Config) withDefaults() Config {
	if c.ReportInterval == 0 {
		c.ReportInterval = 5 * time.Second
	}
	if c.StallTimeout == 0 {
		c.StallTimeout = 5 * time.Second
	}
	if c.Clock == nil {
		c.Clock = clock.Real{}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}
