//go:build amd64 || arm64 || arm || riscv64

package ccall

import "unsafe"

// Announced says that calls are ordinary ones of cgo here.
const Announced = false

// asmcgocall is the runtime's own switch to the C stack, which cgo uses between
// announcing the call and its end; the runtime itself calls C libraries this way
// on systems without system calls.
//
//go:noescape
func asmcgocall(f, arg unsafe.Pointer) int32

func call(f, arg unsafe.Pointer) { asmcgocall(f, arg) }
