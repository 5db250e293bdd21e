package stream

import (
	"testing"
	"time"

	"github.com/pion/rtp"
)

// Payloads of no byte and of 64 kB, and timestamps out of this world, in the
// middle of a call: counted or ignored, the voice goes on, and nothing is louder
// than it.
func TestAbsurdPacketsInACall(t *testing.T) {
	for _, name := range []string{"PCMA", "G722", "opus"} {
		n := simulate(t, name, 20*time.Millisecond)
		n.run(2*time.Second, clean)
		loudest := peak(n.heard)
		absurd := func(h rtp.Header, payload []byte) {
			h.Version, h.PayloadType, h.SSRC = 2, n.format.Type, 7
			b, err := (&rtp.Packet{Header: h, Payload: payload}).Marshal()
			if err != nil {
				t.Fatal(err)
			}
			n.s.Receive(b)
		}
		noise := make([]byte, 65000)
		for i := range noise {
			noise[i] = byte(i * 31)
		}
		n.heard = n.heard[:0]
		for range 20 {
			absurd(rtp.Header{SequenceNumber: n.seq, Timestamp: n.ts}, nil)
			n.run(60*time.Millisecond, clean)
			absurd(rtp.Header{SequenceNumber: n.seq + 30000, Timestamp: n.ts}, noise[:160])
			n.run(60*time.Millisecond, clean)
			absurd(rtp.Header{SequenceNumber: n.seq + 3, Timestamp: n.ts + 1<<31}, noise[:160])
			n.run(60*time.Millisecond, clean)
		}
		if w := n.worst(time.Second); w < 6000 {
			t.Errorf("%s: the tone falls to %.0f beside absurd packets", name, w)
		}
		absurd(rtp.Header{SequenceNumber: n.seq, Timestamp: n.ts}, noise)
		n.seq++
		n.ts += uint32(n.format.ClockRate / 50)
		n.sent += n.enc.Rate() / 50
		n.run(2*time.Second, clean)
		if st := n.s.Stats(); st.Bad == 0 {
			t.Errorf("%s: 64 kB in one packet were taken", name)
		}
		if w := n.worst(time.Second); w < 6000 {
			t.Errorf("%s: the tone falls to %.0f after 64 kB in one packet", name, w)
		}
		if p := peak(n.heard); p > loudest*5/4 {
			t.Errorf("%s: %d at the ear, the voice has %d", name, p, loudest)
		}
	}
}

func peak(pcm []int16) (most int) {
	for _, v := range pcm {
		most = max(most, int(v), -int(v))
	}
	return most
}
