package sdp

import (
	"fmt"
	"net/netip"
	"sort"
	"strconv"
	"strings"
	"time"

	psdp "github.com/pion/sdp/v3"

	"phoned/media"
)

// Local is our description as it goes on the wire.
type Local struct {
	ID, Version uint64 // o=
	Profile     string // of m=; "": UDP/TLS/RTP/SAVPF
	Address     netip.Addr
	Port        int
	RTCPMux     bool
	Direction   media.Direction
	Codecs      []Codec
	Ptime       time.Duration // 0: 20 ms

	// WebRTC only.
	Ufrag, Pwd, Fingerprint, Setup string
	Candidates                     []string
	SSRC                           uint32

	// Crypto are the values of a=crypto (RFC 4568).
	Crypto []string
	// To is the offer that this answers: its other sections are refused and
	// its identification is kept. nil for an offer.
	To *Remote
}

// FromPion takes the transport out of Pion's own description.
func FromPion(text string) (Local, error) {
	r, err := Parse([]byte(text))
	if err != nil {
		return Local{}, err
	}
	l := Local{Ufrag: r.Ufrag, Pwd: r.Pwd, Fingerprint: r.Fingerprint, Setup: r.Setup, RTCPMux: true}
	for _, c := range r.Candidates {
		if udpComponentOne(c) {
			l.Candidates = append(l.Candidates, c)
		}
	}
	for _, a := range r.session.MediaDescriptions[r.audio].Attributes {
		if a.Key == "ssrc" && l.SSRC == 0 {
			id, _, _ := strings.Cut(a.Value, " ")
			n, _ := strconv.ParseUint(id, 10, 32)
			l.SSRC = uint32(n)
		}
	}
	l.Address, l.Port = defaultCandidate(l.Candidates)
	return l, nil
}

// defaultCandidate picks what c= and m= say (RFC 8839 section 4.2.1.3): the
// candidate most likely to be reached by a peer without ICE.
func defaultCandidate(list []string) (addr netip.Addr, port int) {
	rank := map[string]int{"relay": 0, "srflx": 1, "host": 2}
	type choice struct {
		a       netip.Addr
		p, rank int
	}
	var all []choice
	for _, c := range list {
		f := strings.Fields(c)
		if len(f) < 8 {
			continue
		}
		a, err := netip.ParseAddr(f[4])
		p, err2 := strconv.Atoi(f[5])
		k, known := rank[f[7]]
		if err != nil || err2 != nil || !known {
			continue
		}
		k *= 8
		if a.Is6() {
			k += 2 // an IPv4 address first: an old peer may know no other
		}
		if a.IsLoopback() {
			k += 4
		}
		all = append(all, choice{a, p, k})
	}
	if len(all) == 0 {
		return netip.IPv4Unspecified(), 9
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].rank < all[j].rank })
	return all[0].a, all[0].p
}

// Marshal writes the description.
func (l Local) Marshal() ([]byte, error) {
	if len(l.Codecs) == 0 {
		return nil, fmt.Errorf("description without codecs: %w", media.ErrNoCommonCodec)
	}
	addrType := "IP4"
	if l.Address.Is6() {
		addrType = "IP6"
	}
	s := &psdp.SessionDescription{
		Origin:                psdp.Origin{Username: "-", SessionID: l.ID, SessionVersion: l.Version, NetworkType: "IN", AddressType: addrType, UnicastAddress: l.Address.String()},
		SessionName:           "-",
		ConnectionInformation: &psdp.ConnectionInformation{NetworkType: "IN", AddressType: addrType, Address: &psdp.Address{Address: l.Address.String()}},
		TimeDescriptions:      []psdp.TimeDescription{{}},
	}
	mid := pionMid
	if l.To != nil {
		mid = l.To.Mid
	}
	if l.Ufrag != "" && mid != "" && (l.To == nil || l.To.Grouped) {
		s.Attributes = append(s.Attributes, psdp.Attribute{Key: "group", Value: "BUNDLE " + mid})
	}
	audio := l.section(mid)
	if l.To == nil {
		s.MediaDescriptions = []*psdp.MediaDescription{audio}
	} else {
		for i, m := range l.To.session.MediaDescriptions {
			if i == l.To.audio {
				s.MediaDescriptions = append(s.MediaDescriptions, audio)
				continue
			}
			s.MediaDescriptions = append(s.MediaDescriptions, refuse(m))
		}
	}
	return s.Marshal()
}

// refuse answers a section that we do not take (RFC 3264 section 6).
func refuse(m *psdp.MediaDescription) *psdp.MediaDescription {
	n := m.MediaName
	n.Port = psdp.RangedPort{Value: 0}
	if len(n.Formats) == 0 {
		n.Formats = []string{"0"}
	}
	r := &psdp.MediaDescription{MediaName: n}
	if mid, ok := m.Attribute("mid"); ok {
		r.Attributes = append(r.Attributes, psdp.Attribute{Key: "mid", Value: mid})
	}
	return r
}

func (l Local) section(mid string) *psdp.MediaDescription {
	profile := l.Profile
	if l.To != nil {
		profile = l.To.Profile
	}
	if profile == "" {
		profile = "UDP/TLS/RTP/SAVPF"
	}
	m := &psdp.MediaDescription{MediaName: psdp.MediaName{
		Media: "audio", Port: psdp.RangedPort{Value: l.Port}, Protos: strings.Split(profile, "/"),
	}}
	add := func(k, v string) { m.Attributes = append(m.Attributes, psdp.Attribute{Key: k, Value: v}) }
	for _, c := range l.Codecs {
		pt := strconv.Itoa(int(c.Type))
		m.MediaName.Formats = append(m.MediaName.Formats, pt)
		add("rtpmap", c.rtpmap())
		if f := ourFmtp(c); f != "" {
			add("fmtp", pt+" "+f)
		}
	}
	ptime := l.Ptime
	if ptime == 0 {
		ptime = 20 * time.Millisecond
	}
	add("ptime", strconv.Itoa(int(ptime/time.Millisecond)))
	add(l.Direction.String(), "")
	if l.RTCPMux {
		add("rtcp-mux", "")
	}
	for _, c := range l.Crypto {
		add("crypto", c)
	}
	if l.Ufrag == "" {
		return m
	}
	if mid != "" {
		add("mid", mid)
	}
	add("setup", l.Setup)
	add("fingerprint", l.Fingerprint)
	add("ice-ufrag", l.Ufrag)
	add("ice-pwd", l.Pwd)
	if l.SSRC != 0 {
		add("ssrc", fmt.Sprintf("%d cname:phoned", l.SSRC))
	}
	for _, c := range l.Candidates {
		add("candidate", c)
	}
	add("end-of-candidates", "")
	return m
}

// ourFmtp says what we can decode, whatever the far end said of itself.
func ourFmtp(c Codec) string {
	switch c.Name {
	case Opus:
		return offered[Opus].Fmtp
	case Events:
		return "0-15"
	}
	return ""
}
