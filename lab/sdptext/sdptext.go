// Package sdptext edits session descriptions (RFC 8866) as text: it reads what
// the lab must know of the first audio section, sets directions, orders codecs
// and rewrites a description as known exchanges write theirs. Lines it does not
// know stay as they are.
package sdptext

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// ErrNoAudio: there is no audio section.
var ErrNoAudio = errors.New("no audio in the session description")

// Format is one payload type of the audio section.
type Format struct {
	PT       uint8
	Name     string // lower case: "opus", "pcmu", "telephone-event"
	Clock    int
	Channels int
}

// Audio is the first audio section.
type Audio struct {
	Port        int
	Host        string // of the section's or the session's c= line
	Protocol    string // "UDP/TLS/RTP/SAVPF", "RTP/AVP"
	Formats     []Format
	Direction   string // "sendrecv" if not written
	Ufrag       string
	Fingerprint string
	Setup       string
	PacketTime  int // a=ptime in milliseconds, 0: none
}

// Secure reports DTLS-SRTP.
func (a Audio) Secure() bool { return a.Fingerprint != "" || strings.Contains(a.Protocol, "TLS") }

// Find gives the first format with that name.
func (a Audio) Find(name string) (Format, bool) {
	for _, f := range a.Formats {
		if f.Name == name {
			return f, true
		}
	}
	return Format{}, false
}

// static are the payload types that need no rtpmap (RFC 3551 §6).
var static = map[uint8]Format{0: {0, "pcmu", 8000, 1}, 8: {8, "pcma", 8000, 1}, 9: {9, "g722", 8000, 1}, 13: {13, "cn", 8000, 1}}

// lines splits without line ends; empty lines are dropped.
func lines(sdp string) []string {
	return strings.FieldsFunc(sdp, func(r rune) bool { return r == '\r' || r == '\n' })
}

func join(l []string) string { return strings.Join(l, "\r\n") + "\r\n" }

// section gives the range of lines of the first audio section.
func section(l []string) (from, to int) {
	from, to = -1, len(l)
	for i, s := range l {
		if from >= 0 && strings.HasPrefix(s, "m=") {
			return from, i
		}
		if from < 0 && strings.HasPrefix(s, "m=audio ") {
			from = i
		}
	}
	return from, to
}

// Read reads the first audio section.
func Read(sdp string) (Audio, error) {
	l := lines(sdp)
	from, to := section(l)
	if from < 0 {
		return Audio{}, ErrNoAudio
	}
	a := Audio{Direction: "sendrecv"}
	m := strings.Fields(strings.TrimPrefix(l[from], "m="))
	if len(m) < 4 {
		return Audio{}, fmt.Errorf("%w: %q", ErrNoAudio, l[from])
	}
	port, _, _ := strings.Cut(m[1], "/")
	a.Port, _ = strconv.Atoi(port)
	a.Protocol = m[2]
	maps := map[uint8]Format{}
	for i, s := range l {
		if i >= from && i < to || !inMedia(l, i) {
			a.read(s, maps)
		}
	}
	for _, v := range m[3:] {
		pt, err := strconv.ParseUint(v, 10, 7)
		if err != nil {
			continue
		}
		f, ok := maps[uint8(pt)]
		if !ok {
			f, ok = static[uint8(pt)]
		}
		if ok {
			a.Formats = append(a.Formats, f)
		}
	}
	return a, nil
}

// inMedia reports whether line i is below the first m= line.
func inMedia(l []string, i int) bool {
	for _, s := range l[:i+1] {
		if strings.HasPrefix(s, "m=") {
			return true
		}
	}
	return false
}

