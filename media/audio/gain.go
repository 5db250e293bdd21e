package audio

// RampLen is how long gains take to change: 5 ms, too short to notice and too
// long to click.
const RampLen = Rate / 200

// Gain multiplies frames by a factor that glides to its target in 5 ms. The
// zero Gain is silent. Not safe for concurrent use.
type Gain struct{ now, target float32 }

// NewGain starts at factor g.
func NewGain(g float32) Gain { return Gain{g, g} }

// Set names the factor to glide to with the next frame.
func (g *Gain) Set(target float32) { g.target = target }

// Silent reports whether the gain is, and stays, zero.
func (g *Gain) Silent() bool { return g.now == 0 && g.target == 0 }

// Apply multiplies frame, in place, saturating.
func (g *Gain) Apply(frame []int16) {
	if g.now == g.target {
		switch g.now {
		case 1:
		case 0:
			clear(frame)
		default:
			for i, v := range frame {
				frame[i] = saturate(float32(v) * g.now)
			}
		}
		return
	}
	ramp := min(RampLen, len(frame))
	step := (g.target - g.now) / float32(ramp)
	for i := range frame[:ramp] {
		g.now += step
		frame[i] = saturate(float32(frame[i]) * g.now)
	}
	g.now = g.target
	for i := ramp; i < len(frame); i++ {
		frame[i] = saturate(float32(frame[i]) * g.now)
	}
}

// Fade is a one-time ramp up from silence after a gap. The zero Fade does
// nothing.
type Fade struct{ pending bool }

// In makes the next frame start softly.
func (f *Fade) In() { f.pending = true }

// Apply ramps the frame up if In was called.
func (f *Fade) Apply(frame []int16) {
	if !f.pending {
		return
	}
	f.pending = false
	for i := range min(RampLen, len(frame)) {
		frame[i] = int16(int32(frame[i]) * int32(i) / RampLen)
	}
}

// Tail fills dst with what a sound that broke off at the sample last needs not
// to click: its last value, ramped down to zero.
func Tail(dst []int16, last int16) {
	ramp := min(RampLen, len(dst))
	for i := range ramp {
		dst[i] = int16(int32(last) * int32(RampLen-1-i) / RampLen)
	}
	clear(dst[ramp:])
}
