//go:build !(amd64 || arm64 || arm || riscv64)

package ccall

/*
static void phoned_call(void *f, void *arg) { ((void (*)(void *))f)(arg); }
*/
import "C"

import "unsafe"

// Announced says that calls are ordinary ones of cgo here.
const Announced = true

func call(f, arg unsafe.Pointer) { C.phoned_call(f, arg) }
