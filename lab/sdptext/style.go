package sdptext

import (
	"fmt"
	"strings"
)

// Style names whose habits a description follows.
type Style string

const (
	Pion       Style = "pion"       // as Pion writes it: m=audio 9, c=0.0.0.0
	FreeSWITCH Style = "freeswitch" // no mid, no group, one codec, SAVPF, Opus 102
	RTPEngine  Style = "rtpengine"  // no group, real address, ssrc kept
	Asterisk   Style = "asterisk"   // no ssrc, Opus 107
)

// OpusPT is the payload type that the style's own offers give to Opus.
func (s Style) OpusPT() uint8 {
	switch s {
	case FreeSWITCH:
		return 102
	case Asterisk:
		return 107
	}
	return 111
}

// SingleCodec reports whether the style answers with one codec.
func (s Style) SingleCodec() bool { return s == FreeSWITCH }

// Apply rewrites what Pion wrote. offer tells whether it is an offer.
func (s Style) Apply(sdp string, offer bool) string {
	if s == "" || s == Pion {
		return sdp
	}
	l := lines(sdp)
	host, port := candidate(l)
	var out []string
	for _, line := range l {
		if drop(s, line) {
			continue
		}
		switch {
		case strings.HasPrefix(line, "m=audio ") && port != "":
			f := strings.Fields(line)
			if len(f) < 4 {
				break
			}
			f[1] = port
			if s == FreeSWITCH && offer {
				f[2] = "RTP/SAVPF"
			}
			line = strings.Join(f, " ")
		case strings.HasPrefix(line, "c=IN IP4 ") && host != "":
			line = "c=IN IP4 " + host
		case strings.HasPrefix(line, "o=") && s == FreeSWITCH:
			f := strings.Fields(line)
			if len(f) != 6 {
				break
			}
			line = fmt.Sprintf("o=FreeSWITCH %s %s IN IP4 %s", f[1], f[2], host)
		case line == "s=-" && s == FreeSWITCH:
			line = "s=FreeSWITCH"
		}
		out = append(out, line)
	}
	return join(out)
}

func candidate(l []string) (host, port string) {
	for _, s := range l {
		if f := strings.Fields(s); strings.HasPrefix(s, "a=candidate:") && len(f) > 5 {
			return f[4], f[5]
		}
	}
	return "", ""
}

func drop(s Style, line string) bool {
	for _, p := range []string{"a=cryptex", "a=extmap-allow-mixed", "a=msid-semantic", "a=extmap:"} {
		if strings.HasPrefix(line, p) {
			return true
		}
	}
	group, mid := strings.HasPrefix(line, "a=group:"), strings.HasPrefix(line, "a=mid:")
	ssrc := strings.HasPrefix(line, "a=ssrc:") || strings.HasPrefix(line, "a=msid:")
	// Direction: FreeSWITCH writes none for sendrecv.
	switch s {
	case FreeSWITCH:
		return group || mid || strings.HasPrefix(line, "a=rtcp-fb:") || line == "a=sendrecv" || line == "a=rtcp-rsize"
	case RTPEngine:
		return group
	case Asterisk:
		return ssrc
	}
	return false
}
