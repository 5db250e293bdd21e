// Package level brings a talker in the room to a common level (process.Processor)
// without bringing up what the echo canceller left over: while the far end speaks
// the gain never rises, and what is then no voice of ours is not amplified at
// all. It needs no library and starts no goroutine.
package level

import (
	"math"

	"phoned/media/audio"
)

// Levels are in dB below a full-scale sine.
const (
	// Target is what the active level of a talker is brought to.
	Target = -20.0
	// Most and Least bound the gain in dB.
	Most, Least = 12.0, -9.0

	speechOver  = 12.0  // dB over the room's noise
	speechLeast = -52.0 // what is below is nobody who means to be heard
	farLeast    = -52.0 // the far end speaks
	farHold     = 30    // frames that it still counts: reverberation, device delay
	ownRange    = 12.0  // dB under our talker's level that may still be him while the far end speaks
	follow      = 0.02  // of the difference a frame: the level is known after about half a second of speech
	riseStep    = 0.06  // dB a frame while he speaks: 6 dB/s
	fallStep    = 0.2   // 20 dB/s
	duckStep    = 2.0   // 200 dB/s, down on residual echo
	openStep    = 1.0   // and up again, when he speaks
	floorRise   = 0.03
)

// Processor implements process.Processor. Not safe for concurrent use.
type Processor struct {
	begun   bool
	floor   float64 // noise of the room
	talker  float64 // his level
	gain    float64 // dB that he needs
	applied float64 // dB in use
	far     int     // frames that the far end still counts as speaking
	out     audio.Gain
	limit   audio.Limiter
}

// New makes a processor with a gain of 0 dB.
func New() *Processor {
	return &Processor{talker: Target, out: audio.NewGain(1), limit: audio.Limiter{Ceiling: 29204}} // -1 dBFS
}

// Process implements process.Processor.
func (p *Processor) Process(mic, far []int16) {
	now := power(mic)
	if !p.begun {
		p.begun, p.floor = true, max(now, -75)
	}
	if now < p.floor {
		p.floor = max(-80, p.floor+(now-p.floor)/8)
	} else {
		p.floor += floorRise
	}
	if power(far) > farLeast {
		p.far = farHold
	} else if p.far > 0 {
		p.far--
	}
	speaks := now > speechLeast && now > p.floor+speechOver
	switch {
	case p.far == 0 && speaks:
		p.talker += (now - p.talker) * follow
		p.gain = toward(p.gain, max(Least, min(Most, Target-p.talker)), riseStep, fallStep)
		p.applied = toward(p.applied, p.gain, openStep, fallStep)
	case p.far == 0:
		p.applied = toward(p.applied, p.gain, riseStep, fallStep)
	case speaks && now > p.talker-ownRange:
		p.applied = toward(p.applied, p.gain, openStep, duckStep)
	default:
		p.applied = toward(p.applied, min(0, p.gain), 0, duckStep)
	}
	p.out.Set(float32(math.Pow(10, p.applied/20)))
	p.out.Apply(mic)
	p.limit.Apply(mic)
}

// SetDelay implements process.Processor.
func (p *Processor) SetDelay(int) {}

// Close implements process.Processor.
func (p *Processor) Close() error { return nil }

// Gain is the gain in use, in dB.
func (p *Processor) Gain() float64 { return p.applied }

func toward(now, target, up, down float64) float64 {
	if target > now {
		return min(target, now+up)
	}
	return max(target, now-down)
}

func power(frame []int16) float64 {
	sum := 0.0
	for _, v := range frame {
		sum += float64(v) * float64(v)
	}
	return max(-100, 10*math.Log10(2*sum/float64(max(1, len(frame)))/(32768*32768)+1e-10))
}
