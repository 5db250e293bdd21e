package rtc

import (
	"testing"

	"phoned/media"
	"phoned/media/mediatest"
)

func TestConformance(t *testing.T) {
	mediatest.Conformance(t, func(t testing.TB, codecs []string) media.Session {
		s, err := New(Config{Codecs: codecs, LoopbackOnly: true, IPv4Only: true})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		return s
	})
}
