//go:build !linux

package device

func newKernelPace() pace { return newTimerPace() }
