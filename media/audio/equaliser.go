package audio

import (
	"errors"
	"fmt"
	"math"
)

// ErrBand: a band of an equaliser is out of range.
var ErrBand = errors.New("equaliser band is out of range")

// MaxBands of an equaliser.
const MaxBands = 8

// BandKind is the shape of a band; the words stand in board files.
type BandKind string

const (
	Peak      BandKind = "peak"       // lifts or lowers around Hz
	LowShelf  BandKind = "low_shelf"  // everything below Hz
	HighShelf BandKind = "high_shelf" // everything above Hz
	HighPass  BandKind = "high_pass"  // takes out what is below Hz; DB is not used
	LowPass   BandKind = "low_pass"   // takes out what is above Hz; DB is not used
)

// Band is one filter of an equaliser.
type Band struct {
	Kind BandKind
	Hz   float64 // 20 to 20,000
	DB   float64 // -24 to 24
	Q    float64 // 0.1 to 10; 0 is 0.707
}

// Check gives ErrBand if a value is out of range.
func (b Band) Check() error {
	switch b.Kind {
	case Peak, LowShelf, HighShelf, HighPass, LowPass:
	default:
		return fmt.Errorf("%w: kind %q (peak, low_shelf, high_shelf, high_pass, low_pass)", ErrBand, string(b.Kind))
	}
	switch {
	case !(b.Hz >= 20 && b.Hz <= 20000):
		return fmt.Errorf("%w: %v Hz is not 20 to 20000", ErrBand, b.Hz)
	case !(math.Abs(b.DB) <= 24):
		return fmt.Errorf("%w: %v dB is not -24 to 24", ErrBand, b.DB)
	case b.Q != 0 && !(b.Q >= 0.1 && b.Q <= 10):
		return fmt.Errorf("%w: Q of %v is not 0.1 to 10", ErrBand, b.Q)
	}
	return nil
}

// Curve is a checked equaliser setting; immutable. nil is flat.
type Curve struct{ bands []biquad }

// NewCurve computes a curve of up to MaxBands bands; none is nil. ErrBand.
func NewCurve(bands []Band) (*Curve, error) {
	if len(bands) == 0 {
		return nil, nil
	}
	if len(bands) > MaxBands {
		return nil, fmt.Errorf("%w: %d bands are more than %d", ErrBand, len(bands), MaxBands)
	}
	c := &Curve{}
	for _, b := range bands {
		if err := b.Check(); err != nil {
			return nil, err
		}
		c.bands = append(c.bands, design(b))
	}
	return c, nil
}

// biquad is b0 + b1 z⁻¹ + b2 z⁻² over 1 + a1 z⁻¹ + a2 z⁻².
type biquad struct{ b0, b1, b2, a1, a2 float64 }

// design follows R. Bristow-Johnson, "Cookbook formulae for audio EQ biquad
// filter coefficients" (W3C Audio working group note).
func design(b Band) biquad {
	q := b.Q
	if q == 0 {
		q = math.Sqrt2 / 2
	}
	sin, cos := math.Sincos(2 * math.Pi * b.Hz / Rate)
	alpha := sin / (2 * q)
	a := math.Pow(10, b.DB/40)
	root := 2 * math.Sqrt(a) * alpha
	var n0, n1, n2, d0, d1, d2 float64
	switch b.Kind {
	case Peak:
		n0, n1, n2 = 1+alpha*a, -2*cos, 1-alpha*a
		d0, d1, d2 = 1+alpha/a, -2*cos, 1-alpha/a
	case LowShelf:
		n0, n1, n2 = a*((a+1)-(a-1)*cos+root), 2*a*((a-1)-(a+1)*cos), a*((a+1)-(a-1)*cos-root)
		d0, d1, d2 = (a+1)+(a-1)*cos+root, -2*((a-1)+(a+1)*cos), (a+1)+(a-1)*cos-root
	case HighShelf:
		n0, n1, n2 = a*((a+1)+(a-1)*cos+root), -2*a*((a-1)+(a+1)*cos), a*((a+1)+(a-1)*cos-root)
		d0, d1, d2 = (a+1)-(a-1)*cos+root, 2*((a-1)-(a+1)*cos), (a+1)-(a-1)*cos-root
	case HighPass:
		n0, n1, n2 = (1+cos)/2, -(1 + cos), (1+cos)/2
		d0, d1, d2 = 1+alpha, -2*cos, 1-alpha
	case LowPass:
		n0, n1, n2 = (1-cos)/2, 1-cos, (1-cos)/2
		d0, d1, d2 = 1+alpha, -2*cos, 1-alpha
	}
	return biquad{n0 / d0, n1 / d0, n2 / d0, d1 / d0, d2 / d0}
}

// Equaliser runs a curve over frames. Another curve is faded to within a frame.
// The zero Equaliser is flat. Not safe for concurrent use.
type Equaliser struct {
	curve, next *Curve
	state       [MaxBands][2]float64
	scratch     [FrameLen]int16
}

// Set names the curve from the next frame on.
func (e *Equaliser) Set(c *Curve) { e.next = c }

// Apply filters frame in place, saturating.
func (e *Equaliser) Apply(frame []int16) {
	if e.next == e.curve {
		e.run(frame)
		return
	}
	frame = frame[:FrameLen]
	copy(e.scratch[:], frame)
	e.run(e.scratch[:])
	e.curve, e.state = e.next, [MaxBands][2]float64{}
	e.run(frame)
	for i, v := range e.scratch {
		share := float32(i) / FrameLen
		frame[i] = saturate(float32(frame[i])*share + float32(v)*(1-share))
	}
}

// run is transposed direct form II, which keeps least noise.
func (e *Equaliser) run(frame []int16) {
	if e.curve == nil {
		return
	}
	for i, v := range frame {
		x := float64(v)
		for k := range e.curve.bands {
			f, s := &e.curve.bands[k], &e.state[k]
			y := f.b0*x + s[0]
			s[0] = f.b1*x - f.a1*y + s[1]
			s[1] = f.b2*x - f.a2*y
			x = y
		}
		frame[i] = saturate(float32(x))
	}
}
