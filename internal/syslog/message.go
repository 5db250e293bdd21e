package syslog

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"phoned/internal/logring"
)

// Facility is who speaks (RFC 5424 §6.2.1).
type Facility int

// Facilities are those that a phone may use, by their names in rsyslog.conf.
var facilities = map[string]Facility{
	"user": 1, "daemon": 3, "local0": 16, "local1": 17, "local2": 18, "local3": 19, "local4": 20, "local5": 21, "local6": 22, "local7": 23,
}

// ParseFacility reads a facility's name.
func ParseFacility(name string) (Facility, bool) {
	f, ok := facilities[name]
	return f, ok
}

// severities are those of RFC 5424 §6.2.1.
var severities = map[string]int{"debug": 7, "info": 6, "warn": 4, "error": 3}

// Origin is who sends: it is in every message. Empty fields are left out.
type Origin struct {
	Host   string // of the machine
	App    string // "phoned"
	PID    int
	Serial string
	Model  string
	MAC    string
	// Version of the firmware.
	Version string
}

// enterprise stands in the name of our structured data. The project has no number
// of its own at IANA; this one is for whoever has none (RFC 5612).
const enterprise = "32473"

// maxMessage is what every receiver should take (RFC 5425 §4.3.1), and what rsyslog
// takes without being told to take more.
const maxMessage = 8192

// Limits of the header's fields (RFC 5424 §6).
const (
	maxHost  = 255
	maxApp   = 48
	maxMsgID = 32
	maxParam = 128
	nothing  = "-" // NILVALUE
	stamp    = "2006-01-02T15:04:05.000000Z07:00"
)

// header is what is the same in all messages of a sender.
type header struct {
	facility Facility
	host     string // HOSTNAME SP APP-NAME SP PROCID
	data     string // structured data that does not change
}

func newHeader(f Facility, o Origin) header {
	pid := nothing
	if o.PID > 0 {
		pid = strconv.Itoa(o.PID)
	}
	return header{
		facility: f,
		host:     name(o.Host, maxHost) + " " + name(o.App, maxApp) + " " + pid,
		data: element("origin", "software", o.App, "swVersion", clip(o.Version, maxMsgID)) + // RFC 5424 §7.2
			element("phone@"+enterprise, "serial", o.Serial, "model", o.Model, "mac", o.MAC),
	}
}

// append adds a line as one message, without its length. synced: a time server has
// set the clock (RFC 5424 §7.1); seq counts messages (§7.3.1).
func (h header) append(b []byte, l logring.Line, seq uint64, synced bool) []byte {
	severity, ok := severities[l.Level]
	if !ok {
		severity = severities["info"]
	}
	b = append(b, '<')
	b = strconv.AppendInt(b, int64(int(h.facility)*8+severity), 10)
	b = append(b, ">1 "...)
	b = l.At.AppendFormat(b, stamp)
	b = append(b, ' ')
	b = append(b, h.host...)
	b = append(b, ' ')
	b = append(b, name(l.Package, maxMsgID)...)
	b = append(b, ' ')
	b = append(b, h.data...)
	b = append(b, element("timeQuality", "tzKnown", "1", "isSynced", truth(synced))...)
	b = append(b, element("meta", "sequenceId", strconv.FormatUint((seq-1)%maxSequence+1, 10))...)
	b = append(b, ' ')
	return append(b, text(l, maxMessage-len(b))...)
}

// maxSequence is where sequenceId begins anew.
const maxSequence = 1<<31 - 1

func truth(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

// name fits a field of the header: printable ASCII without spaces, at least "-".
func name(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if r > ' ' && r < 0x7f {
			return r
		}
		return '_'
	}, s)
	if s == "" {
		return nothing
	}
	return s[:min(len(s), most)]
}

// element is one SD-ELEMENT of the parameters that are not empty; "" without any.
func element(id string, params ...string) string {
	var b strings.Builder
	for i := 0; i+1 < len(params); i += 2 {
		if params[i+1] == "" {
			continue
		}
		b.WriteString(" " + params[i] + `="` + escaped.Replace(clip(clean(params[i+1]), maxParam)) + `"`)
	}
	if b.Len() == 0 {
		return ""
	}
	return "[" + id + b.String() + "]"
}

// escaped: RFC 5424 §6.3.3.
var escaped = strings.NewReplacer(`\`, `\\`, `"`, `\"`, `]`, `\]`)

// clean takes what would break a line or a terminal out of a text.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// clip ends a text after n bytes at most, at the end of a letter.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// bom must stand before text that is not ASCII (RFC 5424 §6.4).
const bom = "\uFEFF"

// text is what a person reads: the message, then key=value.
func text(l logring.Line, most int) string {
	var b strings.Builder
	b.WriteString(clean(l.Message))
	for _, k := range slices.Sorted(maps.Keys(l.Attrs)) {
		b.WriteString(" " + clean(k) + "=" + value(l.Attrs[k]))
	}
	s := b.String()
	if strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) {
		s = bom + s
	}
	if most = max(most, 0); len(s) > most {
		s = clip(s, most-len("…")) + "…"
	}
	return s
}

func value(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if s == "" || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == '"' || r == '=' || r == 0x7f || !unicode.IsPrint(r) }) {
		return strconv.Quote(s)
	}
	return s
}

// frame puts a message's length before it (RFC 5425 §4.3).
func frame(b, message []byte) []byte {
	b = strconv.AppendInt(b, int64(len(message)), 10)
	b = append(b, ' ')
	return append(b, message...)
}
