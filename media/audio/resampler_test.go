package audio

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

var rates = []int{8000, 16000, 24000, 48000}

// sine makes n samples of a tone of amplitude amp.
func sine(n int, freq, amp float64, rate int) []int16 {
	s := make([]int16, n)
	for i := range s {
		s[i] = int16(math.Round(amp * math.Sin(2*math.Pi*freq*float64(i)/float64(rate))))
	}
	return s
}

// tonePower is the power of s at freq (a Hann-windowed DFT bin), and the power
// of everything else, both in samples².
func tonePower(s []int16, freq float64, rate int) (at, total float64) {
	var re, im, w2, w1 float64
	for i, v := range s {
		w := 0.5 - 0.5*math.Cos(2*math.Pi*(float64(i)+0.5)/float64(len(s)))
		x := float64(v) * w
		a := 2 * math.Pi * freq * float64(i) / float64(rate)
		re += x * math.Cos(a)
		im -= x * math.Sin(a)
		w1 += w
		w2 += w * w
		total += x * x
	}
	return 2 * (re*re + im*im) / (w1 * w1), total / w2
}

func db(ratio float64) float64 { return 10 * math.Log10(ratio) }

func TestResamplerPassesTheBand(t *testing.T) {
	for _, from := range rates {
		for _, to := range rates {
			for _, share := range []float64{0.1, 0.5, 0.8} {
				f := share * float64(min(from, to)) / 2
				in := sine(from/2, f, 10000, from)
				r := NewResampler(from, to)
				out := r.Append(nil, in)[to/10:]
				at, all := tonePower(out, f, to)
				if g := db(at / (10000 * 10000 / 2)); math.Abs(g) > 0.2 {
					t.Errorf("%d→%d: %.0f Hz comes out at %+.2f dB", from, to, f, g)
				}
				if n := db(max(all-at, 1e-9) / at); n > -60 {
					t.Errorf("%d→%d: %.0f Hz brings %.1f dB of something else", from, to, f, n)
				}
			}
		}
	}
}

// What is over the lower half rate must not fold into the pass band, and the
// images of the pass band must not be heard.
func TestResamplerRejectsAliases(t *testing.T) {
	worst := -200.0
	for _, from := range rates {
		for _, to := range rates {
			if to >= from {
				continue
			}
			for f := 1.18 * float64(to) / 2; f < float64(from)/2; f += 397 {
				out := NewResampler(from, to).Append(nil, sine(from/4, f, 20000, from))[to/10:]
				_, all := tonePower(out, 100, to)
				d := db((all + 1e-9) / (20000 * 20000 / 2))
				worst = max(worst, d)
				if d > -60 {
					t.Errorf("%d→%d: %.0f Hz folds at %.1f dB", from, to, f, d)
				}
			}
		}
	}
	t.Logf("worst alias %.1f dB", worst)
}

// Up and down again is what it was, later by a whole number of its samples.
func TestResamplersThereAndBack(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for _, low := range rates {
		for _, high := range rates {
			if high <= low {
				continue
			}
			in := make([]int16, low/2)
			for i := range in {
				in[i] = int16(rnd.IntN(30000) - 15000)
			}
			out := NewResampler(high, low).Append(nil, NewResampler(low, high).Append(nil, in))
			// Both filters take a step, of rootSpan samples and one, in half.
			in, out = in[:len(in)-rootSpan], out[rootSpan:]
			gone, all := 0.0, 0.0
			for i, v := range in {
				d := float64(out[i]) - float64(v)
				gone, all = gone+d*d, all+float64(v)*float64(v)
			}
			if d := db(gone / all); d > -48 {
				t.Errorf("%d→%d→%d: noise comes back with %.1f dB of something else", low, high, low, d)
			}
		}
	}
}

func TestResamplerDelay(t *testing.T) {
	for _, from := range rates {
		for _, to := range rates {
			r := NewResampler(from, to)
			if d := r.Delay(); d >= 1500*time.Microsecond {
				t.Errorf("%d→%d: delay %v", from, to, d)
			}
			// A pulse comes out where Delay says, to a sample.
			in := make([]int16, from/50)
			in[from/100] = 30000
			out := r.Append(nil, in)
			peak := 0
			for i, v := range out {
				if abs16(v) > abs16(out[peak]) {
					peak = i
				}
			}
			got := time.Duration(float64(peak)/float64(to)*1e9) - 10*time.Millisecond
			if diff := got - r.Delay(); diff.Abs() > time.Second/time.Duration(min(from, to)) {
				t.Errorf("%d→%d: pulse delayed by %v, Delay says %v", from, to, got, r.Delay())
			}
		}
	}
}

func abs16(v int16) int {
	if v < 0 {
		return -int(v)
	}
	return int(v)
}

// However the sound is cut, the result is the same, and its length is exact.
func TestResamplerIsSeamless(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	in := make([]int16, 4800)
	for i := range in {
		in[i] = int16(rnd.IntN(65536) - 32768)
	}
	for _, from := range rates {
		for _, to := range rates {
			whole := NewResampler(from, to).Append(nil, in)
			if want := len(in) * to / from; len(whole) != want {
				t.Errorf("%d→%d: %d samples became %d, want %d", from, to, len(in), len(whole), want)
			}
			r := NewResampler(from, to)
			var parts []int16
			for rest := in; len(rest) > 0; {
				n := min(1+rnd.IntN(300), len(rest))
				had := len(parts)
				parts = r.Append(parts, rest[:n])
				if len(parts)-had > r.OutLen(n) {
					t.Fatalf("%d→%d: OutLen(%d) = %d, got %d", from, to, n, r.OutLen(n), len(parts)-had)
				}
				rest = rest[n:]
			}
			if fmt.Sprint(parts) != fmt.Sprint(whole) {
				t.Errorf("%d→%d: cutting the input changes the output", from, to)
			}
			r.Reset()
			if fmt.Sprint(r.Append(nil, in)) != fmt.Sprint(whole) {
				t.Errorf("%d→%d: Reset does not forget", from, to)
			}
		}
	}
}

func TestResamplerDoesNotAllocate(t *testing.T) {
	r := NewResampler(8000, 48000)
	in, out := make([]int16, 80), make([]int16, 0, 480)
	if n := testing.AllocsPerRun(100, func() { r.Append(out, in) }); n != 0 {
		t.Errorf("%v allocations a frame", n)
	}
}

func TestResamplerRefusesStrangeRates(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("44.1 kHz was accepted")
		}
	}()
	NewResampler(44100, 48000)
}

func BenchmarkResampler(b *testing.B) {
	for _, p := range [][2]int{{8000, 48000}, {48000, 8000}, {16000, 48000}, {48000, 16000}} {
		b.Run(fmt.Sprintf("%dto%d", p[0], p[1]), func(b *testing.B) {
			r := NewResampler(p[0], p[1])
			in, out := make([]int16, p[0]/100), make([]int16, 0, 480)
			for b.Loop() {
				r.Append(out, in)
			}
		})
	}
}
