// Package opus is the Opus codec (RFC 6716) on libopus, for voice: 48 kHz mono,
// in-band FEC by the far end's loss, optional DTX. It is the only package under
// codec that needs cgo; it starts no goroutine.
package opus

import (
	"errors"
	"fmt"

	lib "gopkg.in/hraban/opus.v2"
)

// Rate is the sampling rate in Hz on both sides.
const Rate = 48000

// maxFrame is the longest packet, 120 ms (RFC 6716 section 2.1.4).
const maxFrame = Rate * 120 / 1000

// Config tunes an Encoder; zero values are the defaults.
type Config struct {
	Bitrate    int // bit/s; 0: 32,000, in the range for full-band speech of RFC 7587 section 3.1.1
	Complexity int // 1–10; 0: 5
	DTX        bool
}

// Encoder implements codec.Encoder and codec.Adaptive.
type Encoder struct {
	enc  *lib.Encoder
	loss int
	dtx  bool
}

// NewEncoder makes an encoder for speech with FEC on.
func NewEncoder(c Config) (*Encoder, error) {
	if c.Bitrate == 0 {
		c.Bitrate = 32000
	}
	if c.Complexity == 0 {
		c.Complexity = 5
	}
	e, err := lib.NewEncoder(Rate, 1, lib.AppVoIP)
	if err != nil {
		return nil, fmt.Errorf("opus encoder: %w", err)
	}
	err = errors.Join(e.SetBitrate(c.Bitrate), e.SetComplexity(c.Complexity), e.SetDTX(c.DTX), e.SetInBandFEC(true))
	if err != nil {
		return nil, fmt.Errorf("opus encoder: %w", err)
	}
	return &Encoder{enc: e, dtx: c.DTX}, nil
}

// Rate implements codec.Encoder.
func (e *Encoder) Rate() int { return Rate }

// SetLoss implements codec.Adaptive: libopus spends bits on FEC only if it
// expects loss.
func (e *Encoder) SetLoss(percent int) {
	percent = min(max(percent, 0), 30)
	if percent != e.loss && e.enc.SetPacketLossPerc(percent) == nil {
		e.loss = percent
	}
}

// Encode implements codec.Encoder. pcm must be 2.5, 5, 10, 20, 40 or 60 ms.
// Packets of one or two bytes are DTX and are not sent (RFC 7587 section 3.1.3).
func (e *Encoder) Encode(dst []byte, pcm []int16) ([]byte, error) {
	const most = 1275 // RFC 6716 section 3.4, R2
	n := len(dst)
	for cap(dst)-n < most {
		dst = append(dst[:cap(dst)], 0)
	}
	m, err := e.enc.Encode(pcm, dst[n:n+most:n+most])
	if err != nil {
		return dst[:n], fmt.Errorf("opus encode: %w", err)
	}
	if e.dtx && m <= 2 {
		return dst[:n], nil
	}
	return dst[:n+m], nil
}

// Decoder implements codec.Decoder, codec.Concealer and codec.Redundant.
type Decoder struct{ dec *lib.Decoder }

// NewDecoder makes a decoder; stereo is mixed down by libopus.
func NewDecoder() (*Decoder, error) {
	d, err := lib.NewDecoder(Rate, 1)
	if err != nil {
		return nil, fmt.Errorf("opus decoder: %w", err)
	}
	return &Decoder{d}, nil
}

// Rate implements codec.Decoder.
func (d *Decoder) Rate() int { return Rate }

// room gives n free samples behind dst, with the capacity cut to them, for the
// library takes the capacity as the length.
func room(dst []int16, n int) (head, tail []int16) {
	l := len(dst)
	for cap(dst)-l < n {
		dst = append(dst[:cap(dst)], 0)
	}
	dst = dst[:l]
	return dst, dst[l : l+n : l+n]
}

// Decode implements codec.Decoder.
func (d *Decoder) Decode(dst []int16, payload []byte) ([]int16, error) {
	dst, tail := room(dst, maxFrame)
	n, err := d.dec.Decode(payload, tail)
	if err != nil {
		return dst, fmt.Errorf("opus decode: %w", err)
	}
	return dst[:len(dst)+n], nil
}

// Conceal implements codec.Concealer; n is rounded up to 2.5 ms steps.
func (d *Decoder) Conceal(dst []int16, n int) ([]int16, error) {
	return d.fill(dst, n, func(pcm []int16) error { return d.dec.DecodePLC(pcm) })
}

// Recover implements codec.Redundant; if next carries no redundancy libopus
// conceals.
func (d *Decoder) Recover(dst []int16, next []byte, n int) ([]int16, error) {
	return d.fill(dst, n, func(pcm []int16) error { return d.dec.DecodeFEC(next, pcm) })
}

func (d *Decoder) fill(dst []int16, n int, f func([]int16) error) ([]int16, error) {
	const step = Rate / 400 // 2.5 ms
	n = min((n+step-1)/step*step, maxFrame)
	dst, tail := room(dst, n)
	if err := f(tail); err != nil {
		return dst, fmt.Errorf("opus conceal: %w", err)
	}
	return dst[:len(dst)+n], nil
}
