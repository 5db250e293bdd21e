// Package mountwatch says when something is mounted on a folder, and when it is gone:
// a USB stick that the system's helper has put there. Watch runs on its caller's
// goroutine until the context ends, with one helper goroutine.
package mountwatch
