// Package faults is what a test may break in the lab while it runs. A Set is
// safe for concurrent use; a zero Set breaks nothing.
package faults

import (
	"fmt"
	"sync"
	"time"
)

// HTTP is a fault of one endpoint. Endpoint names are those of the lab's
// README: token, session, refresh, park-slots, park-call, call-history,
// phone-numbers, device, device-token, or "*" for all.
type HTTP struct {
	Status     int    `json:"status,omitempty"`      // answered instead; 0: the true answer
	Body       string `json:"body,omitempty"`        // with Status, or garbage with 200
	RetryAfter int    `json:"retry_after,omitempty"` // seconds, 0: no header
	DelayMS    int    `json:"delay_ms,omitempty"`    // before anything is done
	// Lose: the request is carried out, then the connection is cut.
	Lose  bool `json:"lose,omitempty"`
	Times int  `json:"times,omitempty"` // how often, 0: until cleared
}

// SIP are the switches of the exchange.
type SIP struct {
	RegisterStatus int `json:"register_status,omitempty"` // 403, 423, 503… to every REGISTER
	RetryAfter     int `json:"retry_after,omitempty"`     // seconds, with RegisterStatus
	MinExpires     int `json:"min_expires,omitempty"`     // seconds, with 423
	Times          int `json:"times,omitempty"`           // of RegisterStatus, 0: until cleared
	// LoseACK ignores this many ACKs of phones and leaves out as many of ours.
	LoseACK int `json:"lose_ack,omitempty"`
	// IgnoreBYE leaves this many BYEs unanswered.
	IgnoreBYE int `json:"ignore_bye,omitempty"`
	// IgnoreINFO leaves this many INFOs unanswered, as Asterisk does.
	IgnoreINFO int `json:"ignore_info,omitempty"`
	// RefuseINFO answers every INFO with this status.
	RefuseINFO int `json:"refuse_info,omitempty"`
	// DeafDTLSMS drops the phone's DTLS for so long after the answer.
	DeafDTLSMS int `json:"deaf_dtls_ms,omitempty"`
	// DTLSPassive answers a=setup:passive: the phone sends the ClientHello.
	DTLSPassive bool `json:"dtls_passive,omitempty"`
	// EchoOff makes 9196 answer silently.
	EchoOff bool `json:"echo_off,omitempty"`
	// Codecs orders and limits the lab's media ("opus", "pcmu", "pcma").
	Codecs          []string `json:"codecs,omitempty"`
	SubscribeStatus int      `json:"subscribe_status,omitempty"` // 403, 489… to every SUBSCRIBE
	// RefuseUpgrade answers WebSocket upgrades with this HTTP status.
	RefuseUpgrade int `json:"refuse_upgrade,omitempty"`
}

// Token are the switches of sign-in.
type Token struct {
	ExpireNow bool `json:"expire_now,omitempty"` // access tokens given out are already expired
	SkewS     int  `json:"skew_s,omitempty"`     // the server's clock is ahead by so many seconds
	// SessionShape is "", "no-domains", "garbage", "extra" (unknown fields) or
	// "wrong-types".
	SessionShape string `json:"session_shape,omitempty"`
	// BadCertificate is "", "expired", "name" (another host) or "unknown" (an
	// authority nobody trusts), for HTTPS and WSS alike, from the next handshake.
	BadCertificate string `json:"bad_certificate,omitempty"`
}

// Set is all that is broken now.
type Set struct {
	mu    sync.Mutex
	http  map[string]HTTP
	sip   SIP
	token Token
}

// Endpoints that SetHTTP accepts.
var Endpoints = []string{"token", "session", "refresh", "park-slots", "park-call", "call-history", "phone-numbers",
	"device", "device-token", "*"}

// SetHTTP breaks an endpoint; a zero fault mends it.
func (s *Set) SetHTTP(endpoint string, f HTTP) error {
	for _, e := range Endpoints {
		if e == endpoint {
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.http == nil {
				s.http = map[string]HTTP{}
			}
			if f == (HTTP{}) {
				delete(s.http, endpoint)
			} else {
				s.http[endpoint] = f
			}
			return nil
		}
	}
	return fmt.Errorf("no endpoint %q: one of %v", endpoint, Endpoints)
}

// TakeHTTP gives the fault for one request and counts it.
func (s *Set) TakeHTTP(endpoint string) HTTP {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range []string{endpoint, "*"} {
		f, ok := s.http[e]
		if !ok {
			continue
		}
		if f.Times == 1 {
			delete(s.http, e)
		} else if f.Times > 1 {
			f.Times--
			s.http[e] = f
		}
		return f
	}
	return HTTP{}
}

// SetSIP replaces the exchange's switches; SetToken those of sign-in.
func (s *Set) SetSIP(f SIP) { s.mu.Lock(); s.sip = f; s.mu.Unlock() }

// SetToken replaces the switches of sign-in.
func (s *Set) SetToken(f Token) { s.mu.Lock(); s.token = f; s.mu.Unlock() }

// SIP gives the exchange's switches.
func (s *Set) SIP() SIP { s.mu.Lock(); defer s.mu.Unlock(); return s.sip }

// Token gives the switches of sign-in.
func (s *Set) Token() Token { s.mu.Lock(); defer s.mu.Unlock(); return s.token }

// TakeRegister gives the switches for one REGISTER and counts it.
func (s *Set) TakeRegister() SIP {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.sip
	if s.sip.Times > 0 {
		if s.sip.Times--; s.sip.Times == 0 {
			s.sip.RegisterStatus = 0
		}
	}
	return f
}

// TakeACK, TakeBYE and TakeINFO report whether this one is to be lost.
func (s *Set) TakeACK() bool { return s.take(&s.sip.LoseACK) }

// TakeBYE reports whether this BYE stays unanswered.
func (s *Set) TakeBYE() bool { return s.take(&s.sip.IgnoreBYE) }

// TakeINFO reports whether this INFO stays unanswered.
func (s *Set) TakeINFO() bool { return s.take(&s.sip.IgnoreINFO) }

func (s *Set) take(n *int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if *n <= 0 {
		return false
	}
	*n--
	return true
}

// Deaf is the time for which DTLS is dropped.
func (f SIP) Deaf() time.Duration { return time.Duration(f.DeafDTLSMS) * time.Millisecond }

// State is everything that is set, for the admin API.
type State struct {
	HTTP  map[string]HTTP `json:"http"`
	SIP   SIP             `json:"sip"`
	Token Token           `json:"token"`
}

// State copies what is set.
func (s *Set) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := State{HTTP: map[string]HTTP{}, SIP: s.sip, Token: s.token}
	for k, v := range s.http {
		st.HTTP[k] = v
	}
	return st
}

// Clear mends everything.
func (s *Set) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.http, s.sip, s.token = nil, SIP{}, Token{}
}
