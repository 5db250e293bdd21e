package audio

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

func play(p *TonePlayer, d time.Duration) []int16 {
	var out []int16
	f := make([]int16, FrameLen)
	for range d / FrameTime {
		p.ReadFrame(f)
		out = append(out, f...)
	}
	return out
}

func TestToneTable(t *testing.T) {
	tables, err := parseToneTable(toneTable)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []string{"US", "DE", "GB", "FR", "IT", "ES", "JP", "AU"} {
		for _, n := range []ToneName{ToneDial, ToneStutter, ToneRingback, ToneBusy, ToneReorder, ToneCallWaiting, ToneDisconnect} {
			if tables[c][n] == nil {
				t.Errorf("%s has no %s", c, n)
			}
		}
	}
	for _, n := range []ToneName{
		ToneDial, ToneStutter, ToneForwardDial, ToneSecondDial, ToneRingback, ToneBusy, ToneReorder, ToneHowler, ToneCallWaiting,
		ToneDisconnect, ToneConfirm, ToneError, ToneHoldRemind, ToneConference, TonePage,
	} {
		if tables["US"][n] == nil {
			t.Errorf("the US, which stands in for all, has no %s", n)
		}
	}
	if len(ToneCountries()) != 8 {
		t.Errorf("countries: %v", ToneCountries())
	}
}

func TestTonesFallBack(t *testing.T) {
	de, known := Tones("de")
	if !known || de[ToneDial].Loop[0].Freqs[0] != 425 || de[ToneHowler] == nil {
		t.Error("Germany's tones are wrong")
	}
	zz, known := Tones("ZZ")
	if known || !slices.Equal(zz[ToneDial].Loop[0].Freqs, []float64{350, 440}) {
		t.Error("an unknown country does not get the tones of the US")
	}
}

// The sound of the table: frequencies, cadence and level as measured.
func TestTonesSound(t *testing.T) {
	for _, c := range []struct {
		country string
		tone    ToneName
		freqs   []float64
		on, off time.Duration
		level   float64
	}{
		{"US", ToneDial, []float64{350, 440}, 0, 0, -19},
		{"US", ToneRingback, []float64{440, 480}, 2 * time.Second, 4 * time.Second, -22},
		{"US", ToneBusy, []float64{480, 620}, 500 * time.Millisecond, 500 * time.Millisecond, -24},
		{"US", ToneReorder, []float64{480, 620}, 250 * time.Millisecond, 250 * time.Millisecond, -24},
		{"DE", ToneRingback, []float64{425}, time.Second, 4 * time.Second, -22},
		{"FR", ToneRingback, []float64{440}, 1500 * time.Millisecond, 3500 * time.Millisecond, -22},
	} {
		set, _ := Tones(c.country)
		var p TonePlayer
		p.Play(set[c.tone])
		s := play(&p, 20*time.Second)
		on := s[:Rate/5]
		for _, f := range c.freqs {
			if share := toneShare(on, f); math.Abs(share-1/float64(len(c.freqs))) > 0.03 {
				t.Errorf("%s %s: %v Hz has %.2f of the power", c.country, c.tone, f, share)
			}
		}
		if l := level(s[Rate/50 : Rate/5]); math.Abs(l-c.level) > 0.5 {
			t.Errorf("%s %s: %.1f dBFS, want %v", c.country, c.tone, l, c.level)
		}
		if c.on == 0 {
			continue
		}
		for k := range 3 {
			at := func(d time.Duration) []int16 {
				i := int((time.Duration(k)*(c.on+c.off) + d) * Rate / time.Second)
				return s[i : i+Rate/100]
			}
			for d, sounds := range map[time.Duration]bool{
				10 * time.Millisecond: true, c.on - 20*time.Millisecond: true, c.on: false, c.on + c.off - 10*time.Millisecond: false,
			} {
				if got := level(at(d)) > -40; got != sounds {
					t.Errorf("%s %s, round %d at %v: sound is %v", c.country, c.tone, k, d, got)
				}
			}
		}
		if st := step(s); st > int(32768*math.Pow(10, c.level/20)*2*2*math.Pi*620/Rate) {
			t.Errorf("%s %s: a step of %d is a click", c.country, c.tone, st)
		}
	}
}

func level(s []int16) float64 {
	x := 0.0
	for _, v := range s {
		x += float64(v) * float64(v)
	}
	return 10 * math.Log10(x/float64(len(s))/(32768*32768)+1e-12)
}

func toneShare(s []int16, f float64) float64 {
	at, total := tonePower(s, f, Rate)
	return at / total
}

func TestStutterDialToneEndsInDialTone(t *testing.T) {
	set, _ := Tones("US")
	var p TonePlayer
	p.Play(set[ToneStutter])
	s := play(&p, 4*time.Second)
	pauses := 0
	for i := 0; i < 2*Rate; i += Rate / 10 {
		if level(s[i+Rate/50:i+Rate/12]) < -60 {
			pauses++
		}
	}
	if pauses != 10 || level(s[3*Rate:]) < -20 {
		t.Errorf("%d pauses in two seconds, then %.1f dBFS", pauses, level(s[3*Rate:]))
	}
}

