package audio

import (
	"math"
	"sync/atomic"
)

// Meter shows how loud a point is: RMS with a fast rise and a slow fall (about
// 12 dB in 300 ms), as a needle would. Frame is for the audio thread, Level
// and DB for anybody.
type Meter struct {
	power float64 // audio thread's
	shown atomic.Uint64
	peak  atomic.Uint32
}

// Frame measures a frame.
func (m *Meter) Frame(frame []int16) {
	square, peak := Power(frame)
	p := square / (32768 * 32768)
	m.power = max(p, m.power*0.91)
	if m.power < 1e-12 {
		m.power = 0
	}
	m.shown.Store(math.Float64bits(m.power))
	m.peak.Store(uint32(peak))
}

// Silence is Frame of a frame of zeros.
func (m *Meter) Silence() {
	m.power = 0
	m.shown.Store(0)
	m.peak.Store(0)
}

// DB is the RMS level in dBFS (0 is a square wave at full scale), -120 or more.
func (m *Meter) DB() float64 {
	return max(-120, 10*math.Log10(math.Float64frombits(m.shown.Load())+1e-12))
}

// Level is the level for a bar on a screen: 0 at -60 dBFS or less, 1 at -6 or
// more, linear in decibels between.
func (m *Meter) Level() float64 { return min(1, max(0, (m.DB()+60)/54)) }

// Peak is the highest sample of the last frame, 0 to 32768.
func (m *Meter) Peak() int { return int(m.peak.Load()) }

// Power is a frame's mean square and its highest sample, 0 to 32768.
func Power(frame []int16) (square float64, peak int) {
	sum, low, high := int64(0), int16(0), int16(0)
	for _, v := range frame {
		sum += int64(int32(v) * int32(v))
		low, high = min(low, v), max(high, v)
	}
	return float64(sum) / float64(max(len(frame), 1)), max(int(high), -int(low))
}

func abs(v int) int {
	if v < 0 {
		return -v
	}
	return v
}
