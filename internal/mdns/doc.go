// Package mdns says on the local network that a phone is there, by multicast DNS
// (RFC 6762) and DNS service discovery (RFC 6763), and finds those that are.
//
// A Responder probes for its names before it uses them, takes another one where
// somebody has it, announces, answers, and says goodbye. It runs on the goroutine that
// calls Run, and on one more for each of its sockets. It keeps no cache: it asks for
// nothing but its own names. Negative answers (NSEC, RFC 6762 §6.1) are not given.
// Browse asks once, as any resolver without port 5353 does (§5.1).
package mdns
