package stream

import (
	"flag"
	"testing"
	"time"
)

// hours of it take a minute: -drift 4h.
var driftFor = flag.Duration("drift", time.Minute, "virtual `time` of the drift test for each clock")

// A sender whose clock is wrong for a long time: the delay does not wander off, and
// the difference is taken out of the sound or put into it, never made up.
func TestDriftOfTheSendersClock(t *testing.T) {
	for _, ppm := range []time.Duration{500, -500, 100} {
		n := simulate(t, "PCMA", 20*time.Millisecond)
		n.ppm = ppm
		n.run(10*time.Second, clean)
		before := n.s.Stats()
		least, most, softest := time.Hour, time.Duration(0), 1e9
		for range *driftFor / (10 * time.Second) {
			n.heard = n.heard[:0]
			n.run(10*time.Second, clean)
			d := n.s.Stats().Delay
			least, most = min(least, d), max(most, d)
			softest = min(softest, n.worst(10*time.Second))
		}
		st := n.s.Stats()
		t.Logf("%d ppm: delay %v to %v, %d frames of %v made up, tone never under %.0f", ppm, least, most, st.Concealed-before.Concealed, *driftFor, softest)
		if most > 30*time.Millisecond || most-least > 20*time.Millisecond {
			t.Errorf("%d ppm: the delay wanders from %v to %v", ppm, least, most)
		}
		if made := st.Concealed - before.Concealed; made > 5+uint64(*driftFor/(2*time.Minute)) {
			t.Errorf("%d ppm: %d frames were made up", ppm, made)
		}
		if softest < 6000 {
			t.Errorf("%d ppm: the tone falls to %.0f", ppm, softest)
		}
	}
}

// Renegotiations and payloads of another codec from one packet to the next: no
// silence between them, in either direction of the change.
func TestCodecChangeLeavesNoHole(t *testing.T) {
	for _, pair := range [][2]string{{"PCMA", "PCMU"}, {"PCMU", "G722"}, {"G722", "PCMA"}, {"PCMA", "opus"}, {"opus", "PCMA"}} {
		n := simulate(t, pair[0], 20*time.Millisecond)
		n.run(2*time.Second, clean)
		before := n.s.Stats().Concealed
		o := simulate(t, pair[1], 20*time.Millisecond)
		n.format, n.enc, n.sent = o.format, o.enc, 0
		if err := n.s.SetFormats(Formats{Send: o.format, Recv: allFormats}); err != nil {
			t.Fatal(err)
		}
		n.heard = n.heard[:0]
		n.run(2*time.Second, clean)
		if got := n.s.Stats().RecvCodec; got != pair[1] {
			t.Fatalf("%v: hears %s", pair, got)
		}
		// Softer than half for longer than the new codec takes to begin is a hole.
		hole := 0
		for pcm := n.heard; len(pcm) >= 480; pcm = pcm[480:] {
			if amplitude(pcm[:480], n.freq) < 3000 {
				hole++
			}
		}
		t.Logf("%v: %d soft frames, %d made up", pair, hole, n.s.Stats().Concealed-before)
		if hole > 4 {
			t.Errorf("%v: %d ms without sound", pair, hole*10)
		}
	}
}
