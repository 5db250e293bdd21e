package g722

import (
	"crypto/sha256"
	"encoding/hex"
	"math"
	"testing"
)

// snr codes a tone and compares what comes back, at the codec's own delay.
func snr(freq, amp float64) (db float64, delay int) {
	in := make([]int16, Rate/2)
	for i := range in {
		in[i] = int16(amp * math.Sin(2*math.Pi*freq*float64(i)/Rate))
	}
	p, _ := NewEncoder().Encode(nil, in)
	out, _ := NewDecoder().Decode(nil, p)
	db = -100
	for d := range 40 {
		var sig, noise float64
		for i := 2000; i < len(in)-50; i++ {
			e := float64(in[i]) - float64(out[i+d])
			sig += float64(in[i]) * float64(in[i])
			noise += e * e
		}
		if v := 10 * math.Log10(sig/noise); v > db {
			db, delay = v, d
		}
	}
	return db, delay
}

func TestSignalToNoise(t *testing.T) {
	for _, c := range []struct{ freq, amp, least float64 }{
		{400, 8000, 28}, {1000, 8000, 28}, {1000, 800, 25}, {2500, 8000, 25}, {6000, 4000, 12},
	} {
		db, d := snr(c.freq, c.amp)
		t.Logf("%.0f Hz at %.0f: %.1f dB, delay %d", c.freq, c.amp, db, d)
		if db < c.least {
			t.Errorf("%.0f Hz at %.0f: %.1f dB, want %.0f", c.freq, c.amp, db, c.least)
		}
	}
}

// The sums are those of an independent implementation (the one of SpanDSP,
// public domain) over the same noise.
func TestBitExact(t *testing.T) {
	pcm, x := make([]int16, 32000), uint32(1)
	for i := range pcm {
		x = x*1664525 + 1013904223
		pcm[i] = int16(x>>16) / 4
	}
	p, _ := NewEncoder().Encode(nil, pcm)
	if sum := sha256.Sum256(p); hex.EncodeToString(sum[:]) != "d82ba46b278b0553be51ce913aea4f9537b4cfa55d1c4e86bda87d0a7be1b2eb" {
		t.Errorf("encoder: %x", sum)
	}
	out, _ := NewDecoder().Decode(nil, p)
	b := make([]byte, 0, 2*len(out))
	for _, v := range out {
		b = append(b, byte(v), byte(uint16(v)>>8))
	}
	if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != "d24e0c3440bdf0861190c98ba7f51caaa8e19f9603dc1fab5eb1c09bd2d5bc4b" {
		t.Errorf("decoder: %x", sum)
	}
}

func TestHalfAByteASample(t *testing.T) {
	p, _ := NewEncoder().Encode(nil, make([]int16, 320))
	out, _ := NewDecoder().Decode(nil, p)
	if len(p) != 160 || len(out) != 320 {
		t.Errorf("%d bytes, %d samples", len(p), len(out))
	}
}

func TestGarbageStaysBounded(t *testing.T) {
	d := NewDecoder()
	x := uint32(1)
	for range 1000 {
		b := make([]byte, 160)
		for i := range b {
			x = x*1664525 + 1013904223
			b[i] = byte(x >> 24)
		}
		d.Decode(nil, b)
	}
	if d.low.nb < 0 || d.low.nb > 18432 || d.high.nb > 22528 {
		t.Error("the scale ran away")
	}
}

func BenchmarkEncode20ms(b *testing.B) {
	e, pcm, dst := NewEncoder(), make([]int16, 320), make([]byte, 0, 200)
	b.ReportAllocs()
	for b.Loop() {
		dst, _ = e.Encode(dst[:0], pcm)
	}
}

func BenchmarkDecode20ms(b *testing.B) {
	d, p, dst := NewDecoder(), make([]byte, 160), make([]int16, 0, 400)
	b.ReportAllocs()
	for b.Loop() {
		dst, _ = d.Decode(dst[:0], p)
	}
}
