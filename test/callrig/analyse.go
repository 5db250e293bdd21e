package main

import (
	"errors"
	"math"
	"slices"
	"time"
)

// Heard is what came back from the phone. The loop delay is the time from the
// instant at which a packet was handed to the phone to the instant at which the
// packet with the same sound left it, counted at the packets' first samples.
// With a loop from loudspeaker to microphone it equals the one-way delay from
// mouth to ear between two such phones on a network without delay.
type Heard struct {
	Received     int     `json:"received"`
	ReceivedLost int     `json:"received_lost"`
	GapP99       float64 `json:"recv_gap_p99_ms"`
	GapMax       float64 `json:"recv_gap_max_ms"`
	ClockPPM     float64 `json:"phone_send_clock_ppm"`
	DelayP50     float64 `json:"loop_delay_p50_ms"`
	DelayP95     float64 `json:"loop_delay_p95_ms"`
	DelayMin     float64 `json:"loop_delay_min_ms"`
	DelayMax     float64 `json:"loop_delay_max_ms"`
	DelayFirst   float64 `json:"loop_delay_first5s_ms"`
	DelayLast    float64 `json:"loop_delay_last5s_ms"`
	Correlation  float64 `json:"corr_p50"`
	Gain         float64 `json:"gain_db"` // the phone's volume; taken out before the comparison
	Damaged      float64 `json:"damaged_active_frames_pct"`
	Silenced     float64 `json:"silenced_active_frames_pct"`
	Distance     float64 `json:"log_spectral_dist_db"`
	MOS          float64 `json:"mos_lqo"` // ITU-T P.862; 0: there was no scorer
}

var (
	errFewPackets = errors.New("fewer than 50 voice packets came back")
	errNoEcho     = errors.New("what came back is not what was sent")
)

// The comparison is done at 8 kHz.
const (
	lookRate   = 8000
	lookWindow = lookRate     // of a measurement of the delay
	lookHop    = lookRate / 2 // from one to the next
	longest    = lookRate     // delay looked for
	activeRMS  = 300          // softer windows are not looked at
	activeLoud = 400          // the same for frames
	likeness   = 0.4          // correlation from which a delay counts
	damage     = 12           // dB of log-spectral distance
	silence    = 1e-3         // of the energy sent
)

// analyse compares what came back with the reference. sound is what came back
// on the rig's time line, at the codec's rate.
func analyse(sc Scenario, v voice, ref []int16, arrivals []arrival) (h Heard, sound []int16, err error) {
	var all []rtpPacket
	for _, a := range arrivals {
		if p, ok := parseRTP(a, v.payload); ok {
			all = append(all, p)
		}
	}
	if len(all) < 50 {
		return h, nil, errFewPackets
	}
	h.network(all)
	anchor := h.clock(all, v.clock)
	sound = place(all, v, anchor, int((sc.Seconds+2)*float64(v.Rate())))
	factor := v.Rate() / lookRate
	x, y := narrow(ref, factor), narrow(sound, factor)
	x = x[:min(len(x), int(sc.Seconds*lookRate))]
	track := h.delays(x, y, sc.PPM)
	if len(track) == 0 {
		return h, sound, errNoEcho
	}
	h.frames(x, y, track)
	return h, sound, nil
}

