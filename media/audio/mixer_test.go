package audio

import (
	"slices"
	"testing"
)

func ramped(from, step int16) []int16 {
	f := make([]int16, FrameLen)
	for i := range f {
		f[i] = from + int16(i)*step
	}
	return f
}

// One frame at full level comes out as it is, and is still part of the sum when
// others are added after it was asked for.
func TestMixOfOneAndMore(t *testing.T) {
	var m Mixer
	var l Limiter
	out := make([]int16, FrameLen)
	a, b, quiet := ramped(-5000, 20), ramped(3000, -7), make([]int16, FrameLen)
	one, two := UnityInput(), UnityInput()
	half := Input{gain: NewGain(0.5)}
	for _, limit := range []bool{false, true} {
		mix := func() []int16 {
			if limit {
				m.Limit(out, &l)
			} else {
				m.Mix(out)
			}
			return out
		}
		m.Clear()
		if got := mix(); !slices.Equal(got, quiet) {
			t.Fatal("nothing is not silence")
		}
		m.Add(&one, a)
		if got := mix(); !slices.Equal(got, a) {
			t.Fatal("one frame was changed")
		}
		m.Add(&two, b)
		m.Add(&half, b)
		for i, v := range mix() {
			if want := float32(a[i]) + 1.5*float32(b[i]); v != saturate(want) {
				t.Fatalf("sample %d is %d, want %v", i, v, want)
			}
		}
		m.Clear()
		m.Add(&half, b)
		for i, v := range mix() {
			if want := saturate(float32(b[i]) / 2); v != want {
				t.Fatalf("after Clear sample %d is %d, want %d", i, v, want)
			}
		}
		m.Clear()
		m.Break(&one)
		if got := mix(); got[0] == 0 || got[RampLen] != 0 {
			t.Fatal("what ended is not ramped down")
		}
		one = UnityInput()
	}
}

// A limiter that has turned down goes on with the next frame, though that would
// pass as it is.
func TestLimitRecoversOverASingleFrame(t *testing.T) {
	var m Mixer
	var l Limiter
	out := make([]int16, FrameLen)
	loud, soft := ramped(30000, 0), ramped(10000, 0)
	one, two := UnityInput(), UnityInput()
	m.Add(&one, loud)
	m.Add(&two, loud)
	m.Limit(out, &l)
	m.Clear()
	m.Add(&one, soft)
	m.Limit(out, &l)
	if v := out[0]; v > 6500 {
		t.Errorf("the gain jumps: %d", v)
	}
	for range 30 {
		m.Clear()
		m.Add(&one, soft)
		m.Limit(out, &l)
	}
	if !slices.Equal(out, soft) {
		t.Errorf("the gain does not come back: %d", out[0])
	}
}

func TestPower(t *testing.T) {
	if s, p := Power([]int16{-32768, 32767, 0, 0}); p != 32768 || s != (32768.0*32768+32767.0*32767)/4 {
		t.Error(s, p)
	}
	if s, p := Power(nil); s != 0 || p != 0 {
		t.Error(s, p)
	}
}
