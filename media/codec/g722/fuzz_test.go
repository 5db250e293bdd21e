package g722

import "testing"

// Any bytes are G.722: two samples each, whatever came before them.
func FuzzDecode(f *testing.F) {
	f.Add([]byte{0, 0xff, 0x55, 0xaa})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		d := NewDecoder()
		for range 2 {
			pcm, err := d.Decode(nil, b)
			if err != nil || len(pcm) != 2*len(b) {
				t.Fatalf("%d bytes became %d samples: %v", len(b), len(pcm), err)
			}
		}
	})
}
