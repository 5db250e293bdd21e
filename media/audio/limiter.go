package audio

import "math"

// Limiter protects the ear from acoustic shock (the aim of ITU-T P.360): it
// looks at each frame before it is played and brings it under the ceiling with
// a gain that falls within the frame and recovers over about 200 ms. The
// waveform is scaled, not clipped. The zero Limiter lets everything pass; set
// Ceiling. Not safe for concurrent use.
type Limiter struct {
	Ceiling int16 // highest sample let through; 0 is no limit
	gain    float32
}

// Apply limits frame in place.
func (l *Limiter) Apply(frame []int16) {
	if l.Ceiling <= 0 {
		return
	}
	if l.gain == 0 {
		l.gain = 1
	}
	peak := 0
	for _, v := range frame {
		peak = max(peak, abs(int(v)))
	}
	want := float32(1)
	if peak > int(l.Ceiling) {
		want = float32(l.Ceiling) / float32(peak)
	}
	if want == 1 && l.gain == 1 {
		return
	}
	from, to := l.gain, want
	switch {
	case want < l.gain:
		// Loud at once: the whole frame must already be under the ceiling
		// where it peaks, so the gain falls in the first half millisecond.
		l.attack(frame, from, to)
		l.gain = to
		return
	default:
		to = min(want, l.gain+1.0/20)
	}
	step := (to - from) / float32(len(frame))
	for i, v := range frame {
		from += step
		frame[i] = l.clip(float32(v) * from)
	}
	l.gain = to
}

// limiterAttack is how fast the gain falls: 0.5 ms.
const limiterAttack = Rate / 2000

func (l *Limiter) attack(frame []int16, from, to float32) {
	n := min(limiterAttack, len(frame))
	step := (to - from) / float32(n)
	for i, v := range frame {
		if i < n {
			from += step
		}
		frame[i] = l.clip(float32(v) * from)
	}
}

// clip is the last resort, for peaks within the attack.
func (l *Limiter) clip(v float32) int16 {
	return saturate(min(float32(l.Ceiling), max(-float32(l.Ceiling), v)))
}

// rests reports whether samples as they are pass unchanged.
func (l *Limiter) rests() bool { return l.Ceiling <= 0 && (l.gain == 0 || l.gain == 1) }

// mix is Apply for a sum that has not been brought to samples yet.
func (l *Limiter) mix(dst []int16, sum []float32) {
	peak := float32(0)
	for _, v := range sum {
		if v < 0 {
			v = -v
		}
		if v > peak {
			peak = v
		}
	}
	ceiling := float32(l.Ceiling)
	if ceiling <= 0 {
		ceiling = math.MaxInt16
	}
	if l.gain == 0 {
		l.gain = 1
	}
	from, to, n := l.gain, min(float32(1), l.gain+1.0/20), len(sum)
	if peak > ceiling {
		to = min(to, ceiling/peak)
	}
	if from == 1 && to == 1 {
		for i, v := range sum {
			dst[i] = saturate(v)
		}
		return
	}
	if to < from {
		n = min(limiterAttack, n)
	}
	step := (to - from) / float32(n)
	for i, v := range sum {
		if i < n {
			from += step
		}
		dst[i] = saturate(min(ceiling, max(-ceiling, v*from)))
	}
	l.gain = to
}
