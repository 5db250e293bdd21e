package calllog

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestOutcomeMapsToDisposition(t *testing.T) {
	for _, c := range []struct {
		o       Outcome
		in, out Disposition
	}{
		{OutcomeAnswered, Answered, Answered},
		{OutcomeAnsweredElsewhere, Answered, Answered},
		{OutcomeRejected, Rejected, Rejected},
		{OutcomeDoNotDisturb, Rejected, Rejected},
		{OutcomeForwarded, Rejected, Rejected},
		{OutcomeCancelled, Missed, Failed},
		{OutcomeNoAnswer, Missed, Failed},
		{OutcomeBusy, Failed, Failed},
		{OutcomeFailed, Failed, Failed},
		{OutcomeUnknown, Failed, Failed},
	} {
		if got := c.o.Disposition(Inbound); got != c.in {
			t.Errorf("%q inbound: %s, want %s", c.o, got, c.in)
		}
		if got := c.o.Disposition(Outbound); got != c.out {
			t.Errorf("%q outbound: %s, want %s", c.o, got, c.out)
		}
	}
}

func TestClipCutsCharactersNotBytes(t *testing.T) {
	long := strings.Repeat("ü", 600)
	r := Record{CallID: long, UserID: long, SIPDomain: long, CallerIDNumber: long, PhoneNumber: long, RecordingURL: long}.Clip()
	for _, c := range []struct {
		name string
		s    string
		n    int
	}{
		{"callId", r.CallID, 100}, {"userId", r.UserID, 50}, {"sipDomain", r.SIPDomain, 100},
		{"callerIdNumber", r.CallerIDNumber, 50}, {"phoneNumber", r.PhoneNumber, 50}, {"recordingUrl", r.RecordingURL, 500},
	} {
		if n := utf8.RuneCountInString(c.s); n != c.n || !utf8.ValidString(c.s) {
			t.Errorf("%s: %d characters, want %d", c.name, n, c.n)
		}
	}
	exact := strings.Repeat("ü", 50)
	if got := (Record{UserID: exact}).Clip().UserID; got != exact {
		t.Errorf("a value that fits was cut to %q", got)
	}
}

func TestPatchChangesOnlyWhatItNames(t *testing.T) {
	r := Record{Disposition: Missed, Duration: time.Second, RecordingURL: "a"}
	d, u := Answered, "b"
	Patch{Disposition: &d, RecordingURL: &u}.Apply(&r)
	if r.Disposition != Answered || r.RecordingURL != "b" || r.Duration != time.Second {
		t.Errorf("got %+v", r)
	}
}
