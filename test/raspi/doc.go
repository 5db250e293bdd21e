// Package raspi boots Debian's arm64 kernel on an emulated Raspberry Pi 3 with this
// package's own tests as its first process: the names of GPIO lines in board files
// are those of the kernel, and the phone's program runs there. The emulator has no
// SPI, no I²C device and no sound.
package raspi
