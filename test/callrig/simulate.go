package main

import (
	"slices"
	"time"

	"phoned/internal/clock"
	"phoned/media/audio"
	"phoned/media/stream"
)

// simulated is the way our own receiver would take the scenario: the shipped
// stream in virtual time, with nothing of the machine's load in it. Its card is
// the loop of 10 ms that the phone has. With ppm the far end's clock is off.
func simulated(sc Scenario, speech []int16) (h Heard, ref, sound []int16, v voice, err error) {
	if v, err = newVoice(sc.Codec); err != nil {
		return
	}
	ref = reference(speech, sc, v.Rate())
	p, err := packets(sc, v, ref)
	if err != nil {
		return
	}
	clk := clock.NewFake(time.Unix(1e9, 0))
	s := stream.New(stream.Config{Clock: clk})
	defer s.Close()
	if err = s.SetFormats(stream.Formats{Recv: []stream.Format{v.format(sc.Codec)}}); err != nil {
		return
	}
	heard := receive(s, clk, p, time.Duration((sc.Seconds+0.5)*float64(time.Second)))
	arrivals, err := sendBack48(sc.Codec, heard)
	if err != nil {
		return
	}
	// A decoder has state: what comes back is another stream.
	back, err := newVoice(sc.Codec)
	if err != nil {
		return
	}
	h, sound, err = analyse(sc, back, ref, arrivals)
	return
}

// format is the voice as a stream knows it.
func (v voice) format(codec string) stream.Format {
	return stream.Format{Name: codec, Type: v.payload, ClockRate: v.clock}
}

// tickPhase is where between two packets the phone's card asks for sound.
const tickPhase = 7 * time.Millisecond

// receive plays a plan to s for d and gives what its card got each 10 ms, with
// the loop's period of silence before it.
func receive(s *stream.Stream, clk *clock.Fake, p plan, d time.Duration) []int16 {
	heard := make([]int16, audio.FrameLen)
	frame := make([]int16, audio.FrameLen)
	next, now := 0, time.Duration(0)
	to := func(at time.Duration) {
		if at > now {
			clk.Advance(at - now)
			now = at
		}
	}
	for tick := tickPhase; tick < d; tick += audio.FrameTime {
		for ; next < len(p.At) && p.At[next] <= tick; next++ {
			to(p.At[next])
			s.Receive(p.Packets[next])
		}
		to(tick)
		s.ReadFrame(frame)
		heard = append(heard, frame...)
	}
	return heard
}

// sendBack48 makes packets of what the card heard, as the phone's sender does.
func sendBack48(name string, heard []int16) ([]arrival, error) {
	v, err := newVoice(name)
	if err != nil {
		return nil, err
	}
	pcm := resampled(heard, audio.Rate, v.Rate())
	n := v.Rate() * ptime / 1000
	var out []arrival
	for i := 0; (i+1)*n <= len(pcm); i++ {
		payload, err := v.Encode(nil, pcm[i*n:(i+1)*n])
		if err != nil {
			return nil, err
		}
		at := tickPhase + time.Duration(i*ptime)*time.Millisecond + audio.FrameTime
		out = append(out, arrival{at, appendRTP(nil, v.payload, i == 0, uint16(i), uint32(i*v.clock*ptime/1000), 1, slices.Clone(payload))})
	}
	return out, nil
}
