package audio

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
)

// keep writes raw 16-bit samples at 48 kHz for a person to listen to, if
// PHONED_TEST_WAV names a directory.
func keep(t *testing.T, name string, s []int16) string {
	dir := os.Getenv("PHONED_TEST_WAV")
	if dir == "" {
		return ""
	}
	b := make([]byte, 0, 2*len(s))
	for _, v := range s {
		b = binary.LittleEndian.AppendUint16(b, uint16(v))
	}
	file := filepath.Join(dir, name+".raw")
	if err := os.WriteFile(file, b, 0o644); err != nil {
		t.Error(err)
	}
	return file
}
