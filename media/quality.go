package media

import (
	"math"
	"time"
)

// Rating is how a call sounds, in one word, and what is wrong with it.
type Rating struct {
	R   float64 // transmission rating factor, ITU-T G.107, 0–93.2
	MOS float64 // estimated listening quality, 1–4.5
	// Delay is the estimate of the way from mouth to ear.
	Delay time.Duration
	Word  string // excellent, good, fair, poor; "" while nothing was received
	// Cause of anything worse than good: downlink_loss, uplink_loss, delay;
	// "" when all is well.
	Cause string
}

// Impairments of the codecs with concealment, ITU-T G.113 appendix I (Ie and
// Bpl); Opus is not in that table and is treated like a robust wideband codec.
var codecImpairment = map[string]struct{ ie, bpl float64 }{
	"PCMU": {0, 25.1},
	"PCMA": {0, 25.1},
	"G722": {0, 20},
	"opus": {0, 30},
}

// Rate estimates quality by a simplified E-model: delay (half the round trip,
// the jitter buffer and 40 ms of packets and devices) and random loss, each
// way; the worse side counts. Thresholds of the words: R ≥ 80 excellent,
// ≥ 70 good, ≥ 60 fair (ITU-T G.109's classes "satisfied", "some users
// dissatisfied", "many users dissatisfied"), otherwise poor.
func Rate(s Stats) Rating {
	if s.PacketsRecv == 0 {
		return Rating{}
	}
	delay := s.RoundTrip/2 + s.JitterDelay + 40*time.Millisecond
	d := float64(delay) / float64(time.Millisecond)
	id := 0.024 * d
	if d > 177.3 {
		id += 0.11 * (d - 177.3)
	}
	down, up := lossImpairment(s.RecvCodec, s.LossPercent), lossImpairment(s.Codec, s.RemoteLoss)
	r := math.Max(0, 93.2-id-math.Max(down, up))
	out := Rating{R: r, MOS: mos(r), Delay: delay}
	switch {
	case r >= 80:
		out.Word = "excellent"
	case r >= 70:
		out.Word = "good"
	case r >= 60:
		out.Word = "fair"
	default:
		out.Word = "poor"
	}
	if r < 80 {
		switch {
		case up >= down && up > id:
			out.Cause = "uplink_loss"
		case down > id:
			out.Cause = "downlink_loss"
		default:
			out.Cause = "delay"
		}
	}
	return out
}

// lossImpairment is Ie,eff of G.107 for random loss in percent.
func lossImpairment(codec string, loss float64) float64 {
	c, ok := codecImpairment[codec]
	if !ok {
		c = codecImpairment["PCMU"]
	}
	if loss <= 0 {
		return c.ie
	}
	return c.ie + (95-c.ie)*loss/(loss+c.bpl)
}

func mos(r float64) float64 {
	if r <= 0 {
		return 1
	}
	if r >= 100 {
		return 4.5
	}
	return 1 + 0.035*r + r*(r-60)*(100-r)*7e-6
}
