package audio

import (
	"fmt"
	"time"
)

// Resampler converts mono 16-bit sound between two of the rates 8, 16, 24 and
// 48 kHz with a polyphase FIR low-pass (linear phase). The pass band reaches 83 %
// of the lower rate's half (3.35 kHz at 8 kHz), at the half itself 3 dB are gone;
// what lies over 118 % of it, and so would fold into the pass band, is more than
// 60 dB down. Its delay is under 1.5 ms (see Delay).
//
// Sound of a codec's rate that is brought to 48 kHz and back by two Resamplers, as
// from one leg of a conference to another, is what it was, within 50 dB: most of
// its G.711 codes are the same again. Two ordinary low-passes would take 12 dB at
// the edge of the band, and G.711 would add its noise a second time.
//
// A Resampler carries the end of the sound it has seen from call to call. It
// is not safe for concurrent use.
type Resampler struct {
	from, to int
	up, down int
	branches [][]float32 // branches[p] gives the output at phase p of up
	hist     []float32   // twice the filter's length: the window is contiguous
	pos      int         // where the newest sample goes in hist
	phase    int
	delay    time.Duration
}

// NewResampler makes a converter. It panics if a rate is not one of the four:
// rates are constants of codecs and devices, never outside input.
func NewResampler(from, to int) *Resampler {
	for _, r := range [2]int{from, to} {
		switch r {
		case 8000, 16000, 24000, 48000:
		default:
			panic(fmt.Sprintf("audio: no resampler for %d Hz", r))
		}
	}
	g := gcd(from, to)
	r := &Resampler{from: from, to: to, up: to / g, down: from / g}
	if from == to {
		return r
	}
	r.branches, r.delay = polyphase(from, r.up, min(from, to))
	r.hist = make([]float32, 2*len(r.branches[0]))
	return r
}

// polyphase takes the low-pass at rate from·up out of the table and splits it in up
// branches.
func polyphase(from, up, lower int) ([][]float32, time.Duration) {
	ratio := from * up / lower
	taps, n := rootNyquist[ratio], rootSpan*ratio+1
	per := (n + up - 1) / up
	b := make([][]float32, up)
	for p := range b {
		b[p] = make([]float32, per)
		for k := range b[p] {
			if i := p + k*up; i < n {
				// Stored from the oldest sample to the newest.
				b[p][per-1-k] = float32(taps[min(i, n-1-i)] * float64(up))
			}
		}
	}
	return b, time.Duration(float64(n-1) / 2 / float64(from*up) * float64(time.Second))
}

// Append converts src and appends the result to dst, which it returns. It does
// not allocate if dst has room for OutLen(len(src)) more samples.
func (r *Resampler) Append(dst, src []int16) []int16 {
	if r.from == r.to {
		return append(dst, src...)
	}
	n := len(r.hist) / 2
	for _, s := range src {
		r.hist[r.pos], r.hist[r.pos+n] = float32(s), float32(s)
		if r.pos++; r.pos == n {
			r.pos = 0
		}
		window := r.hist[r.pos : r.pos+n]
		for ; r.phase < r.up; r.phase += r.down {
			dst = append(dst, saturate(dot(r.branches[r.phase], window)))
		}
		r.phase -= r.up
	}
	return dst
}

// dot is the sum of products of two slices of equal length, in four sums that need
// not wait for each other.
func dot(a, b []float32) float32 {
	b = b[:len(a)]
	var s0, s1, s2, s3 float32
	for len(a) >= 4 && len(b) >= 4 {
		s0 += a[0] * b[0]
		s1 += a[1] * b[1]
		s2 += a[2] * b[2]
		s3 += a[3] * b[3]
		a, b = a[4:], b[4:]
	}
	for i, v := range a {
		s0 += v * b[i]
	}
	return s0 + s1 + (s2 + s3)
}

// OutLen is the most samples that n samples in can become.
func (r *Resampler) OutLen(n int) int { return (n*r.up + r.down - 1) / r.down }

// Delay is how much later the sound comes out.
func (r *Resampler) Delay() time.Duration { return r.delay }

// Reset forgets the sound seen so far.
func (r *Resampler) Reset() {
	clear(r.hist)
	r.pos, r.phase = 0, 0
}

func saturate(v float32) int16 {
	if v >= 32767 {
		return 32767
	}
	if v <= -32768 {
		return -32768
	}
	if v < 0 {
		return int16(v - 0.5)
	}
	return int16(v + 0.5)
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
