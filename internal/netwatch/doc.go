// Package netwatch tells when addresses or routes of the machine change. It
// reads nothing but the fact from the kernel's messages, runs no goroutine
// beyond the caller's and one that ends with it, and never changes anything.
package netwatch
