package syslog

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"phoned/internal/logring"
)

var someTime = time.Date(2026, 11, 30, 4, 5, 6, 789123456, time.FixedZone("", 3600))

func TestMessage(t *testing.T) {
	full := newHeader(facilities["local0"], Origin{Host: "phone 7", App: "phoned", PID: 42, Serial: `1"0]\`, Model: "Pi\n4", MAC: "dca632000001", Version: "1.2"})
	for name, c := range map[string]struct {
		h    header
		l    logring.Line
		want string
	}{
		"whole": {full, logring.Line{At: someTime, Level: "warn", Package: "media/rtc", Message: "no answer", Attrs: map[string]string{"err": "time out", "dur": "3s", "a": ""}},
			`<132>1 2026-11-30T04:05:06.789123+01:00 phone_7 phoned 42 media/rtc [origin software="phoned" swVersion="1.2"][phone@32473 serial="1\"0\]\\" model="Pi 4" mac="dca632000001"][timeQuality tzKnown="1" isSynced="1"][meta sequenceId="1"] no answer a="" dur=3s err="time out"`},
		"nothing known": {newHeader(facilities["daemon"], Origin{}), logring.Line{At: someTime.UTC(), Level: "error", Message: "x"},
			`<27>1 2026-11-30T03:05:06.789123Z - - - - [timeQuality tzKnown="1" isSynced="1"][meta sequenceId="1"] x`},
		"not ASCII, and what would break a line": {newHeader(facilities["user"], Origin{}), logring.Line{At: someTime.UTC(), Level: "debug", Message: "Jörg\n\x1b[31m", Attrs: map[string]string{"k": "a\nb"}},
			`<15>1 2026-11-30T03:05:06.789123Z - - - - [timeQuality tzKnown="1" isSynced="1"][meta sequenceId="1"] ` + "\uFEFFJörg  [31m k=\"a\\nb\""},
	} {
		if got := string(c.h.append(nil, c.l, 1, true)); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, c.want)
		}
	}
	if got := string(full.append(nil, logring.Line{At: someTime}, maxSequence+1, false)); !strings.Contains(got, `isSynced="0"][meta sequenceId="1"]`) {
		t.Error(got)
	}
	if got := string(frame([]byte("|"), []byte("Jörg"))); got != "|5 Jörg" {
		t.Errorf("%q", got)
	}
}

func TestFacilities(t *testing.T) {
	if f, ok := ParseFacility("local7"); !ok || f != 23 {
		t.Error(f, ok)
	}
	if _, ok := ParseFacility("kern"); ok {
		t.Error("a phone is no kernel")
	}
}

// rfc5424 is the grammar of §6, with the values of parameters as §6.3.3 has them.
var rfc5424 = regexp.MustCompile(`^<(\d{1,3})>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(?:Z|[+-]\d\d:\d\d) ([!-~]{1,255}) ([!-~]{1,48}) ([!-~]{1,128}) ([!-~]{1,32}) ((?:\[[!-~]+(?: [!-~]{1,32}="(?:[^"\\\]]|\\["\\\]])*")*\])+)(?: ((?s).*))?$`)

// FuzzMessage: whatever a line has in it, what goes out is a message of RFC 5424, of
// bounded length, UTF-8, and without a control character.
func FuzzMessage(f *testing.F) {
	f.Add("host", "1.0", "serial]", "media", "text", "key", "value")
	f.Add("", "", "", "", "", "", "")
	f.Add("a b\x00ü", "\n", `\"]`, "p q", strings.Repeat("ü", 9000), "k=k", "\xff\x1b")
	f.Fuzz(func(t *testing.T, host, version, serial, pkg, message, key, value string) {
		h := newHeader(facilities["local3"], Origin{Host: host, App: "phoned", PID: 1, Serial: serial, Version: version})
		b := h.append(nil, logring.Line{At: someTime, Level: "info", Package: pkg, Message: message, Attrs: map[string]string{key: value}}, 1, true)
		m := rfc5424.FindSubmatch(b)
		if m == nil || string(m[1]) != strconv.Itoa(19*8+6) {
			t.Fatalf("not RFC 5424: %q", b)
		}
		if len(b) > maxMessage || !utf8.Valid(b) {
			t.Fatalf("%d bytes, valid %v", len(b), utf8.Valid(b))
		}
		if i := bytes.IndexFunc(b, unicode.IsControl); i >= 0 {
			t.Fatalf("a control character: %q", b[i:])
		}
	})
}
