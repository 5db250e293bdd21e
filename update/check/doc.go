// Package check has a phone ask a server by itself whether there is newer firmware,
// and begin the update when it may. The server gives a small JSON document, the index,
// which names bundles with their board, version, address, size and SHA-256 (Parse). It
// is not signed: a bundle is, and update.Manager has RAUC judge that.
//
// Step is pure: events in, effects out; the time and a random number are given to it.
// It asks never in a call, only with a time of day that can be believed, and only where
// updates come as bundles; a fleet's questions are spread, what fails is tried again
// ever more seldom, and a server's Retry-After is obeyed. A version that was left or
// refused here is not begun by itself again. That, and what is being tried, is on the
// disk before the update begins: where it can't be written, nothing begins.
//
// Checker runs the effects. Run starts one goroutine for a question at a time and joins
// it; the other methods are safe for concurrent use.
package check
