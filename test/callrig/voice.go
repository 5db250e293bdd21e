package main

import (
	"fmt"
	"math"

	"phoned/media/codec"
	"phoned/media/codec/g711"
	"phoned/media/codec/g722"
	"phoned/media/codec/opus"
)

// voice is one direction's codec pair as SDP knows it. It has state and serves
// one call.
type voice struct {
	codec.Encoder
	dec     codec.Decoder
	payload uint8  // RTP payload type
	rtpmap  string // of SDP
	fmtp    string // of SDP; may be empty
	clock   int    // RTP clock in Hz
}

// opusLoss is the loss for which the rig's encoder provides, in percent. It is
// the same in every scenario: a sender does not know the network beforehand.
const opusLoss = 10

func newVoice(name string) (voice, error) {
	switch name {
	case "pcmu":
		return voice{g711.ULaw, g711.ULaw, 0, "PCMU/8000", "", 8000}, nil
	case "pcma":
		return voice{g711.ALaw, g711.ALaw, 8, "PCMA/8000", "", 8000}, nil
	case "g722": // RFC 3551 section 4.5.2: the clock is half the rate
		return voice{g722.NewEncoder(), g722.NewDecoder(), 9, "G722/8000", "", 8000}, nil
	case "opus":
		e, err := opus.NewEncoder(opus.Config{Bitrate: 32000})
		if err != nil {
			return voice{}, err
		}
		e.SetLoss(opusLoss)
		d, err := opus.NewDecoder()
		return voice{e, d, 107, "opus/48000/2", "minptime=10;useinbandfec=1", 48000}, err
	}
	return voice{}, fmt.Errorf("%w: codec %q is not known", errScenario, name)
}

// concealment is how an ideal phone fills the place of a lost packet.
type concealment string

const (
	bySilence    concealment = "silence"
	byRepetition concealment = "repeat"    // the packet before, 3 dB softer each time
	byCodec      concealment = "conceal"   // the codec's own
	byNext       concealment = "redundant" // the copy in the next packet, else the codec's own
)

// concealments are those that a codec can do.
func (v voice) concealments() []concealment {
	out := []concealment{byRepetition, bySilence}
	if _, ok := v.dec.(codec.Concealer); ok {
		out = append(out, byCodec)
	}
	if _, ok := v.dec.(codec.Redundant); ok {
		out = append(out, byNext)
	}
	return out
}

// fill is n samples in place of a lost packet. last is the last good packet's
// sound, run counts the losses since; next is the payload after it, nil if lost.
func (v voice) fill(how concealment, n, run int, last []int16, next []byte) ([]int16, error) {
	out := make([]int16, 0, n)
	switch how {
	case byNext:
		if next != nil {
			return v.dec.(codec.Redundant).Recover(out, next, n)
		}
		fallthrough
	case byCodec:
		return v.dec.(codec.Concealer).Conceal(out, n)
	}
	out = out[:n]
	if how == byRepetition && len(last) == n {
		gain := math.Pow(0.7, float64(run-1))
		for i, s := range last {
			out[i] = int16(float64(s) * gain)
		}
	}
	return out, nil
}
