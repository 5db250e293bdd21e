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
	// Cause of what is wrong, "" when all is well; the worst one. Of anything
	// worse than excellent: CauseUplink, CauseDownlink, CauseNetwork,
	// CauseJitter, CauseDelay; of a call that may be excellent by its packets:
	// the others.
	Cause string
	// Side that the cause is on: SideOurs, SideTheirs, or SideWay for the
	// network between, which neither end can tell apart; "" without a cause.
	Side string
}

// Causes; the words are keys of the catalogue of sentences.
const (
	CauseUplink   = "uplink_loss"   // they lose what we send: they hear us badly
	CauseDownlink = "downlink_loss" // we lose what they send
	CauseNetwork  = "network_loss"  // both: what both ways share is our own network
	CauseJitter   = "jitter"        // our network delivers so unevenly that it delays
	CauseDelay    = "delay"         // the way is long
	CauseNoAudio  = "no_audio"      // nothing comes from them
	CauseSilent   = "mic_silent"    // our microphone gives zeros
	CauseTooQuiet = "too_quiet"     // we can hardly be heard
	CauseTooLoud  = "too_loud"      // our loudspeaker is too loud for echo cancelling
)

// Sides of a cause.
const (
	SideOurs   = "ours"
	SideTheirs = "theirs"
	SideWay    = "way"
)

var causeSides = map[string]string{
	CauseUplink: SideOurs, CauseDownlink: SideWay, CauseNetwork: SideOurs, CauseJitter: SideOurs, CauseDelay: SideWay,
	CauseNoAudio: SideTheirs, CauseSilent: SideOurs, CauseTooQuiet: SideOurs, CauseTooLoud: SideOurs,
}

const (
	// sharedLoss is what both ways must lose for the network at our end to be
	// suspected: a loss on the far side hits one way as easily as both.
	sharedLoss = 2.0
	// quietSpeech in dB below a full-scale sine: a talker at the level of ITU-T
	// P.56 tests (-26 dBov) who is 16 dB down.
	quietSpeech = -45.0
	// loudEcho: an echo this much louder in the microphone than it is played
	// leaves a canceller no room for a voice beside it.
	loudEcho = -6.0
)

// Judge is Rate, and looks at our own end where the packets are well: what the
// engine heard, and whether anything arrives at all. A microphone that is muted
// or not ours at the moment is no cause.
func Judge(now, before Stats, h Hearing, handsFree, muted, mutual bool) Rating {
	r := Rate(now)
	switch {
	case mutual && before.PacketsRecv > 0 && now.PacketsRecv == before.PacketsRecv && now.PacketsSent > before.PacketsSent+10:
		r.Cause = CauseNoAudio
	case r.Cause != "" && r.Word != "excellent":
	case muted:
	case h.Silent:
		r.Cause = CauseSilent
	case handsFree && (h.Overload || h.Echo != 0 && h.Echo < loudEcho):
		r.Cause = CauseTooLoud
	case h.Speech != 0 && h.Speech < quietSpeech:
		r.Cause = CauseTooQuiet
	}
	r.Side = causeSides[r.Cause]
	return r
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
		case max(up, down) > id && min(s.LossPercent, s.RemoteLoss) >= sharedLoss && max(s.LossPercent, s.RemoteLoss) < 3*min(s.LossPercent, s.RemoteLoss):
			out.Cause = CauseNetwork
		case up >= down && up > id:
			out.Cause = CauseUplink
		case down > id:
			out.Cause = CauseDownlink
		case s.JitterDelay > s.RoundTrip/2:
			out.Cause = CauseJitter
		default:
			out.Cause = CauseDelay
		}
	}
	out.Side = causeSides[out.Cause]
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
