package audio

import "sync/atomic"

// Ring carries samples from one writer to one reader without locks: between a
// device's thread and the engine. Writer and reader may be different
// goroutines; there may be only one of each at a time.
type Ring struct {
	buf  []int16
	mask uint64
	head atomic.Uint64 // samples written since the start
	tail atomic.Uint64 // samples read since the start
}

// NewRing makes a ring that holds at least n samples.
func NewRing(n int) *Ring {
	size := 1
	for size < n {
		size <<= 1
	}
	return &Ring{buf: make([]int16, size), mask: uint64(size - 1)}
}

// Write copies in what fits and returns how much that was. Writer only.
func (r *Ring) Write(src []int16) int {
	head := r.head.Load()
	n := min(len(src), len(r.buf)-int(head-r.tail.Load()))
	at := int(head & r.mask)
	k := copy(r.buf[at:], src[:n])
	copy(r.buf, src[k:n])
	r.head.Store(head + uint64(n))
	return n
}

// Read copies out what is there, at most len(dst), and returns how much that
// was. Reader only.
func (r *Ring) Read(dst []int16) int {
	tail := r.tail.Load()
	n := min(len(dst), int(r.head.Load()-tail))
	at := int(tail & r.mask)
	k := copy(dst[:n], r.buf[at:])
	copy(dst[k:n], r.buf)
	r.tail.Store(tail + uint64(n))
	return n
}

// Skip drops up to n samples unread and returns how many. Reader only.
func (r *Ring) Skip(n int) int {
	tail := r.tail.Load()
	n = min(n, int(r.head.Load()-tail))
	r.tail.Store(tail + uint64(n))
	return n
}

// Len is how many samples can be read.
func (r *Ring) Len() int {
	tail := r.tail.Load()
	return int(r.head.Load() - tail)
}

// Cap is how many samples fit.
func (r *Ring) Cap() int { return len(r.buf) }