// network fills in what the packets alone say.
func (h *Heard) network(all []rtpPacket) {
	var gaps []float64
	last := 0
	for i, p := range all {
		last = max(last, int(int16(p.seq-all[0].seq)))
		if i > 0 && all[i-1].at > time.Second { // a start-up is not judged
			gaps = append(gaps, ms(p.at-all[i-1].at))
		}
	}
	h.Received, h.ReceivedLost = len(all), max(0, last+1-len(all))
	h.GapP99, h.GapMax = quantile(gaps, 0.99), quantile(gaps, 1)
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// mediaTime is a packet's time on the phone's clock, in ms.
func mediaTime(p rtpPacket, base uint32, clock int) float64 {
	return float64(int32(p.timestamp-base)) * 1000 / float64(clock)
}

// clock finds the arrival time that belongs to the first packet's timestamp, in
// ms, from the quickest packet of each 2 s, and how fast the phone's clock runs.
func (h *Heard) clock(all []rtpPacket, rate int) (anchor float64) {
	const window = 2000.0
	best := map[int][2]float64{} // media time and arrival minus media time
	for _, p := range all {
		t := mediaTime(p, all[0].timestamp, rate)
		v := ms(p.at) - t
		if old, ok := best[int(t/window)]; !ok || v < old[1] {
			best[int(t/window)] = [2]float64{t, v}
		}
	}
	if len(best) > 4 {
		delete(best, 0)
	}
	var slopes, offsets []float64
	for i, b := range best {
		offsets = append(offsets, b[1])
		for j, a := range best {
			if j < i {
				slopes = append(slopes, (b[1]-a[1])/(b[0]-a[0]))
			}
		}
	}
	// Arrivals that grow faster than timestamps: the phone's clock is slow.
	h.ClockPPM = -median(slopes) * 1e6
	return median(offsets)
}

// place decodes the packets onto the rig's time line, n samples long.
func place(all []rtpPacket, v voice, anchor float64, n int) []int16 {
	base := all[0].timestamp
	ordered := slices.Clone(all)
	slices.SortStableFunc(ordered, func(a, b rtpPacket) int { return int(int32(a.timestamp - b.timestamp)) })
	out := make([]int16, n)
	var pcm []int16
	for _, p := range ordered {
		var err error
		if pcm, err = v.dec.Decode(pcm[:0], p.payload); err != nil {
			continue // a hole, heard as such
		}
		at := int(math.Round((anchor + mediaTime(p, base, v.clock)) / 1000 * float64(v.Rate())))
		if skip := max(0, -at); skip < len(pcm) && at+skip < n {
			copy(out[at+skip:], pcm[skip:])
		}
	}
	return out
}

// sighting is a delay seen at a sample of the reference.
type sighting struct{ at, delay int }

// delays follows the delay through the call. The sender's clock runs ppm fast,
// so its packets leave ever earlier than the reference says.
func (h *Heard) delays(x, y []float64, ppm float64) (track []sighting) {
	var seen, first, last, corrs, gains []float64
	for at := lookRate; at+lookWindow <= len(x) && at+lookWindow+longest <= len(y); at += lookHop {
		w := x[at : at+lookWindow]
		if rms(w) < activeRMS {
			continue
		}
		lag, corr, gain := lagOf(w, y[at:at+lookWindow+longest])
		corrs = append(corrs, corr)
		if corr < likeness {
			continue
		}
		d := (float64(lag) + float64(at+lookWindow/2)*ppm*1e-6) * 1000 / lookRate
		seen, gains, track = append(seen, d), append(gains, gain/max(corr, likeness)), append(track, sighting{at, lag})
		if at < 6*lookRate {
			first = append(first, d)
		}
		if at > len(x)-6*lookRate {
			last = append(last, d)
		}
	}
	h.DelayP50, h.DelayP95 = median(seen), quantile(seen, 0.95)
	h.DelayMin, h.DelayMax = quantile(seen, 0), quantile(seen, 1)
	h.DelayFirst, h.DelayLast = median(first), median(last)
	h.Correlation = median(corrs)
	if g := median(gains); g > 0 {
		h.Gain = 20 * math.Log10(g)
	}
	return track
}

// wander is where a frame may lie around the delay seen there: ±10 ms.
var wander = []int{0, -8, 8, -24, 24, -48, 48, -80, 80}

// frames compares each 20 ms of speech with what came of it.
func (h *Heard) frames(x, y []float64, track []sighting) {
	gain := math.Pow(10, h.Gain/20)
	active, damaged, silenced, sum, near := 0, 0, 0, 0.0, 0
	for at := lookRate; at+bandFrame <= len(x); at += lookRate * ptime / 1000 {
		frame := x[at : at+bandFrame]
		if rms(frame) < activeLoud {
			continue
		}
		off := func(i int) int { d := track[i].at + lookWindow/2 - at; return max(d, -d) }
		for near+1 < len(track) && off(near+1) <= off(near) {
			near++
		}
		best, heard := math.Inf(1), 0.0
		// The delay may have changed between two sightings.
		for i := max(0, near-1); i <= min(near+1, len(track)-1); i++ {
			if d, e := closest(frame, y, at+track[i].delay, 1/gain); d < best {
				best, heard = d, e
			}
		}
		if math.IsInf(best, 1) {
			continue
		}
		active++
		sum += best
		if best > damage {
			damaged++
		}
		if heard < silence*energy(frame) {
			silenced++
		}
	}
	if active > 0 {
		n := float64(active)
		h.Damaged, h.Silenced, h.Distance = 100*float64(damaged)/n, 100*float64(silenced)/n, sum/n
	}
}

// closest is the least distance of frame to what lies around a place in y, and
// the energy there.
func closest(frame, y []float64, around int, gain float64) (best, heard float64) {
	best = math.Inf(1)
	want := bandLevels(frame)
	for _, d := range wander {
		from := around + d
		if from < 0 || from+bandFrame > len(y) {
			continue
		}
		got := scaled(y[from:from+bandFrame], gain)
		if d := distance(want, bandLevels(got)); d < best {
			best, heard = d, energy(got)
		}
	}
	return best, heard
}

func scaled(x []float64, by float64) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = v * by
	}
	return out
}
