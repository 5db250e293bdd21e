package app

import (
	"time"

	"phoned/media"
)

// SoundStats are the counters of everything between microphone, network and
// loudspeaker, for management: JSON with fixed names, times in milliseconds,
// nothing in it that says who talks to whom. Counters begin with the start of the
// program (Sound), the opening of a device (Devices) or of a call's media (Calls).
type SoundStats struct {
	Ticks         uint64  `json:"ticks"`         // frames of 10 ms moved through the graph
	SlowTicks     uint64  `json:"slowTicks"`     // of which took longer than they last
	LongestTickMS float64 `json:"longestTickMs"` // of all
	DevicesLost   uint64  `json:"devicesLost"`   // pulled out, or their server died
	// Xruns are the times a device ran dry or over, of all devices since the start,
	// and LongestGapMS the longest time one of those now open did not call back.
	Xruns        uint64        `json:"xruns"`
	LongestGapMS float64       `json:"longestGapMs"`
	Devices      []DeviceSound `json:"devices"`
	Calls        []CallSound   `json:"calls"`
}

// DeviceSound is one open device.
type DeviceSound struct {
	ID        string  `json:"id"` // "": the system's default, or the clock while there is none
	Direction string  `json:"direction"`
	Clock     bool    `json:"clock"` // the graph keeps this device's time
	LatencyMS float64 `json:"latencyMs"`
	Frames    uint64  `json:"frames"`
	Xruns     uint64  `json:"xruns"`
	GapMS     float64 `json:"gapMs"` // the longest
	// What the joint between this device's clock and the graph's did: samples put
	// in and taken out for drift, frames that were missing or too many.
	Inserted  uint64 `json:"inserted"`
	Dropped   uint64 `json:"dropped"`
	Underruns uint64 `json:"underruns"`
	Overruns  uint64 `json:"overruns"`
}

// CallSound is the media of one call.
type CallSound struct {
	Codec       string  `json:"codec"` // sent
	RecvCodec   string  `json:"recvCodec"`
	Secure      bool    `json:"secure"`
	PacketsSent uint64  `json:"packetsSent"`
	PacketsRecv uint64  `json:"packetsRecv"`
	PacketsLost uint64  `json:"packetsLost"`
	Late        uint64  `json:"late"`      // came too late to be played
	Bad         uint64  `json:"bad"`       // could not be used at all
	Concealed   uint64  `json:"concealed"` // frames of 10 ms made up
	LossPercent float64 `json:"lossPercent"`
	RemoteLoss  float64 `json:"remoteLossPercent"`
	JitterMS    float64 `json:"jitterMs"`
	BufferMS    float64 `json:"bufferMs"` // what the jitter buffer holds
	RoundTripMS float64 `json:"roundTripMs"`
	R           float64 `json:"r"`   // E-model
	MOS         float64 `json:"mos"` // estimated from it
	Quality     string  `json:"quality"`
	Cause       string  `json:"cause,omitempty"`
}

// SoundStats may be called at any time.
func (s *System) SoundStats() SoundStats {
	e := s.Engine.Stats()
	out := SoundStats{
		Ticks: e.Ticks, SlowTicks: e.SlowTicks, LongestTickMS: ms(e.LongestTick), DevicesLost: e.DevicesLost, Xruns: e.Xruns,
		Devices: []DeviceSound{}, Calls: []CallSound{},
	}
	for _, d := range e.Speakers {
		out.add(d, "playback")
	}
	if e.Microphone != nil {
		out.add(*e.Microphone, "capture")
	}
	if s.Phone != nil {
		for _, c := range s.Phone.MediaStats() {
			out.Calls = append(out.Calls, callSound(c))
		}
	}
	return out
}

func (s *SoundStats) add(d media.DeviceStats, direction string) {
	s.LongestGapMS = max(s.LongestGapMS, ms(d.Device.LongestGap))
	s.Devices = append(s.Devices, DeviceSound{
		ID: d.ID, Direction: direction, Clock: d.Master, LatencyMS: ms(d.Latency),
		Frames: d.Device.Frames, Xruns: d.Device.Xruns, GapMS: ms(d.Device.LongestGap),
		Inserted: d.Joint.Inserted, Dropped: d.Joint.Dropped, Underruns: d.Joint.Underruns, Overruns: d.Joint.Overruns,
	})
}

func callSound(c media.Stats) CallSound {
	r := media.Rate(c)
	return CallSound{
		Codec: c.Codec, RecvCodec: c.RecvCodec, Secure: c.Secure, PacketsSent: c.PacketsSent, PacketsRecv: c.PacketsRecv,
		PacketsLost: c.PacketsLost, Late: c.Late, Bad: c.Bad, Concealed: c.Concealed, LossPercent: c.LossPercent,
		RemoteLoss: c.RemoteLoss, JitterMS: ms(c.Jitter), BufferMS: ms(c.JitterDelay), RoundTripMS: ms(c.RoundTrip),
		R: r.R, MOS: r.MOS, Quality: r.Word, Cause: r.Cause,
	}
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
