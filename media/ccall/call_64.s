//go:build amd64 || arm64 || riscv64

#include "textflag.h"

// func asmcgocall(f, arg unsafe.Pointer) int32
TEXT ·asmcgocall(SB), NOSPLIT|NOFRAME, $0-20
	JMP runtime·asmcgocall(SB)
