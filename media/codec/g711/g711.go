// Package g711 is ITU-T G.711: A-law and µ-law at 8 kHz. The tables are built
// once, from the decision values of the recommendation, when the package is
// loaded. It starts no goroutine and its values may be shared.
package g711

// Rate is the sampling rate in Hz.
const Rate = 8000

// Law is one of the two encoding laws.
type Law struct {
	expand   [256]int16
	compress [65536 / 4]byte // by the upper 14 bits
}

// ULaw is PCMU and ALaw is PCMA (RFC 3551 section 4.5.14).
var (
	ULaw = newLaw(expandU)
	ALaw = newLaw(expandA)
)

// expandU is table 2 of G.711, scaled to 16 bits.
func expandU(c byte) int16 {
	c = ^c
	e, m := uint(c>>4&7), int(c&15)
	v := ((m<<3 + 0x84) << e) - 0x84
	if c&0x80 != 0 {
		v = -v
	}
	return int16(v)
}

// expandA is table 1 of G.711, scaled to 16 bits.
func expandA(c byte) int16 {
	c ^= 0x55
	e, m := uint(c>>4&7), int(c&15)
	v := m<<4 + 8
	if e > 0 {
		v = (v + 0x100) << (e - 1)
	}
	if c&0x80 == 0 {
		v = -v
	}
	return int16(v)
}

// newLaw inverts expand: each input takes the code whose value is nearest.
func newLaw(expand func(byte) int16) *Law {
	l := &Law{}
	type code struct {
		v int
		c byte
	}
	sorted := make([]code, 0, 256)
	for c := range 256 {
		l.expand[c] = expand(byte(c))
		sorted = append(sorted, code{int(l.expand[c]), byte(c)})
	}
	for i := 1; i < len(sorted); i++ {
		for j := i; j > 0 && sorted[j].v < sorted[j-1].v; j-- {
			sorted[j], sorted[j-1] = sorted[j-1], sorted[j]
		}
	}
	at := 0
	for i := range l.compress {
		v := i*4 - 32768 + 2
		for at+1 < len(sorted) && 2*v >= sorted[at].v+sorted[at+1].v {
			at++
		}
		l.compress[i] = sorted[at].c
	}
	return l
}

// Rate implements codec.Encoder and codec.Decoder.
func (l *Law) Rate() int { return Rate }

// Encode implements codec.Encoder; it never fails.
func (l *Law) Encode(dst []byte, pcm []int16) ([]byte, error) {
	for _, s := range pcm {
		dst = append(dst, l.compress[(int(s)+32768)>>2])
	}
	return dst, nil
}

// Decode implements codec.Decoder; it never fails.
func (l *Law) Decode(dst []int16, payload []byte) ([]int16, error) {
	for _, c := range payload {
		dst = append(dst, l.expand[c])
	}
	return dst, nil
}
