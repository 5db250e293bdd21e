package audio

import (
	"sync/atomic"
	"time"
)

// Elastic joins two clocks that nearly agree: one side writes samples at its
// own pace, the other reads a frame whenever its own clock asks. It keeps the
// delay between them as low as their jitter allows. Slow drift is taken up by
// making a frame a sample shorter or longer (cubic interpolation, not audible);
// a reader that comes too early gets silence, faded, and the reserve grows; a
// reserve that was not needed for long shrinks.
//
// What it steers is the stock: the samples left after a read plus those that
// the writer has collected since its last write, as told by the time. Unlike
// what is left it does not jump when a write that used to come just before the
// read comes to be just after it. As long as the stock does not fall the clocks
// are taken to be one, and no sample is touched.
//
// Write is for one goroutine, Read for one other; Stats for any.
type Elastic struct {
	ring  *Ring
	base  time.Time
	stamp atomic.Int64 // of the last write, since base
	chunk atomic.Int64 // longest write

	// Reader's state, in samples.
	primed  bool
	drifts  bool // the clocks are two: the stock is kept up
	reserve int  // beyond the longest wait for a write
	reads   int  // in this window
	stock   int  // sum of this window
	wait    int  // longest in this window
	most    int  // highest stock while the clocks seemed to be one
	calm    int  // windows since the last underrun
	adjust  int  // samples more (or less) to take a frame
	last    int16
	fade    Fade
	scratch [FrameLen + elasticMaxAdjust]int16

	underruns, dropped, inserted, overruns atomic.Uint64
	level                                  atomic.Int64
}

const (
	elasticWindow     = 50            // reads: half a second
	elasticHysteresis = Rate / 500    // 2 ms over the goal before frames are shortened
	elasticSlack      = Rate / 2000   // 0.5 ms under it before they are lengthened
	elasticReserve    = Rate / 400    // 2.5 ms: first reserve, and its step
	elasticMaxReserve = 4 * FrameLen  // 40 ms
	elasticMaxHold    = 10 * FrameLen // 100 ms: more is thrown away at once
	elasticMaxAdjust  = 4
)

// ElasticStats counts what an Elastic had to do.
type ElasticStats struct {
	Underruns uint64 // frames of silence because nothing was there
	Overruns  uint64 // times the writer found no room or too much had piled up
	Dropped   uint64 // samples taken out for drift
	Inserted  uint64 // samples put in for drift
	Level     int    // samples left after the last read
}

// NewElastic makes an empty one.
func NewElastic() *Elastic {
	return &Elastic{ring: NewRing(2 * elasticMaxHold), base: time.Now()}
}

// Write takes samples; it never blocks. Writer only.
func (e *Elastic) Write(src []int16) {
	if e.ring.Write(src) < len(src) {
		e.overruns.Add(1)
	}
	e.stamp.Store(int64(time.Since(e.base)))
	if n := int64(len(src)); n > e.chunk.Load() {
		e.chunk.Store(n)
	}
}

// Read fills a frame and reports whether it is sound (true) or made-up silence.
// Reader only.
func (e *Elastic) Read(dst []int16) bool {
	have := e.ring.Len()
	switch {
	case !e.primed && have < FrameLen:
		clear(dst)
		return false
	case !e.primed:
		e.ring.Skip(have - FrameLen - e.reserve)
		e.primed = true
		e.fade.In()
		e.restart()
	case have < FrameLen:
		e.underrun(dst)
		return false
	case have > elasticMaxHold:
		e.overruns.Add(1)
		e.ring.Skip(have - e.goal() - FrameLen)
		e.fade.In()
		e.restart()
	}
	n := FrameLen + e.adjust
	if e.ring.Len() < n {
		n = FrameLen
	}
	if n == FrameLen {
		e.ring.Read(dst)
	} else {
		e.ring.Read(e.scratch[:n])
		stretch(dst, e.scratch[:n], e.last)
		if n > FrameLen {
			e.dropped.Add(uint64(n - FrameLen))
		} else {
			e.inserted.Add(uint64(FrameLen - n))
		}
	}
	e.last = dst[FrameLen-1]
	e.fade.Apply(dst)
	e.steer()
	return true
}

// Reset throws away what is held; the next Read starts anew. Reader only.
func (e *Elastic) Reset() {
	e.ring.Skip(e.ring.Len())
	e.primed = false
	e.restart()
}

// Stats may be called at any time.
func (e *Elastic) Stats() ElasticStats {
	return ElasticStats{
		Underruns: e.underruns.Load(), Overruns: e.overruns.Load(),
		Dropped: e.dropped.Load(), Inserted: e.inserted.Load(), Level: int(e.level.Load()),
	}
}

// underrun gives a fading tail, and asks for more reserve. What is there stays
// there: the next read finds it and what came since, and so the delay grows by
// less than a frame.
func (e *Elastic) underrun(dst []int16) {
	e.underruns.Add(1)
	Tail(dst, e.last)
	e.last = 0
	e.fade.In()
	e.reserve = min(e.reserve+elasticReserve, elasticMaxReserve)
	e.drifts, e.calm = true, 0
	e.restart()
}

// restart begins a new window of observation.
func (e *Elastic) restart() {
	e.reads, e.stock, e.wait, e.most, e.adjust = 0, 0, 0, 0, 0
}

// goal is the stock to have when the clocks drift: enough for the longest wait
// between writes, and the reserve.
func (e *Elastic) goal() int { return max(e.wait, int(e.chunk.Load())) + e.reserve }

// steer observes the stock for a window and sets the adjustment of the next.
func (e *Elastic) steer() {
	left := e.ring.Len()
	wait := int((int64(time.Since(e.base)) - e.stamp.Load()) * Rate / int64(time.Second))
	wait = min(max(wait, 0), elasticMaxHold)
	e.level.Store(int64(left))
	e.stock += left + wait
	e.wait = max(e.wait, wait)
	if e.reads++; e.reads < elasticWindow {
		return
	}
	stock := e.stock / elasticWindow
	goal := e.goal()
	if !e.drifts {
		goal = e.wait + e.reserve // one clock: the phase will not change
		e.most = max(e.most, stock)
		e.drifts = stock < e.most-elasticSlack
	}
	switch over := stock - goal; {
	case over > 2*FrameLen:
		e.adjust = elasticMaxAdjust
	case over > elasticHysteresis:
		e.adjust = 1
	case e.drifts && over < -elasticSlack:
		e.adjust = -1
	default:
		e.adjust = 0
	}
	if e.adjust > 0 {
		e.most = 0 // it falls because we take
	}
	// Half a minute of calm: try with 1 ms less, but keep a floor once there
	// was an underrun.
	if e.calm++; e.calm >= 60 && e.reserve > elasticReserve {
		e.reserve = max(e.reserve-Rate/1000, elasticReserve)
		e.calm = 0
	}
	e.reads, e.stock, e.wait = 0, 0, 0
}

// stretch makes len(dst) samples of len(src) by cubic (Catmull-Rom)
// interpolation; before is the sample in front of src.
func stretch(dst, src []int16, before int16) {
	n := len(src)
	step := float32(n) / float32(len(dst))
	at := func(i int) float32 {
		switch {
		case i < 0:
			return float32(before)
		case i >= n:
			return float32(src[n-1])
		}
		return float32(src[i])
	}
	for i := range dst {
		pos := float32(i) * step
		k := int(pos)
		t := pos - float32(k)
		a, b, c, d := at(k-1), at(k), at(k+1), at(k+2)
		dst[i] = saturate(b + t/2*(c-a+t*(2*a-5*b+4*c-d+t*(3*(b-c)+d-a))))
	}
}
