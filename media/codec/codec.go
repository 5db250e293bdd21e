// Package codec is what the stream asks of a voice codec: three small
// interfaces and the names of RFC 3551 and RFC 7587. The codecs are in the
// sub-packages opus, g711 and g722. Nothing here starts a goroutine; an Encoder
// or Decoder belongs to one caller at a time.
package codec

// Encoder turns mono 16-bit sound into payloads. It does not allocate when dst
// has room.
type Encoder interface {
	// Rate is the sampling rate of the sound it takes, in Hz.
	Rate() int
	// Encode appends the payload of pcm to dst. An empty result without error
	// means that nothing need be sent (discontinuous transmission).
	Encode(dst []byte, pcm []int16) ([]byte, error)
}

// Decoder turns payloads into mono 16-bit sound. It does not allocate when dst
// has room.
type Decoder interface {
	// Rate is the sampling rate of the sound it gives, in Hz.
	Rate() int
	// Decode appends the sound of one payload to dst.
	Decode(dst []int16, payload []byte) ([]int16, error)
}

// Concealer is a Decoder that makes up for lost packets from its own state.
type Concealer interface {
	// Conceal appends n samples in place of a lost packet.
	Conceal(dst []int16, n int) ([]int16, error)
}

// Redundant is a Decoder whose packets may carry a coarse copy of the one
// before them (RFC 6716 section 2.1.7).
type Redundant interface {
	// Recover appends the n samples that came before next, from next.
	Recover(dst []int16, next []byte, n int) ([]int16, error)
}

// Adaptive is an Encoder that reacts to what the far end loses.
type Adaptive interface {
	// SetLoss tells the expected packet loss in percent.
	SetLoss(percent int)
}

// MaxPayload is room enough for any payload of one packet, in bytes.
const MaxPayload = 1500
