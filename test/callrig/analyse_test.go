package main

import (
	"errors"
	"math"
	"testing"
	"time"
)

// echo is what a phone would send back: the speech, later and softer.
type echo struct {
	delay   func(seconds float64) float64 // ms
	gain    float64
	ppm     float64 // of the phone's clock
	dropped func(packet int) bool
	silent  func(packet int) bool
}

// hear lets the analysis hear an echo of 12 s of speech.
func hear(t *testing.T, e echo) (Heard, error) {
	t.Helper()
	speech, err := loadSpeech("")
	if err != nil {
		t.Fatal(err)
	}
	sc := parse(t, "x,dur=12")
	v, err := newVoice(sc.Codec)
	if err != nil {
		t.Fatal(err)
	}
	ref := reference(speech, sc, v.Rate())
	var arrivals []arrival
	for i := range sc.Packets() {
		if e.dropped != nil && e.dropped(i) {
			continue
		}
		pcm := make([]int16, 160)
		late := int(e.delay(float64(i)*0.02) * 8)
		for k := range pcm {
			if at := i*160 + k - late; at >= 0 && (e.silent == nil || !e.silent(i)) {
				pcm[k] = int16(e.gain * float64(ref[at]))
			}
		}
		payload, err := v.Encode(nil, pcm)
		if err != nil {
			t.Fatal(err)
		}
		at := time.Duration(float64(i) * ptime * 1e6 / (1 + e.ppm*1e-6))
		arrivals = append(arrivals, arrival{at, appendRTP(nil, 0, false, uint16(65500+i), uint32(1<<32-4000+i*160), 7, payload)})
	}
	arrivals = append(arrivals, arrival{0, []byte("not RTP")}, arrival{0, appendRTP(nil, 101, false, 1, 1, 7, nil)})
	h, _, err := analyse(sc, v, ref, arrivals)
	return h, err
}

func steady(ms float64) func(float64) float64 { return func(float64) float64 { return ms } }

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if math.Abs(got-want) > within {
		t.Errorf("%s is %.3f, want %.3f", what, got, want)
	}
}

func TestDelayAndGainAreFound(t *testing.T) {
	for _, ms := range []float64{31, 800} {
		h, err := hear(t, echo{delay: steady(ms), gain: 0.5})
		if err != nil {
			t.Fatal(err)
		}
		near(t, "delay", h.DelayP50, ms, 0.2)
		near(t, "range of the delay", h.DelayMax-h.DelayMin, 0, 0.2)
		near(t, "gain", h.Gain, -6, 0.1)
		near(t, "clock", h.ClockPPM, 0, 1)
		near(t, "damage", h.Damaged, 0, 0.7)
		near(t, "packets lost", float64(h.ReceivedLost), 0, 0)
		near(t, "gap", h.GapP99, 20, 0.01)
		if h.Distance > 4 || h.Correlation < 0.98 {
			t.Errorf("an exact echo is %.1f dB away, correlation %.3f", h.Distance, h.Correlation)
		}
	}
}

func TestDelayThatGrows(t *testing.T) {
	h, err := hear(t, echo{gain: 1, delay: func(s float64) float64 {
		if s < 6 {
			return 40
		}
		return 90
	}})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "first", h.DelayFirst, 40, 0.2)
	near(t, "last", h.DelayLast, 90, 0.2)
	near(t, "least", h.DelayMin, 40, 0.2)
	near(t, "most", h.DelayMax, 90, 0.2)
}

func TestHolesAreHeard(t *testing.T) {
	whole, err := hear(t, echo{delay: steady(40), gain: 1})
	if err != nil {
		t.Fatal(err)
	}
	h, err := hear(t, echo{delay: steady(40), gain: 1, silent: func(i int) bool { return i%10 == 5 }})
	if err != nil {
		t.Fatal(err)
	}
	if h.Distance < whole.Distance+0.5 {
		t.Errorf("with 10 %% holes the distance is %.2f dB, whole %.2f dB", h.Distance, whole.Distance)
	}
	h, err = hear(t, echo{delay: steady(40), gain: 1, silent: func(i int) bool { return i%50 < 10 }})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "silenced", h.Silenced, 18, 5)
	near(t, "damaged", h.Damaged, 18, 5)
}

func TestLostPacketsOfThePhoneAreCounted(t *testing.T) {
	h, err := hear(t, echo{delay: steady(40), gain: 1, dropped: func(i int) bool { return i%100 == 50 }})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "packets lost", float64(h.ReceivedLost), 6, 0)
	near(t, "longest gap", h.GapMax, 40, 0.01)
}

func TestClockOfThePhone(t *testing.T) {
	h, err := hear(t, echo{delay: steady(40), gain: 1, ppm: 200})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "clock", h.ClockPPM, 200, 2)
}

func TestWhatIsNoEcho(t *testing.T) {
	if _, err := hear(t, echo{delay: steady(0), gain: 0}); !errors.Is(err, errNoEcho) {
		t.Errorf("silence gave %v", err)
	}
	if _, err := hear(t, echo{delay: steady(0), gain: 1, dropped: func(i int) bool { return i > 20 }}); !errors.Is(err, errFewPackets) {
		t.Errorf("20 packets gave %v", err)
	}
}

func TestIdealPhonesRank(t *testing.T) {
	speech, err := loadSpeech("")
	if err != nil {
		t.Fatal(err)
	}
	score := func(s string, how concealment) float64 {
		h, _, _, err := ideal(parse(t, s), how, speech)
		if err != nil {
			t.Fatal(err)
		}
		return h.Distance
	}
	const g711, op = "x,loss=10,dur=8", "x,loss=10,dur=8,codec=opus"
	if c, s := score("x,dur=8", byRepetition), score(g711, bySilence); c >= s-0.3 {
		t.Errorf("a call without loss, %.2f dB, is not better than one with silence in the gaps, %.2f dB", c, s)
	}
	if n, c, s := score(op, byNext), score(op, byCodec), score(op, bySilence); n >= c || c >= s {
		t.Errorf("Opus: redundancy %.2f dB, concealment %.2f dB, silence %.2f dB", n, c, s)
	}
}
