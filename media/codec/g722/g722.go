// Package g722 is ITU-T G.722 at 64 kbit/s (mode 1): sound of 7 kHz at 16,000
// samples a second, one byte for two of them. In RTP its clock is 8000 Hz all
// the same (RFC 3551 section 4.5.2). Values belong to one caller at a time.
package g722

// Rate is the sampling rate in Hz.
const Rate = 16000

// band is one sub-band's adaptive predictor and quantiser scale (blocks 3L, 4L
// of the recommendation and their H counterparts).
type band struct {
	s, sp, sz int
	r         [3]int
	a, ap     [3]int
	p         [3]int
	d         [7]int
	b, bp     [7]int
	nb        int
	det       int
}

func sat16(v int) int { return max(min(v, 32767), -32768) }

func sign(v int) int {
	if v < 0 {
		return -1
	}
	return 0
}

// adapt updates the predictor with the quantised difference d (block 4).
func (b *band) adapt(d int) {
	b.d[0] = d
	b.r[0] = sat16(b.s + d)
	b.p[0] = sat16(b.sz + d)
	b.upPol()
	// UPZERO
	up := 128
	if d == 0 {
		up = 0
	}
	for i := 1; i < 7; i++ {
		w := -up
		if sign(b.d[i]) == sign(d) {
			w = up
		}
		b.bp[i] = sat16(w + (b.b[i]*32640)>>15)
	}
	for i := 6; i > 0; i-- {
		b.d[i] = b.d[i-1]
		b.b[i] = b.bp[i]
	}
	for i := 2; i > 0; i-- {
		b.r[i], b.p[i], b.a[i] = b.r[i-1], b.p[i-1], b.ap[i]
	}
	// FILTEP, FILTEZ
	b.sp = sat16((b.a[1]*sat16(2*b.r[1]))>>15 + (b.a[2]*sat16(2*b.r[2]))>>15)
	z := 0
	for i := 6; i > 0; i-- {
		z += (b.b[i] * sat16(2*b.d[i])) >> 15
	}
	b.sz = sat16(z)
	b.s = sat16(b.sp + b.sz)
}

// upPol updates the two poles (UPPOL2, UPPOL1).
func (b *band) upPol() {
	w1 := sat16(4 * b.a[1])
	w2 := -w1
	if sign(b.p[0]) != sign(b.p[1]) {
		w2 = w1
	}
	w2 = min(w2, 32767)
	w3 := -128
	if sign(b.p[0]) == sign(b.p[2]) {
		w3 = 128
	}
	b.ap[2] = max(min(w2>>7+w3+(b.a[2]*32512)>>15, 12288), -12288)
	w1 = -192
	if sign(b.p[0]) == sign(b.p[1]) {
		w1 = 192
	}
	most := sat16(15360 - b.ap[2])
	b.ap[1] = max(min(sat16(w1+(b.a[1]*32640)>>15), most), -most)
}

// scale gives the quantiser's step from its logarithm (SCALEL, SCALEH).
func scale(nb, shift int) int {
	w := ilb[nb>>6&31]
	if e := shift - nb>>11; e < 0 {
		w <<= -e
	} else {
		w >>= e
	}
	return w << 2
}

// lowStep follows the lower band's level (LOGSCL).
func (b *band) lowStep(ril int) {
	b.nb = max(min((b.nb*127)>>7+wl[rl42[ril]], 18432), 0)
	b.det = scale(b.nb, 8)
}

// highStep follows the upper band's level (LOGSCH).
func (b *band) highStep(ih int) {
	b.nb = max(min((b.nb*127)>>7+wh[rh2[ih]], 22528), 0)
	b.det = scale(b.nb, 10)
}

// Encoder implements codec.Encoder.
type Encoder struct {
	low, high band
	x         [24]int
}

// NewEncoder makes an encoder.
func NewEncoder() *Encoder {
	return &Encoder{low: band{det: 32}, high: band{det: 8}}
}

// Rate implements codec.Encoder.
func (e *Encoder) Rate() int { return Rate }

// Encode implements codec.Encoder; an odd last sample is left out.
func (e *Encoder) Encode(dst []byte, pcm []int16) ([]byte, error) {
	for i := 0; i+1 < len(pcm); i += 2 {
		copy(e.x[:], e.x[2:])
		e.x[22], e.x[23] = int(pcm[i]), int(pcm[i+1])
		even, odd := 0, 0
		for k := range 12 {
			odd += e.x[2*k] * qmf[k]
			even += e.x[2*k+1] * qmf[11-k]
		}
		l, h := (even+odd)>>14, (even-odd)>>14
		dst = append(dst, byte(e.codeHigh(h)<<6|e.codeLow(l)))
	}
	return dst, nil
}

// codeLow is blocks 1L to 4L.
func (e *Encoder) codeLow(x int) int {
	el := sat16(x - e.low.s)
	w := el
	if el < 0 {
		w = -(el + 1)
	}
	i := 1
	for ; i < 30; i++ {
		if w < (q6[i]*e.low.det)>>12 {
			break
		}
	}
	il := ilp[i]
	if el < 0 {
		il = iln[i]
	}
	ril := il >> 2
	d := (e.low.det * qm4[ril]) >> 15
	e.low.lowStep(ril)
	e.low.adapt(d)
	return il
}

// codeHigh is blocks 1H to 4H.
func (e *Encoder) codeHigh(x int) int {
	eh := sat16(x - e.high.s)
	w := eh
	if eh < 0 {
		w = -(eh + 1)
	}
	m := 1
	if w >= (564*e.high.det)>>12 {
		m = 2
	}
	ih := ihp[m]
	if eh < 0 {
		ih = ihn[m]
	}
	d := (e.high.det * qm2[ih]) >> 15
	e.high.highStep(ih)
	e.high.adapt(d)
	return ih
}

// Decoder implements codec.Decoder.
type Decoder struct {
	low, high band
	x         [24]int
}

// NewDecoder makes a decoder.
func NewDecoder() *Decoder {
	return &Decoder{low: band{det: 32}, high: band{det: 8}}
}

// Rate implements codec.Decoder.
func (d *Decoder) Rate() int { return Rate }

// Decode implements codec.Decoder; it never fails.
func (d *Decoder) Decode(dst []int16, payload []byte) ([]int16, error) {
	for _, c := range payload {
		il, ih := int(c&63), int(c>>6)
		l := max(min(d.low.s+(d.low.det*qm6[il])>>15, 16383), -16384)
		dl := (d.low.det * qm4[il>>2]) >> 15
		d.low.lowStep(il >> 2)
		d.low.adapt(dl)
		dh := (d.high.det * qm2[ih]) >> 15
		h := max(min(dh+d.high.s, 16383), -16384)
		d.high.highStep(ih)
		d.high.adapt(dh)
		copy(d.x[:], d.x[2:])
		d.x[22], d.x[23] = l+h, l-h
		a, b := 0, 0
		for k := range 12 {
			b += d.x[2*k] * qmf[k]
			a += d.x[2*k+1] * qmf[11-k]
		}
		dst = append(dst, int16(sat16(a>>11)), int16(sat16(b>>11)))
	}
	return dst, nil
}
