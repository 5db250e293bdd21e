// Package kernel tests drivers and programs on real kernel interfaces: GPIO, SPI,
// ALSA, USB, block devices, watchdog, network impairment, time travel. It needs no
// hardware: the kernel is a user-mode Linux, an ordinary program, built by build and
// booted by run in half a second.
//
// The tests are built with the tag kernel and run by "make test-kernel", on the host:
// each boot starts this same test program once more inside the kernel, where the
// guest's tests run as root, and reports their outcome as its own. A guest's test is
// an entry of the table in guests_test.go.
//
// The kernel's modules in kmod are licensed GPL-2.0-only (kmod/COPYING), unlike the
// rest of the tree; they are test equipment and no part of the phone.
package kernel
