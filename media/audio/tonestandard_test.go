package audio

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"
)

// standard is what a country's own document says of a tone, written down beside
// the table on purpose. Times in ms, on and off in turn; none is for ever.
type standard struct {
	tone    ToneName
	freqs   []float64
	cadence []int
}

// standards: unless a comment names another source, "Various tones used in
// national networks according to ITU-T Recommendation E.180" (annex to the ITU
// Operational Bulletin 781 of 1 February 2003) and E.180 supplement 2 (1994).
// Tolerances are E.180's own (§5 to §9): a frequency within 1 %, a time within 10 %.
var standards = map[string][]standard{
	// ANSI T1.401 and Telcordia GR-506, the "precise tone plan".
	"US": {
		{ToneDial, []float64{350, 440}, nil},
		{ToneRingback, []float64{440, 480}, []int{2000, 4000}},
		{ToneBusy, []float64{480, 620}, []int{500, 500}},
		{ToneReorder, []float64{480, 620}, []int{250, 250}},
		{ToneCallWaiting, []float64{440}, []int{300, 10000}},
	},
	// Also Deutsche Telekom 1 TR 110-1.
	"DE": {
		{ToneDial, []float64{425}, nil},
		{ToneRingback, []float64{425}, []int{1000, 4000}},
		{ToneBusy, []float64{425}, []int{480, 480}},
		{ToneReorder, []float64{425}, []int{240, 240}},
		{ToneCallWaiting, []float64{425}, []int{200, 200, 200, 5000}},
	},
	// Also BT SIN 350. Call waiting may be silent for 2 to 5 s: 4 s here.
	"GB": {
		{ToneDial, []float64{350, 440}, nil},
		{ToneRingback, []float64{400, 450}, []int{400, 200, 400, 2000}},
		{ToneBusy, []float64{400}, []int{375, 375}},
		{ToneReorder, []float64{400}, []int{400, 350, 225, 525}},
		{ToneCallWaiting, []float64{400}, []int{100, 4000}},
	},
	// Congestion is in none of the two; 250 ms is what exchanges there play.
	"FR": {
		{ToneDial, []float64{440}, nil},
		{ToneSecondDial, []float64{330, 440}, nil},
		{ToneRingback, []float64{440}, []int{1500, 3500}},
		{ToneBusy, []float64{440}, []int{500, 500}},
		{ToneReorder, []float64{440}, []int{250, 250}},
		{ToneCallWaiting, []float64{440}, []int{300, 10000}},
	},
	"IT": {
		{ToneDial, []float64{425}, []int{200, 200, 600, 1000}},
		{ToneRingback, []float64{425}, []int{1000, 4000}},
		{ToneBusy, []float64{425}, []int{500, 500}},
		{ToneReorder, []float64{425}, []int{200, 200}},
		{ToneCallWaiting, []float64{425}, []int{400, 100, 250, 100, 150, 14000}},
	},
	"ES": {
		{ToneDial, []float64{425}, nil},
		{ToneRingback, []float64{425}, []int{1500, 3000}},
		{ToneBusy, []float64{425}, []int{200, 200}},
		{ToneReorder, []float64{425}, []int{200, 200, 200, 200, 200, 600}},
		{ToneCallWaiting, []float64{425}, []int{175, 175, 175, 3500}},
	},
	// Ringing is 400 Hz modulated with 15 to 20 Hz: 16 Hz here, hence 384 and 416.
	"JP": {
		{ToneDial, []float64{400}, nil},
		{ToneRingback, []float64{384, 400, 416}, []int{1000, 2000}},
		{ToneBusy, []float64{400}, []int{500, 500}},
		{ToneReorder, []float64{400}, []int{500, 500}},
	},
	// Also AS/ACIF S002. Every other burst of congestion is 10 dB quieter in the
	// network; here all are alike, which is what tells nobody anything less.
	"AU": {
		{ToneDial, []float64{413, 438}, nil},
		{ToneRingback, []float64{413, 438}, []int{400, 200, 400, 2000}},
		{ToneBusy, []float64{425}, []int{375, 375}},
		{ToneReorder, []float64{425}, []int{375, 375}},
		{ToneCallWaiting, []float64{425}, []int{200, 200, 200, 4400}},
	},
}

