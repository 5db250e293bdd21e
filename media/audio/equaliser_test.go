package audio

import (
	"errors"
	"math"
	"testing"
)

// response is a curve's gain in dB at a frequency.
func response(c *Curve, hz float64) float64 {
	var e Equaliser
	e.Set(c)
	in, out := 0.0, 0.0
	frame := make([]int16, FrameLen)
	for n := range 50 {
		for i := range frame {
			frame[i] = int16(3000 * math.Sin(2*math.Pi*hz*float64(n*FrameLen+i)/Rate))
		}
		if n >= 20 {
			for _, v := range frame {
				in += float64(v) * float64(v)
			}
		}
		e.Apply(frame)
		if n >= 20 {
			for _, v := range frame {
				out += float64(v) * float64(v)
			}
		}
	}
	return 10 * math.Log10(out/in)
}

func TestEqualiserCurves(t *testing.T) {
	for _, c := range []struct {
		band Band
		want map[float64]float64
	}{
		{Band{Peak, 1000, 9, 2}, map[float64]float64{1000: 9, 100: 0, 8000: 0}},
		{Band{LowShelf, 300, -12, 0}, map[float64]float64{50: -12, 300: -6, 3000: 0}},
		{Band{HighShelf, 3000, 6, 0}, map[float64]float64{300: 0, 3000: 3, 12000: 6}},
		{Band{HighPass, 200, 0, 0}, map[float64]float64{200: -3, 2000: 0, 50: -24}},
		{Band{LowPass, 4000, 0, 0}, map[float64]float64{4000: -3, 400: 0}},
	} {
		curve, err := NewCurve([]Band{c.band})
		if err != nil {
			t.Fatal(err)
		}
		for hz, want := range c.want {
			if got := response(curve, hz); math.Abs(got-want) > 0.5 {
				t.Errorf("%+v: %+.1f dB at %.0f Hz, want %+.1f", c.band, got, hz, want)
			}
		}
	}
}

// Another curve in the middle of a sound makes no step.
func TestEqualiserChangesWithoutAClick(t *testing.T) {
	loud, err := NewCurve([]Band{{Peak, 400, 6, 1}, {HighPass, 100, 0, 0}})
	if err != nil {
		t.Fatal(err)
	}
	var e Equaliser
	frame := make([]int16, FrameLen)
	last, at := int16(0), 0
	for n := range 40 {
		if n%10 == 5 {
			e.Set(loud)
		} else if n%10 == 0 {
			e.Set(nil)
		}
		for i := range frame {
			frame[i] = int16(6000 * math.Sin(2*math.Pi*400*float64(at)/Rate))
			at++
		}
		e.Apply(frame)
		for _, v := range frame {
			if d := math.Abs(float64(v) - float64(last)); d > 12000*2*math.Pi*400/Rate*1.3 {
				t.Fatalf("a step of %.0f in frame %d", d, n)
			}
			last = v
		}
	}
}

func TestEqualiserRefuses(t *testing.T) {
	for _, b := range []Band{{"bell", 1000, 0, 0}, {Peak, 5, 0, 0}, {Peak, 1000, 40, 0}, {Peak, 1000, 3, 50}, {Peak, math.NaN(), 0, 0}, {Peak, 1000, math.Inf(1), 0}} {
		if _, err := NewCurve([]Band{b}); !errors.Is(err, ErrBand) {
			t.Errorf("%+v: %v", b, err)
		}
	}
	if _, err := NewCurve(make([]Band, 9)); !errors.Is(err, ErrBand) {
		t.Error(err)
	}
}
