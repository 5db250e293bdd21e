package media

import (
	"sync/atomic"
	"time"

	"phoned/media/audio"
	"phoned/media/device"
)

// counters are bumped by the audio thread.
type counters struct {
	ticks   atomic.Uint64
	slow    atomic.Uint64
	longest atomic.Int64
	lost    atomic.Uint64
	xruns   atomic.Uint64 // of devices that were closed
	turns   atomic.Uint64 // of the control goroutine
}

func (c *counters) tickTime(d time.Duration) {
	if d > audio.FrameTime {
		c.slow.Add(1)
	}
	if int64(d) > c.longest.Load() {
		c.longest.Store(int64(d)) // one writer: the audio thread
	}
}

// EngineStats are counters since the start, and the state of the open devices.
type EngineStats struct {
	Ticks       uint64        // frames moved through the graph
	SlowTicks   uint64        // that took longer than a frame lasts
	LongestTick time.Duration // including waits for the processor
	DevicesLost uint64
	Xruns       uint64 // times a device ran dry or over, of all since the start
	Speakers    []DeviceStats
	Microphone  *DeviceStats // nil: none is open
}

// DeviceStats are one open device's.
type DeviceStats struct {
	ID      string
	Latency time.Duration
	Master  bool // its clock pulls the graph
	Device  device.Stats
	Joint   audio.ElasticStats // between its clock and the master's
}

// Stats may be called at any time.
func (e *Engine) Stats() EngineStats {
	s := EngineStats{
		Ticks: e.counts.ticks.Load(), SlowTicks: e.counts.slow.Load(),
		LongestTick: time.Duration(e.counts.longest.Load()), DevicesLost: e.counts.lost.Load(), Xruns: e.counts.xruns.Load(),
	}
	r := e.routing.Load()
	for _, o := range r.outs {
		id := o.id
		if id == silentID {
			id = ""
		}
		s.Speakers = append(s.Speakers, DeviceStats{
			ID: id, Latency: o.dev.Latency(), Master: o.output == r.master,
			Device: o.dev.Stats(), Joint: o.elastic.Stats(),
		})
	}
	for _, d := range s.Speakers {
		s.Xruns += d.Device.Xruns
	}
	if m := r.mic; m != nil {
		s.Microphone = &DeviceStats{ID: m.id, Latency: m.dev.Latency(), Device: m.dev.Stats(), Joint: m.elastic.Stats()}
		s.Xruns += s.Microphone.Device.Xruns
	}
	return s
}

// Levels are what meters show, 0 to 1 (see audio.Meter).
type Levels struct {
	Microphone float64 // after processing, before mute
	Receive    float64 // the far ends
	Speaker    float64 // the loudspeaker in use
}

// Levels may be called at any time.
func (e *Engine) Levels() Levels {
	if e.routing.Load().master == nil {
		return Levels{}
	}
	return Levels{e.meters.mic.Level(), e.meters.far.Level(), e.meters.speaker.Level()}
}
