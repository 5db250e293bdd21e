package wav

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestRoundTrip(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.wav")
	in := []int16{0, 1, -1, 32767, -32768, 5}
	if err := WriteFile(name, in, 16000); err != nil {
		t.Fatal(err)
	}
	out, rate, err := ReadFile(name)
	if err != nil || rate != 16000 || !slices.Equal(in, out) {
		t.Errorf("got %v at %d Hz, %v", out, rate, err)
	}
	b, _ := os.ReadFile(name)
	if size := binary.LittleEndian.Uint32(b[4:]); int(size) != len(b)-8 {
		t.Errorf("RIFF size %d in a file of %d", size, len(b))
	}
	if got, _, err := Decode(bytes.NewReader(b[:len(b)-3])); err != nil || !slices.Equal(got, in[:4]) {
		t.Errorf("a file cut short gives %v, %v", got, err)
	}
}

// file builds a WAV from its parts.
func file(format []byte, chunks ...[]byte) []byte {
	b := append([]byte("RIFF\x00\x00\x00\x00WAVE"), chunk("fmt ", format)...)
	for _, c := range chunks {
		b = append(b, c...)
	}
	return b
}

func chunk(id string, body []byte) []byte {
	b := append([]byte(id), 0, 0, 0, 0)
	binary.LittleEndian.PutUint32(b[4:], uint32(len(body)))
	b = append(b, body...)
	if len(body)%2 == 1 {
		b = append(b, 0)
	}
	return b
}

func format(code, channels uint16, rate uint32, bits uint16) []byte {
	b := binary.LittleEndian.AppendUint16(nil, code)
	b = binary.LittleEndian.AppendUint16(b, channels)
	b = binary.LittleEndian.AppendUint32(b, rate)
	b = append(b, 0, 0, 0, 0, 0, 0)
	return binary.LittleEndian.AppendUint16(b, bits)
}

func TestDecodeStereoAndForeignChunks(t *testing.T) {
	data := []byte{10, 0, 20, 0, 0xF6, 0xFF, 0xEC, 0xFF}
	got, rate, err := Decode(bytes.NewReader(file(format(1, 2, 48000, 16), chunk("LIST", []byte("odd")), chunk("data", data))))
	if err != nil || rate != 48000 || !slices.Equal(got, []int16{15, -15}) {
		t.Errorf("got %v at %d, %v", got, rate, err)
	}
}

func TestDecodeRefuses(t *testing.T) {
	for name, b := range map[string][]byte{
		"nothing":      nil,
		"text":         []byte("this is not a sound at all, is it"),
		"8 bit":        file(format(1, 1, 8000, 8), chunk("data", []byte{1})),
		"mu-law":       file(format(7, 1, 8000, 16), chunk("data", []byte{1})),
		"no channel":   file(format(1, 0, 8000, 16), chunk("data", []byte{1})),
		"slow":         file(format(1, 1, 100, 16), chunk("data", []byte{1})),
		"no data":      file(format(1, 1, 8000, 16)),
		"short format": file([]byte{1, 0}),
		"data first":   append([]byte("RIFF\x00\x00\x00\x00WAVE"), chunk("data", []byte{1, 2})...),
	} {
		if _, _, err := Decode(bytes.NewReader(b)); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(file(format(1, 1, 8000, 16), chunk("data", []byte{1, 2, 3, 4})))
	f.Add(file(format(1, 2, 48000, 16), chunk("LIST", []byte("x")), chunk("data", []byte{1, 2, 3, 4})))
	f.Add([]byte("RIFF....WAVE"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, rate, err := Decode(bytes.NewReader(b))
		if err == nil && (rate < minRate || rate > maxRate || 2*len(s) > len(b)) {
			t.Errorf("%d samples at %d Hz out of %d bytes", len(s), rate, len(b))
		}
	})
}
