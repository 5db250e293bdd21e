package rtc

import (
	"math"

	"github.com/pion/rtp"

	"phoned/media/codec/g711"
)

// wave is a running sine.
type wave struct{ freq, phase float64 }

func tone(freq float64) *wave { return &wave{freq: freq} }

func (w *wave) next(rate, n int) []int16 {
	pcm := make([]int16, n)
	for i := range pcm {
		pcm[i] = int16(8000 * math.Sin(w.phase))
		w.phase += 2 * math.Pi * w.freq / float64(rate)
	}
	return pcm
}

func pcmu(pcm []int16, seq uint16) *rtp.Packet {
	p, _ := g711.ULaw.Encode(nil, pcm)
	return &rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: seq, Timestamp: uint32(seq) * 160}, Payload: p}
}
