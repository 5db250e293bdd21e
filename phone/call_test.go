package phone

import "testing"

func TestCauseOf(t *testing.T) {
	for code, want := range map[int]Cause{
		200: CauseNone, 401: CauseNotAllowed, 403: CauseNotAllowed, 407: CauseNotAllowed, 603: CauseNotAllowed,
		404: CauseNotFound, 410: CauseNotFound, 484: CauseNotFound, 604: CauseNotFound,
		486: CauseBusy, 600: CauseBusy, 408: CauseNotAvailable, 480: CauseNotAvailable, 487: CauseNotAvailable,
		415: CauseNotCompatible, 488: CauseNotCompatible, 606: CauseNotCompatible,
		503: CauseNoConnection, 500: CauseServer, 504: CauseServer, 302: CauseUnknown, 400: CauseUnknown, 0: CauseUnknown,
	} {
		if got := CauseOf(code); got != want {
			t.Errorf("%d: %q, want %q", code, got, want)
		}
	}
}

func TestDefaultsShareNothing(t *testing.T) {
	v := map[Path]int{PathSpeaker: 0}
	e := []string{"112"}
	d := Defaults(Settings{Volumes: v, Emergency: e})
	if d.Volumes[PathSpeaker] != 0 || d.Volumes[PathHandset] == 0 {
		t.Errorf("volumes %v: a volume of 0 is a volume", d.Volumes)
	}
	d.Volumes[PathSpeaker], d.Emergency[0] = 50, "911"
	if v[PathSpeaker] != 0 || e[0] != "112" {
		t.Error("Defaults changed its argument")
	}
}

func TestOneBadDigitMapDoesNotStopThePhone(t *testing.T) {
	s := New(Settings{DigitMap: "12["})
	if got := s.digits.Match("123"); got.Kind != MatchTimed {
		t.Errorf("123 is %s", got.Kind)
	}
}
