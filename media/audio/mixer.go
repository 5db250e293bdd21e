package audio

// Mixer adds up inputs. Use: Clear, Add for each input, Mix. Sums are kept wide
// and saturate only at the end; a single frame at full level, which is what most
// mixes of a call are, is passed on without any arithmetic. Frames that were added
// must stay as they are until the next Clear. The zero Mixer is ready. Not safe for
// concurrent use.
type Mixer struct {
	sum    [FrameLen]float32
	filled bool    // sum holds something; else it is out of date
	only   []int16 // the sum is this frame; nil with filled unset: it is silence
}

// Input is one input's place in a mix: its gain, which glides, so that an input
// joins and leaves without a click. The zero Input is silent.
type Input struct {
	gain Gain
	last float32
}

// Set names the gain to glide to with the next frame; 0 leaves the mix.
func (in *Input) Set(gain float32) { in.gain.Set(gain) }

// Silent reports whether the input adds nothing any more.
func (in *Input) Silent() bool { return in.gain.Silent() && in.last == 0 }

// Clear starts a new frame.
func (m *Mixer) Clear() { m.filled, m.only = false, nil }

// fill brings what was added so far into sum.
func (m *Mixer) fill() {
	if m.filled {
		return
	}
	m.filled = true
	if m.only == nil {
		clear(m.sum[:])
		return
	}
	for i, v := range m.only {
		m.sum[i] = float32(v)
	}
	m.only = nil
}

// Add adds a frame of in.
func (m *Mixer) Add(in *Input, frame []int16) {
	g := &in.gain
	frame = frame[:FrameLen]
	switch {
	case g.Silent():
		m.Break(in)
		return
	case g.now == g.target && g.now == 1:
		if !m.filled && m.only == nil {
			m.only = frame
			break
		}
		m.fill()
		for i, v := range frame {
			m.sum[i] += float32(v)
		}
	case g.now == g.target:
		m.fill()
		for i, v := range frame {
			m.sum[i] += float32(v) * g.now
		}
	default:
		m.fill()
		step := (g.target - g.now) / RampLen
		for i := range RampLen {
			g.now += step
			m.sum[i] += float32(frame[i]) * g.now
		}
		g.now = g.target
		for i := RampLen; i < FrameLen; i++ {
			m.sum[i] += float32(frame[i]) * g.now
		}
	}
	in.last = float32(frame[FrameLen-1]) * g.now
}

// Break is Add for an input whose sound has ended without notice: its last
// value is ramped down.
func (m *Mixer) Break(in *Input) {
	if in.last != 0 {
		m.fill()
		for i := range RampLen {
			m.sum[i] += in.last * float32(RampLen-1-i) / RampLen
		}
	}
	in.gain, in.last = Gain{}, 0
}

// plain writes the sum to dst if that takes no arithmetic.
func (m *Mixer) plain(dst []int16) bool {
	if m.filled {
		return false
	}
	if m.only == nil {
		clear(dst)
	} else {
		copy(dst, m.only)
	}
	return true
}

// Mix writes the saturated sum to dst.
func (m *Mixer) Mix(dst []int16) {
	dst = dst[:FrameLen]
	if m.plain(dst) {
		return
	}
	for i, v := range m.sum {
		dst[i] = saturate(v)
	}
}

// Limit writes the sum to dst, brought under l's ceiling (full scale if it has
// none) by a gain instead of by cutting its peaks off: voices that speak at the
// same time stay clean.
func (m *Mixer) Limit(dst []int16, l *Limiter) {
	dst = dst[:FrameLen]
	if l.rests() && m.plain(dst) {
		return
	}
	m.fill()
	l.mix(dst, m.sum[:])
}

// UnityInput is an input that adds frames as they are, at once.
func UnityInput() Input { return Input{gain: NewGain(1)} }