// Every tone as it sounds, measured: its frequencies alone, its cadence over two
// rounds, its level, and no click at any edge.
func TestTonesAreTheirCountrys(t *testing.T) {
	if len(standards) != len(ToneCountries()) {
		t.Errorf("%d countries have a standard, %d are in the table", len(standards), len(ToneCountries()))
	}
	for country, list := range standards {
		set, _ := Tones(country)
		for _, s := range list {
			t.Run(fmt.Sprintf("%s %s", country, s.tone), func(t *testing.T) { s.check(t, set[s.tone]) })
		}
	}
}

func (s standard) check(t *testing.T, tone *Tone) {
	round := 0
	for _, ms := range s.cadence {
		round += ms
	}
	var p TonePlayer
	p.Play(tone)
	if round == 0 {
		round = 1000
	}
	sound := play(&p, time.Duration(2*round)*time.Millisecond)

	spans := spansOf(sound)
	if s.cadence == nil {
		if len(spans) != 1 {
			t.Fatalf("%d pauses in a tone without any", len(spans)/2)
		}
		spans[0] = min(spans[0], 2000)
	} else if want := slices.Concat(s.cadence, s.cadence); !near(spans, want) {
		t.Errorf("cadence %v ms, want %v", spans, want)
	}
	on := sound[Rate/50 : spans[0]*Rate/1000-Rate/50]
	sum := 0.0
	for _, f := range s.freqs {
		best, at := 0.0, 0.0
		for g := f * 0.97; g <= f*1.03; g += f / 1000 {
			if share := toneShare(on, g); share > best {
				best, at = share, g
			}
		}
		if math.Abs(at-f) > f/100 && len(on) > Rate/5 {
			t.Errorf("%.1f Hz, want %v", at, f)
		}
		sum += best
	}
	if sum < 0.9 {
		t.Errorf("%v Hz have %.2f of the power", s.freqs, sum)
	}
	mod := len(tone.Loop[0].Freqs) < len(s.freqs) // modulation takes 4.3 dB of the level
	if l := level(on); math.Abs(l-tone.Level) > 0.6 && !mod {
		t.Errorf("%.1f dBFS, want %v", l, tone.Level)
	}
	if c := clicks(sound); c > -66 {
		t.Errorf("above 4 kHz there is a click of %.0f dBFS", c)
	}
}

// spansOf gives the lengths of sound and silence in turn, in ms, to 5 ms: silence
// is below -50 dBFS and longer than 20 ms, which the hollows of a modulation are
// not. The last span is cut off by the end of the recording.
func spansOf(s []int16) []int {
	const look = Rate / 200
	var out []int
	was := true
	begun := 0
	for at := 0; at+look <= len(s); at += look {
		on := level(s[at:at+look]) > -50
		if was && at+5*look <= len(s) {
			on = level(s[at:at+5*look]) > -50
		}
		if on != was {
			out = append(out, (at-begun)*1000/Rate)
			begun, was = at, on
		}
	}
	return append(out, (len(s)-begun)*1000/Rate)
}

func near(got, want []int) bool {
	return slices.EqualFunc(got, want, func(a, b int) bool { return math.Abs(float64(a-b)) <= max(10, 0.02*float64(b)) })
}

// clicks is the strongest 5 ms above 4 kHz, where no tone has anything: what an
// edge without a ramp leaves there. First differences of the third order are the
// high-pass; they leave -50 dB of 620 Hz, hence two more.
func clicks(s []int16) float64 {
	x := make([]float64, len(s))
	for i, v := range s {
		x[i] = float64(v)
	}
	const order = 6
	for range order {
		for i := len(x) - 1; i > 0; i-- {
			x[i] = (x[i] - x[i-1]) / 2
		}
	}
	worst := -120.0
	const look = Rate / 200
	for at := order; at+look <= len(x); at += look {
		e := 0.0
		for _, v := range x[at : at+look] {
			e += v * v
		}
		worst = max(worst, 10*math.Log10(e/look/(32768*32768)+1e-12))
	}
	return worst
}

// The measure of clicks can tell one.
func TestAnEdgeWithoutARampIsAClick(t *testing.T) {
	var p TonePlayer
	p.Play(&Tone{Level: -19, Loop: []Segment{{Freqs: []float64{425}}}})
	s := play(&p, time.Second)
	if c := clicks(s); c > -66 {
		t.Errorf("a clean tone has %.0f dBFS", c)
	}
	cut := slices.Clone(s)
	at := Rate / 2
	for cut[at] < 2000 {
		at++
	}
	clear(cut[at:])
	if c := clicks(cut); c < -63 {
		t.Errorf("a tone that is cut off has %.0f dBFS only", c)
	}
}
