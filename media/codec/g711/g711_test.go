package g711

import (
	"math"
	"testing"
)

// Values of ITU-T G.711 tables 1a/2a, scaled to 16 bits.
func TestKnownCodes(t *testing.T) {
	for _, c := range []struct {
		name string
		law  *Law
		code byte
		pcm  int16
	}{
		{"u-law positive full scale", ULaw, 0x80, 32124},
		{"u-law negative full scale", ULaw, 0x00, -32124},
		{"u-law zero", ULaw, 0xFF, 0},
		{"u-law first step", ULaw, 0xFE, 8},
		{"A-law smallest positive", ALaw, 0xD5, 8},
		{"A-law smallest negative", ALaw, 0x55, -8},
		{"A-law positive full scale", ALaw, 0xAA, 32256},
		{"A-law negative full scale", ALaw, 0x2A, -32256},
	} {
		if got, _ := c.law.Decode(nil, []byte{c.code}); got[0] != c.pcm {
			t.Errorf("%s: %#x decodes to %d, want %d", c.name, c.code, got[0], c.pcm)
		}
		if got, _ := c.law.Encode(nil, []int16{c.pcm}); got[0] != c.code {
			t.Errorf("%s: %d encodes to %#x, want %#x", c.name, c.pcm, got[0], c.code)
		}
	}
}

func TestEveryCodeSurvives(t *testing.T) {
	for name, l := range map[string]*Law{"u": ULaw, "A": ALaw} {
		for c := range 256 {
			pcm, _ := l.Decode(nil, []byte{byte(c)})
			back, _ := l.Encode(nil, pcm)
			again, _ := l.Decode(nil, back)
			if again[0] != pcm[0] {
				t.Errorf("%s-law code %#x: %d came back as %d", name, c, pcm[0], again[0])
			}
		}
	}
}

func TestSignalToNoise(t *testing.T) {
	for name, l := range map[string]*Law{"u": ULaw, "A": ALaw} {
		var sig, noise float64
		for i := range 8000 {
			s := int16(8000 * math.Sin(2*math.Pi*1020*float64(i)/Rate))
			e, _ := l.Encode(nil, []int16{s})
			d, _ := l.Decode(nil, e)
			sig += float64(s) * float64(s)
			noise += float64(s-d[0]) * float64(s-d[0])
		}
		if snr := 10 * math.Log10(sig/noise); snr < 36 { // G.712: 33 dB at this level
			t.Errorf("%s-law: %.1f dB", name, snr)
		}
	}
}

func BenchmarkEncode20ms(b *testing.B) {
	pcm, dst := make([]int16, 160), make([]byte, 0, 160)
	b.ReportAllocs()
	for b.Loop() {
		dst, _ = ALaw.Encode(dst[:0], pcm)
	}
}
