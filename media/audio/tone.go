package audio

import (
	"math"
	"time"
)

// Segment is one stretch of a Tone: some frequencies, or silence.
type Segment struct {
	Freqs []float64     // Hz, of equal level; none is silence
	Mod   float64       // Hz: the sum is amplitude-modulated with it, 0 is not
	Len   time.Duration // 0 goes on for ever
}

// Tone is a cadence: Once, then Loop over and over. It is immutable.
type Tone struct {
	Once, Loop []Segment
	Level      float64 // of the sum of its frequencies, dBFS (RMS)
}

// len is how long the tone lasts, 0 if it has no end.
func (t *Tone) Len() time.Duration {
	if len(t.Loop) > 0 {
		return 0
	}
	var d time.Duration
	for _, s := range t.Once {
		if s.Len == 0 {
			return 0
		}
		d += s.Len
	}
	return d
}

// TonePlayer plays one Tone at a time, click-free: every stretch begins and
// ends with a ramp of 5 ms. The zero TonePlayer is silent. Not safe for
// concurrent use; nothing here allocates.
type TonePlayer struct {
	tone  *Tone
	list  []Segment
	index int
	at    int // samples into the segment
	total int // samples of the segment, 0: endless
	phase [maxPartials]uint32
	step  [maxPartials]uint32
	n     int
	mod   uint32
	mstep uint32
	amp   float32
}

const maxPartials = 4

// Play starts t from its beginning, nil stops. What sounded fades within the
// next frame.
func (p *TonePlayer) Play(t *Tone) {
	p.tone, p.list, p.index = t, nil, 0
	if t == nil {
		return
	}
	p.list = t.Once
	if len(p.list) == 0 {
		p.list = t.Loop
	}
	p.begin()
}

// Playing reports whether there is more to come.
func (p *TonePlayer) Playing() bool { return p.tone != nil }

// ReadFrame implements Source.
func (p *TonePlayer) ReadFrame(dst []int16) bool {
	clear(dst)
	sounded := false
	for len(dst) > 0 && p.tone != nil {
		n := len(dst)
		if p.total > 0 {
			n = min(n, p.total-p.at)
		}
		if p.n > 0 {
			p.synth(dst[:n])
			sounded = true
		}
		p.at += n
		dst = dst[n:]
		if p.total > 0 && p.at >= p.total {
			p.advance()
		}
	}
	return sounded
}

// advance goes to the next segment, or ends.
func (p *TonePlayer) advance() {
	if p.index++; p.index >= len(p.list) {
		p.list, p.index = p.tone.Loop, 0
		if len(p.list) == 0 {
			p.tone = nil
			return
		}
	}
	p.begin()
}

// begin prepares the oscillators of the current segment.
func (p *TonePlayer) begin() {
	if len(p.list) == 0 {
		p.tone = nil
		return
	}
	s := &p.list[p.index]
	p.at, p.total = 0, int(s.Len*Rate/time.Second)
	p.n = min(len(s.Freqs), maxPartials)
	for i, f := range s.Freqs[:p.n] {
		p.phase[i], p.step[i] = 0, phaseStep(f)
	}
	p.mod, p.mstep = 0, phaseStep(s.Mod)
	if p.n > 0 {
		// RMS of n equal sines is a·sqrt(n/2).
		p.amp = float32(32768 * math.Pow(10, p.tone.Level/20) / math.Sqrt(float64(p.n)/2))
	}
}

// synth writes samples of the current segment with its ramps.
func (p *TonePlayer) synth(dst []int16) {
	for k := range dst {
		var v float32
		for i := range p.n {
			v += sine32(p.phase[i])
			p.phase[i] += p.step[i]
		}
		v *= p.amp
		if p.mstep != 0 {
			v *= 0.5 + 0.5*sine32(p.mod)
			p.mod += p.mstep
		}
		i := p.at + k
		if i < RampLen {
			v *= float32(i) / RampLen
		}
		if left := p.total - 1 - i; p.total > 0 && left < RampLen {
			v *= float32(left) / RampLen
		}
		dst[k] = saturate(v)
	}
}

// phaseStep is the advance of a 32-bit phase per sample.
func phaseStep(freq float64) uint32 { return uint32(math.Round(freq / Rate * (1 << 32))) }

const sineBits = 11

var sineTable = func() (t [1<<sineBits + 1]float32) {
	for i := range t {
		t[i] = float32(math.Sin(2 * math.Pi * float64(i) / (1 << sineBits)))
	}
	return t
}()

// sine32 is the sine of a phase where 2³² is a full turn.
func sine32(phase uint32) float32 {
	i := phase >> (32 - sineBits)
	f := float32(phase&(1<<(32-sineBits)-1)) / (1 << (32 - sineBits))
	return sineTable[i] + f*(sineTable[i+1]-sineTable[i])
}
