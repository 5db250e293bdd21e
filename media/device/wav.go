package device

import (
	"errors"
	"fmt"
	"os"

	"phoned/media/audio"
	"phoned/media/audio/wav"
)

// NewWAV makes a card whose microphone hears the file in, once or over and
// over, and whose loudspeaker is recorded to the file out at 48 kHz, with
// silence while it is stopped. Either name may be empty. The recording is
// complete when the card has been closed.
func NewWAV(in string, repeat bool, out string) (*Card, error) {
	var src audio.Source
	if in != "" {
		s, err := readSource(in, repeat)
		if err != nil {
			return nil, fmt.Errorf("microphone file: %w", err)
		}
		src = s
	}
	if out == "" {
		return NewCard("wav", src, nil), nil
	}
	f, err := os.Create(out)
	if err != nil {
		return nil, fmt.Errorf("loudspeaker file: %w", err)
	}
	w := wav.NewWriter(f, audio.Rate)
	c := NewCard("wav", src, w)
	c.done = func() error { return errors.Join(w.Close(), f.Close()) }
	return c, nil
}

func readSource(name string, repeat bool) (*Recording, error) {
	samples, rate, err := wav.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return NewRecording(samples, rate, repeat)
}

// Recording is a Source that plays samples.
type Recording struct {
	samples []int16
	at      int
	repeat  bool
}

// NewRecording makes a Source of samples at one of the rates 8, 16, 24 and
// 48 kHz.
func NewRecording(samples []int16, rate int, repeat bool) (*Recording, error) {
	switch rate {
	case audio.Rate:
	case 8000, 16000, 24000:
		r := audio.NewResampler(rate, audio.Rate)
		samples = r.Append(make([]int16, 0, r.OutLen(len(samples))), samples)
	default:
		return nil, fmt.Errorf("%w: can't play %d Hz, only 8, 16, 24 and 48 kHz", wav.ErrFormat, rate)
	}
	return &Recording{samples: samples, repeat: repeat}, nil
}

// ReadFrame implements audio.Source. It reports false once all was played.
func (r *Recording) ReadFrame(dst []int16) bool {
	clear(dst)
	if r.at >= len(r.samples) {
		return false
	}
	for n := 0; n < len(dst); {
		k := copy(dst[n:], r.samples[r.at:])
		n += k
		if r.at += k; r.at < len(r.samples) {
			continue
		}
		if !r.repeat {
			break
		}
		r.at = 0
	}
	return true
}

// Len is how many samples there are at 48 kHz.
func (r *Recording) Len() int { return len(r.samples) }