func TestShortTonesEnd(t *testing.T) {
	set, _ := Tones("US")
	if d := set[ToneConfirm].Len(); d != 250*time.Millisecond {
		t.Errorf("the confirmation lasts %v", d)
	}
	if set[ToneDial].Len() != 0 || set[ToneStutter].Len() != 0 {
		t.Error("a dial tone has an end")
	}
	var p TonePlayer
	p.Play(set[ToneConfirm])
	play(&p, 250*time.Millisecond)
	if p.Playing() {
		t.Error("it still plays")
	}
	p.Play(set[ToneDial])
	p.Play(nil)
	if p.Playing() || p.ReadFrame(make([]int16, FrameLen)) {
		t.Error("it plays after it was stopped")
	}
}

func TestModulatedTone(t *testing.T) {
	set, _ := Tones("JP")
	var p TonePlayer
	p.Play(set[ToneRingback])
	s := play(&p, time.Second)
	for _, f := range []float64{384, 400, 416} {
		if toneShare(s, f) < 0.1 {
			t.Errorf("no %v Hz in a tone of 400 Hz modulated with 16 Hz", f)
		}
	}
}

func TestDTMF(t *testing.T) {
	rows, cols := []float64{697, 770, 852, 941}, []float64{1209, 1336, 1477, 1633}
	for i, d := range []byte("123A456B789C*0#D") {
		var p TonePlayer
		p.Play(DTMF(d, 100*time.Millisecond, -10))
		s := play(&p, 100*time.Millisecond)
		for k, want := range map[float64]bool{rows[i/4]: true, cols[i%4]: true, rows[(i/4+1)%4]: false, cols[(i%4+1)%4]: false} {
			if got := toneShare(s, k) > 0.4; got != want {
				t.Errorf("digit %c: %v Hz is %v", d, k, got)
			}
		}
	}
	if DTMF('d', 1, 0) == nil || DTMF('x', 1, 0) != nil || DTMF(0, 1, 0) != nil {
		t.Error("what is a digit and what not")
	}
}

func TestToneDoesNotAllocate(t *testing.T) {
	set, _ := Tones("IT")
	var p TonePlayer
	f := make([]int16, FrameLen)
	if n := testing.AllocsPerRun(1000, func() { p.Play(set[ToneDial]); p.ReadFrame(f) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestMelodies(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range melodies {
		if seen[m.name] || m.title == "" {
			t.Errorf("melody %q is twice there or has no title", m.name)
		}
		seen[m.name] = true
		for _, f := range strings.Fields(m.score) {
			if f == "|" {
				continue
			}
			word, _, ok := strings.Cut(f, ":")
			for _, n := range strings.Split(word, "+") {
				_, note := pitch(n)
				if !ok || !note && n != "-" && n != "ring" && n != "warble" {
					t.Errorf("%s: %q is no note", m.name, f)
				}
			}
		}
		s := RenderMelody(m.name)
		d := time.Duration(len(s)) * time.Second / Rate
		if d < 2*time.Second || d > 10*time.Second {
			t.Errorf("%s lasts %v", m.name, d)
		}
		peak := 0
		for _, v := range s {
			peak = max(peak, abs(int(v)))
		}
		if peak < 12000 || level(s[:len(s)/4]) < -32 {
			t.Errorf("%s: peak %d, %.1f dBFS", m.name, peak, level(s[:len(s)/4]))
		}
		// Round the corner it must not click.
		if j := abs(int(s[0]) - int(s[len(s)-1])); j > 300 {
			t.Errorf("%s: a step of %d where it starts again", m.name, j)
		}
		if name := keep(t, m.name, s); name != "" {
			t.Log(name)
		}
	}
	if !slices.Equal(RenderMelody("Bellcore-dr3"), RenderMelody("dr3")) || !slices.Equal(RenderMelody("nonsense"), RenderMelody(melodies[0].name)) {
		t.Error("names of melodies")
	}
	if len(Melodies()) != len(melodies) {
		t.Error("the list is not complete")
	}
}

func TestPitch(t *testing.T) {
	for n, want := range map[string]float64{"A4": 440, "A5": 880, "C5": 523.25, "G#5": 830.61, "Bb4": 466.16} {
		if f, ok := pitch(n); !ok || math.Abs(f-want) > 0.01 {
			t.Errorf("%s is %.2f Hz", n, f)
		}
	}
	for _, n := range []string{"", "A", "H4", " 4", "A9", "C##5"} {
		if _, ok := pitch(n); ok {
			t.Errorf("%q is a note", n)
		}
	}
}

func FuzzParseCadence(f *testing.F) {
	for _, line := range strings.Split(toneTable, "\n") {
		if w := strings.Fields(line); len(w) == 4 {
			f.Add(w[3])
		}
	}
	for _, bad := range []string{"", "|", ".", "9*(", "9*(1/2", "400+", "400/0", "400,500", "999*(400/1)", "1*(400/10)x", "0x5/10"} {
		f.Add(bad)
	}
	f.Fuzz(func(t *testing.T, s string) {
		tone, err := ParseCadence(s)
		if err != nil {
			return
		}
		tone.Level = -10
		var p TonePlayer
		p.Play(tone)
		frame := make([]int16, FrameLen)
		for range 100 {
			p.ReadFrame(frame)
		}
	})
}

func BenchmarkRenderMelody(b *testing.B) {
	for _, name := range []string{"aurora", "classic", "carillon"} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				RenderMelody(name)
			}
		})
	}
}
