package mediapeer

import (
	"math"

	"gopkg.in/hraban/opus.v2"
)

// codec turns 20 ms of mono samples at its rate into a payload and back. One
// direction of one call uses one codec from one goroutine.
type codec interface {
	rate() int
	encode(pcm []int16) ([]byte, error)
	decode(payload []byte) ([]int16, error)
}

// newCodec gives nil for a name it does not know.
func newCodec(name string) codec {
	switch name {
	case "pcmu":
		return g711{ulaw: true}
	case "pcma":
		return g711{}
	case "opus":
		return &opusCodec{}
	}
	return nil
}

type g711 struct{ ulaw bool }

func (g711) rate() int { return 8000 }

func (g g711) encode(pcm []int16) ([]byte, error) {
	out := make([]byte, len(pcm))
	for i, s := range pcm {
		if g.ulaw {
			out[i] = toULaw(int(s))
		} else {
			out[i] = toALaw(int(s))
		}
	}
	return out, nil
}

func (g g711) decode(p []byte) ([]int16, error) {
	out := make([]int16, len(p))
	for i, b := range p {
		if g.ulaw {
			out[i] = fromULaw(b)
		} else {
			out[i] = fromALaw(b)
		}
	}
	return out, nil
}

// G.711 table 2a: µ-law with a bias of 132 on a 16-bit scale.
func toULaw(s int) byte {
	sign := byte(0)
	if s < 0 {
		sign, s = 0x80, -s
	}
	s = min(s, 32635) + 132
	e := byte(7)
	for m := 0x4000; e > 0 && s&m == 0; m >>= 1 {
		e--
	}
	return ^(sign | e<<4 | byte(s>>(e+3))&0x0f)
}

func fromULaw(b byte) int16 {
	b = ^b
	s := ((int(b&0x0f)<<3 + 132) << (b >> 4 & 7)) - 132
	if b&0x80 != 0 {
		s = -s
	}
	return int16(s)
}

// G.711 table 1a: A-law, even bits inverted.
func toALaw(s int) byte {
	sign := byte(0x80)
	if s < 0 {
		sign, s = 0, -s-1
	}
	s = min(s, 32767)
	if s < 256 {
		return (sign | byte(s>>4)) ^ 0x55
	}
	e := byte(7)
	for m := 0x4000; e > 1 && s&m == 0; m >>= 1 {
		e--
	}
	return (sign | e<<4 | byte(s>>(e+3))&0x0f) ^ 0x55
}

func fromALaw(b byte) int16 {
	b ^= 0x55
	e, s := b>>4&7, int(b&0x0f)<<4+8
	if e > 0 {
		s = (s + 256) << (e - 1)
	}
	if b&0x80 == 0 {
		s = -s
	}
	return int16(s)
}

// opusCodec is made on first use: most legs only pass Opus on.
type opusCodec struct {
	enc *opus.Encoder
	dec *opus.Decoder
}

func (*opusCodec) rate() int { return 48000 }

func (o *opusCodec) encode(pcm []int16) ([]byte, error) {
	if o.enc == nil {
		e, err := opus.NewEncoder(48000, 1, opus.AppVoIP)
		if err != nil {
			return nil, err
		}
		if err := e.SetComplexity(3); err != nil {
			return nil, err
		}
		o.enc = e
	}
	out := make([]byte, 1275)
	n, err := o.enc.Encode(pcm, out)
	return out[:max(n, 0)], err
}

func (o *opusCodec) decode(p []byte) ([]int16, error) {
	if o.dec == nil {
		d, err := opus.NewDecoder(48000, 1)
		if err != nil {
			return nil, err
		}
		o.dec = d
	}
	out := make([]int16, 5760)
	n, err := o.dec.Decode(p, out)
	return out[:max(n, 0)], err
}

// rms of samples, 0 to 1.
func rms(pcm []int16) float64 {
	if len(pcm) == 0 {
		return 0
	}
	var sum float64
	for _, s := range pcm {
		sum += float64(s) * float64(s)
	}
	return math.Sqrt(sum/float64(len(pcm))) / 32768
}
