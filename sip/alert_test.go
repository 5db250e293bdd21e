package sip

import (
	"testing"

	gosip "github.com/emiago/sipgo/sip"
)

// TestAlert: the ways in which the phones of the field ask to be answered by
// themselves, and those that name a ring only.
func TestAlert(t *testing.T) {
	for _, c := range []struct {
		header, value, melody string
		auto                  bool
	}{
		{"Call-Info", "<sip:d>;answer-after=0", "", true},
		{"Call-Info", "<sip:d>; Answer-After=2", "", true},
		{"Call-Info", "<sip:d>;answer-after=-1", "", false},
		{"Call-Info", "<http://d/photo.png>;purpose=icon", "", false},
		{"Answer-Mode", "Auto", "", true},
		{"Priv-Answer-Mode", "Auto;require", "", true},
		{"Answer-Mode", "Manual", "", false},
		{"Alert-Info", "<http://www.notused.com>;info=alert-autoanswer;delay=0", "", true},
		{"Alert-Info", `<http://d>;info="alert-autoanswer"`, "", true},
		{"Alert-Info", `<http://d>;info="Auto Answer"`, "", true},
		{"Alert-Info", "info=Auto Answer", "", true},
		{"Alert-Info", "Ring-Answer", "", true},
		{"Alert-Info", "<http://d>;info=intercom", "", true},
		{"Alert-Info", "<http://127.0.0.1/external>;info=external", "external", false},
		{"Alert-Info", "<urn:alert:source:internal>", "source:internal", false},
	} {
		req := gosip.NewRequest(gosip.INVITE, gosip.Uri{Scheme: "sip", Host: "x"})
		req.AppendHeader(gosip.NewHeader(c.header, c.value))
		if auto, melody := alertOf(req); auto != c.auto || melody != c.melody {
			t.Errorf("%s: %s: %v %q, want %v %q", c.header, c.value, auto, melody, c.auto, c.melody)
		}
	}
}
