package rtpio

import (
	"net/netip"
	"testing"

	"phoned/internal/clock"
	"phoned/media"
	"phoned/media/mediatest"
)

func TestConformance(t *testing.T) {
	for name, c := range map[string]Config{
		"Plain": {},
		"NoMux": {NoMux: true},
		"SRTP":  {Security: Require},
	} {
		t.Run(name, func(t *testing.T) {
			mediatest.Conformance(t, func(t testing.TB, codecs []string, k clock.Clock) media.Session {
				c := c
				c.Codecs, c.Address, c.Clock = codecs, netip.MustParseAddr("127.0.0.1"), k
				s, err := New(c)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { s.Close() })
				return s
			})
		})
	}
}
