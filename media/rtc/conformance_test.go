package rtc

import (
	"testing"

	"phoned/internal/clock"
	"phoned/media"
	"phoned/media/mediatest"
)

func TestConformance(t *testing.T) {
	mediatest.Conformance(t, func(t testing.TB, codecs []string, k clock.Clock) media.Session {
		s, err := New(Config{Codecs: codecs, LoopbackOnly: true, IPv4Only: true, Clock: k})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		return s
	})
}
