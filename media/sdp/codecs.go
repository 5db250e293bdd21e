package sdp

import (
	"strconv"
	"strings"

	psdp "github.com/pion/sdp/v3"

	"phoned/media"
)

// Names of the codecs we speak and of what goes with them.
const (
	Opus   = "opus"
	G722   = "G722"
	PCMU   = "PCMU"
	PCMA   = "PCMA"
	CN     = "CN"
	Events = "telephone-event"
)

// Preferred is our order if nobody says otherwise.
var Preferred = []string{Opus, G722, PCMA, PCMU}

// offered are the payload types of our offers.
var offered = map[string]Codec{
	Opus: {Name: Opus, Type: 111, Clock: 48000, Channels: 2, Fmtp: "minptime=10;useinbandfec=1"},
	G722: {Name: G722, Type: 9, Clock: 8000},
	PCMU: {Name: PCMU, Type: 0, Clock: 8000},
	PCMA: {Name: PCMA, Type: 8, Clock: 8000},
}

// Offer gives the payload types of an offer in the order of names (nil:
// Preferred), with telephone-event for each clock (RFC 4733 section 2.1).
func Offer(names []string) (list []Codec) {
	if len(names) == 0 {
		names = Preferred
	}
	wide, narrow := false, false
	for _, n := range names {
		c, ok := offered[canonical(n)]
		if !ok {
			continue
		}
		list = append(list, c)
		wide, narrow = wide || c.Clock == 48000, narrow || c.Clock == 8000
	}
	if wide {
		list = append(list, Codec{Name: Events, Type: 110, Clock: 48000, Fmtp: "0-15"})
	}
	if narrow {
		list = append(list, Codec{Name: Events, Type: 126, Clock: 8000, Fmtp: "0-15"})
	}
	return list
}

// canonical gives our spelling of a codec's name.
func canonical(name string) string {
	for _, n := range []string{Opus, G722, PCMU, PCMA, CN, Events} {
		if strings.EqualFold(n, name) {
			return n
		}
	}
	return name
}

// static are the types that need no rtpmap (RFC 3551 table 4).
var static = map[uint8]Codec{
	0:  {Name: PCMU, Type: 0, Clock: 8000},
	8:  {Name: PCMA, Type: 8, Clock: 8000},
	9:  {Name: G722, Type: 9, Clock: 8000},
	13: {Name: CN, Type: 13, Clock: 8000},
}

func (r *Remote) readCodecs(m *psdp.MediaDescription) {
	maps, fmtps := map[string]string{}, map[string]string{}
	for _, a := range m.Attributes {
		pt, v, ok := strings.Cut(strings.TrimSpace(a.Value), " ")
		if !ok {
			continue
		}
		switch a.Key {
		case "rtpmap":
			maps[pt] = strings.TrimSpace(v)
		case "fmtp":
			fmtps[pt] = strings.TrimSpace(v)
		}
	}
	seen := map[uint8]bool{}
	for _, f := range m.MediaName.Formats {
		n, err := strconv.ParseUint(f, 10, 7)
		if err != nil || seen[uint8(n)] {
			continue
		}
		seen[uint8(n)] = true
		c := static[uint8(n)]
		if v, ok := maps[f]; ok {
			c = parseMap(v)
		}
		if c.Name == "" {
			continue
		}
		c.Type, c.Fmtp = uint8(n), fmtps[f]
		r.Codecs = append(r.Codecs, c)
	}
}

// parseMap reads "opus/48000/2".
func parseMap(v string) Codec {
	p := strings.Split(v, "/")
	c := Codec{Name: canonical(p[0])}
	if len(p) > 1 {
		c.Clock, _ = strconv.Atoi(strings.TrimSpace(p[1]))
	}
	if len(p) > 2 {
		c.Channels, _ = strconv.Atoi(strings.TrimSpace(p[2]))
	}
	if c.Clock <= 0 || c.Clock > 192000 {
		return Codec{}
	}
	return c
}

// usable tells a codec that we speak as it is described.
func usable(c Codec) bool {
	o, ok := offered[c.Name]
	if !ok || o.Clock != c.Clock {
		return false
	}
	return c.Name == Opus || c.Channels <= 1
}

// Common gives what of remote's codecs we speak: first the codecs, then comfort
// noise and telephone-event for their clocks. names is our order (nil: keep
// theirs). The error is media.ErrNoCommonCodec.
func Common(remote []Codec, names []string) (list []Codec, err error) {
	if names == nil {
		for _, c := range remote {
			if usable(c) {
				list = append(list, c)
			}
		}
	}
	for _, n := range names {
		for _, c := range remote {
			if c.Name == canonical(n) && usable(c) {
				list = append(list, c)
			}
		}
	}
	if len(list) == 0 {
		return nil, media.ErrNoCommonCodec
	}
	clocks := map[int]bool{}
	for _, c := range list {
		clocks[c.Clock] = true
	}
	for _, c := range remote {
		if (c.Name == Events || c.Name == CN) && clocks[c.Clock] {
			list = append(list, c)
		}
	}
	return list, nil
}

// EventsFor gives the telephone-event type with the clock of the codec c. An
// exchange that lists only one clock is believed.
func EventsFor(c Codec, list []Codec) (Codec, bool) {
	var other Codec
	for _, e := range list {
		if e.Name == Events {
			if e.Clock == c.Clock {
				return e, true
			}
			other = e
		}
	}
	return other, other.Name != ""
}

// Voice tells that c is sound, not events or noise.
func (c Codec) Voice() bool { return c.Name != Events && c.Name != CN }

func (c Codec) rtpmap() string {
	v := strconv.Itoa(int(c.Type)) + " " + c.Name + "/" + strconv.Itoa(c.Clock)
	if c.Name == Opus {
		v += "/2"
	}
	return v
}