func (a *Audio) read(s string, maps map[uint8]Format) {
	name, value, _ := strings.Cut(s, ":")
	switch name {
	case "a=sendrecv", "a=sendonly", "a=recvonly", "a=inactive":
		a.Direction = name[2:]
	case "a=ice-ufrag":
		a.Ufrag = value
	case "a=fingerprint":
		a.Fingerprint = value
	case "a=setup":
		a.Setup = value
	case "a=ptime":
		a.PacketTime, _ = strconv.Atoi(value)
	case "a=rtpmap":
		pt, codec, _ := strings.Cut(value, " ")
		n, err := strconv.ParseUint(pt, 10, 7)
		p := strings.Split(codec, "/")
		if err != nil || len(p) < 2 {
			return
		}
		f := Format{PT: uint8(n), Name: strings.ToLower(p[0]), Channels: 1}
		f.Clock, _ = strconv.Atoi(p[1])
		if len(p) > 2 {
			f.Channels, _ = strconv.Atoi(p[2])
		}
		maps[f.PT] = f
	default:
		if host, ok := strings.CutPrefix(s, "c=IN IP4 "); ok {
			a.Host = host
		} else if host, ok := strings.CutPrefix(s, "c=IN IP6 "); ok {
			a.Host = host
		}
	}
}

// SetDirection writes the direction of the first audio section.
func SetDirection(sdp, dir string) string {
	l := lines(sdp)
	from, to := section(l)
	if from < 0 {
		return sdp
	}
	var out []string
	for i, s := range l {
		if !isDirection(s) || i >= to {
			out = append(out, s)
		}
		if i == to-1 {
			out = append(out, "a="+dir)
		}
	}
	return join(out)
}

func isDirection(s string) bool {
	return s == "a=sendrecv" || s == "a=sendonly" || s == "a=recvonly" || s == "a=inactive"
}

// AnswerDirection is what may be answered to an offer (RFC 3264 §6.1) by one
// who wants want.
func AnswerDirection(offer, want string) string {
	send := (want == "sendrecv" || want == "sendonly") && (offer == "sendrecv" || offer == "recvonly")
	recv := (want == "sendrecv" || want == "recvonly") && (offer == "sendrecv" || offer == "sendonly")
	switch {
	case send && recv:
		return "sendrecv"
	case send:
		return "sendonly"
	case recv:
		return "recvonly"
	}
	return "inactive"
}

// SetVersion writes the session version of the o= line.
func SetVersion(sdp string, version uint64) string {
	l := lines(sdp)
	for i, s := range l {
		if f := strings.Fields(s); strings.HasPrefix(s, "o=") && len(f) == 6 {
			f[2] = strconv.FormatUint(version, 10)
			l[i] = strings.Join(f, " ")
		}
	}
	return join(l)
}

// Keep leaves only the codecs named (lower case) in the first audio section, in
// the order of names; telephone-event stays with every clock rate in use. With
// no names the description is unchanged. It reports whether a codec is left.
func Keep(sdp string, names []string) (string, bool) {
	a, err := Read(sdp)
	if err != nil || len(names) == 0 {
		return sdp, err == nil
	}
	var order []string
	keep, clocks := map[string]bool{}, map[int]bool{}
	for _, n := range names {
		for _, f := range a.Formats {
			if f.Name == n && !keep[strconv.Itoa(int(f.PT))] {
				order = append(order, strconv.Itoa(int(f.PT)))
				keep[strconv.Itoa(int(f.PT))], clocks[f.Clock] = true, true
			}
		}
	}
	if len(order) == 0 {
		return sdp, false
	}
	for _, f := range a.Formats {
		if f.Name == "telephone-event" && clocks[f.Clock] {
			order = append(order, strconv.Itoa(int(f.PT)))
			keep[strconv.Itoa(int(f.PT))] = true
		}
	}
	l := lines(sdp)
	from, to := section(l)
	var out []string
	for i, s := range l {
		if i == from {
			m := strings.Fields(s)
			s = strings.Join(append(m[:3:3], order...), " ")
		}
		if i > from && i < to {
			if pt, ok := formatLine(s); ok && !keep[pt] {
				continue
			}
		}
		out = append(out, s)
	}
	return join(out), true
}

// formatLine gives the payload type that an attribute is about.
func formatLine(s string) (string, bool) {
	for _, p := range []string{"a=rtpmap:", "a=fmtp:", "a=rtcp-fb:"} {
		if v, ok := strings.CutPrefix(s, p); ok {
			pt, _, _ := strings.Cut(v, " ")
			return pt, pt != "*"
		}
	}
	return "", false
}
