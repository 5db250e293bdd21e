#include "textflag.h"

// func asmcgocall(f, arg unsafe.Pointer) int32
TEXT ·asmcgocall(SB), NOSPLIT|NOFRAME, $0-12
	JMP runtime·asmcgocall(SB)
