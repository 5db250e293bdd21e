// Package devwatch tells when files of devices come, go, or get other permissions: udev
// gives a new one its group a moment after the kernel has made it. Watch runs on its
// caller's goroutine until the context ends.
package devwatch
