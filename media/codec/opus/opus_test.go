package opus

import (
	"errors"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
)

// voice is a buzz with a moving pitch and two formants: enough like speech for
// the codec to take its speech paths.
func voice(n int) []int16 {
	pcm := make([]int16, n)
	r := rand.New(rand.NewPCG(1, 2))
	phase, a, b := 0.0, 0.0, 0.0
	for i := range pcm {
		phase += (120 + 30*math.Sin(float64(i)/20000)) / Rate
		x := 0.0
		if phase >= 1 {
			phase--
			x = 1
		}
		x += (r.Float64() - .5) * .02
		a, b = 1.96*a-.98*b+x, a
		pcm[i] = int16(max(-20000, min(20000, 300*a)))
	}
	return pcm
}

func power(pcm []int16) float64 {
	s := 0.0
	for _, v := range pcm {
		s += float64(v) * float64(v)
	}
	return math.Sqrt(s / float64(len(pcm)))
}

func TestRoundTripKeepsTheLevel(t *testing.T) {
	enc, err := NewEncoder(Config{})
	if err != nil {
		t.Fatal(err)
	}
	dec, err := NewDecoder()
	if err != nil {
		t.Fatal(err)
	}
	in := voice(Rate)
	var out []int16
	bytes := 0
	for i := 0; i+960 <= len(in); i += 960 {
		p, err := enc.Encode(nil, in[i:i+960])
		if err != nil {
			t.Fatal(err)
		}
		bytes += len(p)
		if out, err = dec.Decode(out, p); err != nil {
			t.Fatal(err)
		}
	}
	if len(out) != len(in) {
		t.Fatalf("%d samples in, %d out", len(in), len(out))
	}
	if r := power(out) / power(in); r < .7 || r > 1.4 {
		t.Errorf("level changed by %.2f", r)
	}
	if bytes*8 > 36000 {
		t.Errorf("%d bit/s, asked for 32,000", bytes*8)
	}
}

func TestLossIsRecoveredFromTheNextPacket(t *testing.T) {
	enc, _ := NewEncoder(Config{})
	enc.SetLoss(20)
	dec, _ := NewDecoder()
	in := voice(Rate)
	var prev, out []int16
	for i := 0; i+960 <= len(in); i += 960 {
		p, err := enc.Encode(nil, in[i:i+960])
		if err != nil {
			t.Fatal(err)
		}
		if i == 960*20 { // lost
			continue
		}
		if i == 960*21 {
			if out, err = dec.Recover(nil, p, 960); err != nil || len(out) != 960 {
				t.Fatalf("recover: %d samples, %v", len(out), err)
			}
		}
		if prev, err = dec.Decode(prev[:0], p); err != nil {
			t.Fatal(err)
		}
	}
	if r := power(out) / power(in[960*20:960*21]); r < .4 || r > 1.6 {
		t.Errorf("recovered frame has %.2f of the level", r)
	}
}

func TestDTXSendsNothingInSilence(t *testing.T) {
	enc, _ := NewEncoder(Config{DTX: true})
	sent := 0
	for range 100 {
		p, err := enc.Encode(nil, make([]int16, 960))
		if err != nil {
			t.Fatal(err)
		}
		if len(p) > 0 {
			sent++
		}
	}
	if sent == 0 || sent > 50 {
		t.Errorf("%d of 100 packets of silence were sent", sent)
	}
}

func TestNoAllocationInSteadyState(t *testing.T) {
	enc, _ := NewEncoder(Config{})
	dec, _ := NewDecoder()
	in := voice(960)
	p, pcm := make([]byte, 0, 2000), make([]int16, 0, 2*maxFrame)
	n := testing.AllocsPerRun(50, func() {
		p, _ = enc.Encode(p[:0], in)
		pcm, _ = dec.Decode(pcm[:0], p)
		pcm, _ = dec.Conceal(pcm[:0], 960)
	})
	if n > 0 {
		t.Errorf("%.1f allocations per frame", n)
	}
}

func FuzzDecode(f *testing.F) {
	enc, _ := NewEncoder(Config{})
	p, _ := enc.Encode(nil, voice(960))
	f.Add(p)
	f.Add([]byte{0xff})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		dec, _ := NewDecoder()
		_, _ = dec.Decode(nil, b)
		_, _ = dec.Recover(nil, b, 960)
	})
}

func BenchmarkEncode20ms(b *testing.B) {
	enc, _ := NewEncoder(Config{})
	in, p := voice(960), make([]byte, 0, 2000)
	b.ReportAllocs()
	for b.Loop() {
		p, _ = enc.Encode(p[:0], in)
	}
}

func BenchmarkDecode20ms(b *testing.B) {
	enc, _ := NewEncoder(Config{})
	dec, _ := NewDecoder()
	p, _ := enc.Encode(nil, voice(960))
	pcm := make([]int16, 0, 2*maxFrame)
	b.ReportAllocs()
	for b.Loop() {
		pcm, _ = dec.Decode(pcm[:0], p)
	}
}

// What libopus makes is the same whatever the runtime does meanwhile: collections,
// stacks that grow and move, other threads in the library.
func TestCallsAmidCollections(t *testing.T) {
	in := voice(Rate / 2)
	pass := func(collect bool) (sum uint64, err error) {
		enc, err := NewEncoder(Config{})
		if err != nil {
			return 0, err
		}
		dec, err := NewDecoder()
		if err != nil {
			return 0, err
		}
		for i := 0; i+960 <= len(in); i += 960 {
			// Buffers on a stack that has to grow and, at a collection, to shrink.
			p, err := enc.Encode(nil, in[i:i+960])
			if err != nil {
				return 0, err
			}
			pcm, err := deep(40, func() ([]int16, error) { return dec.Decode(nil, p) })
			if err != nil {
				return 0, err
			}
			if collect && i%(5*960) == 0 {
				go runtime.GC()
			}
			for _, b := range p {
				sum = sum*31 + uint64(b)
			}
			for _, v := range pcm {
				sum = sum*31 + uint64(uint16(v))
			}
		}
		return sum, nil
	}
	want, err := pass(false)
	if err != nil {
		t.Fatal(err)
	}
	var passing sync.WaitGroup
	for range 4 {
		passing.Go(func() {
			for range 3 {
				if got, err := pass(true); err != nil || got != want {
					t.Errorf("%x, %v; alone it was %x", got, err, want)
				}
			}
		})
	}
	passing.Wait()
}

// deep calls f with n kilobytes of stack in use.
func deep(n int, f func() ([]int16, error)) ([]int16, error) {
	var frame [1024]byte
	if n > 0 {
		frame[n] = byte(n)
		pcm, err := deep(n-1, f)
		if frame[n] != byte(n) {
			return nil, errors.New("the stack was written to")
		}
		return pcm, err
	}
	return f()
}

func TestWhatIsNothingIsRefused(t *testing.T) {
	enc, _ := NewEncoder(Config{})
	if _, err := enc.Encode(nil, nil); err == nil {
		t.Error("no sound was encoded")
	}
	if _, err := enc.Encode(nil, make([]int16, 961)); err == nil {
		t.Error("961 samples were encoded")
	}
	dec, _ := NewDecoder()
	if _, err := dec.Decode(nil, nil); err == nil {
		t.Error("an empty packet was decoded")
	}
	if _, err := dec.Decode(nil, []byte{0xff, 0xff, 0xff}); err == nil {
		t.Error("garbage was decoded")
	}
}
