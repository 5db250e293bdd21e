// Package ccall calls short functions of C without telling the scheduler.
//
// What cgo makes of a call announces that it may block. In a program that mostly
// sleeps, as a phone in a call does, each announcement wakes the runtime's monitor
// out of its sleep, to look three times or more, 50 to 100 µs apart, whether the
// call blocks. A codec never does: with its hundred calls a second that was a
// fifth of all the processor time of a call (compare package datagram).
//
// The package starts no goroutine and imports no C itself: what is called belongs
// to the caller.
package ccall

import "unsafe"

// Call runs f, the address of a C function void f(void *arg), on the thread's C
// stack, as cgo would. The scheduler does not know of it: f must not block, must
// not call back into Go, and should be done within some milliseconds, for so long
// neither this thread's other goroutines nor a garbage collection go on. f may
// keep neither arg nor what it points to, all of which stays where it is while f
// runs. Safe for concurrent use if f is.
//
// Where there is no such way it is an ordinary call; see Announced.
func Call(f, arg unsafe.Pointer) { call(f, arg) }
