package mediatest

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"phoned/media/audio"
	"phoned/media/mediatest/sentence"
)

func TestGoertzelAndStrongest(t *testing.T) {
	s := Sine(1004, 5000, 0.5, 8000)
	if a := Goertzel(s, 1004, 8000); math.Abs(a-5000) > 5 {
		t.Errorf("amplitude %.1f", a)
	}
	if a := Goertzel(s, 1500, 8000); a > 60 {
		t.Errorf("amplitude %.1f where nothing is", a)
	}
	for _, f := range []float64{400, 1004, 3000} {
		got, share := Strongest(Sine(f, 3000, 0.3, 48000), 48000)
		if math.Abs(got-f) > 2 || share < 0.99 {
			t.Errorf("%v Hz is found as %.1f with a share of %.3f", f, got, share)
		}
	}
	if f, share := Strongest(make([]int16, 4800), 48000); f != 0 || share != 0 {
		t.Errorf("silence has %v Hz", f)
	}
	if _, share := Strongest(noise(48000, 3000), 48000); share > 0.05 {
		t.Errorf("noise has a tone of share %.2f", share)
	}
}

func TestRMS(t *testing.T) {
	if d := RMS(Sine(1000, 32767, 1, 48000)); math.Abs(d+3.01) > 0.01 {
		t.Errorf("a full sine has %.2f dBFS", d)
	}
	if d := RMS(make([]int16, 100)); d != -120 {
		t.Errorf("silence has %.1f dBFS", d)
	}
}

func noise(n int, amplitude float64) []int16 {
	r := rand.New(rand.NewPCG(3, 4))
	s := make([]int16, n)
	for i := range s {
		s[i] = int16(amplitude * (2*r.Float64() - 1))
	}
	return s
}

// companded passes s through 8 kHz and 8-bit mu-law (ITU-T G.711), the lossy
// part of a narrow-band call.
func companded(s []int16) []int16 {
	n := audio.NewResampler(audio.Rate, 8000).Append(nil, s)
	for i, v := range n {
		x := math.Copysign(math.Log1p(255*math.Abs(float64(v))/32768)/math.Log(256), float64(v))
		q := math.Round(x*127) / 127
		n[i] = int16(math.Copysign((math.Pow(256, math.Abs(q))-1)/255*32767, q))
	}
	return audio.NewResampler(8000, audio.Rate).Append(nil, n)
}

func delayed(s []int16, d time.Duration) []int16 {
	return append(make([]int16, int(d*audio.Rate/time.Second)), s...)
}

// otherSpeech is speech that is not the sentence: the sentence backwards.
func otherSpeech() []int16 {
	s := sentence.GraphSamples()
	slices.Reverse(s)
	return s
}

func TestCorrelate(t *testing.T) {
	sent := sentence.GraphSamples()
	for _, c := range []struct {
		name     string
		got      []int16
		min, max float64
	}{
		{"itself", sent, 0.999, 1.001},
		{"delayed 137 ms", delayed(sent, 137*time.Millisecond), 0.999, 1.001},
		{"mu-law", delayed(companded(sent), 137*time.Millisecond), 0.95, 1},
		{"mu-law, quiet", delayed(gained(companded(sent), 0.1), 137*time.Millisecond), 0.95, 1},
		{"nothing", make([]int16, len(sent)), 0, 0},
		{"not even silence", nil, 0, 0},
		{"half of it", sent[:len(sent)/2], 0.3, 0.65},
		{"noise", noise(len(sent), 3000), 0, 0.2},
		{"other speech", otherSpeech(), 0, 0.7},
	} {
		corr, delay := Correlate(sent, c.got)
		t.Logf("%-16s %.3f at %v", c.name, corr, delay)
		if corr < c.min || corr > c.max {
			t.Errorf("%s: correlation %.3f, want %v to %v", c.name, corr, c.min, c.max)
		}
	}
	if _, d := Correlate(sent, delayed(sent, 137*time.Millisecond)); (d - 137*time.Millisecond).Abs() > time.Millisecond {
		t.Errorf("a delay of 137 ms is seen as %v", d)
	}
}

// Of a sentence that comes several times the first one counts.
func TestCorrelateFindsTheFirst(t *testing.T) {
	sent := sentence.GraphSamples()
	corr, d := Correlate(sent, delayed(slices.Concat(sent, sent, sent), 90*time.Millisecond))
	if corr < 0.999 || (d-90*time.Millisecond).Abs() > time.Millisecond {
		t.Errorf("%.3f at %v", corr, d)
	}
}

// A jitter buffer that breathes moves parts of the speech by some milliseconds.
func TestCorrelateAlignsWindows(t *testing.T) {
	sent := sentence.GraphSamples()
	cut := len(sent) / 2
	got := slices.Concat(sent[:cut], make([]int16, audio.Rate/50), sent[cut:])
	if corr, _ := Correlate(sent, got); corr < 0.97 {
		t.Errorf("20 ms inserted in the middle bring the correlation to %.3f", corr)
	}
}

func gained(s []int16, g float64) []int16 {
	out := make([]int16, len(s))
	for i, v := range s {
		out[i] = int16(float64(v) * g)
	}
	return out
}

func TestEnvelopeCorrelation(t *testing.T) {
	sent := sentence.GraphSamples()
	for _, c := range []struct {
		name     string
		got      []int16
		min, max float64
	}{
		{"itself", sent, 0.999, 1.001},
		{"delayed 137 ms", delayed(sent, 137*time.Millisecond), 0.97, 1},
		{"turned upside down", gained(sent, -1), 0.999, 1.001},
		{"quiet", gained(sent, 0.2), 0.97, 1},
		{"nothing", make([]int16, len(sent)), 0, 0},
		{"not even silence", nil, 0, 0},
		{"noise", noise(len(sent), 3000), 0, 0.5},
		{"other speech", otherSpeech(), 0, 0.7},
	} {
		corr := EnvelopeCorrelation(sent, c.got)
		t.Logf("%-18s %.3f", c.name, corr)
		if corr < c.min || corr > c.max {
			t.Errorf("%s: correlation %.3f, want %v to %v", c.name, corr, c.min, c.max)
		}
	}
}

func TestSentenceSpeaker(t *testing.T) {
	s := sentence.NewSpeaker(true)
	want := sentence.GraphSamples()
	f := make([]int16, audio.FrameLen)
	var got []int16
	for len(got) < 2*len(want)+audio.Rate {
		s.ReadFrame(f)
		got = append(got, f...)
	}
	if !slices.Equal(got[:len(want)], want) {
		t.Error("the speaker does not say the sentence")
	}
	if corr, _ := Correlate(want, got[len(want)+audio.Rate/4:]); corr < 0.99 {
		t.Errorf("the speaker does not repeat it: %.2f", corr)
	}
	once := sentence.NewSpeaker(false)
	for i := 0; once.ReadFrame(f); i++ {
		if i > 1000 {
			t.Fatal("it does not end")
		}
	}
}
