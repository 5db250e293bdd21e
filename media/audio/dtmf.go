package audio

import (
	"strings"
	"time"
)

// DTMF frequencies, ITU-T Q.23.
var (
	dtmfRows = [4]float64{697, 770, 852, 941}
	dtmfCols = [4]float64{1209, 1336, 1477, 1633}
)

const dtmfKeys = "123A456B789C*0#D"

// DTMF is the dual tone of a digit (0-9, *, #, A-D, a-d), d long at the given
// level in dBFS; nil for anything else.
func DTMF(digit byte, d time.Duration, level float64) *Tone {
	i := strings.IndexByte(dtmfKeys, upper(digit))
	if i < 0 {
		return nil
	}
	return &Tone{
		Once:  []Segment{{Freqs: []float64{dtmfRows[i/4], dtmfCols[i%4]}, Len: d}},
		Level: level,
	}
}

func upper(c byte) byte {
	if 'a' <= c && c <= 'z' {
		return c - 'a' + 'A'
	}
	return c
}
