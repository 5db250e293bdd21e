// Package opus is the Opus codec (RFC 6716) on libopus, for voice: 48 kHz mono,
// in-band FEC by the far end's loss, optional DTX. It is the only package under
// codec that needs cgo; it starts no goroutine.
package opus

/*
#cgo pkg-config: opus
#include <opus.h>

// The arguments of a call, for package ccall.
typedef struct {
	void *state;
	const unsigned char *packet;
	unsigned char *out;
	opus_int16 *pcm;
	opus_int32 bytes, samples, fec;
	opus_int32 done; // samples or bytes, or what went wrong
} phoned_opus;

static void phoned_encode(void *arg) {
	phoned_opus *a = arg;
	a->done = opus_encode(a->state, a->pcm, a->samples, a->out, a->bytes);
}

static void phoned_decode(void *arg) {
	phoned_opus *a = arg;
	a->done = opus_decode(a->state, a->packet, a->bytes, a->pcm, a->samples, a->fec);
}

static void *phoned_encoder(void) { return phoned_encode; }
static void *phoned_decoder(void) { return phoned_decode; }

static int phoned_set(void *e, int what, opus_int32 value) { return opus_encoder_ctl(e, what, value); }
*/
import "C"

import (
	"errors"
	"fmt"
	"unsafe"

	"phoned/media/ccall"
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

var encodeC, decodeC = C.phoned_encoder(), C.phoned_decoder()

// state is libopus's, and the arguments of a call of it. Both are Go's memory:
// there is nothing to be freed.
type state struct {
	mem  []uint64
	args C.phoned_opus
}

func newState(size C.int) state { return state{mem: make([]uint64, (size+7)/8)} }

func (s *state) ptr() unsafe.Pointer { return unsafe.Pointer(&s.mem[0]) }

// call runs a function over the arguments and gives how much it made.
func (s *state) call(f unsafe.Pointer) (int, error) {
	s.args.state = s.ptr()
	ccall.Call(f, unsafe.Pointer(&s.args))
	done := int(s.args.done)
	s.args = C.phoned_opus{} // keep nothing of the caller's alive
	return done, problem(C.int(min(done, 0)))
}

// problem is nil for OPUS_OK.
func problem(code C.int) error {
	if code == C.OPUS_OK {
		return nil
	}
	return errors.New(C.GoString(C.opus_strerror(code)))
}

// Encoder implements codec.Encoder and codec.Adaptive.
type Encoder struct {
	state
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
	e := &Encoder{state: newState(C.opus_encoder_get_size(1)), dtx: c.DTX}
	if err := problem(C.opus_encoder_init((*C.OpusEncoder)(e.ptr()), Rate, 1, C.OPUS_APPLICATION_VOIP)); err != nil {
		return nil, fmt.Errorf("opus encoder: %w", err)
	}
	dtx := 0
	if c.DTX {
		dtx = 1
	}
	err := errors.Join(
		e.set(C.OPUS_SET_BITRATE_REQUEST, c.Bitrate), e.set(C.OPUS_SET_COMPLEXITY_REQUEST, c.Complexity),
		e.set(C.OPUS_SET_DTX_REQUEST, dtx), e.set(C.OPUS_SET_INBAND_FEC_REQUEST, 1))
	if err != nil {
		return nil, fmt.Errorf("opus encoder: %w", err)
	}
	return e, nil
}

func (e *Encoder) set(what C.int, value int) error {
	return problem(C.phoned_set(e.ptr(), what, C.opus_int32(value)))
}

// Rate implements codec.Encoder.
func (e *Encoder) Rate() int { return Rate }

// SetLoss implements codec.Adaptive: libopus spends bits on FEC only if it
// expects loss.
func (e *Encoder) SetLoss(percent int) {
	percent = min(max(percent, 0), 30)
	if percent != e.loss && e.set(C.OPUS_SET_PACKET_LOSS_PERC_REQUEST, percent) == nil {
		e.loss = percent
	}
}

var errNoSound = errors.New("opus encode: no sound")

// Encode implements codec.Encoder. pcm must be 2.5, 5, 10, 20, 40 or 60 ms.
// Packets of one or two bytes are DTX and are not sent (RFC 7587 section 3.1.3).
func (e *Encoder) Encode(dst []byte, pcm []int16) ([]byte, error) {
	const most = 1275 // RFC 6716 section 3.4, R2
	if len(pcm) == 0 {
		return dst, errNoSound
	}
	n := len(dst)
	for cap(dst)-n < most {
		dst = append(dst[:cap(dst)], 0)
	}
	room := dst[n : n+most]
	e.args.pcm, e.args.samples = (*C.opus_int16)(&pcm[0]), C.opus_int32(len(pcm))
	e.args.out, e.args.bytes = (*C.uchar)(&room[0]), most
	m, err := e.call(encodeC)
	if err != nil {
		return dst[:n], fmt.Errorf("opus encode: %w", err)
	}
	if e.dtx && m <= 2 {
		return dst[:n], nil
	}
	return dst[:n+m], nil
}

// Decoder implements codec.Decoder, codec.Concealer and codec.Redundant.
type Decoder struct{ state }

// NewDecoder makes a decoder; stereo is mixed down by libopus.
func NewDecoder() (*Decoder, error) {
	d := &Decoder{newState(C.opus_decoder_get_size(1))}
	if err := problem(C.opus_decoder_init((*C.OpusDecoder)(d.ptr()), Rate, 1)); err != nil {
		return nil, fmt.Errorf("opus decoder: %w", err)
	}
	return d, nil
}

// Rate implements codec.Decoder.
func (d *Decoder) Rate() int { return Rate }

// room gives n free samples behind dst.
func room(dst []int16, n int) (head, tail []int16) {
	l := len(dst)
	for cap(dst)-l < n {
		dst = append(dst[:cap(dst)], 0)
	}
	dst = dst[:l]
	return dst, dst[l : l+n]
}

// decode fills pcm from a packet, or from nothing; fec: with the copy in it of
// the packet before.
func (d *Decoder) decode(packet []byte, pcm []int16, fec bool) (int, error) {
	if len(pcm) == 0 {
		return 0, nil
	}
	if len(packet) > 0 {
		d.args.packet, d.args.bytes = (*C.uchar)(&packet[0]), C.opus_int32(len(packet))
	}
	d.args.pcm, d.args.samples = (*C.opus_int16)(&pcm[0]), C.opus_int32(len(pcm))
	if fec {
		d.args.fec = 1
	}
	return d.call(decodeC)
}

var errNoPacket = errors.New("opus decode: an empty packet")

// Decode implements codec.Decoder.
func (d *Decoder) Decode(dst []int16, payload []byte) ([]int16, error) {
	if len(payload) == 0 {
		return dst, errNoPacket
	}
	dst, tail := room(dst, maxFrame)
	n, err := d.decode(payload, tail, false)
	if err != nil {
		return dst, fmt.Errorf("opus decode: %w", err)
	}
	return dst[:len(dst)+n], nil
}

// Conceal implements codec.Concealer; n is rounded up to 2.5 ms steps.
func (d *Decoder) Conceal(dst []int16, n int) ([]int16, error) { return d.fill(dst, n, nil) }

// Recover implements codec.Redundant; if next carries no redundancy libopus
// conceals.
func (d *Decoder) Recover(dst []int16, next []byte, n int) ([]int16, error) {
	return d.fill(dst, n, next)
}

func (d *Decoder) fill(dst []int16, n int, from []byte) ([]int16, error) {
	const step = Rate / 400 // 2.5 ms
	n = min((n+step-1)/step*step, maxFrame)
	dst, tail := room(dst, n)
	if _, err := d.decode(from, tail, len(from) > 0); err != nil {
		return dst, fmt.Errorf("opus conceal: %w", err)
	}
	return dst[:len(dst)+n], nil
}
