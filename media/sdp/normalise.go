package sdp

import (
	"strconv"
	"strings"

	psdp "github.com/pion/sdp/v3"

	"phoned/media"
)

// pionMid is the media identification that Pion knows our one section by.
const pionMid = "0"

// ForPion gives the description as Pion must see it: one audio section with an
// identification and a group, always "sendrecv", the profile it expects, every
// codec with its rtpmap, and no SSRC: an SSRC that a description names makes Pion
// refuse all others, and exchanges change theirs within a call. answer tells
// that it answers ours; also are payload types to accept beside those it names.
func (r *Remote) ForPion(answer bool, also []Codec) (string, error) {
	m := &psdp.MediaDescription{
		MediaName: psdp.MediaName{
			Media:  "audio",
			Port:   psdp.RangedPort{Value: r.Port},
			Protos: []string{"UDP", "TLS", "RTP", "SAVPF"},
		},
		ConnectionInformation: &psdp.ConnectionInformation{NetworkType: "IN", AddressType: "IP4", Address: &psdp.Address{Address: "0.0.0.0"}},
	}
	add := func(k, v string) { m.Attributes = append(m.Attributes, psdp.Attribute{Key: k, Value: v}) }
	used := map[uint8]bool{}
	for _, c := range append(append([]Codec(nil), r.Codecs...), also...) {
		if used[c.Type] {
			continue
		}
		used[c.Type] = true
		m.MediaName.Formats = append(m.MediaName.Formats, strconv.Itoa(int(c.Type)))
		add("rtpmap", c.rtpmap())
		if c.Fmtp != "" {
			add("fmtp", strconv.Itoa(int(c.Type))+" "+c.Fmtp)
		}
	}
	setup := strings.ToLower(r.Setup)
	switch {
	case answer && setup != "active" && setup != "passive":
		setup = "active"
	case !answer && setup != "active" && setup != "passive":
		setup = "actpass"
	}
	add("mid", pionMid)
	add("setup", setup)
	add("fingerprint", r.Fingerprint)
	add("ice-ufrag", r.Ufrag)
	add("ice-pwd", r.Pwd)
	add("rtcp-mux", "")
	add(media.SendRecv.String(), "")
	for _, c := range r.Candidates {
		if udpComponentOne(c) {
			add("candidate", c)
		}
	}
	add("end-of-candidates", "")
	s := &psdp.SessionDescription{
		Origin:            r.session.Origin,
		SessionName:       "-",
		TimeDescriptions:  []psdp.TimeDescription{{}},
		MediaDescriptions: []*psdp.MediaDescription{m},
		Attributes:        []psdp.Attribute{{Key: "group", Value: "BUNDLE " + pionMid}},
	}
	if r.Lite {
		s.Attributes = append(s.Attributes, psdp.Attribute{Key: "ice-lite"})
	}
	b, err := s.Marshal()
	return string(b), err
}

// udpComponentOne tells a candidate of RTP over UDP.
func udpComponentOne(c string) bool {
	f := strings.Fields(c)
	return len(f) >= 8 && f[1] == "1" && strings.EqualFold(f[2], "udp")
}
