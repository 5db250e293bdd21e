package stream

import "math"

// similar is the normalised correlation of two pieces of equal length, looking
// at every by-th sample.
func similar(a, b []int16, by int) float64 {
	var xy, xx, yy float64
	for i := 0; i < len(a); i += by {
		x, y := float64(a[i]), float64(b[i])
		xy += x * y
		xx += x * x
		yy += y * y
	}
	if xx == 0 || yy == 0 {
		return 0
	}
	return xy / math.Sqrt(xx*yy)
}

// Correlations at which a period may be taken out or put in.
const (
	alike     = 0.85 // unheard
	alikeEnow = 0.5  // when it is urgent
	whatever  = -1.0 // where nobody speaks
)

// quiet is the level, mean square, of what nobody hears.
const quiet = 60 * 60

// bestLag finds the period at which pcm repeats itself, at most most samples, by a
// correlation of need; ok is false if it does not. What is quiet has any period.
func bestLag(pcm []int16, rate, most int, need float64) (lag int, ok bool) {
	lo, hi := rate/400, min(rate/80, len(pcm)/2, most)
	if need <= whatever || meanSquare(pcm) < quiet {
		return hi, hi > 0
	}
	if hi < lo {
		return 0, false
	}
	step := max(rate/8000, 1)
	best := 0.0
	for l := lo; l <= hi; l += step {
		win := min(l, len(pcm)-l)
		if c := similar(pcm[:win], pcm[l:l+win], step); c > best {
			best, lag = c, l
		}
	}
	return lag, lag > 0 && best >= need
}

// compress takes one period, at most most samples, out of pcm (in place), by
// fading from its beginning to one period later.
func compress(pcm []int16, rate, most int, need float64) []int16 {
	l, ok := bestLag(pcm, rate, most, need)
	if !ok {
		return pcm
	}
	for i := range l {
		pcm[i] = int16((int(pcm[i])*(l-i) + int(pcm[l+i])*i) / l)
	}
	return append(pcm[:l], pcm[2*l:]...)
}

// stretch puts one period, at most most samples, into pcm, by fading from the
// second period back to the first one.
func stretch(pcm []int16, rate, most int, need float64) []int16 {
	l, ok := bestLag(pcm, rate, most, need)
	if !ok {
		return pcm
	}
	n := len(pcm)
	for range l {
		pcm = append(pcm, 0)
	}
	copy(pcm[2*l:], pcm[l:n])
	for i := range l { // pcm[l:2l] fades from the second period to the first
		pcm[l+i] = int16((int(pcm[2*l+i])*(l-i) + int(pcm[i])*i) / l)
	}
	return pcm
}

// pauses tells speech from what is between words: far softer than the speech
// lately, and near the least there was lately.
type pauses struct{ loud, least float64 }

// is takes the level, mean square, of the next packet.
func (p *pauses) is(level float64) bool {
	if p.loud == 0 {
		p.least = level
	}
	p.loud = max(p.loud-p.loud/256, level)
	p.least = min(p.least+p.least/64+1, level)
	return level < quiet || level < p.loud/40 && level < 3*p.least
}
