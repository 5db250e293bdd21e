package rtpio

import (
	"testing"
	"time"

	"github.com/pion/rtcp"

	"phoned/media"
)

// What a peer reports may be anything: no crash, and no figure that is none.
func FuzzRTCP(f *testing.F) {
	sr, err := rtcp.Marshal([]rtcp.Packet{
		&rtcp.SenderReport{SSRC: 1, NTPTime: 1 << 40, Reports: []rtcp.ReceptionReport{{SSRC: 2, FractionLost: 12, Delay: 3}}},
		rtcp.NewCNAMESourceDescription(1, "a"),
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sr)
	f.Add([]byte{0x81, 201, 0, 7})
	f.Add([]byte{0x80, 203, 0, 0})
	s, err := New(Config{})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = s.Close() })
	session := s.(*Session)
	session.ssrc = 2
	f.Fuzz(func(t *testing.T, b []byte) {
		session.reported(b)
		session.mu.Lock()
		defer session.mu.Unlock()
		if l := session.rtcp.loss; l < 0 || l > 100 {
			t.Errorf("%.1f %% lost", l)
		}
		if r := session.rtcp.rtt; r < 0 || r >= 10*time.Second {
			t.Errorf("round trip %v", r)
		}
	})
}

var _ media.Session = (*Session)(nil)
