//go:build !linux

package malgodev

// realtime has no meaning here.
func realtime() {}

// ordinary has none either.
func ordinary() {}

// threadID would name this thread: only Linux needs it.
func threadID() int64 { return -1 }
