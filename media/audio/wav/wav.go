// Package wav reads and writes WAV files: 16-bit PCM, the format of taps,
// test sentences and software sound cards. It starts no goroutine.
package wav

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// ErrFormat: not a WAV file, or not one of 16-bit PCM.
var ErrFormat = errors.New("not a 16-bit PCM WAV file")

const (
	formatPCM        = 1
	formatExtensible = 0xFFFE
	// maxChannels and the rate's bounds refuse nonsense early.
	maxChannels      = 8
	minRate, maxRate = 8000, 192000
	maxSamples       = 64 << 20
)

// Decode reads a whole file, mixed down to mono, and its rate in Hz. A file
// that ends early gives what there is (recorders that died leave such files).
// Errors wrap ErrFormat.
func Decode(r io.Reader) (samples []int16, rate int, err error) {
	br := bufio.NewReader(r)
	var head [12]byte
	if _, err := io.ReadFull(br, head[:]); err != nil || string(head[:4]) != "RIFF" || string(head[8:]) != "WAVE" {
		return nil, 0, fmt.Errorf("%w: no RIFF header", ErrFormat)
	}
	channels := 0
	for {
		var chunk [8]byte
		if _, err := io.ReadFull(br, chunk[:]); err != nil {
			return nil, 0, fmt.Errorf("%w: no sound in it", ErrFormat)
		}
		size := binary.LittleEndian.Uint32(chunk[4:])
		switch string(chunk[:4]) {
		case "fmt ":
			if channels, rate, err = decodeFormat(br, size); err != nil {
				return nil, 0, err
			}
		case "data":
			if channels == 0 {
				return nil, 0, fmt.Errorf("%w: sound before its format", ErrFormat)
			}
			samples, err = decodeData(io.LimitReader(br, int64(size)), channels)
			return samples, rate, err
		default:
			if _, err := io.CopyN(io.Discard, br, int64(size)+int64(size&1)); err != nil {
				return nil, 0, fmt.Errorf("%w: chunk %q ends early", ErrFormat, chunk[:4])
			}
		}
	}
}

func decodeFormat(r io.Reader, size uint32) (channels, rate int, err error) {
	if size < 16 || size > 1024 {
		return 0, 0, fmt.Errorf("%w: format chunk of %d bytes", ErrFormat, size)
	}
	f := make([]byte, size+size&1)
	if _, err := io.ReadFull(r, f); err != nil {
		return 0, 0, fmt.Errorf("%w: format chunk ends early", ErrFormat)
	}
	code := binary.LittleEndian.Uint16(f)
	channels, rate = int(binary.LittleEndian.Uint16(f[2:])), int(binary.LittleEndian.Uint32(f[4:]))
	bits := binary.LittleEndian.Uint16(f[14:])
	if code == formatExtensible && size >= 40 {
		code = binary.LittleEndian.Uint16(f[24:])
	}
	switch {
	case code != formatPCM || bits != 16:
		return 0, 0, fmt.Errorf("%w: format %d with %d bits", ErrFormat, code, bits)
	case channels < 1 || channels > maxChannels:
		return 0, 0, fmt.Errorf("%w: %d channels", ErrFormat, channels)
	case rate < minRate || rate > maxRate:
		return 0, 0, fmt.Errorf("%w: %d Hz", ErrFormat, rate)
	}
	return channels, rate, nil
}

func decodeData(r io.Reader, channels int) ([]int16, error) {
	var out []int16
	frame := make([]byte, 2*channels)
	for len(out) < maxSamples {
		if _, err := io.ReadFull(r, frame); err != nil {
			if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
				return out, nil
			}
			return out, fmt.Errorf("read samples: %w", err)
		}
		sum := 0
		for c := range channels {
			sum += int(int16(binary.LittleEndian.Uint16(frame[2*c:])))
		}
		out = append(out, int16(sum/channels))
	}
	return nil, fmt.Errorf("%w: more than %d samples", ErrFormat, maxSamples)
}

// Writer writes a mono file as it comes. It implements audio.Sink; an error is
// kept and returned by Close. Not safe for concurrent use.
type Writer struct {
	f    io.WriteSeeker
	buf  *bufio.Writer
	rate int
	n    int64 // samples
	err  error
}

// NewWriter begins a file of the given rate on f, which the caller closes after
// the Writer.
func NewWriter(f io.WriteSeeker, rate int) *Writer {
	w := &Writer{f: f, buf: bufio.NewWriterSize(f, 64<<10), rate: rate}
	w.header(w.buf)
	return w
}

// header writes the 44 bytes in front of the samples.
func (w *Writer) header(out io.Writer) {
	size := min(2*w.n, 1<<32-100)
	b := make([]byte, 0, 44)
	b = append(b, "RIFF"...)
	b = binary.LittleEndian.AppendUint32(b, uint32(36+size))
	b = append(b, "WAVEfmt "...)
	b = binary.LittleEndian.AppendUint32(b, 16)
	b = binary.LittleEndian.AppendUint16(b, formatPCM)
	b = binary.LittleEndian.AppendUint16(b, 1)
	b = binary.LittleEndian.AppendUint32(b, uint32(w.rate))
	b = binary.LittleEndian.AppendUint32(b, uint32(2*w.rate))
	b = binary.LittleEndian.AppendUint16(b, 2)
	b = binary.LittleEndian.AppendUint16(b, 16)
	b = append(b, "data"...)
	b = binary.LittleEndian.AppendUint32(b, uint32(size))
	if _, err := out.Write(b); err != nil && w.err == nil {
		w.err = err
	}
}

// Header writes the head of a file whose length is known before, to where nobody can
// seek: a network.
func Header(out io.Writer, rate int, samples int64) error {
	w := Writer{rate: rate, n: samples}
	w.header(out)
	return w.err
}

// WriteFrame appends samples.
func (w *Writer) WriteFrame(samples []int16) {
	if w.err != nil {
		return
	}
	var b [2]byte
	for _, v := range samples {
		binary.LittleEndian.PutUint16(b[:], uint16(v))
		if _, w.err = w.buf.Write(b[:]); w.err != nil {
			return
		}
	}
	w.n += int64(len(samples))
}

// Close completes the file's header and returns the first error of all.
func (w *Writer) Close() error {
	if w.err == nil {
		w.err = w.buf.Flush()
	}
	if w.err == nil {
		if _, w.err = w.f.Seek(0, io.SeekStart); w.err == nil {
			w.header(w.f)
		}
	}
	if w.err != nil {
		return fmt.Errorf("write WAV file: %w", w.err)
	}
	return nil
}

// ReadFile is Decode of a file.
func ReadFile(name string) ([]int16, int, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	s, rate, err := Decode(f)
	if err != nil {
		err = fmt.Errorf("%s: %w", name, err)
	}
	return s, rate, err
}

// WriteFile writes samples as a mono file.
func WriteFile(name string, samples []int16, rate int) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	w := NewWriter(f, rate)
	w.WriteFrame(samples)
	return errors.Join(w.Close(), f.Close())
}
