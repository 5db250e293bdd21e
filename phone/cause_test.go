package phone

import "testing"

// TestEveryRefusalHasACause is C5's table for all final statuses of RFC 3261
// and the registry of SIP response codes.
func TestEveryRefusalHasACause(t *testing.T) {
	want := map[Cause][]int{
		CauseBusy:          {486, 600},
		CauseNotFound:      {404, 410, 414, 416, 484, 485, 604},
		CauseNotAllowed:    {401, 402, 403, 405, 407, 428, 433, 436, 437, 438, 470, 494, 603, 607, 608},
		CauseNotAvailable:  {408, 430, 480, 481, 487},
		CauseNotCompatible: {406, 413, 415, 420, 421, 422, 488, 493, 580, 606},
		CauseNoConnection:  {503},
		CauseServer:        {500, 501, 502, 504, 505, 513, 555},
	}
	known := map[int]bool{}
	for cause, codes := range want {
		for _, code := range codes {
			known[code] = true
			if got := CauseOf(code); got != cause {
				t.Errorf("%d: %q, want %q", code, got, cause)
			}
		}
	}
	// What is left speaks to programs: a person is told the number.
	for code := 300; code < 700; code++ {
		if got := CauseOf(code); !known[code] && got != CauseUnknown && (code < 500 || code > 599) {
			t.Errorf("%d: %q is in no table", code, got)
		}
	}
}

func TestTheTelephoneNetworksCause(t *testing.T) {
	for _, c := range []struct {
		code, q850 int
		want       Cause
	}{
		{480, 17, CauseBusy}, {480, 19, CauseNotAvailable}, {480, 0, CauseNotAvailable}, {502, 1, CauseNotFound}, {503, 34, CauseNoConnection},
		{500, 21, CauseNotAllowed}, {503, 28, CauseNotFound}, {500, 58, CauseNotCompatible}, {500, 16, CauseServer},
		{486, 1, CauseBusy}, {404, 17, CauseNotFound}, // an exact status is believed
	} {
		if got := CauseOfAnswer(c.code, c.q850); got != c.want {
			t.Errorf("%d with %d: %q, want %q", c.code, c.q850, got, c.want)
		}
	}
}
