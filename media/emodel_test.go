package media

import (
	"math"
	"testing"
	"time"
)

// The E-model against published values.
func TestEModel(t *testing.T) {
	// ITU-T G.107, annex B, table B.1: R to MOS-CQE; G.109 names the classes.
	for r, want := range map[float64]float64{93.2: 4.41, 90: 4.34, 80: 4.03, 70: 3.60, 60: 3.10, 50: 2.58, 0: 1, -5: 1, 100: 4.5} {
		if got := mos(r); math.Abs(got-want) > 0.011 {
			t.Errorf("R %v is MOS %.2f, want %.2f", r, got, want)
		}
	}
	// ITU-T G.113 (2001), table I.2: Ie of G.711 with concealment, random loss. The
	// formula with Bpl 25.1 that replaced the table is within 2 of it.
	for loss, want := range map[float64]float64{0: 0, 1: 5, 2: 7, 3: 10, 5: 15, 7: 20, 10: 25} {
		if got := lossImpairment("PCMU", loss); math.Abs(got-want) > 2.1 {
			t.Errorf("%v %% lost: Ie %.1f, want %v", loss, got, want)
		}
	}
	// Cole and Rosenbluth, Voice over IP Performance Monitoring (2001), of G.107's
	// delay impairment: 4.3 at 177 ms, where it begins to be noticed; 20.7 at 300 ms;
	// 34.1 at 400 ms. No loss, no codec impairment.
	for ms, want := range map[int]float64{100: 90.8, 150: 89.6, 177: 88.9, 200: 85.9, 300: 72.5, 400: 59.1} {
		s := Stats{PacketsRecv: 1, Codec: "PCMA", RecvCodec: "PCMA", RoundTrip: time.Duration(2*(ms-40)) * time.Millisecond}
		if got := Rate(s).R; math.Abs(got-want) > 0.2 {
			t.Errorf("%d ms: R %.1f, want %.1f", ms, got, want)
		}
	}
}

// The words begin where docs/measurements.md says.
func TestWordsOfQuality(t *testing.T) {
	for _, c := range []struct {
		loss float64
		word string
	}{{0, "excellent"}, {3.5, "excellent"}, {4, "good"}, {7, "good"}, {8, "fair"}, {12, "fair"}, {13, "poor"}, {50, "poor"}} {
		if r := Rate(Stats{PacketsRecv: 1, Codec: "PCMU", RecvCodec: "PCMU", LossPercent: c.loss, JitterDelay: 20 * time.Millisecond}); r.Word != c.word {
			t.Errorf("%v %% lost: R %.1f is %s, want %s", c.loss, r.R, r.Word, c.word)
		}
	}
}
