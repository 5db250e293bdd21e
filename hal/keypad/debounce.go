package keypad

import (
	"math/bits"
	"slices"
	"time"
)

// debouncer accepts a contact's new position once it has rested there.
type debouncer struct {
	stable []uint32 // accepted, by row
	raw    []uint32 // last seen
	since  map[[2]int]time.Time
}

func newDebouncer(rows int) *debouncer {
	return &debouncer{stable: make([]uint32, rows), raw: make([]uint32, rows), since: map[[2]int]time.Time{}}
}

// feed takes one scan and reports what changed for good.
func (d *debouncer) feed(raw []uint32, at time.Time, changed func(r, c int, down bool)) {
	for r := range raw {
		for c := 0; c < 32; c++ {
			bit := uint32(1) << c
			place := [2]int{r, c}
			if (raw[r]^d.raw[r])&bit != 0 {
				d.since[place] = at // it moved just now
			}
			if (raw[r]^d.stable[r])&bit == 0 {
				delete(d.since, place)
				continue
			}
			if at.Sub(d.since[place]) >= Debounce {
				delete(d.since, place)
				d.stable[r] ^= bit
				changed(r, c, d.stable[r]&bit != 0)
			}
		}
		d.raw[r] = raw[r]
	}
}

// moving says whether a key has not come to rest.
func (d *debouncer) moving() bool { return len(d.since) > 0 }

// only is the key that is down and at rest while no other is; false with none or
// several, and while one moves.
func (d *debouncer) only() (row, col int, ok bool) {
	n := 0
	for r, columns := range d.stable {
		if n += bits.OnesCount32(columns); columns != 0 {
			row, col = r, bits.TrailingZeros32(columns)
		}
	}
	return row, col, n == 1 && !d.moving()
}

// busy says whether a key is down or moving: scanning has to go on.
func (d *debouncer) busy() bool {
	return d.moving() || slices.ContainsFunc(d.stable, func(row uint32) bool { return row != 0 })
}
