package main

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// Scenario is one call and what the network does to the voice on its way to the
// phone. The way back is never impaired, so that the phone alone is measured.
type Scenario struct {
	Name    string  `json:"name"`
	Codec   string  `json:"codec"`
	Seconds float64 `json:"dur_s"`
	Loss    float64 `json:"loss_pct"`
	Burst   float64 `json:"mean_burst"` // mean length of a loss in packets; 1: independent losses
	Jitter  Jitter  `json:"jitter"`
	Reorder bool    `json:"reorder"` // late packets are overtaken instead of holding up the queue
	PPM     float64 `json:"ppm"`     // how much faster than the true time the sender's clock runs
	Seed    uint64  `json:"seed"`
}

// Jitter is a distribution of delays: its shape and its size in ms.
type Jitter struct {
	Shape Shape
	Ms    float64
}

// Shape is the kind of a Jitter.
type Shape byte

const (
	Steady      Shape = 0
	Uniform     Shape = 'u' // 0 to Ms
	Exponential Shape = 'e' // mean Ms, cut off at six times that
	Stalls      Shape = 's' // every 5 s nothing passes for Ms, then all at once
	OneStall    Shape = 'o' // the same, but only once, after 5 s
)

// String is the notation of ParseScenario.
func (j Jitter) String() string {
	if j.Shape == Steady {
		return ""
	}
	return string(j.Shape) + strconv.FormatFloat(j.Ms, 'g', -1, 64)
}

// MarshalText implements encoding.TextMarshaler.
func (j Jitter) MarshalText() ([]byte, error) { return []byte(j.String()), nil }

const (
	ptime      = 20   // ms of voice in a packet
	stallEvery = 5000 // ms
	wholeStart = 1000 // ms without impairment, so that every call begins alike
)

// errScenario is wrapped by every error of ParseScenario.
var errScenario = errors.New("not a scenario")

// ParseScenario reads "name,key=value,…" with the keys codec, dur (s), loss (%),
// burst (packets), jit (uN, eN, sN or oN, ms), reorder, ppm and seed.
func ParseScenario(s string) (Scenario, error) {
	parts := strings.Split(s, ",")
	sc := Scenario{Name: parts[0], Codec: "pcmu", Seconds: 26, Burst: 1, Seed: 1}
	for _, part := range parts[1:] {
		key, value, _ := strings.Cut(part, "=")
		if err := sc.set(key, value); err != nil {
			return sc, fmt.Errorf("%w: %q: %w", errScenario, part, err)
		}
	}
	switch {
	case sc.Name == "":
		return sc, fmt.Errorf("%w: it has no name", errScenario)
	case !(sc.Seconds >= 5 && sc.Seconds <= 3600):
		return sc, fmt.Errorf("%w: %s: dur is 5 to 3600 seconds", errScenario, sc.Name)
	case !(sc.Loss >= 0 && sc.Loss < 100) || !(sc.Burst >= 1 && sc.Burst <= 100):
		return sc, fmt.Errorf("%w: %s: loss is 0 to under 100 %%, burst 1 to 100 packets", errScenario, sc.Name)
	case math.IsNaN(sc.PPM) || math.Abs(sc.PPM) > 10000:
		return sc, fmt.Errorf("%w: %s: ppm is -10000 to 10000", errScenario, sc.Name)
	}
	_, err := newVoice(sc.Codec)
	return sc, err
}

func (s *Scenario) set(key, value string) (err error) {
	number := func(f *float64) { *f, err = strconv.ParseFloat(value, 64) }
	switch key {
	case "codec":
		s.Codec = value
	case "dur":
		number(&s.Seconds)
	case "loss":
		number(&s.Loss)
	case "burst":
		number(&s.Burst)
	case "ppm":
		number(&s.PPM)
	case "seed":
		s.Seed, err = strconv.ParseUint(value, 10, 64)
	case "reorder":
		s.Reorder = true
	case "jit":
		if value == "" || !strings.ContainsRune("ueso", rune(value[0])) {
			return errors.New("jitter is uN, eN, sN or oN")
		}
		s.Jitter.Shape, value = Shape(value[0]), value[1:]
		if number(&s.Jitter.Ms); err == nil && !(s.Jitter.Ms >= 0 && s.Jitter.Ms <= 2000) {
			err = errors.New("jitter is 0 to 2000 ms")
		}
	default:
		err = errors.New("unknown key")
	}
	return err
}

// lost marks a packet in a schedule that never arrives.
const lost = -1

// Packets is the number of packets in the call.
func (s Scenario) Packets() int { return int(s.Seconds * 1000 / ptime) }

// Schedule says of each packet how many ms after its time it arrives, or lost.
// The same seed gives the same schedule, so that every phone meets the same
// network.
func (s Scenario) Schedule() []float64 {
	r := rand.New(rand.NewPCG(s.Seed, 0))
	out := make([]float64, s.Packets())
	inLoss, before := false, 0.0
	for i := range out {
		inLoss = s.loses(r, inLoss)
		at := float64(i) * ptime
		d := s.Jitter.delay(r, i)
		if at < wholeStart {
			continue
		}
		if !s.Reorder { // a queue keeps the order
			d = max(d, before-at)
			before = at + d
		}
		if out[i] = d; inLoss {
			out[i] = lost
		}
	}
	return out
}

// loses is a step of Gilbert's model: in the lossy state every packet is lost.
func (s Scenario) loses(r *rand.Rand, before bool) bool {
	p, dice := s.Loss/100, r.Float64()
	switch {
	case s.Burst <= 1:
		return dice < p
	case before:
		return dice >= 1/s.Burst
	}
	return dice < p/(1-p)/s.Burst
}

// delay is the next delay, in ms, of packet number i.
func (j Jitter) delay(r *rand.Rand, i int) float64 {
	switch j.Shape {
	case Uniform:
		return r.Float64() * j.Ms
	case Exponential:
		return min(r.ExpFloat64()*j.Ms, 6*j.Ms)
	case Stalls, OneStall:
		const period = stallEvery / ptime
		if j.Shape == OneStall && i >= 2*period {
			return 0
		}
		if into := float64(i%period) * ptime; i >= period && into < j.Ms {
			return j.Ms - into
		}
	}
	return 0
}

// scheduleP99 is the delay that 99 of 100 arriving packets do not exceed: what a
// fixed buffer chosen by an oracle would need.
func scheduleP99(schedule []float64) float64 {
	arrived := slices.DeleteFunc(slices.Clone(schedule), func(d float64) bool { return d == lost })
	return quantile(arrived, 0.99)
}
