//go:build !linux

package malgodev

// realtime has no meaning here.
func realtime() {}
