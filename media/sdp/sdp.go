// Package sdp reads the session descriptions (RFC 8866) that exchanges and
// other phones send, and writes ours. It knows what real ones get wrong, picks
// codecs and payload types, and computes directions (RFC 3264). It is pure: no
// network, no clock, no goroutine.
package sdp

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	psdp "github.com/pion/sdp/v3"

	"phoned/media"
)

// Codec is one payload type of a description.
type Codec struct {
	Name     string // as in Names, or the remote's own if unknown
	Type     uint8
	Clock    int // RTP clock in Hz
	Channels int // 0: not said
	Fmtp     string
}

// Remote is a description of the far end, as far as a voice call goes.
type Remote struct {
	Profile   string // of m=: RTP/AVP, UDP/TLS/RTP/SAVPF …
	Address   netip.Addr
	Port      int
	RTCPPort  int // 0: Port+1
	RTCPMux   bool
	Direction media.Direction // as they say it
	Codecs    []Codec
	Ptime     time.Duration // 0: not said
	MaxPtime  time.Duration

	Ufrag, Pwd  string
	Lite        bool
	Fingerprint string // "sha-256 AB:CD…", algorithm in lower case
	Setup       string
	Candidates  []string
	Crypto      []string // values of a=crypto (RFC 4568)

	Mid     string
	Grouped bool

	session *psdp.SessionDescription
	audio   int
}

// maxSize bounds what is parsed: no sane description of a phone call is larger.
const maxSize = 64 << 10

// Parse reads a description. The error is media.ErrBadDescription.
func Parse(b []byte) (*Remote, error) {
	bad := func(why string, err error) (*Remote, error) {
		if err != nil {
			why += ": " + err.Error()
		}
		return nil, fmt.Errorf("%w: %s", media.ErrBadDescription, why)
	}
	if len(b) > maxSize {
		return bad(fmt.Sprintf("%d bytes", len(b)), nil)
	}
	s := &psdp.SessionDescription{}
	if err := s.Unmarshal(b); err != nil {
		return bad("not SDP", err)
	}
	r := &Remote{session: s, audio: -1}
	for i, m := range s.MediaDescriptions {
		if m.MediaName.Media == "audio" && m.MediaName.Port.Value != 0 {
			r.audio = i
			break
		}
	}
	if r.audio < 0 {
		return bad("no audio", nil)
	}
	m := s.MediaDescriptions[r.audio]
	r.Profile = strings.ToUpper(strings.Join(m.MediaName.Protos, "/"))
	r.Port = m.MediaName.Port.Value
	if !strings.Contains(r.Profile, "RTP/") {
		return bad("profile "+r.Profile, nil)
	}
	r.readAddress(s, m)
	r.readTransport(s, m)
	r.readCodecs(m)
	r.readDirection(s, m)
	return r, nil
}

// attr gives an attribute of the audio section, else of the session.
func attr(s *psdp.SessionDescription, m *psdp.MediaDescription, key string) (string, bool) {
	if v, ok := m.Attribute(key); ok {
		return strings.TrimSpace(v), true
	}
	v, ok := s.Attribute(key)
	return strings.TrimSpace(v), ok
}

func (r *Remote) readAddress(s *psdp.SessionDescription, m *psdp.MediaDescription) {
	c := m.ConnectionInformation
	if c == nil {
		c = s.ConnectionInformation
	}
	if c != nil && c.Address != nil {
		host, _, _ := strings.Cut(c.Address.Address, "/")
		r.Address, _ = netip.ParseAddr(host)
	}
	_, r.RTCPMux = m.Attribute("rtcp-mux")
	if v, ok := m.Attribute("rtcp"); ok {
		port, _, _ := strings.Cut(strings.TrimSpace(v), " ")
		if n, err := strconv.Atoi(port); err == nil && n > 0 && n < 65536 {
			r.RTCPPort = n
		}
	}
}

func (r *Remote) readTransport(s *psdp.SessionDescription, m *psdp.MediaDescription) {
	r.Ufrag, _ = attr(s, m, "ice-ufrag")
	r.Pwd, _ = attr(s, m, "ice-pwd")
	_, r.Lite = attr(s, m, "ice-lite")
	if v, ok := attr(s, m, "fingerprint"); ok {
		if alg, print, ok := strings.Cut(v, " "); ok {
			r.Fingerprint = strings.ToLower(alg) + " " + strings.ToUpper(strings.TrimSpace(print))
		}
	}
	r.Setup, _ = attr(s, m, "setup")
	r.Mid, _ = m.Attribute("mid")
	_, r.Grouped = s.Attribute("group")
	for _, a := range m.Attributes {
		switch a.Key {
		case "candidate":
			r.Candidates = append(r.Candidates, a.Value)
		case "crypto":
			r.Crypto = append(r.Crypto, a.Value)
		}
	}
	ms := func(key string) time.Duration {
		v, ok := m.Attribute(key)
		n, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
		if !ok || err != nil || !(n > 0 && n <= 1000) {
			return 0
		}
		return time.Duration(n * float64(time.Millisecond))
	}
	r.Ptime, r.MaxPtime = ms("ptime"), ms("maxptime")
}

// readDirection also knows the hold of RFC 2543: the address 0.0.0.0. With ICE
// that address means nothing (RFC 8839 section 4.3.2).
func (r *Remote) readDirection(s *psdp.SessionDescription, m *psdp.MediaDescription) {
	r.Direction = media.SendRecv
	for d := media.SendRecv; d <= media.Inactive; d++ {
		if _, ok := s.Attribute(d.String()); ok {
			r.Direction = d
		}
	}
	for d := media.SendRecv; d <= media.Inactive; d++ {
		if _, ok := m.Attribute(d.String()); ok {
			r.Direction = d
		}
	}
	if r.Ufrag == "" && r.Address.IsValid() && r.Address.IsUnspecified() {
		r.Direction = Meet(r.Direction, media.SendOnly)
	}
}

// Secure tells that the far end asks for encrypted media.
func (r *Remote) Secure() bool { return strings.Contains(r.Profile, "SAVP") }

// WebRTC tells that the description can be used with ICE and DTLS-SRTP.
func (r *Remote) WebRTC() error {
	switch {
	case r.Ufrag == "" || r.Pwd == "":
		return fmt.Errorf("%w: no ICE credentials", media.ErrBadDescription)
	case r.Fingerprint == "":
		return fmt.Errorf("%w: no DTLS fingerprint", media.ErrBadDescription)
	}
	return nil
}

// SameTransport tells that two descriptions mean the same ICE and DTLS session,
// so that the transport need not be told of the newer.
func (r *Remote) SameTransport(o *Remote) bool {
	return o != nil && r.Ufrag == o.Ufrag && r.Pwd == o.Pwd && r.Fingerprint == o.Fingerprint &&
		len(r.newCandidates(o)) == 0
}

// newCandidates are those of r that o has not. Foundation and priority do not
// count: FreeSWITCH draws new foundations for each description.
func (r *Remote) newCandidates(o *Remote) (list []string) {
	have := map[string]bool{}
	for _, c := range o.Candidates {
		have[where(c)] = true
	}
	for _, c := range r.Candidates {
		if udpComponentOne(c) && !have[where(c)] {
			list = append(list, c)
		}
	}
	return list
}

// where is the transport address and type of a candidate.
func where(c string) string {
	f := strings.Fields(c)
	if len(f) < 8 {
		return c
	}
	return f[1] + strings.ToLower(f[2]) + " " + f[4] + " " + f[5] + " " + f[7]
}
