// Package httpcall makes one careful HTTP request: bounded in time and size,
// never redirected to another host, with a classified error that holds neither
// a token nor a line of the answer's body. It starts no goroutine and never
// retries: when to try again is its caller's decision.
package httpcall
