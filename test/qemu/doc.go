// Package qemu boots Debian's own kernel in an emulated PC, as a second opinion
// beside the test kernel: a USB sound card that is plugged in and pulled while it
// plays, and a V4L2 camera. Its tests have the build tag "kernel" and are run by
// "make test-full AREA=qemu"; they need neither root nor virtualisation.
package qemu
